//! Which documents count, and how: by the mapping's filter and sign; a dataset that the base does not have is off.

use serde_json::json;
use tests::await_true;
use tests::ledger::{self, SOON};

use crate::stand::{Stand, await_line, start, text};

const DAY: &str = "2024-03-05";

/// Revenue that stands on the test's day in roubles, over all dealers.
async fn revenue(stand: &Stand) -> i64 {
    let query = "SELECT toInt64(sum(revenue)) FROM dw.sale FINAL WHERE is_deleted = 0 AND sold_on = ?";
    stand.clickhouse.client("audit_ro").query(query).bind(DAY).fetch_one().await.expect("ask for the revenue")
}

/// A document of dealer 1 on the test's day, with one line; its reference.
async fn add(stand: &Stand, kind: &str, operation: &str, roubles: i64) -> String {
    let line = json!({ "product": "5b0d6f0e-1111-11ee-8a01-000000000001", "quantity": 1, "revenue": roubles });
    let (date, dealer) = (format!("{DAY}T10:00:00"), stack::onec::dealer(1));
    let new = json!({ "kind": kind, "dealer": dealer, "date": date, "operation": operation, "lines": [line] });
    text(&stand.onec.change("/documents", new).await, "ref").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_handed_to_an_agent_is_no_sale_a_return_is_taken_off_and_an_unknown_operation_counts_and_is_told() {
    let stand = Stand::start().await;
    let (extractor, _loader) = stand.both().await;
    let before = revenue(&stand).await;
    let becomes = async |roubles: i64| {
        let what = format!("{roubles} roubles more stand");
        await_true(&what, SOON, async || revenue(&stand).await == before + roubles).await;
        stand.await_equal().await;
    };
    let sale = add(&stand, "sale", "РеализацияКлиенту", 10_000).await;
    add(&stand, "sale", "ПередачаНаКомиссию", 500_000).await;
    add(&stand, "sale", "", 300).await;
    add(&stand, "return", "ВозвратТоваровОтКлиента", 2_000).await;
    add(&stand, "return", "ВозвратОтКомиссионера", 700_000).await;
    becomes(10_000 + 300 - 2_000).await;
    // One that counted and does no more takes its rows away; nothing of it is a dead letter.
    let agent = json!({ "field": "ХозяйственнаяОперация", "value": "ПередачаНаКомиссию" });
    stand.onec.change(&format!("/documents/{sale}/set"), agent).await;
    becomes(300 - 2_000).await;
    assert_eq!(stand.postgres_count("SELECT count(*) FROM rejected").await, 0);
    add(&stand, "sale", "ПередачаПоНовомуЗакону", 40).await;
    becomes(300 - 2_000 + 40).await;
    await_line(&extractor, &["WARN", "the filter of its mapping does not name it", "ПередачаПоНовомуЗакону (1)"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_that_is_off_is_not_asked_of_1c_and_counts_as_read() {
    let stand = Stand::start().await;
    let _loader = start(stand.loader());
    let _extractor = start(stand.extractor().env("EXTRACT_CRON_RETURNS", "off"));
    ledger::await_pass(&stand.clickhouse, "sales").await;
    await_true("the pass over returns has landed", SOON, async || {
        ledger::newest_pass(&stand.clickhouse, "returns").await > 0
    })
    .await;
    assert_eq!(stand.warehouse_count("SELECT count() FROM dw.sale WHERE revenue < 0").await, 0);
    assert_eq!(stand.postgres_count("SELECT count(*) FROM sent WHERE dataset = 'returns'").await, 0);
}
