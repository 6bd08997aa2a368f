//! What does not fit is set aside whole; what stood before stands, and the rest goes on.

use std::time::Duration;

use serde_json::json;
use tests::{TestOnec, await_true, clickhouse, folder, postgres, test_workers, topics};

const SOON: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_document_with_a_bad_line_is_rejected_whole_and_its_former_version_stands_until_it_is_mended() {
    let (onec, postgres, clickhouse, topics, folder) =
        (TestOnec::start().await, postgres().await, clickhouse().await, topics().await, folder());
    let _extractor = test_workers::extractor(&onec, &postgres, &clickhouse, &topics, folder.path())
        .start()
        .expect("start extractor");
    let _loader = test_workers::loader(&topics, &postgres, &clickhouse, folder.path()).start().expect("start loader");

    let documents = onec.ask("/documents?dealer=5b0d6f0e-d0d0-11ee-8a01-000000000001&limit=100").await;
    let posted =
        |document: &&serde_json::Value| document["is_posted"] == json!(true) && document["is_deleted"] != json!(true);
    let document = documents.as_array().and_then(|list| list.iter().find(posted)).expect("a posted document").clone();
    let reference = document["ref"].as_str().expect("its reference").to_owned();
    let revenue = async || -> String {
        let query = format!(
            "SELECT toString(sum(revenue)) FROM dw.sale FINAL WHERE document_id = '{reference}' AND is_deleted = 0"
        );
        clickhouse.client("audit_ro").query(&query).fetch_one().await.expect("ask for the document")
    };
    let rejected = async || -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM rejected").fetch_one(&postgres.pool).await;
        count.expect("ask for what was rejected")
    };
    let former = document["revenue"].as_str().expect("its revenue").to_owned();
    await_true("the document is stored", SOON, async || revenue().await == former).await;

    let path = format!("/documents/{reference}/set");
    onec.change(&path, json!({ "line": 1, "field": "СуммаСНДС", "value": "много" })).await;
    await_true("the document is rejected", SOON, async || rejected().await == 1).await;
    let reason: String =
        sqlx::query_scalar("SELECT reason FROM rejected").fetch_one(&postgres.pool).await.expect("ask for the reason");
    assert!(reason.contains("Товары/СуммаСНДС is \"много\", which is not a number"), "{reason}");
    assert_eq!(revenue().await, former, "the former version stands");

    onec.change(&path, json!({ "line": 1, "field": "СуммаСНДС", "value": 17.25 })).await;
    await_true("the mended document is stored", SOON, async || rejected().await == 0 && revenue().await != former)
        .await;
}
