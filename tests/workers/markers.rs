//! What the markers of passes say of the rows before them.

use serde_json::Value;
use tests::await_true;
use tests::ledger::{self, SOON};

use crate::stand::Stand;

/// The rows' version that all markers of the dataset agree upon; 0 while they do not.
async fn rows_version(stand: &Stand, dataset: &str) -> u64 {
    let query = format!(
        "SELECT if(min(rows_version) = max(rows_version), max(rows_version), 0) FROM dw.pass FINAL WHERE dataset = '{dataset}'"
    );
    stand.warehouse_count(&query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_brings_nothing_says_the_version_of_the_rows_that_stand_and_any_change_another() {
    let stand = Stand::start().await;
    let (_extractor, _loader) = stand.both().await;
    stand.await_pass().await;
    for dataset in ["sales", "stock"] {
        await_true("the first load says what it sent", SOON, async || rows_version(&stand, dataset).await > 0).await;
    }
    let (sales, stock) = (rows_version(&stand, "sales").await, rows_version(&stand, "stock").await);
    stand.await_pass().await;
    ledger::await_pass(&stand.clickhouse, "stock").await;
    assert_eq!(rows_version(&stand, "sales").await, sales, "nothing has changed");
    assert_eq!(rows_version(&stand, "stock").await, stock, "the same balances are not sent again");

    let documents = stand.documents().await;
    stand.change(&documents[0], "touch", Value::Null).await;
    await_true("a change of a document", SOON, async || rows_version(&stand, "sales").await > sales).await;
    let sales = rows_version(&stand, "sales").await;
    stand.change(&documents[1], "delete", Value::Null).await;
    await_true("a document that is gone", SOON, async || rows_version(&stand, "sales").await > sales).await;
    let newest = "SELECT max(version) FROM dw.sale";
    assert_eq!(rows_version(&stand, "sales").await, stand.warehouse_count(newest).await, "it is that of the rows");
}
