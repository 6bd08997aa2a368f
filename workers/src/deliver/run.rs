//! The reporter's loop: claim, make a file under a lease, write down how it ended.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use shared::jobs::{Claim, Made, Outcome, Queue, Reason};
use shared::report::catalogue::Catalogue;
use shared::report::run::Engine;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cancel::Canceller;
use super::config::ReporterConfig;
use super::export::{Exporter, Meter};
use super::failure::Failure;
use super::heard::{UnderWay, listen};
use super::mail::Postman;
use super::sweep::sweep;
use crate::health::Health;
use crate::waiting;

/// Files that one reporter makes at once: each may take as much of ClickHouse as a query may.
const AT_ONCE: usize = 2;
/// Mails that one reporter writes at once.
const MAILS_AT_ONCE: usize = 2;
/// What a notification missed is found by then.
const POLL: Duration = Duration::from_secs(10);
/// How often an attempt says how far it is, keeps its lease and hears that it is cancelled.
const BEAT: Duration = Duration::from_secs(1);
/// How long files may go on after SIGTERM. What is not ready by then goes back to the queue.
const DRAIN: Duration = Duration::from_secs(10);
/// Longer than ClickHouse's limit for exports, with the time that a slow store takes.
const LONGEST: Duration = Duration::from_secs(30 * 60);

struct Reporter {
    queue: Queue,
    exporter: Exporter,
    canceller: Canceller,
    under_way: UnderWay,
    is_draining: CancellationToken,
}

/// Waits for the stores' schemas, then works until the token is cancelled. Fails only at the start, over what a person must
/// mend: a report, a port.
pub async fn run(config: ReporterConfig, shutdown: CancellationToken) -> anyhow::Result<()> {
    let health = Health::default();
    health.serve(config.health, shutdown.clone()).await?;
    let catalogue = Catalogue::read(&config.datasets, config.reports_dir.as_deref()).context("read the reports")?;
    let pool = shared::postgres::pool(&config.database);
    let schema = async || shared::schema::check(&pool, &config.datasets).await.map_err(|not_yet| not_yet.to_string());
    if !waiting::awaited(schema, &health, &shutdown).await {
        return Ok(());
    }
    let engine = Engine::new(config.clickhouse.client(), catalogue, config.timezone);
    let canceller = Canceller::new(&config.canceller);
    let postman = config.mail.map(|mail| {
        Postman::new(mail, pool.clone(), (engine.clone(), config.files.clone()), canceller.clone()).map(Arc::new)
    });
    let postman = postman.transpose().context("make ready for mail")?;
    if postman.is_none() {
        tracing::info!("No mail is set up (SMTP_URL, MAIL_FROM): deliveries do not go out");
    }
    let mut posting = JoinSet::new();
    for _ in 0..MAILS_AT_ONCE {
        postman.clone().map(|postman| posting.spawn(postman.work(shutdown.clone())));
    }
    let reporter = Arc::new(Reporter {
        queue: Queue::new(pool.clone(), config.rhythm),
        exporter: Exporter { engine, files: config.files, pool },
        canceller,
        under_way: UnderWay::default(),
        is_draining: CancellationToken::new(),
    });
    reporter.work(&health, shutdown).await;
    // They have heard of the end at the same time as the files.
    while posting.join_next().await.is_some() {}
    Ok(())
}

impl Reporter {
    async fn work(self: Arc<Self>, health: &Health, shutdown: CancellationToken) {
        let queued = Arc::new(Notify::new());
        let mut beside = JoinSet::new();
        let pool = self.queue.pool().clone();
        beside.spawn(listen(pool, queued.clone(), self.under_way.clone(), self.canceller.clone()));
        beside.spawn(sweep(self.queue.clone(), self.exporter.files.clone()));
        let mut jobs: JoinSet<()> = JoinSet::new();
        loop {
            health.turned();
            let mut pause = POLL;
            match self.turn(&mut jobs, &shutdown).await {
                Ok(due) => {
                    health.ready();
                    pause = due.map_or(POLL, |due| due.min(POLL));
                }
                Err(cause) => {
                    let told =
                        format!("PostgreSQL does not answer as it should: {cause}. No job starts until it does.");
                    tracing::warn!("{told}");
                    health.not_ready(told);
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = queued.notified() => {}
                () = tokio::time::sleep(pause) => {}
                Some(ended) = jobs.join_next() => report_panic(ended),
            }
        }
        let finished = tokio::time::timeout(DRAIN, async { while jobs.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::info!("Files that are not ready in time go back to the queue");
            self.is_draining.cancel();
            self.under_way.stop_all();
            while jobs.join_next().await.is_some() {}
        }
    }

    /// Takes back what others lost, and starts what there is room for. Returns when a job that failed may be tried again.
    async fn turn(
        self: &Arc<Self>,
        jobs: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) -> sqlx::Result<Option<Duration>> {
        let swept = self.queue.sweep().await?;
        if swept > 0 {
            tracing::warn!(jobs = swept, "Took {swept} jobs back whose worker has vanished");
        }
        while jobs.len() < AT_ONCE && !shutdown.is_cancelled() {
            let Some(claim) = self.queue.claim().await? else { break };
            let (reporter, stop) = (Arc::clone(self), self.under_way.begin(claim.id));
            jobs.spawn(async move { reporter.run_job(claim, stop).await });
        }
        metrics::gauge!("reporter_jobs_running").set(jobs.len() as f64);
        self.queue.next_due().await
    }

    async fn run_job(&self, claim: Claim, stop: CancellationToken) {
        let (id, report, attempt) = (claim.id, claim.request.report.clone(), claim.attempt);
        tracing::info!(job.id = %id, report, attempt, "Begins a file of {report}");
        let began = Instant::now();
        if attempt > 1 {
            // The former worker's query may still run.
            self.canceller.end(id).await;
        }
        let ended = self.attempt(&claim, &stop).await;
        self.under_way.end(id);
        let outcome = match ended {
            Ok(made) => Outcome::Done(made),
            Err(Failure::Stopped) => {
                self.canceller.end(id).await;
                Outcome::Drained
            }
            Err(Failure::Because(reason, cause)) => {
                self.canceller.end(id).await;
                tracing::warn!(job.id = %id, report, attempt, reason = reason.code(), cause, "A file of {report} was not made");
                Outcome::Failed(reason)
            }
        };
        // Stopped for another cause than our own end, it is somebody else's, or nobody's: nothing is written.
        let is_ours = !matches!(outcome, Outcome::Drained) || self.is_draining.is_cancelled();
        if is_ours && self.write_down(&claim, &outcome).await {
            let took_s = began.elapsed().as_secs_f64();
            let word = match &outcome {
                Outcome::Done(Made { rows, bytes, .. }) => {
                    tracing::info!(job.id = %id, report, rows, bytes, took_s, "Made a file of {report}: {rows} rows");
                    "done"
                }
                Outcome::Failed(_) => "failed",
                Outcome::Drained => "drained",
            };
            metrics::counter!("reporter_jobs_total", "outcome" => word).increment(1);
            return;
        }
        if let Outcome::Done(made) = &outcome {
            // Nobody was told of it.
            if let Err(cause) = self.exporter.files.remove(&made.key).await {
                tracing::warn!(%cause, job.id = %id, "A file that nobody was told of could not be removed: the sweep does it");
            }
        }
        tracing::info!(job.id = %id, "The job was cancelled or taken over meanwhile");
    }

    /// Runs until the file is there, or the job is ours no more.
    async fn attempt(&self, claim: &Claim, stop: &CancellationToken) -> Result<Made, Failure> {
        let meter = Arc::new(Meter::default());
        let mut task = JoinSet::new();
        // Its own task: a panic ends the attempt, not the worker.
        let (exporter, own, reads, word) = (self.exporter.clone(), claim.clone(), meter.clone(), stop.clone());
        task.spawn(async move {
            let made = tokio::time::timeout(LONGEST, exporter.make(&own, &reads, &word)).await;
            made.unwrap_or_else(|_| Err(Failure::because(Reason::TooLong, "half an hour was not enough")))
        });
        let joined = tokio::select! {
            joined = task.join_next() => joined,
            () = self.keep(claim, &meter) => {
                // It ends by itself, and takes what it wrote along.
                stop.cancel();
                task.join_next().await
            }
        };
        match joined {
            Some(Ok(ended)) => ended,
            Some(Err(panic)) => Err(Failure::because(Reason::Internal, format!("it panicked: {panic}"))),
            None => Err(Failure::Stopped),
        }
    }

    /// Returns when the job is lost: said by PostgreSQL, or because the lease could not be kept in time.
    async fn keep(&self, claim: &Claim, meter: &Meter) {
        let lease = self.queue.rhythm().lease;
        let mut kept = Instant::now();
        loop {
            tokio::time::sleep(BEAT).await;
            let progress = meter.progress();
            match tokio::time::timeout(lease / 2, self.queue.beat(claim, progress)).await {
                Ok(Ok(true)) => kept = Instant::now(),
                Ok(Ok(false)) => return,
                _ if kept.elapsed() + BEAT >= lease => return,
                _ => {}
            }
        }
    }

    /// Tries for as long as the lease lasts. False: the job is not ours any more.
    async fn write_down(&self, claim: &Claim, outcome: &Outcome) -> bool {
        let until = Instant::now() + self.queue.rhythm().lease;
        loop {
            match self.queue.finish(claim, outcome).await {
                Ok(is_written) => return is_written,
                Err(cause) if Instant::now() >= until || self.is_draining.is_cancelled() => {
                    tracing::warn!(%cause, job.id = %claim.id, "The end of a job could not be written: its lease runs out");
                    return false;
                }
                Err(_) => tokio::time::sleep(BEAT).await,
            }
        }
    }
}

fn report_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(cause) = ended {
        tracing::error!("A job's task ended abnormally: {cause}. Its lease runs out and the job is repeated.");
    }
}
