//! A table that takes nothing until someone mends it: its dataset waits, the others go on, and it is said why.

use serde_json::json;
use tests::await_true;
use tests::ledger::{self, SOON};

use crate::bad_input::dead_letters;
use crate::stand::{Stand, await_line, start};
use crate::topic::Topic;
use crate::waiting::Waiting;

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_whose_table_refuses_it_waits_and_is_told_while_the_others_go_on_until_it_is_mended() {
    let stand = Stand::start().await;
    let migrator = stand.clickhouse.client("migrator");
    let break_it = "ALTER TABLE dw.product DROP COLUMN is_group";
    migrator.query(break_it).execute().await.expect("drop a column");
    let listen = format!("127.0.0.1:{}", stack::ports::free().expect("a port"));
    let mut loader = start(stand.loader().env("HEALTH_LISTEN", &listen));
    let _extractor = start(stand.extractor());
    let ask = async |path: &str| -> (u16, String) {
        let answer =
            stack::http().expect("a client").get(format!("http://{listen}{path}")).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("its text"))
    };
    await_line(&loader, &["ERROR", "ClickHouse refuses products", "is_group"]).await;
    // Sales and dealers go on.
    for dataset in ["sales", "dealers"] {
        ledger::await_pass(&stand.clickhouse, dataset).await;
    }
    let documents = stand.documents().await;
    stand.change(&documents[0], "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
    await_true("sales are equal", SOON, async || {
        ledger::of_1c(&stand.onec).await == ledger::of_warehouse(&stand.clickhouse).await
    })
    .await;
    let (status, why) = ask("/readyz").await;
    assert!(status == 503 && why.contains("ClickHouse refuses products") && why.contains("is_group"), "{status} {why}");
    assert!(ask("/metrics").await.1.contains("load_refused{dataset=\"products\"} 1"));
    assert!(loader.is_running(), "{}", loader.output());
    let told = loader.output().lines().filter(|line| line.contains("ERROR")).count();
    assert_eq!(told, 1, "told once: {}", loader.output());

    let mend = "ALTER TABLE dw.product ADD COLUMN is_group UInt8 AFTER parent_id";
    migrator.query(mend).execute().await.expect("add the column");
    ledger::await_pass(&stand.clickhouse, "products").await;
    await_true("the loader is ready again", SOON, async || ask("/readyz").await.0 == 200).await;
    assert!(ask("/metrics").await.1.contains("load_refused{dataset=\"products\"} 0"));
    let products = stand.warehouse_count("SELECT count() FROM dw.product FINAL WHERE is_deleted = 0").await;
    let of_1c = stand.onec.ask("/ledger?dataset=products").await;
    assert!(products > 0, "{of_1c}");
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_never_go_into_a_column_that_would_cut_their_digits_off() {
    let stand = Stand::start().await;
    let migrator = stand.clickhouse.client("migrator");
    let narrow = "ALTER TABLE dw.order_line MODIFY COLUMN quantity Decimal(18, 0)";
    migrator.query(narrow).execute().await.expect("make a column narrower");
    let (loader, _extractor) = (start(stand.loader()), start(stand.extractor()));
    await_line(&loader, &["ERROR", "ClickHouse refuses orders", "Decimal(18, 4)"]).await;
    assert_eq!(stand.warehouse_count("SELECT count() FROM dw.order_line").await, 0, "rows with other amounts");
    let mend = "ALTER TABLE dw.order_line MODIFY COLUMN quantity Decimal(18, 4)";
    migrator.query(mend).execute().await.expect("make it as it was");
    ledger::await_pass(&stand.clickhouse, "orders").await;
    assert!(stand.warehouse_count("SELECT count() FROM dw.order_line").await > 0);
}

/// The key of a product that 1C does not have, and a message of it.
fn product() -> (&'static str, String) {
    let product = "0badf00d-0000-4000-8000-000000000001";
    let no_group = "00000000-0000-0000-0000-000000000000";
    let ours = format!(
        r#"{{"revision":1,"version":1,"product_id":"{product}","product":{{"parent_id":"{no_group}","is_group":false,"code":"1","article":"","name":"Насос"}}}}"#
    );
    (product, ours)
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_later_release_wait_for_its_loader_and_what_came_before_them_is_stored() {
    let stand = Stand::start().await;
    let (mut extractor, mut loader) = (start(stand.extractor()), Waiting::start(stand.loader(), "HEALTH_LISTEN"));
    stand.await_equal().await;
    extractor.stop();
    let (product, ours) = product();
    let messages = [ours.as_str(), r#"{"revision":2,"rows":[]}"#, "{"];
    let messages = messages.map(|message| (product.as_bytes(), message.as_bytes()));
    Topic::of(&stand.topics, "products").add(0, messages).await;
    await_line(&loader.process, &["ERROR", "products are of a later release, revision 2"]).await;
    loader.lacks("bring this loader").await;
    let stored = format!("SELECT count() FROM dw.product WHERE product_id = toUUID('{product}')");
    assert_eq!(stand.warehouse_count(&stored).await, 1, "what came before is stored");

    let _extractor = start(stand.extractor());
    let before = ledger::newest_pass(&stand.clickhouse, "products").await;
    for dataset in ["sales", "dealers"] {
        ledger::await_pass(&stand.clickhouse, dataset).await;
    }
    assert_eq!(ledger::newest_pass(&stand.clickhouse, "products").await, before, "nothing behind it is taken");
    assert!(dead_letters(&stand.topics).is_empty(), "nor set aside");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_refused_before_a_message_of_a_later_release_are_stored_once_their_table_is_mended() {
    let stand = Stand::start().await;
    let (mut extractor, loader) = (start(stand.extractor()), start(stand.loader()));
    stand.await_equal().await;
    extractor.stop();
    let migrator = stand.clickhouse.client("migrator");
    migrator.query("ALTER TABLE dw.product DROP COLUMN is_group").execute().await.expect("drop a column");
    let (product, ours) = product();
    let messages =
        [ours.as_str(), r#"{"revision":2,"rows":[]}"#].map(|message| (product.as_bytes(), message.as_bytes()));
    Topic::of(&stand.topics, "products").add(0, messages).await;
    await_line(&loader, &["ERROR", "ClickHouse refuses products", "is_group"]).await;
    let mend = "ALTER TABLE dw.product ADD COLUMN is_group UInt8 AFTER parent_id";
    migrator.query(mend).execute().await.expect("add the column");
    let stored = format!("SELECT count() FROM dw.product WHERE product_id = toUUID('{product}')");
    await_true("what came before is stored", SOON, async || stand.warehouse_count(&stored).await == 1).await;
    await_line(&loader, &["ERROR", "products are of a later release, revision 2"]).await;
}
