//! What 1C has is compared with what was sent by its figures, whatever its versions say.

use serde_json::{Value, json};
use stack::process::Process;
use tests::await_true;
use tests::ledger::SOON;

use crate::stand::{Stand, await_line, start, text};

/// An extractor for which it is always night.
fn by_night(stand: &Stand) -> Process {
    start(stand.extractor().env("EXTRACT_CRON_SALES_FULL", "*/2 * * * * *"))
}

/// The month of a document, as the table has it.
fn month(document: &Value) -> i32 {
    text(document, "date")[..7].replace('-', "").parse().expect("a date")
}

/// Months of sales of which this holds.
async fn months(stand: &Stand, month: i32, what: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM source_reconciliation WHERE dataset = 'sales' AND span = $1 AND {what}");
    let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(month);
    query.fetch_one(&stand.postgres.pool).await.expect("ask PostgreSQL")
}

const SAME: &str = "(source_documents, source_lines, source_amount) = (sent_documents, sent_lines, sent_amount)";

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_a_restored_base_shows_otherwise_under_its_known_version_is_sent_again() {
    let stand = Stand::start().await;
    let (extractor, _loader) = (by_night(&stand), start(stand.loader()));
    stand.await_equal().await;
    let document = stand.documents().await[0].clone();
    let month = month(&document);
    let equal = format!("is_equal AND {SAME} AND source_documents > 0 AND differed_at IS NULL");
    await_true("the month is compared, and equal", SOON, async || months(&stand, month, &equal).await == 1).await;

    stand.change(&document, "as-in-backup", json!({ "line": 1, "revenue": 98_765.43 })).await;
    await_line(&extractor, &["1 documents had other content under a version that was known"]).await;
    stand.await_equal().await;
    let mended = format!("is_equal AND {SAME} AND differed_at IS NOT NULL");
    await_true("it is equal again, and says that it was not", SOON, async || months(&stand, month, &mended).await == 1)
        .await;
    assert!(!extractor.output().contains("differ from 1C though"), "{}", extractor.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_which_something_does_not_fit_is_told_with_both_figures_until_it_does() {
    let stand = Stand::start().await;
    let (extractor, _loader) = (by_night(&stand), start(stand.loader()));
    stand.await_equal().await;
    let documents = stand.documents().await;
    let document =
        documents.iter().find(|document| document["lines"].as_u64() > Some(1)).expect("several lines").clone();
    let month = month(&document);
    // Its new version does not fit, so its former one stands.
    stand.change(&document, "set", json!({ "line": 1, "field": "Номенклатура_Key", "value": "нет" })).await;
    stand.change(&document, "remove-line", json!({ "line": 2 })).await;
    let differs = "NOT is_equal AND source_lines = sent_lines - 1 AND source_amount <> sent_amount";
    await_true("the month differs", SOON, async || months(&stand, month, differs).await == 1).await;
    let named = format!("sales of {}-{:02} differ from 1C though they were read again", month / 100, month % 100);
    await_line(&extractor, &["ERROR", &named, "Look at what was set aside"]).await;

    let product = document["products"][0].clone();
    stand.change(&document, "set", json!({ "line": 1, "field": "Номенклатура_Key", "value": product })).await;
    stand.await_equal().await;
    let mended = format!("is_equal AND {SAME} AND differed_at IS NOT NULL");
    await_true("it is equal once it fits", SOON, async || months(&stand, month, &mended).await == 1).await;
}
