//! The queue of jobs, by its own functions on a real PostgreSQL: one job for the same request, so many at once and an hour, fair,
//! and nothing written by one who has lost the job.

use std::time::Duration;

use shared::ids::DealerId;
use shared::jobs::{
    self, Claim, Made, Order, Outcome, PER_HOUR, Placed, Progress, Queue, Reason, Request, Rhythm, State,
};
use shared::language::Language;
use tests::{TestPostgres, postgres};
use uuid::Uuid;

fn request(query: &str) -> Request {
    Request {
        report: "sales".to_owned(),
        query: query.to_owned(),
        format: "csv".to_owned(),
        language: Language::Ru,
        today: "2026-11-30".parse().expect("a day"),
    }
}

async fn placed(postgres: &TestPostgres, dealer: u128, query: &str) -> Placed {
    let (dealers, request) = ([DealerId(Uuid::from_u128(dealer))], request(query));
    let order = Order { subject: "somebody", dealers: &dealers, request: &request };
    let mut transaction = postgres.pool.begin().await.expect("a transaction");
    let placed = jobs::place(&mut transaction, &order).await.expect("an order");
    transaction.commit().await.expect("a commit");
    placed
}

async fn new_job(postgres: &TestPostgres, dealer: u128, query: &str) -> Uuid {
    match placed(postgres, dealer, query).await {
        Placed::New(id) => id,
        other => panic!("{other:?}"),
    }
}

fn queue(postgres: &TestPostgres) -> Queue {
    queue_with(postgres, Rhythm { retry: Duration::ZERO, ..Rhythm::default() })
}

fn queue_with(postgres: &TestPostgres, rhythm: Rhythm) -> Queue {
    Queue::new(postgres.pool.clone(), rhythm)
}

async fn claimed(queue: &Queue) -> Option<Claim> {
    queue.claim().await.expect("a claim")
}

async fn job(postgres: &TestPostgres, id: Uuid) -> jobs::Job {
    jobs::find(&postgres.pool, id, "somebody").await.expect("an answer").expect("the job")
}

fn made() -> Outcome {
    let (key, name) = (Uuid::new_v4().simple().to_string(), "Продажи.csv".to_owned());
    Outcome::Done(Made { key, name, plain_name: "sales.csv".to_owned(), media_type: "text/csv", bytes: 1, rows: 1 })
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_clicks_are_one_job() {
    let postgres = postgres().await;
    let clicks = (0..10).map(|_| placed(&postgres, 1, "period=year"));
    let all = futures_util::future::join_all(clicks).await;
    let new: Vec<Uuid> =
        all.iter().filter_map(|placed| if let Placed::New(id) = placed { Some(*id) } else { None }).collect();
    let [id] = new[..] else { panic!("{all:?}") };
    assert!(
        all.iter().all(|placed| matches!(placed, Placed::New(other) | Placed::Same(other) if *other == id)),
        "{all:?}"
    );
    assert_eq!(placed(&postgres, 1, "period=year").await, Placed::Same(id));
    new_job(&postgres, 1, "period=month").await;
    // Running, and just done, it is still the same; cancelled it is not.
    let queue = queue(&postgres);
    let claim = claimed(&queue).await.expect("the first");
    assert_eq!((claim.id, placed(&postgres, 1, "period=year").await), (id, Placed::Same(id)));
    assert!(queue.finish(&claim, &made()).await.expect("an end"));
    assert_eq!(placed(&postgres, 1, "period=year").await, Placed::Same(id));
    let other = claimed(&queue).await.expect("the second").id;
    assert!(jobs::cancel(&postgres.pool, other, "somebody").await.expect("an answer"));
    new_job(&postgres, 1, "period=month").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_rolled_back_was_never_there() {
    let postgres = postgres().await;
    let (dealers, request) = ([DealerId(Uuid::from_u128(1))], request(""));
    let order = Order { subject: "somebody", dealers: &dealers, request: &request };
    let mut transaction = postgres.pool.begin().await.expect("a transaction");
    assert!(matches!(jobs::place(&mut transaction, &order).await, Ok(Placed::New(_))));
    transaction.rollback().await.expect("a rollback");
    assert!(claimed(&queue(&postgres)).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_a_dealer_run_at_once_and_another_dealers_job_goes_before_its_third() {
    let postgres = postgres().await;
    let mut of_one = Vec::new();
    for number in 0..4 {
        of_one.push(new_job(&postgres, 1, &format!("search={number}")).await);
    }
    let of_two = new_job(&postgres, 2, "search=0").await;
    let (one, other) = (queue(&postgres), queue(&postgres));
    let first = claimed(&one).await.expect("a job");
    assert_eq!(first.id, of_one[0], "the oldest");
    assert_eq!(claimed(&other).await.expect("a job").id, of_two, "of the dealer with fewest running");
    assert_eq!(claimed(&other).await.expect("a job").id, of_one[1]);
    assert!(claimed(&one).await.is_none() && claimed(&other).await.is_none(), "a third of one dealer waits");
    assert!(one.finish(&first, &made()).await.expect("an end"));
    assert_eq!(claimed(&other).await.expect("a job").id, of_one[2]);
    // Both have one job waiting and none running: it is the turn of whom was served longer ago.
    let postgres = tests::postgres().await;
    let queue = queue(&postgres);
    for dealer in [1, 2] {
        new_job(&postgres, dealer, "").await;
        let claim = claimed(&queue).await.expect("a job");
        assert!(queue.finish(&claim, &made()).await.expect("an end"));
    }
    new_job(&postgres, 2, "search=1").await;
    let of_one = new_job(&postgres, 1, "search=1").await;
    assert_eq!(claimed(&queue).await.expect("a job").id, of_one);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_never_take_a_third_of_one_dealer() {
    let postgres = postgres().await;
    for number in 0..6 {
        new_job(&postgres, 1, &format!("search={number}")).await;
    }
    let workers: Vec<Queue> = (0..4).map(|_| queue(&postgres)).collect();
    let claims = futures_util::future::join_all(workers.iter().map(claimed)).await;
    assert_eq!(claims.iter().flatten().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dealer_has_ten_jobs_an_hour_and_another_dealer_its_own_ten() {
    let postgres = postgres().await;
    for number in 0..PER_HOUR {
        new_job(&postgres, 1, &format!("search={number}")).await;
    }
    let Placed::TooMany { retry_after } = placed(&postgres, 1, "search=more").await else { panic!("an eleventh") };
    assert!((3500..=3600).contains(&retry_after.as_secs()), "{retry_after:?}");
    assert!(matches!(placed(&postgres, 1, "search=0").await, Placed::Same(_)), "what is there is no further one");
    new_job(&postgres, 2, "search=more").await;
    sqlx::query("UPDATE job SET created_at = now() - interval '61 minutes' WHERE request->>'query' = 'search=0'")
        .execute(&postgres.pool)
        .await
        .expect("an hour passes");
    new_job(&postgres, 1, "search=more").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_a_job_writes_nothing_of_it() {
    let postgres = postgres().await;
    let id = new_job(&postgres, 1, "").await;
    let short = Rhythm { lease: Duration::from_millis(1), retry: Duration::ZERO, ..Rhythm::default() };
    let (asleep, awake) = (queue_with(&postgres, short), queue(&postgres));
    let stale = claimed(&asleep).await.expect("a job");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(awake.sweep().await.expect("a sweep"), 1);
    let claim = claimed(&awake).await.expect("the same again");
    assert_eq!((claim.id, claim.attempt), (id, 2));
    assert!(!asleep.beat(&stale, Progress { written: 9, total: Some(10) }).await.expect("an answer"));
    for outcome in [made(), Outcome::Failed(Reason::Warehouse), Outcome::Drained] {
        assert!(!asleep.finish(&stale, &outcome).await.expect("an answer"));
    }
    let job = job(&postgres, id).await;
    assert_eq!((job.state, job.percent, job.file_key), (State::Running, 0, None));
    assert!(awake.beat(&claim, Progress::default()).await.expect("an answer"));
    assert!(awake.finish(&claim, &made()).await.expect("an answer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn percent_never_runs_back_and_is_never_a_hundred_before_the_file_is_there() {
    let postgres = postgres().await;
    let id = new_job(&postgres, 1, "").await;
    let queue = queue(&postgres);
    let mut seen = vec![0];
    for written in [[0, 40, 80], [10, 100, 200]] {
        let claim = claimed(&queue).await.expect("an attempt");
        for written in written {
            assert!(queue.beat(&claim, Progress { written, total: Some(100) }).await.expect("an answer"));
            let job = job(&postgres, id).await;
            assert_eq!(job.written, i64::try_from(written).expect("a number"), "rows are those of this attempt");
            seen.push(job.percent);
        }
        assert!(queue.finish(&claim, &Outcome::Failed(Reason::Warehouse)).await.expect("an end"));
    }
    assert_eq!(seen, [0, 0, 40, 80, 80, 99, 99]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_is_tried_three_times_and_what_may_not_once() {
    let postgres = postgres().await;
    let queue = queue(&postgres);
    for (reason, tries) in [(Reason::Warehouse, 3), (Reason::Access, 1)] {
        let id = new_job(&postgres, 1, reason.code()).await;
        for attempt in 1..=tries {
            let claim = claimed(&queue).await.expect("an attempt");
            assert_eq!((claim.id, claim.attempt), (id, attempt));
            assert!(queue.finish(&claim, &Outcome::Failed(reason)).await.expect("an end"));
        }
        assert!(claimed(&queue).await.is_none());
        let job = job(&postgres, id).await;
        assert_eq!((job.state, job.reason.as_deref()), (State::Failed, Some(reason.code())));
    }
    // A worker that vanishes each time uses attempts up, too.
    let id = new_job(&postgres, 1, "").await;
    let short = queue_with(&postgres, Rhythm { lease: Duration::from_millis(1), ..Rhythm::default() });
    for _ in 0..3 {
        claimed(&short).await.expect("an attempt");
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(short.sweep().await.expect("a sweep"), 1);
    }
    let job = job(&postgres, id).await;
    assert_eq!((job.state, job.reason.as_deref()), (State::Failed, Some("worker")));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_finds_or_cancels_anothers_job() {
    let postgres = postgres().await;
    let id = new_job(&postgres, 1, "").await;
    assert!(jobs::find(&postgres.pool, id, "stranger").await.expect("an answer").is_none());
    assert!(jobs::of_subject(&postgres.pool, "stranger", None, 1).await.expect("an answer").is_empty());
    assert!(!jobs::cancel(&postgres.pool, id, "stranger").await.expect("an answer"));
    assert_eq!(job(&postgres, id).await.state, State::Queued);
}
