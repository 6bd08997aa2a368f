//! Documents that do not fit: their former version stands, but never where 1C has taken it away.

use serde_json::{Value, json};
use tests::await_true;
use tests::ledger::SOON;

use crate::stand::{Stand, start, text};

const REJECTED: &str = "SELECT count(*) FROM rejected WHERE dataset = 'sales'";

/// Rows of the document that reports would count, and how many of them are dealer 1's.
async fn rows(stand: &Stand, document: &Value) -> (u64, u64) {
    let query = "SELECT count(), countIf(dealer_id = toUUID(?)) FROM dw.sale FINAL WHERE is_deleted = 0 AND document_id = toUUID(?)";
    let client = stand.clickhouse.client("audit_ro");
    let query = client.query(query).bind(stack::onec::dealer(1)).bind(text(document, "ref"));
    query.fetch_one().await.expect("ask for the document")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_does_not_fit_leaves_its_rows_once_1c_unposts_it_deletes_it_or_gives_it_to_another_dealer() {
    let stand = Stand::start().await;
    let _workers = stand.both().await;
    let documents = &stand.documents().await[..5];
    for document in documents {
        let bad = json!({ "line": 1, "field": "СуммаСНДС", "value": "много" });
        stand.change(document, "set", bad).await;
    }
    await_true("all are rejected", SOON, async || stand.postgres_count(REJECTED).await == 5).await;
    stand.await_pass().await;
    for document in documents {
        assert_eq!(rows(&stand, document).await.0, document["lines"], "the former version stands");
    }

    stand.change(&documents[0], "unpost", json!({})).await;
    stand.change(&documents[1], "mark-deleted", json!({})).await;
    stand.change(&documents[2], "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
    // Written without a change, and one whose dealer cannot be read either: both stand.
    stand.change(&documents[3], "touch", json!({})).await;
    stand.change(&documents[4], "set", json!({ "field": "Партнер_Key", "value": "кто-то" })).await;
    for document in &documents[..3] {
        await_true("its rows are gone", SOON, async || rows(&stand, document).await == (0, 0)).await;
    }
    stand.await_pass().await;
    for document in &documents[3..] {
        let lines = document["lines"].as_u64().expect("a count");
        assert_eq!(rows(&stand, document).await, (lines, lines), "the former version stands");
    }
    assert_eq!(stand.postgres_count(REJECTED).await, 5, "all stay remembered as rejected");
    let letters =
        "SELECT count(*) FROM sent WHERE dataset = 'sales' AND lines > 0 AND key::text IN (SELECT key FROM rejected)";
    assert_eq!(stand.postgres_count(letters).await, 2, "the ledger knows that three have no rows");

    for document in documents {
        stand.change(document, "set", json!({ "line": 1, "field": "СуммаСНДС", "value": 17.25 })).await;
    }
    let dealer = json!({ "field": "Партнер_Key", "value": stack::onec::dealer(1) });
    stand.change(&documents[4], "set", dealer).await;
    stand.await_equal().await;
    assert_eq!(stand.postgres_count(REJECTED).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_document_whose_date_cannot_be_read_is_rejected_and_not_passed_over() {
    let stand = Stand::start().await;
    let (mut extractor, _loader) = stand.both().await;
    extractor.stop();
    let product = stand.documents().await[0]["products"][0].clone();
    let line = json!({ "product": product, "quantity": 1, "revenue": 100 });
    let today = shared::clock::now().format("%Y-%m-%dT00:00:01").to_string();
    let new = json!({ "dealer": stack::onec::dealer(1), "date": today, "lines": [line] });
    let new = stand.onec.change("/documents", new).await;
    stand.change(&new, "set", json!({ "field": "Date", "value": "вчера" })).await;

    let _extractor = start(stand.extractor());
    await_true("the document is rejected", SOON, async || stand.postgres_count(REJECTED).await == 1).await;
    let reason: String =
        sqlx::query_scalar("SELECT reason FROM rejected").fetch_one(&stand.postgres.pool).await.expect("a reason");
    assert!(reason.contains("Date is \"вчера\""), "{reason}");
}
