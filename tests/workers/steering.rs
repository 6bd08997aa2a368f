//! The words of whoever steers the extractors, found by those that run.

use shared::steering;
use tests::await_true;
use tests::ledger::SOON;

use crate::stand::{Stand, start};

async fn done(stand: &Stand) -> i64 {
    stand.postgres_count("SELECT coalesce(max(done_pass), 0) FROM progress WHERE dataset = 'sales'").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_and_when_next_is_said_and_what_a_pass_met_is_written_down() {
    let stand = Stand::start().await;
    let (_extractor, _loader) = stand.both().await;
    stand.await_pass().await;
    let pool = &stand.postgres.pool;
    let jobs = steering::jobs(pool).await.expect("the jobs");
    let job = |name: &str| jobs.iter().find(|job| job.job == name).unwrap_or_else(|| panic!("no {name} in {jobs:?}"));
    assert_eq!((job("sales").reach.as_str(), job("sales-full").reach.as_str()), ("usual", "everything"));
    assert_eq!(steering::widest(&jobs, "sales").map(|job| job.job.as_str()), Some("sales-full"));
    assert_eq!(steering::widest(&jobs, "dealers").map(|job| job.job.as_str()), Some("dealers"));
    assert!(job("sales").next_at.is_some_and(|next| next > job("sales").said_at), "{jobs:?}");
    // As it was given, to be read again.
    assert!(job("sales").cron.split(' ').count() == 6, "{jobs:?}");
    let first = "SELECT count(*) FROM slot WHERE job = 'sales' AND state = 'done' AND sent > 0 AND lines >= sent";
    assert!(stand.postgres_count(first).await >= 1, "the first pass says what it sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_that_is_paused_is_not_read_until_it_is_resumed_and_the_others_are() {
    let stand = Stand::start().await;
    let (_extractor, _loader) = stand.both().await;
    stand.await_pass().await;
    let pool = &stand.postgres.pool;
    steering::pause(pool, "sales", "Anna", "closing the month").await.expect("pause");
    await_true("the pass under way has ended", SOON, async || {
        stand.postgres_count("SELECT count(*) FROM slot WHERE dataset = 'sales' AND state = 'running'").await == 0
    })
    .await;
    let (before, others) = (done(&stand).await, "SELECT max(done_pass) FROM progress WHERE dataset = 'products'");
    let of_others = stand.postgres_count(others).await;
    await_true("the others go on", SOON, async || stand.postgres_count(others).await > of_others + 2).await;
    assert_eq!(done(&stand).await, before, "a paused dataset is not read");
    assert!(steering::resume(pool, "sales").await.expect("resume"));
    await_true("it is read again", SOON, async || done(&stand).await > before).await;
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_is_read_now_though_its_cron_line_is_far_off() {
    let stand = Stand::start().await;
    let _loader = start(stand.loader());
    let _extractor = start(stand.extractor().env("EXTRACT_CRON_SALES", "0 0 0 29 2 *"));
    await_true("the first pass", SOON, async || done(&stand).await > 0).await;
    let before = done(&stand).await;
    steering::run_now(&stand.postgres.pool, "sales", "sales").await.expect("run now");
    await_true("another pass", SOON, async || done(&stand).await > before).await;
}
