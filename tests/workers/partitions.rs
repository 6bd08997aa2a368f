//! Partitions that are paused, change hands, lose messages or begin anew: each message is read, and what is lost is told.

use rdkafka::message::{Message, OwnedMessage};
use serde_json::json;
use stack::process::Process;
use tests::ledger::{self, SOON};
use tests::{await_true, test_workers};

use crate::batches::{await_rest, loaded};
use crate::stand::{Stand, await_line, has_line, peak_mib, start};
use crate::topic::{PARTITIONS, Topic};

/// How often partitions have changed hands.
async fn take_overs(stand: &Stand) -> i64 {
    stand.postgres_count("SELECT sum(writer_epoch)::bigint FROM batch").await
}

async fn await_take_over(stand: &Stand, before: i64) {
    await_true("partitions change hands", SOON, async || take_overs(stand).await > before).await;
}

/// The warehouse forgets all documents that these messages are of; returns lie in the same table, and stay.
async fn forget<'a>(stand: &Stand, messages: impl Iterator<Item = &'a OwnedMessage>) {
    let keys: Vec<String> =
        messages.map(|message| String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned()).collect();
    let sql = "ALTER TABLE dw.sale DELETE WHERE has(?, toString(document_id)) SETTINGS mutations_sync = 1";
    stand.clickhouse.client("migrator").query(sql).bind(keys).execute().await.expect("forget the documents");
}

/// ClickHouse stands still, so the first loader pauses, and a second one takes partitions over.
async fn a_second_while_paused(stand: &Stand, first: &Process) -> Process {
    stand.clickhouse.server.process.pause();
    await_line(first, &["reading from Kafka is paused"]).await;
    let before = take_overs(stand).await;
    let second = start(stand.loader());
    await_take_over(stand, before).await;
    second
}

async fn move_a_document(stand: &Stand) {
    let documents = stand.documents().await;
    stand.change(&documents[0], "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_was_paused_and_moved_away_is_read_again_when_it_comes_back() {
    let stand = Stand::start().await;
    let (_extractor, first) = stand.both().await;
    let mut second = a_second_while_paused(&stand, &first).await;
    stand.clickhouse.server.process.resume();
    // Both read again: a pass lands whole only when every partition is read.
    ledger::await_pass(&stand.clickhouse, "sales").await;
    let before = take_overs(&stand).await;
    second.kill();
    await_take_over(&stand, before).await;
    move_a_document(&stand).await;
    for dataset in tests::datasets().all().iter().filter(|dataset| test_workers::is_read(**dataset)) {
        ledger::await_pass(&stand.clickhouse, dataset.name()).await;
    }
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_gained_while_the_others_are_paused_wait_too() {
    let stand = Stand::start().await;
    let (_extractor, first) = stand.both().await;
    let mut second = a_second_while_paused(&stand, &first).await;
    await_line(&second, &["reading from Kafka is paused"]).await;
    let before = take_overs(&stand).await;
    second.kill();
    await_take_over(&stand, before).await;
    // Far more than it may hold, in every partition.
    let large = vec![b' '; 4 << 20];
    for dataset in ["sales", "products", "dealers"] {
        let topic = Topic::of(&stand.topics, dataset);
        for partition in 0..PARTITIONS {
            topic.add(partition, std::iter::repeat_n((&b"key"[..], large.as_slice()), 15)).await;
        }
    }
    let done = "SELECT done_pass FROM progress WHERE dataset = 'products'";
    for _ in 0..8 {
        let before = stand.postgres_count(done).await;
        await_true("a further pass is sent", SOON, async || stand.postgres_count(done).await > before).await;
    }
    assert!(peak_mib(&first) < 256, "it read {} MiB while it was paused", peak_mib(&first));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_anew_while_the_loader_runs_is_read_from_its_first_message() {
    let stand = Stand::start().await;
    let loader = loaded(&stand).await;
    let topic = Topic::of(&stand.topics, "sales");
    let held: Vec<_> = (0..PARTITIONS).map(|partition| topic.messages(partition)).collect();
    forget(&stand, held.iter().flatten()).await;
    topic.make_anew().await;
    // Longer than the former one at once: where the loader stands there are messages, and no error.
    for (partition, messages) in (0..PARTITIONS).zip(&held) {
        let last = messages.iter().rev().take(5);
        let pair = |message: &'_ OwnedMessage| {
            (message.key().unwrap_or_default().to_vec(), message.payload().unwrap_or_default().to_vec())
        };
        let pairs: Vec<_> = messages.iter().chain(last).map(pair).collect();
        topic.add(partition, pairs.iter().map(|(key, payload)| (key.as_slice(), payload.as_slice()))).await;
    }
    stand.await_equal().await;
    await_line(&loader, &["ERROR", "was deleted and made anew", "`extractor reread sales`"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_anew_and_shorter_while_no_loader_ran_is_stored_without_waiting_for_more() {
    let stand = Stand::start().await;
    let mut loader = loaded(&stand).await;
    assert!(loader.stop().is_some_and(|status| status.success()));
    // The stored state begins with the first message and ends far behind the last that will come.
    sqlx::query("UPDATE batch SET min_offset = 0, max_offset = 1000000").execute(&stand.postgres.pool).await.unwrap();
    let topic = Topic::of(&stand.topics, "sales");
    let held: Vec<_> = (0..PARTITIONS).map(|partition| topic.messages(partition)).collect();
    forget(&stand, held.iter().flatten()).await;
    topic.make_anew().await;
    for (partition, messages) in (0..PARTITIONS).zip(&held) {
        let pairs =
            messages.iter().map(|message| (message.key().unwrap_or_default(), message.payload().unwrap_or_default()));
        topic.add(partition, pairs).await;
    }
    loader.restart().expect("restart the loader");
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_of_unknown_outcome_is_read_again_and_clickhouse_away_meanwhile_stops_nothing() {
    let mut stand = Stand::start().await;
    let (_extractor, mut loader) = stand.both().await;
    assert!(loader.stop().is_some_and(|status| status.success()));
    // As after a restore of PostgreSQL: the group stands behind a range of which nobody knows whether it is in.
    sqlx::query("UPDATE batch SET phase = 'before', min_offset = 0 WHERE max_offset IS NOT NULL")
        .execute(&stand.postgres.pool)
        .await
        .expect("change the states");
    stand.clickhouse.client("migrator").query("TRUNCATE TABLE dw.sale").execute().await.expect("empty the table");
    stand.clickhouse.server.process.kill();
    loader.restart().expect("restart the loader");
    // Its loop turns: it sees that there is no room, and goes on polling.
    await_line(&loader, &["reading from Kafka is paused"]).await;
    stand.clickhouse.server.restart().await.expect("restart ClickHouse");
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_kafka_lost_are_told_and_rejected_ones_are_not_taken_for_lost() {
    let stand = Stand::start().await;
    let (mut extractor, mut loader) = stand.both().await;
    assert!(extractor.stop().is_some_and(|status| status.success()));
    let topic = Topic::of(&stand.topics, "sales");
    let poison = |count: usize| std::iter::repeat_n((&b"key"[..], &b"nonsense"[..]), count);
    topic.add(0, poison(3)).await;
    await_rest(&stand).await;
    assert!(loader.stop().is_some_and(|status| status.success()));
    loader.restart().expect("restart the loader");
    topic.add(0, poison(1)).await;
    await_line(&loader, &["Stored 0 rows of sales, 1 rejected"]).await;
    assert!(!has_line(&loader, &["Kafka no longer holds"]), "{}", loader.output());

    // Lost while the loader is away.
    await_rest(&stand).await;
    assert!(loader.stop().is_some_and(|status| status.success()));
    topic.add(0, poison(3)).await;
    topic.forget_before(0, topic.ends(0).1 - 1).await;
    loader.restart().expect("restart the loader");
    await_line(&loader, &["ERROR", "Kafka no longer holds", "`extractor reread sales`"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_kafka_lost_while_the_loader_waited_are_told() {
    let stand = Stand::start().await;
    let loader = loaded(&stand).await;
    let topic = Topic::of(&stand.topics, "sales");
    loader.pause();
    // The first answers the question that is still open.
    for _ in 0..4 {
        topic.add(0, [(&b"key"[..], &b"nonsense"[..])]).await;
    }
    topic.forget_before(0, topic.ends(0).1).await;
    topic.add(0, [(&b"key"[..], &b"nonsense"[..])]).await;
    loader.resume();
    await_line(&loader, &["ERROR", "Kafka no longer holds the messages from", "`extractor reread sales`"]).await;
}
