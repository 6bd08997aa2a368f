//! The extractor's loop: tick, claim, run a pass under its lease, write down how it ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::{Notify, RwLock};
use tokio::task::JoinSet;
use tokio_cron_scheduler::{Job as CronJob, JobScheduler};
use tokio_util::sync::CancellationToken;

use super::Stop;
use super::changes::Reader;
use super::ledger::Ledger;
use super::pass::Pass;
use super::publish::Publisher;
use super::schedule::{Claim, Outcome, Schedule};
use crate::config::{ExtractorConfig, Reach};
use crate::datasets::Dataset;
use crate::erp::sinks::Catalog;
use crate::erp::{Client, Mapping};
use crate::health::Health;
use crate::records::named::{Currency, Dealer, Unit};
use crate::records::product::Product;
use crate::waiting::Needs;

struct Extractor {
    config: ExtractorConfig,
    schedule: Schedule,
    client: Client,
    mappings: Vec<Arc<Mapping>>,
    ledger: Ledger,
    publisher: RwLock<Arc<Publisher>>,
}

/// Waits for stores, schemas and topics, then runs until the token is cancelled and finishes the page under way. Fails only
/// at the start, over what a person must mend: a mapping, a port.
pub async fn run(config: ExtractorConfig, shutdown: CancellationToken) -> anyhow::Result<()> {
    let health = Health::default();
    health.serve(config.health, shutdown.clone()).await?;
    let load = |dataset| Mapping::load(dataset, config.mappings.as_deref()).map(Arc::new);
    let mappings = Dataset::ALL.into_iter().map(load).collect::<Result<Vec<_>, _>>()?;
    let client = Client::new(config.onec.clone())?;
    let pool = shared::postgres::pool(&config.database);
    let ledger = Ledger::new(pool.clone());
    let publisher = Arc::new(Publisher::new(config.kafka.clone(), ledger.clone()).context("make the Kafka producer")?);
    let asked = Arc::clone(&publisher);
    let needs = Needs { pool: pool.clone(), check_topics: move || asked.check_topics() };
    if !needs.awaited(&health, &shutdown).await {
        return Ok(());
    }
    let schedule = Schedule::new(pool, config.jobs.clone(), config.timezone, config.rhythm.clone());
    let publisher = RwLock::new(publisher);
    Arc::new(Extractor { config, schedule, client, mappings, ledger, publisher }).work(&health, shutdown).await
}

impl Extractor {
    async fn work(self: Arc<Self>, health: &Health, shutdown: CancellationToken) -> anyhow::Result<()> {
        let tick = Arc::new(Notify::new());
        let mut ticker = ticker(&tick).await.context("start the ticker")?;
        let mut passes: JoinSet<()> = JoinSet::new();
        let mut is_well = true;
        loop {
            health.turned();
            let turn = self.turn(&mut passes, &shutdown).await;
            match &turn {
                Ok(()) => health.ready(),
                Err(error) => {
                    let told =
                        format!("PostgreSQL does not answer as it should: {error}. No pass starts until it does.");
                    if is_well {
                        tracing::warn!("{told}");
                    }
                    health.not_ready(told);
                }
            }
            is_well = turn.is_ok();
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tick.notified() => {}
                () = tokio::time::sleep(self.config.rhythm.poll) => {}
                Some(ended) = passes.join_next() => report_panic(ended),
            }
        }
        let drained =
            tokio::time::timeout(self.config.rhythm.drain, async { while passes.join_next().await.is_some() {} });
        if drained.await.is_err() {
            tracing::warn!("A pass did not finish its page in time and is dropped; it is repeated by its slot");
            passes.shutdown().await;
        }
        ticker.shutdown().await.context("stop the ticker")
    }

    async fn turn(self: &Arc<Self>, passes: &mut JoinSet<()>, shutdown: &CancellationToken) -> sqlx::Result<()> {
        self.schedule.tick().await?;
        while !shutdown.is_cancelled() {
            let Some(claim) = self.schedule.claim().await? else { break };
            let (extractor, shutdown) = (Arc::clone(self), shutdown.clone());
            passes.spawn(async move { extractor.run_slot(claim, shutdown).await });
        }
        Ok(())
    }

    async fn run_slot(self: Arc<Self>, claim: Claim, shutdown: CancellationToken) {
        let dataset = claim.dataset;
        let pass = Arc::new(Pass::new(dataset, claim.pass, claim.read_at, shutdown.child_token()));
        let began = tokio::time::Instant::now();
        // Its own task: a panic ends the pass, not the worker.
        let (extractor, running, job) = (Arc::clone(&self), Arc::clone(&pass), claim.job.clone());
        let mut task = JoinSet::new();
        task.spawn(async move { extractor.read(&job, &running).await });
        let ended = tokio::select! {
            Some(ended) = task.join_next() => ended.unwrap_or_else(|panic| Err(Stop::Retry(format!("The pass panicked: {panic}.")))),
            () = self.keep_lease(&claim) => {
                pass.stop.cancel();
                task.shutdown().await;
                Err(Stop::Stale)
            }
        };
        let outcome = self.judge(&claim, &pass, ended, began.elapsed());
        let Some(outcome) = outcome else { return };
        self.write_down(&claim, &outcome).await;
    }

    /// Tries for as long as the lease lasts: a database that comes back finds the slot ended, not waiting for its sweep.
    async fn write_down(&self, claim: &Claim, outcome: &Outcome) {
        let name = claim.dataset.name();
        let until = tokio::time::Instant::now() + self.config.rhythm.lease;
        loop {
            let error = match self.schedule.finish(claim, outcome).await {
                Ok(true) => return,
                Ok(false) => return tracing::warn!(dataset.name = name, "The slot of {name} was taken over meanwhile"),
                Err(error) => error,
            };
            if tokio::time::Instant::now() >= until {
                return tracing::warn!(
                    dataset.name = name,
                    "The end of the slot could not be written: {error}. Its lease runs out."
                );
            }
            tokio::time::sleep(self.config.rhythm.poll).await;
        }
    }

    /// Logs how the pass ended, once, here. None: there is nothing to write, the slot is no longer ours.
    fn judge(&self, claim: &Claim, pass: &Pass, ended: Result<(), Stop>, took: Duration) -> Option<Outcome> {
        let name = claim.dataset.name();
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let (sent, skipped, rejected) =
            (count(&pass.counts.sent), count(&pass.counts.skipped), count(&pass.counts.rejected));
        let lines = count(&pass.counts.lines);
        metrics::counter!("extract_sent_total", "dataset" => name).increment(sent);
        metrics::counter!("extract_lines_total", "dataset" => name).increment(lines);
        if let Some(operations) = pass.counts.unknown() {
            tracing::warn!(
                dataset.name = name,
                pass.number = claim.pass,
                "Counted among {name}, though the filter of {name}.toml does not name it: {operations}"
            );
        }
        match ended {
            Ok(()) => {
                metrics::counter!("extract_passes_total", "dataset" => name, "outcome" => "done").increment(1);
                tracing::info!(
                    dataset.name = name,
                    job.name = claim.job,
                    pass.number = claim.pass,
                    pass.sent = sent,
                    pass.lines = lines,
                    pass.skipped = skipped,
                    pass.rejected = rejected,
                    pass.took_ms = took.as_millis() as u64,
                    "Read {name}: {sent} sent with {lines} lines, {skipped} skipped, {rejected} rejected"
                );
                Some(Outcome::Done)
            }
            Err(Stop::Asked) => Some(Outcome::Drained),
            Err(Stop::Stale) => {
                tracing::warn!(
                    dataset.name = name,
                    pass.number = claim.pass,
                    "The pass over {name} lost its lease and stops"
                );
                None
            }
            Err(stop) => {
                metrics::counter!("extract_passes_total", "dataset" => name, "outcome" => "failed").increment(1);
                let reason = stop.to_string();
                if matches!(stop, Stop::GiveUp(_)) {
                    tracing::error!(
                        dataset.name = name,
                        job.name = claim.job,
                        attempt = claim.attempt,
                        "Failed to read {name}: {reason}"
                    );
                } else {
                    tracing::warn!(
                        dataset.name = name,
                        job.name = claim.job,
                        attempt = claim.attempt,
                        "Failed to read {name}: {reason}"
                    );
                }
                Some(Outcome::Failed(reason))
            }
        }
    }

    /// Returns when the lease is lost: said by Postgres, or because it could not be renewed in time.
    async fn keep_lease(&self, claim: &Claim) {
        let rhythm = &self.config.rhythm;
        let mut renewed = tokio::time::Instant::now();
        loop {
            tokio::time::sleep(rhythm.heartbeat).await;
            match tokio::time::timeout(rhythm.heartbeat, self.schedule.heartbeat(claim)).await {
                Ok(Ok(true)) => renewed = tokio::time::Instant::now(),
                Ok(Ok(false)) => return,
                _ if renewed.elapsed() >= rhythm.lease => return,
                _ => {}
            }
        }
    }

    async fn read(&self, job: &str, pass: &Arc<Pass>) -> Result<(), Stop> {
        let publisher = self.publisher().await?;
        let found = self.mappings.iter().find(|mapping| mapping.dataset == pass.dataset);
        let mapping = found.ok_or_else(|| Stop::GiveUp(format!("{} has no mapping.", pass.dataset)))?;
        let reader =
            Reader::new(self.client.clone(), Arc::clone(mapping), Arc::clone(&publisher), Arc::clone(pass)).await?;
        let jobs = || self.config.jobs.iter().filter(|known| known.dataset == pass.dataset);
        // A slot may be older than the configuration: its dataset may be off by now.
        let job = jobs().find(|known| known.name == job).or_else(|| jobs().next());
        let reach = job.map_or(Reach::Usual, |job| job.reach);
        let today = pass.read_at.with_timezone(&self.config.timezone).date_naive();
        match (pass.dataset, reach) {
            // Not asked of 1C: its marker says that there is nothing to wait for.
            (_, Reach::Nothing) => {}
            (Dataset::Products, _) => reader.scan::<Catalog<Product>>().await?,
            (Dataset::Dealers, _) => reader.scan::<Catalog<Dealer>>().await?,
            (Dataset::Currencies, _) => reader.scan::<Catalog<Currency>>().await?,
            (Dataset::Units, _) => reader.scan::<Catalog<Unit>>().await?,
            (Dataset::Sales | Dataset::Returns, Reach::Everything) => reader.everything(today).await?,
            (Dataset::Sales | Dataset::Returns, Reach::Usual) => {
                let from = today - chrono::Duration::days(self.config.window_days.into());
                // Counts the intervals since 1970, so that every older month gets its turn, whichever replica reads.
                let turn = pass.read_at.timestamp() / i64::from(self.interval_s(pass).max(1));
                reader.window(from, today, usize::try_from(turn).unwrap_or(0)).await?;
            }
        }
        publisher.mark(pass, self.interval_s(pass)).await?;
        super::progress::pass_done(self.ledger.pool(), pass).await
    }

    /// How often the dataset is usually read.
    fn interval_s(&self, pass: &Pass) -> u32 {
        let usual = self.config.jobs.iter().find(|job| job.dataset == pass.dataset && job.reach != Reach::Everything);
        usual.map_or(0, |job| job.cron.interval_s(pass.read_at, self.config.timezone))
    }

    async fn publisher(&self) -> Result<Arc<Publisher>, Stop> {
        let current = Arc::clone(&*self.publisher.read().await);
        if !current.is_broken() {
            return Ok(current);
        }
        tracing::warn!("The Kafka producer met a fatal error and is made anew");
        let mut publisher = self.publisher.write().await;
        *publisher = Arc::new(Publisher::new(self.config.kafka.clone(), self.ledger.clone())?);
        Ok(Arc::clone(&publisher))
    }
}

fn report_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended.map_err(|error| error.to_string()) {
        tracing::error!("A slot's task ended abnormally: {error}. Its lease runs out and the slot is repeated.");
    }
}

/// A tick a second, and nothing more: what to run is decided by rows.
async fn ticker(tick: &Arc<Notify>) -> Result<JobScheduler, tokio_cron_scheduler::JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let tick = Arc::clone(tick);
    let job = CronJob::new_async("* * * * * *", move |_, _| {
        let tick = Arc::clone(&tick);
        Box::pin(async move { tick.notify_one() })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}
