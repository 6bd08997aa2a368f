//! Slots that a wrong clock, another release or a long pause left behind: the schedule goes on.

use stack::process::Process;
use tests::await_true;
use tests::ledger::SOON;
use tokio_util::sync::CancellationToken;
use workers::extract::Stop;
use workers::extract::ledger::Ledger;
use workers::extract::pass::Pass;

use crate::stand::{Stand, await_line, dataset, start};

async fn done(stand: &Stand) -> i64 {
    stand.postgres_count("SELECT coalesce(max(done_pass), 0) FROM progress WHERE dataset = 'sales'").await
}

async fn goes_on(stand: &Stand) {
    let before = done(stand).await;
    await_true("a pass over sales is done", SOON, async || done(stand).await > before).await;
}

async fn insert(stand: &Stand, slot: &'static str) {
    sqlx::query(slot).execute(&stand.postgres.pool).await.expect("insert a slot");
}

fn extractor(stand: &Stand) -> Process {
    start(stand.extractor())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_ahead_holds_nothing_up_once_it_is_right() {
    let stand = Stand::start().await;
    insert(
        &stand,
        "INSERT INTO slot (job, slot_at, dataset, state) VALUES ('sales', now() + interval '1 day', 'sales', 'done')",
    )
    .await;
    insert(
        &stand,
        "INSERT INTO slot (job, slot_at, dataset) VALUES ('products', now() + interval '1 day', 'products')",
    )
    .await;
    insert(
        &stand,
        "INSERT INTO slot (job, slot_at, dataset, not_before) VALUES ('dealers', now(), 'dealers', now() + interval '1 day')",
    )
    .await;
    // No later slot takes the place of the one that waits.
    let extractor = start(stand.extractor().env("EXTRACT_CRON_DEALERS", "0 0 0 29 2 *"));
    goes_on(&stand).await;
    await_line(&extractor, &["WARN", "Removed 1 slots of the future"]).await;
    for dataset in ["products", "dealers"] {
        let passed = format!("SELECT count(*) FROM progress WHERE done_pass > 0 AND dataset = '{dataset}'");
        await_true("the others are read", SOON, async || {
            sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(passed.clone()))
                .fetch_one(&stand.postgres.pool)
                .await
                .is_ok_and(|count| count == 1)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_of_the_future_ends_like_any_other() {
    let stand = Stand::start().await;
    insert(
        &stand,
        "INSERT INTO slot (job, slot_at, dataset, state, owner, attempt, lease_until)
         VALUES ('sales', now(), 'sales', 'running', 'gone', 1, now() + interval '1 day')",
    )
    .await;
    let _extractor = extractor(&stand);
    let soon = "SELECT count(*) FROM slot WHERE owner = 'gone' AND lease_until < now() + interval '2 minutes'";
    await_true("the lease is as long as any", SOON, async || stand.postgres_count(soon).await == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_only_a_newer_release_knows_is_left_to_it_and_holds_nothing_up() {
    let stand = Stand::start().await;
    insert(&stand, "INSERT INTO slot (job, slot_at, dataset) VALUES ('rebates', now() - interval '1 hour', 'rebates')")
        .await;
    let _extractor = extractor(&stand);
    goes_on(&stand).await;
    assert_eq!(stand.postgres_count("SELECT count(*) FROM slot WHERE job = 'rebates' AND state = 'queued'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_runs_seldom_is_not_taken_for_new_and_the_first_load_is_not_followed_by_a_second() {
    let stand = Stand::start().await;
    insert(
        &stand,
        "INSERT INTO slot (job, slot_at, dataset, state) VALUES ('dealers', now() - interval '9 days', 'dealers', 'done'),
             ('dealers', now() - interval '8 days', 'dealers', 'done')",
    )
    .await;
    let _extractor = start(stand.extractor().env("EXTRACT_CRON_DEALERS", "0 0 0 29 2 *"));
    goes_on(&stand).await;
    goes_on(&stand).await;
    assert_eq!(stand.postgres_count("SELECT count(*) FROM slot WHERE job = 'dealers'").await, 1, "the newest is kept");
    assert_eq!(stand.postgres_count("SELECT count(*) FROM progress WHERE dataset = 'dealers'").await, 0);
    let nightly = "SELECT count(*) FROM slot WHERE job = 'sales-full' AND state <> 'missed'";
    assert_eq!(stand.postgres_count(nightly).await, 0, "the first load was all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_was_overtaken_confirms_nothing_of_the_one_after_it() {
    let stand = Stand::start().await;
    insert(&stand, "INSERT INTO progress (dataset, pass, claimed_at) VALUES ('sales', 2, now())").await;
    insert(&stand, "INSERT INTO sending (dataset, pass) VALUES ('sales', 2)").await;
    let stale = Pass::new(dataset("sales"), 1, shared::clock::now(), CancellationToken::new());
    let ended = Ledger::new(stand.postgres.pool.clone()).unconfirmed(&stale).await;
    assert!(matches!(ended, Err(Stop::Stale)), "{ended:?}");
    assert_eq!(stand.postgres_count("SELECT count(*) FROM sending").await, 1);
}
