//! What breaks while a file is made: no half of it is ever offered, and a person reads why.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use stack::process::{Launch, Process};
use tests::{Fault, FaultProxy, Person, await_true};

use crate::downloads::stand_with_a_large_file;
use crate::export_stand::{
    SOON, await_query, await_state, files, order, order_path, queries, reporter, row, start, volga, write_large_report,
};
use crate::stand::{Line, Product, Stand, TODAY};

/// A reporter to which ClickHouse is as slow, or as dead, as the proxy says.
pub async fn behind_proxy(stand: &Stand) -> (FaultProxy, Launch) {
    let proxy = FaultProxy::before(format!("127.0.0.1:{}", stand.clickhouse.server.http_port())).await;
    let launch = reporter(stand).env("CLICKHOUSE_URL", format!("http://{}", proxy.address()));
    (proxy, launch)
}

/// A job whose rows are coming, slowly.
async fn half_way(stand: &Stand, person: &Person) -> (String, FaultProxy, Process) {
    let (mut proxy, launch) = behind_proxy(stand).await;
    proxy.set(Fault::BytesPerSecond(2_000_000)).await;
    let worker = start(launch.env("EXPORT_LEASE_SECONDS", "3"));
    let job = order(person, "").await;
    await_true("rows are written", SOON, async || row(stand, &job).await.written > 0).await;
    (job, proxy, worker)
}

async fn offered(person: &Person, job: &str) -> bool {
    person.get(&format!("{job}/file")).await.status == StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_reporters_job_is_taken_over_and_makes_one_file() {
    let stand = stand_with_a_large_file().await;
    let (person, _) = volga(&stand).await;
    let (job, _proxy, mut worker) = half_way(&stand, &person).await;
    worker.kill();
    let before = row(&stand, &job).await;
    assert!(!offered(&person, &job).await, "half a file is offered");
    let mut other = start(reporter(&stand));
    let mut percents = vec![before.percent];
    let until = Instant::now() + SOON;
    loop {
        let now = row(&stand, &job).await;
        percents.push(now.percent);
        if now.state == "done" {
            assert_eq!(now.attempt, 2);
            break;
        }
        let is_offered = offered(&person, &job).await;
        assert!(now.percent < 100, "{now:?}");
        assert!(!is_offered || row(&stand, &job).await.state == "done", "half a file is offered: {now:?}");
        assert!(Instant::now() < until, "{now:?}: {}", other.output());
        // More often is refused for haste.
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(percents.is_sorted(), "{percents:?}");
    let whole: Vec<String> = files(&stand).into_iter().filter(|name| !name.contains('#')).collect();
    assert_eq!(whole.len(), 1, "{whole:?}");
    let answer = person.get(&format!("{job}/file")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.lines().count() > 6001, "{} lines", answer.text.lines().count());
    other.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reporter_that_is_asked_to_stop_gives_its_job_back_in_time() {
    let stand = stand_with_a_large_file().await;
    let (person, _) = volga(&stand).await;
    let (job, mut proxy, mut worker) = half_way(&stand, &person).await;
    // Too slow to end within the drain.
    proxy.set(Fault::BytesPerSecond(10_000)).await;
    worker.signal(libc::SIGTERM);
    let began = Instant::now();
    let status = worker.finished(Duration::from_secs(25)).await.expect("it ends");
    assert!(status.success() && began.elapsed() < Duration::from_secs(20), "{status:?} after {:?}", began.elapsed());
    let now = row(&stand, &job).await;
    assert_eq!((&*now.state, now.attempt), ("queued", 0), "as if it had not been taken");
    assert_eq!((files(&stand), queries(&stand, &job).await), (Vec::new(), Vec::new()));
    let _other = start(reporter(&stand));
    await_state(&stand, &job, "done").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clickhouse_that_dies_under_way_is_told_and_the_file_is_had_once_it_is_back() {
    let stand = stand_with_a_large_file().await;
    let (person, _) = volga(&stand).await;
    let (job, mut proxy, _worker) = half_way(&stand, &person).await;
    proxy.set(Fault::Refuse).await;
    let failed = await_state(&stand, &job, "failed").await;
    assert_eq!((failed.reason.as_deref(), failed.attempt), (Some("warehouse"), 3));
    assert!(failed.percent < 100 && files(&stand).is_empty() && !offered(&person, &job).await);
    let page = person.get(&job).await;
    assert!(page.text.contains("Хранилище данных не ответило") && page.text.contains("export-again"), "{}", page.text);
    proxy.set(Fault::None).await;
    let again = order(&person, "").await;
    assert_ne!(again, job);
    await_state(&stand, &again, "done").await;
    assert!(offered(&person, &again).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_full_or_closed_is_told_and_others_go_on() {
    let stand = stand_with_a_large_file().await;
    let (person, _) = volga(&stand).await;
    let log = stand.folder.path().join("reporter-full.log");
    // No file of it may grow beyond 2 MB: the kernel refuses the write as a full disk does.
    let program = tests::binary("reporter").display().to_string();
    let words = ["-c", "trap '' XFSZ; ulimit -f 4000; exec \"$0\"", &program].map(str::to_owned);
    let full = Launch::new("reporter", "/bin/sh", log).args(words).envs(variables(&stand));
    let mut worker = start(full);
    let large = order(&person, "").await;
    let failed = await_state(&stand, &large, "failed").await;
    assert_eq!((failed.reason.as_deref(), failed.attempt, files(&stand)), (Some("storage"), 3, Vec::new()));
    assert!(person.get(&large).await.text.contains("Файл не удалось записать"));
    let small = order(&person, "search=%D0%9D%D0%B0%D1%81%D0%BE%D1%81").await;
    await_state(&stand, &small, "done").await;
    assert!(offered(&person, &small).await, "a file that fits comes");
    worker.stop();

    let worker = start(reporter(&stand));
    await_true("it has found the folder", SOON, async || worker.output().contains("Health and metrics")).await;
    let folder = stand.folder.path().join("exports");
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "no folder").unwrap();
    let closed = order(&person, "period=month").await;
    let failed = await_state(&stand, &closed, "failed").await;
    assert_eq!(failed.reason.as_deref(), Some("storage"));
    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    let again = order(&person, "period=month").await;
    await_state(&stand, &again, "done").await;
}

/// What `reporter` would give it, for a shell that becomes it.
fn variables(stand: &Stand) -> Vec<(String, String)> {
    let mut all = stand.clickhouse.variables("export_ro");
    all.extend([
        ("CLICKHOUSE_CANCELLER_PASSWORD".to_owned(), tests::TestClickHouse::password("canceller")),
        ("EXPORT_FILES".to_owned(), tests::test_portal::export_files(stand.folder.path())),
        ("EXPORT_RETRY_SECONDS".to_owned(), "1".to_owned()),
        ("DATABASE_URL".to_owned(), stand.postgres.url.clone()),
    ]);
    all
}

async fn cancelled_while(rows: u32, what: &str, settles: Duration) {
    let reports = tests::folder();
    write_large_report(reports.path(), rows);
    let stand = Stand::of_site(&[Product::called(1, "Насос")], &[Line::of(1, TODAY, 100)], Some(reports.path())).await;
    let worker = start(reporter(&stand).env("PORTAL_REPORTS_DIR", reports.path()));
    let (person, _) = volga(&stand).await;
    let job = order_path(&person, "large", "").await;
    await_query(&stand, &job, what).await;
    tokio::time::sleep(settles).await;
    let running = queries(&stand, &job).await;
    assert!(running.iter().any(|id| id.ends_with(what)), "it is over too soon to be cancelled: {running:?}");
    let token = person.get("/exports").await.form_token();
    let began = Instant::now();
    let answer = person.post(&format!("{job}/cancel"), &[("form_token", &token)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    await_true("the query is gone", Duration::from_secs(2), async || queries(&stand, &job).await.is_empty()).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!((&*row(&stand, &job).await.state, files(&stand)), ("cancelled", Vec::new()));
    assert!(person.get(&job).await.text.contains("Отменено"));
    drop(worker);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_query_is_gone_within_two_seconds_while_rows_are_counted() {
    cancelled_while(4_000_000, "count", Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_query_is_gone_within_two_seconds_while_it_sorts() {
    cancelled_while(2_000_000, "rows", Duration::from_secs(3)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_query_is_gone_within_two_seconds_while_rows_are_written() {
    let stand = stand_with_a_large_file().await;
    let (person, _) = volga(&stand).await;
    let (job, mut proxy, _worker) = half_way(&stand, &person).await;
    proxy.set(Fault::BytesPerSecond(100_000)).await;
    assert!(!queries(&stand, &job).await.is_empty());
    let token = person.get("/exports").await.form_token();
    person.post(&format!("{job}/cancel"), &[("form_token", &token)]).await;
    await_true("the query is gone", Duration::from_secs(2), async || queries(&stand, &job).await.is_empty()).await;
    await_true("half a file is gone", SOON, async || files(&stand).is_empty()).await;
    assert!(!offered(&person, &job).await);
}
