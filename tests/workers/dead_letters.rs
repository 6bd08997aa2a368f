//! What does not fit is set aside whole; what stood before stands, and the rest goes on.

use std::time::Duration;

use rdkafka::message::Message as _;
use serde_json::json;
use tests::{Fault, FaultProxy, TestOnec, await_true, clickhouse, folder, postgres, test_workers, topics};

use crate::batches::loaded;
use crate::stand::{Stand, await_line, peak_mib, start};
use crate::topic::{PARTITIONS, Topic};

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
    let raw: Vec<u8> =
        sqlx::query_scalar("SELECT raw FROM rejected").fetch_one(&postgres.pool).await.expect("the document");
    let raw = String::from_utf8(raw).expect("text");
    assert!(raw.contains(&reference) && raw.contains("много"), "to be looked at, as 1C sent it: {raw}");

    onec.change(&path, json!({ "line": 1, "field": "СуммаСНДС", "value": 17.25 })).await;
    await_true("the mended document is stored", SOON, async || rejected().await == 0 && revenue().await != former)
        .await;
}

/// How many dead letters there are.
fn set_aside(stand: &Stand) -> i64 {
    Topic::of(&stand.topics, "dead-letters").ends(0).1
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_aside_is_set_aside_once_however_often_its_batch_is_tried() {
    let stand = Stand::start().await;
    let mut loader = loaded(&stand).await;
    assert!(loader.stop().is_some_and(|status| status.success()));
    let mut proxy = FaultProxy::before(stand.clickhouse.url().trim_start_matches("http://").to_owned()).await;
    proxy.set(Fault::Refuse).await;
    // One batch, of which something is to be inserted: with the last message again, the marker of a pass.
    let topic = Topic::of(&stand.topics, "sales");
    let messages = topic.messages(0);
    let marker = messages.last().map(|marker| (marker.key().unwrap_or_default(), marker.payload().unwrap_or_default()));
    topic.add(0, [Some((&b"key"[..], &b"nonsense"[..])), marker].into_iter().flatten()).await;
    let mut loader = start(stand.loader().env("CLICKHOUSE_URL", format!("http://{}", proxy.address())));
    for attempt in [3, 6] {
        await_line(&loader, &["Failed to store a batch of sales", &format!("\"attempt\":{attempt}")]).await;
    }
    assert_eq!(set_aside(&stand), 1, "set aside at every try");
    // Also by a loader that knows of the batch only what PostgreSQL says.
    loader.kill();
    loader.restart().expect("restart the loader");
    await_line(&loader, &["Failed to store a batch of sales", "\"attempt\":3"]).await;
    proxy.set(Fault::None).await;
    await_true("the batch is stored", SOON, async || {
        stand.postgres_count("SELECT count(*) FROM batch WHERE phase = 'before'").await == 0
    })
    .await;
    assert_eq!(set_aside(&stand), 1, "set aside again after a crash");
    let looked_at =
        "SELECT count(*) FROM misfit WHERE dataset = 'sales' AND key = 'key' AND raw = 'nonsense' AND partition = 0";
    assert_eq!(stand.postgres_count(looked_at).await, 1, "once, for people to look at");
    assert_eq!(stand.postgres_count("SELECT count(*) FROM misfit").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_large_messages_that_do_not_fit_is_set_aside_within_the_memory_of_a_pod() {
    let stand = Stand::start().await;
    let loader = start(stand.loader());
    let topic = Topic::of(&stand.topics, "sales");
    // Nothing that packs well: an answer of Kafka is bounded as packed.
    let large: Vec<u8> = (0..(2u64 << 20))
        .flat_map(|at| xxhash_rust::xxh64::xxh64(&at.to_le_bytes(), 0).to_le_bytes()[..1].to_vec())
        .collect();
    for partition in 0..PARTITIONS {
        topic.add(partition, std::iter::repeat_n((&b"key"[..], large.as_slice()), 30)).await;
    }
    await_true("all of it is set aside", Duration::from_secs(120), async || {
        set_aside(&stand) == i64::from(PARTITIONS) * 30
    })
    .await;
    let peak = peak_mib(&loader);
    assert!(peak < 256, "{peak} MiB");
}
