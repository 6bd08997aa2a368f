//! The pass over everything, however long it takes: what is recent stays as fresh as ever.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use tests::await_true;
use tests::ledger::SOON;
use tokio_util::sync::CancellationToken;
use workers::config::{KafkaSettings, Limits, OnecSettings, Password};
use workers::erp::{Client, Mapping};
use workers::extract::changes::Reader;
use workers::extract::ledger::Ledger;
use workers::extract::pass::Pass;
use workers::extract::publish::Publisher;

use crate::stand::{Stand, dataset, text};

fn mapping() -> Mapping {
    Mapping::of(dataset("sales"), "ut11").expect("the mapping")
}

/// A pass over sales as a claim draws it; no extractor may be at work.
pub async fn claimed(stand: &Stand) -> Pass {
    let (number, read_at): (i64, DateTime<Utc>) = sqlx::query_as(
        "UPDATE progress SET pass = nextval('pass_number'), claimed_at = now() WHERE dataset = 'sales' RETURNING pass, claimed_at",
    )
    .fetch_one(&stand.postgres.pool)
    .await
    .expect("a pass");
    Pass::new(dataset("sales"), number, read_at, CancellationToken::new()).reading_by(mapping().shape)
}

/// What such a pass works with; `interval_s` as the cron line of sales would say.
pub async fn reader(stand: &Stand, pass: Pass, interval_s: u32) -> Reader {
    let password = stand.folder.path().join("1c-password");
    std::fs::write(&password, stack::onec::PASSWORD).expect("write the password");
    let onec = OnecSettings {
        url: stand.onec.url(),
        user: stack::onec::USER.to_owned(),
        password: Password::File(password),
        requests_per_second: 1_000.0,
        limits: Limits::default(),
    };
    let kafka = KafkaSettings { brokers: stand.topics.brokers.clone(), prefix: stand.topics.prefix.clone() };
    let ledger = Ledger::new(stand.postgres.pool.clone());
    let publisher = Arc::new(Publisher::new(kafka, tests::datasets(), ledger).expect("a publisher"));
    let mapping = Arc::new(mapping());
    let client = Client::new(onec).expect("a client");
    Reader::new(client, mapping, publisher, Arc::new(pass), interval_s).await.expect("a reader")
}

/// As of when the pages say that sales are.
async fn as_of(stand: &Stand) -> DateTime<Utc> {
    let query = "SELECT toInt64(toUnixTimestamp64Milli(min(read_at))) FROM dw.pass FINAL WHERE dataset = 'sales'";
    let millis: i64 = stand.clickhouse.client("audit_ro").query(query).fetch_one().await.expect("ask for the passes");
    DateTime::from_timestamp_millis(millis).expect("a moment")
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_nightly_pass_goes_on_recent_sales_arrive_and_are_called_fresh() {
    let stand = Stand::start().await;
    let (mut extractor, _loader) = stand.both().await;
    extractor.stop();
    // A year and more, day by day, each of them slow.
    stand.fault(json!({ "kind": "slow", "first_byte_ms": 700 })).await;
    let mut reader = reader(&stand, claimed(&stand).await, 1).await;
    reader.keys_at_once = 0;
    let today = shared::clock::now().date_naive();
    let from = today - chrono::Duration::days(10);
    let before = as_of(&stand).await;
    let nightly = tokio::spawn(async move { reader.everything(from, today).await });

    let product = stand.documents().await[0]["products"][0].clone();
    let line = json!({ "product": product, "quantity": 1, "revenue": 100 });
    let date = today.format("%Y-%m-%dT00:00:01").to_string();
    let new = json!({ "dealer": stack::onec::dealer(1), "date": date, "lines": [line] });
    let new = stand.onec.change("/documents", new).await;
    let posted = shared::clock::now();
    await_true("sales are as of a moment after the new document", SOON, async || as_of(&stand).await > posted).await;
    let query = format!("SELECT count() FROM dw.sale FINAL WHERE document_id = toUUID('{}')", text(&new, "ref"));
    assert_eq!(stand.warehouse_count(&query).await, 1, "the new document has arrived");
    assert!(!nightly.is_finished(), "the nightly pass still goes on");
    assert!(as_of(&stand).await > before);

    stand.heal().await;
    let ended = tokio::time::timeout(Duration::from_secs(60), nightly).await.expect("the nightly pass ends");
    let ended = ended.expect("no panic").expect("a whole pass");
    assert!(ended > posted, "its own marker does not make the data older again");
}
