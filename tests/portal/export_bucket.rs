//! Finished files in a bucket of S3: whole or not there, and gone when their time is over.

use reqwest::StatusCode;
use stack::process::Launch;
use tests::test_bucket::TestBucket;
use tests::{Fault, FaultProxy, await_true};

use crate::downloads::stand_with_a_large_file_and;
use crate::export_stand::{SOON, await_state, order, reporter, start, volga};
use crate::stand::Stand;

async fn stand(bucket: &TestBucket) -> Stand {
    let variables = bucket.variables();
    stand_with_a_large_file_and(|portal| portal.envs(variables)).await
}

fn reporter_over(stand: &Stand, bucket: &TestBucket) -> Launch {
    reporter(stand).envs(bucket.variables()).env("EXPORT_LEASE_SECONDS", "3")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_into_a_bucket_comes_out_whole_and_leaves_it_when_its_time_is_over() {
    let bucket = TestBucket::start().await;
    let stand = stand(&bucket).await;
    let mut worker = start(reporter_over(&stand, &bucket));
    let (person, _) = volga(&stand).await;
    let job = order(&person, "").await;
    await_state(&stand, &job, "done").await;
    let file = person.get(&format!("{job}/file")).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text);
    assert!(file.text.len() > 15_000_000 && file.text.contains("Итого"), "{} bytes", file.text.len());
    let stored = bucket.files().await;
    assert!(matches!(&*stored, [name] if name.starts_with("portal/")), "{stored:?}");

    sqlx::query("UPDATE job SET expires_at = now()").execute(&stand.postgres.pool).await.unwrap();
    worker.stop();
    let _worker = start(reporter_over(&stand, &bucket));
    await_true("it is swept away", SOON, async || bucket.files().await.is_empty()).await;
    assert_eq!(person.get(&format!("{job}/file")).await.status, StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reporter_that_is_killed_while_it_sends_leaves_no_file_and_another_makes_one() {
    let bucket = TestBucket::start().await;
    let stand = stand(&bucket).await;
    let mut slow = FaultProxy::before(format!("127.0.0.1:{}", stand.clickhouse.server.http_port())).await;
    slow.set(Fault::BytesPerSecond(2_000_000)).await;
    let launch = reporter_over(&stand, &bucket).env("CLICKHOUSE_URL", format!("http://{}", slow.address()));
    let mut worker = start(launch);
    let (person, _) = volga(&stand).await;
    let job = order(&person, "").await;
    await_true("a part of it is sent", SOON, async || !bucket.halves().await.is_empty()).await;
    worker.kill();
    assert_eq!(bucket.files().await, Vec::<String>::new());
    assert_ne!(person.get(&format!("{job}/file")).await.status, StatusCode::OK, "half a file is offered");
    let _other = start(reporter_over(&stand, &bucket));
    assert_eq!(await_state(&stand, &job, "done").await.attempt, 2);
    assert_eq!(bucket.files().await.len(), 1);
    let file = person.get(&format!("{job}/file")).await;
    assert!(file.status == StatusCode::OK && file.text.contains("Итого"), "{} {}", file.status, file.text.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_does_not_answer_is_told_and_the_file_is_had_once_it_does() {
    let bucket = TestBucket::start().await;
    let stand = stand(&bucket).await;
    let mut before = FaultProxy::before(bucket.authority()).await;
    before.set(Fault::Refuse).await;
    let endpoint = format!("http://{}", before.address());
    let _worker = start(reporter(&stand).envs(bucket.variables_at(&endpoint)));
    let (person, _) = volga(&stand).await;
    let job = order(&person, "period=month").await;
    let failed = await_state(&stand, &job, "failed").await;
    assert_eq!((failed.reason.as_deref(), failed.attempt), (Some("storage"), 3));
    assert!(person.get(&job).await.text.contains("Файл не удалось записать"));
    before.set(Fault::None).await;
    let again = order(&person, "period=month").await;
    await_state(&stand, &again, "done").await;
    assert_eq!(person.get(&format!("{again}/file")).await.status, StatusCode::OK);
}
