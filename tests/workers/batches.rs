//! Batches and passes that are interrupted, repeated or replayed: the warehouse holds each row once, or counts it once
//! where nobody can know whether it went in, and equals the base.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::json;
use tests::ledger::{self, SOON};
use tests::{Fault, FaultProxy, await_true, test_workers};

use crate::stand::{Stand, await_line, start};

const SALES: &str = "Document_РеализацияТоваровУслуг";

/// The loader's group has committed the end of every partition of sales, and every batch is confirmed.
pub async fn await_rest(stand: &Stand) {
    let (topic, brokers) = (stand.topics.name("sales"), stand.topics.brokers.clone());
    let group = format!("{}-loader", stand.topics.prefix);
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &brokers)
        .set("group.id", &group)
        .create()
        .expect("a consumer that only asks");
    let wait = Duration::from_secs(10);
    await_true("the loader has committed all, and confirmed it", SOON, async || {
        let mut asked = TopicPartitionList::new();
        asked.add_partition_range(&topic, 0, 2);
        let committed = consumer.committed_offsets(asked, wait).expect("committed offsets");
        let at_end = committed.elements().iter().all(|element| {
            let (_, end) = consumer.fetch_watermarks(&topic, element.partition(), wait).expect("the log's end");
            element.offset() == Offset::Offset(end)
        });
        at_end && stand.postgres_count("SELECT count(*) FROM batch WHERE phase = 'before'").await == 0
    })
    .await;
}

/// The loader has never read anything.
async fn forget_group(stand: &Stand) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &stand.topics.brokers).create().expect("an administrator");
    let group = format!("{}-loader", stand.topics.prefix);
    let deleted = admin.delete_groups(&[&group], &AdminOptions::new()).await.expect("ask Kafka");
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
}

/// A loader at rest: all that the base has is stored, and the extractor has stopped.
pub async fn loaded(stand: &Stand) -> stack::process::Process {
    let (mut extractor, loader) = stand.both().await;
    assert!(extractor.stop().is_some_and(|status| status.success()));
    await_rest(stand).await;
    loader
}

/// Every last version of everything, to the last column.
async fn everything(stand: &Stand) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    for table in ["sale", "product", "dealer"] {
        let query = format!("SELECT count(), groupBitXor(cityHash64(*)) FROM dw.{table} FINAL");
        found.push(stand.clickhouse.client("audit_ro").query(&query).fetch_one().await.expect("ask the warehouse"));
    }
    found
}

/// The extractor, and a loader to which no confirmation of ClickHouse comes back, once rows lie there all the same.
async fn without_confirmations(stand: &Stand) -> (stack::process::Process, stack::process::Process, FaultProxy) {
    let mut proxy = FaultProxy::before(stand.clickhouse.url().trim_start_matches("http://").to_owned()).await;
    proxy.set(Fault::CutAfter(0)).await;
    // All but sales are read once: two passes over another, neither of which goes in, and the loader waits with everything.
    let others =
        tests::datasets().all().iter().filter(|other| other.name() != "sales" && test_workers::is_read(**other));
    let once = others.map(|other| (format!("EXTRACT_CRON_{}", other.variable()), "0 0 0 1 1 *"));
    let extractor = start(stand.extractor().envs(once));
    let loader = start(stand.loader().env("CLICKHOUSE_URL", format!("http://{}", proxy.address())));
    await_true("ClickHouse has rows of which the loader does not know", SOON, async || {
        stand.warehouse_count("SELECT count() FROM dw.sale").await > 0
    })
    .await;
    (extractor, loader, proxy)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_confirmation_is_cut_off_is_stored_again_and_counts_once() {
    let stand = Stand::start().await;
    let (_extractor, mut loader, mut proxy) = without_confirmations(&stand).await;
    for attempt in 1..=3 {
        await_line(&loader, &["Failed to store a batch of sales", &format!("\"attempt\":{attempt}")]).await;
    }
    // Also by a loader that knows of the batch only what PostgreSQL says.
    loader.kill();
    proxy.set(Fault::None).await;
    loader.restart().expect("restart the loader");
    stand.await_equal().await;
    // A server killed at the wrong moment knows a token and not its rows: so none is ever sent twice.
    let known = "SELECT sum(value) FROM system.events WHERE event = 'DuplicatedInsertedBlocks'";
    assert_eq!(stand.warehouse_count(known).await, 0, "an insert was repeated under a token that the server knew");
    assert_eq!(ledger::counted_twice(&stand.clickhouse).await, 0);
}

/// What a ClickHouse that is killed between writing down a token and putting its part in place looks like when it is back:
/// the token is known, the rows are not there.
async fn forget_the_parts_and_keep_the_tokens(stand: &mut Stand) {
    stand.clickhouse.server.process.kill();
    let mut folders = vec![stand.clickhouse.folder().join("data/store")];
    let mut forgotten = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of ClickHouse").map(|entry| entry.expect("an entry")) {
            if !entry.file_type().expect("its type").is_dir() {
                continue;
            }
            if entry.file_name().to_string_lossy().starts_with("all_") {
                std::fs::remove_dir_all(entry.path()).expect("forget a part");
                forgotten += 1;
            } else {
                folders.push(entry.path());
            }
        }
    }
    assert!(forgotten > 0, "ClickHouse keeps its parts elsewhere");
    stand.clickhouse.server.restart().await.expect("restart ClickHouse");
    assert_eq!(stand.warehouse_count("SELECT count() FROM dw.sale").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_clickhouse_forgot_though_it_kept_their_token_are_stored_by_the_next_try() {
    let mut stand = Stand::start().await;
    let (_extractor, loader, mut proxy) = without_confirmations(&stand).await;
    // Its next try comes after the parts are gone, not while they go.
    loader.pause();
    forget_the_parts_and_keep_the_tokens(&mut stand).await;
    proxy.set(Fault::None).await;
    loader.resume();
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_clickhouse_forgot_though_it_kept_their_token_are_stored_by_the_next_loader() {
    let mut stand = Stand::start().await;
    let (_extractor, mut loader, mut proxy) = without_confirmations(&stand).await;
    loader.kill();
    forget_the_parts_and_keep_the_tokens(&mut stand).await;
    proxy.set(Fault::None).await;
    loader.restart().expect("restart the loader");
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_replayed_whole_twice_leaves_every_last_version_as_it_was() {
    let stand = Stand::start_with(|settings| settings.lines = 3_000).await;
    let (mut extractor, mut loader) = stand.both().await;
    for document in stand.documents().await.iter().take(5) {
        stand.change(document, "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
    }
    stand.await_equal().await;
    assert!(extractor.stop().is_some_and(|status| status.success()));
    await_rest(&stand).await;
    let before = everything(&stand).await;

    for knows_its_batches in [true, false] {
        assert!(loader.stop().is_some_and(|status| status.success()));
        forget_group(&stand).await;
        if !knows_its_batches {
            sqlx::query("DELETE FROM batch").execute(&stand.postgres.pool).await.expect("forget the batches");
        }
        loader.restart().expect("restart the loader");
        await_rest(&stand).await;
        assert_eq!(everything(&stand).await, before, "with its batches known: {knows_its_batches}");
    }
    extractor.restart().expect("restart the extractor");
    stand.await_pass().await;
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_clickhouse_stands_still_passes_go_on_and_all_of_it_lands_once_when_it_wakes() {
    let stand = Stand::start().await;
    let (_extractor, mut loader) = stand.both().await;
    let documents = stand.documents().await;
    stand.clickhouse.server.process.pause();
    for document in &documents[..3] {
        let done = stand.postgres_count("SELECT done_pass FROM progress WHERE dataset = 'sales'").await;
        stand.change(document, "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
        await_true("a pass goes on without ClickHouse", SOON, async || {
            stand.postgres_count("SELECT done_pass FROM progress WHERE dataset = 'sales'").await > done
        })
        .await;
    }
    stand.clickhouse.server.process.resume();
    stand.await_equal().await;
    // What a server that stood still had taken in before it was given up may lie there beside its repetition, and nothing else.
    let (copies, repeated) = (ledger::copies(&stand.clickhouse).await, repeated(&loader));
    assert!(copies <= repeated, "{copies} rows lie twice, {repeated} were sent again: {}", loader.output());
    assert_eq!(ledger::counted_twice(&stand.clickhouse).await, 0);
    assert!(loader.is_running());
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_asked_to_stop_in_the_middle_of_a_load_end_well_within_half_a_minute_and_go_on_later() {
    let stand = Stand::start_with(|settings| settings.lines = 10_000).await;
    stand.fault(json!({ "kind": "slow", "first_byte_ms": 500, "path": SALES })).await;
    let (mut extractor, mut loader) = (start(stand.extractor()), start(stand.loader()));
    for _ in 0..2 {
        let rows = stand.warehouse_count("SELECT count() FROM dw.sale").await;
        await_true("rows arrive", SOON, async || stand.warehouse_count("SELECT count() FROM dw.sale").await > rows)
            .await;
        for worker in [&mut extractor, &mut loader] {
            worker.signal(15);
            let ended = worker.finished(Duration::from_secs(30)).await.expect("it ends within 30 s");
            assert!(ended.success(), "{} ended by {ended}: {}", worker.name(), worker.output());
        }
        assert_eq!(stand.postgres_count("SELECT count(*) FROM slot WHERE state = 'running'").await, 0);
        extractor.restart().expect("restart the extractor");
        loader.restart().expect("restart the loader");
    }
    stand.heal().await;
    stand.await_equal().await;
    assert_eq!(ledger::copies(&stand.clickhouse).await, 0);
}

/// Rows of batches that a loader tried more than once, as often as it tried again.
fn repeated(loader: &stack::process::Process) -> u64 {
    let output = loader.output();
    let lines = output.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let number = |line: &serde_json::Value, field: &str| line[field].as_u64().unwrap_or_default();
    lines.map(|line| number(&line, "batch.rows") * number(&line, "batch.retries")).sum()
}

/// A first load that has come some way, in an extractor of its own.
async fn in_mid_load(stand: &Stand) -> stack::process::Process {
    stand.fault(json!({ "kind": "slow", "first_byte_ms": 250, "path": SALES })).await;
    let extractor = start(stand.extractor());
    await_true("the load has come some way", SOON, async || {
        stand.postgres_count("SELECT count(loaded_to) FROM progress WHERE dataset = 'sales'").await == 1
    })
    .await;
    extractor
}

/// The pass that holds the fence over sales.
async fn pass(stand: &Stand) -> i64 {
    stand.postgres_count("SELECT pass FROM progress WHERE dataset = 'sales'").await
}

/// How far the load has come.
async fn loaded_to(stand: &Stand) -> Option<String> {
    let query = "SELECT loaded_to::text FROM progress WHERE dataset = 'sales'";
    sqlx::query_scalar(query).fetch_one(&stand.postgres.pool).await.expect("ask for progress")
}

/// As a minute of silence would: the leases of the running slots, that over sales among them, have run out.
async fn let_the_lease_run_out(stand: &Stand) {
    let sql = "UPDATE slot SET lease_until = now() - interval '1 s'
               WHERE state = 'running' AND lease_until < now() + interval '61 s' RETURNING dataset";
    let ended: Vec<String> = sqlx::query_scalar(sql).fetch_all(&stand.postgres.pool).await.expect("change the leases");
    assert!(ended.iter().any(|dataset| dataset == "sales"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_whose_extractor_was_killed_is_taken_over_where_it_stopped() {
    let stand = Stand::start_with(|settings| settings.lines = 4_000).await;
    let mut first = in_mid_load(&stand).await;
    first.kill();
    let (former, reached) = (pass(&stand).await, loaded_to(&stand).await);
    let_the_lease_run_out(&stand).await;
    let (second, _loader) = (start(stand.extractor()), start(stand.loader()));
    await_true("a later pass takes over", SOON, async || pass(&stand).await > former).await;
    assert!(reached.is_some() && loaded_to(&stand).await >= reached, "the load begins again");
    stand.heal().await;
    stand.await_equal().await;
    await_line(&second, &["Loading sales"]).await;
    assert_eq!(ledger::copies(&stand.clickhouse).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extractor_that_slept_past_its_lease_can_move_no_progress_when_it_wakes() {
    let stand = Stand::start_with(|settings| settings.lines = 4_000).await;
    let sleeper = in_mid_load(&stand).await;
    sleeper.pause();
    let former = pass(&stand).await;
    let_the_lease_run_out(&stand).await;
    let mut second = start(stand.extractor());
    let _loader = start(stand.loader());
    await_true("a later pass takes over", SOON, async || pass(&stand).await > former).await;
    stand.heal().await;
    stand.await_equal().await;
    assert!(second.stop().is_some_and(|status| status.success()));
    let progress = async || -> (i64, Option<i64>, Option<String>) {
        let query = "SELECT pass, done_pass, loaded_to::text FROM progress WHERE dataset = 'sales'";
        sqlx::query_as(query).fetch_one(&stand.postgres.pool).await.expect("ask for progress")
    };
    // Nothing new is claimed: all that the sleeper can still do is what it was about to do.
    sqlx::query("UPDATE slot SET state = 'missed' WHERE state = 'queued'").execute(&stand.postgres.pool).await.unwrap();
    sqlx::query(
        "INSERT INTO slot (job, slot_at, dataset, state) SELECT job, now() + interval '1 hour', 'sales', 'done'
         FROM unnest(ARRAY['sales', 'sales-full', 'products', 'dealers']) AS job",
    )
    .execute(&stand.postgres.pool)
    .await
    .unwrap();
    let before = progress().await;
    sleeper.resume();
    await_line(&sleeper, &["The pass over sales lost its lease and stops"]).await;
    assert_eq!(progress().await, before, "the sleeper moved progress");
    assert_eq!(
        stand.postgres_count("SELECT count(*) FROM slot WHERE dataset = 'sales' AND state = 'running'").await,
        0
    );
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extractor_that_slept_while_it_wrote_the_ledger_keeps_no_other_from_its_datasets() {
    let stand = Stand::start().await;
    let mut held = stand.postgres.pool.begin().await.expect("begin");
    sqlx::query("LOCK TABLE sent IN EXCLUSIVE MODE").execute(&mut *held).await.expect("lock the ledger");
    let sleeper = start(stand.extractor());
    let copies = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND query LIKE 'COPY sent%' AND wait_event_type =";
    let waiting = async |for_what| {
        let query = sqlx::AssertSqlSafe(format!("{copies} '{for_what}'"));
        sqlx::query_scalar::<_, i64>(query).fetch_one(&stand.postgres.pool).await.expect("ask PostgreSQL")
    };
    await_true("it sleeps before it writes", SOON, async || {
        sleeper.pause();
        if waiting("Lock").await > 0 {
            return true;
        }
        sleeper.resume();
        false
    })
    .await;
    held.rollback().await.expect("roll back");
    await_true("PostgreSQL waits for what it writes", SOON, async || waiting("Client").await > 0).await;
    let sql = "UPDATE slot SET lease_until = now() - interval '1 s' WHERE state = 'running'";
    sqlx::query(sql).execute(&stand.postgres.pool).await.expect("change the leases");
    let (_second, _loader) = (start(stand.extractor()), start(stand.loader()));
    stand.await_equal().await;
    assert!(waiting("Client").await > 0, "it no longer sleeps where it was put to sleep");
    sleeper.resume();
    stand.await_pass().await;
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loader_that_slept_while_another_took_its_partitions_stores_nothing_twice_when_it_wakes() {
    let stand = Stand::start().await;
    let mut proxy = FaultProxy::before(stand.clickhouse.url().trim_start_matches("http://").to_owned()).await;
    proxy.set(Fault::Blackhole).await;
    let mut extractor = start(stand.extractor());
    let mut sleeper = start(stand.loader().env("CLICKHOUSE_URL", format!("http://{}", proxy.address())));
    await_true("a batch is on its way", SOON, async || {
        stand.postgres_count("SELECT count(*) FROM batch WHERE phase = 'before' AND topic LIKE '%sales%'").await > 0
    })
    .await;
    // Asleep while each of its inserts hangs on a connection: one that had passed the fence and not begun would go through later.
    let hangs = async || {
        // What a dataset's partitions hold goes in together.
        let before = stand.postgres_count("SELECT count(DISTINCT topic) FROM batch WHERE phase = 'before'").await;
        usize::try_from(before).expect("a count") == proxy.open()
    };
    await_true("the sleeper sleeps in the middle of its inserts", SOON, async || {
        sleeper.pause();
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if !hangs().await {
                sleeper.resume();
                return false;
            }
        }
        true
    })
    .await;
    let mut second = start(stand.loader());
    // Kafka gives the sleeper three quarters of a minute to say something.
    ledger::await_equal(&stand.onec, &stand.clickhouse, 2 * SOON).await;
    // Nothing is on its way when partitions change hands: its outcome would be unknown to whoever gets them.
    assert!(extractor.stop().is_some_and(|status| status.success()));
    await_rest(&stand).await;
    let epochs = stand.postgres_count("SELECT sum(writer_epoch)::bigint FROM batch").await;
    // What hung on its connections is gone with them: whatever it stores now, it sends after it woke.
    proxy.set(Fault::Refuse).await;
    proxy.set(Fault::None).await;
    sleeper.resume();
    // It joins again: partitions change hands, and their epochs rise.
    await_true("the sleeper has partitions again", SOON, async || {
        stand.postgres_count("SELECT sum(writer_epoch)::bigint FROM batch").await > epochs
    })
    .await;
    assert!(second.stop().is_some_and(|status| status.success()));
    extractor.restart().expect("restart the extractor");
    let documents = stand.documents().await;
    stand.change(&documents[0], "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
    stand.await_equal().await;
    assert!(sleeper.is_running());
    assert_eq!(ledger::copies(&stand.clickhouse).await, 0, "{}", sleeper.output());
}
