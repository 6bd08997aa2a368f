//! The extractor's loop: tick, claim, run a pass under its lease, write down how it ended.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use shared::dataset::{Change, Dataset};
use tokio::sync::{Notify, RwLock, Semaphore};
use tokio::task::JoinSet;
use tokio_cron_scheduler::{Job as CronJob, JobScheduler};
use tokio_util::sync::CancellationToken;

use super::audit::{Audit, Warehouse, numbering};
use super::changes::Reader;
use super::ledger::Ledger;
use super::pass::{Counts, Pass};
use super::publish::Publisher;
use super::schedule::{self, Claim, Outcome, Schedule};
use super::{Stop, held, judge, operator, progress};
use crate::config::{ExtractorConfig, Job, Reach};
use crate::erp::mapping::MappingError;
use crate::erp::{Client, ErpError, Mapping};
use crate::health::Health;
use crate::waiting::{self, Needs};

/// Readings under way. Each holds up to three pages of 1C, of some 8 MiB as they come. Comparisons hold none.
const AT_ONCE: usize = 4;

struct Extractor {
    config: ExtractorConfig,
    schedule: Schedule,
    client: Client,
    mappings: Vec<Arc<Mapping>>,
    ledger: Ledger,
    warehouse: Warehouse,
    publisher: RwLock<Arc<Publisher>>,
    /// Of readings.
    places: Arc<Semaphore>,
    /// Why the last pass over a dataset failed, with its number.
    troubles: Mutex<BTreeMap<&'static str, (i64, String)>>,
}

/// Waits for stores, schemas and topics, then runs until the token is cancelled and finishes the page under way. Fails only
/// at the start, over what a person must mend: a mapping, a port.
pub async fn run(config: ExtractorConfig, shutdown: CancellationToken) -> anyhow::Result<()> {
    let health = Health::default();
    health.serve(config.health, shutdown.clone()).await?;
    let mappings = mappings(&config)?;
    let client = Client::new(config.onec.clone())?;
    let pool = shared::postgres::pool(&config.database);
    let ledger = Ledger::new(pool.clone());
    let publisher = Arc::new(
        Publisher::new(config.kafka.clone(), config.datasets.clone(), ledger.clone())
            .context("make the Kafka producer")?,
    );
    let asked = Arc::clone(&publisher);
    let needs =
        Needs { pool: pool.clone(), datasets: config.datasets.clone(), check_topics: move || asked.check_topics() };
    if !needs.awaited(&health, &shutdown).await {
        return Ok(());
    }
    let warehouse = Warehouse::new(config.clickhouse.client(), config.datasets.clone());
    let numbered = async || numbering::go_on_behind(&pool, &warehouse, &config.jobs).await;
    if !waiting::awaited(numbered, &health, &shutdown).await {
        return Ok(());
    }
    let schedule = Schedule::new(pool, config.jobs.clone(), config.timezone, config.rhythm.clone());
    let (publisher, places) = (RwLock::new(publisher), Arc::new(Semaphore::new(AT_ONCE)));
    let troubles = Mutex::default();
    Arc::new(Extractor { config, schedule, client, mappings, ledger, warehouse, publisher, places, troubles })
        .work(&health, shutdown)
        .await
}

/// The mappings of the datasets that are read. A mapping that is missing or does not fit stops the start.
fn mappings(config: &ExtractorConfig) -> Result<Vec<Arc<Mapping>>, MappingError> {
    let read = config.jobs.iter().filter(|job| job.reach == Reach::Usual);
    read.map(|job| Mapping::of(job.dataset, &config.configuration).map(Arc::new)).collect()
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
                Ok(None) => health.ready(),
                Ok(Some(trouble)) => health.not_ready(trouble.clone()),
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

    /// Starts what has come due; returns what stands in the way, if anything does.
    async fn turn(
        self: &Arc<Self>,
        passes: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) -> sqlx::Result<Option<String>> {
        self.schedule.tick().await?;
        while !shutdown.is_cancelled() {
            let place = Arc::clone(&self.places).try_acquire_owned().ok();
            let Some(claim) = self.schedule.claim(place.is_some()).await? else { break };
            let place = place.filter(|_| self.reach(&claim.job, claim.dataset) != Reach::Audit);
            let (extractor, shutdown) = (Arc::clone(self), shutdown.clone());
            passes.spawn(async move {
                let _place = place;
                extractor.run_slot(claim, shutdown).await;
            });
        }
        let told: Vec<String> = [self.held().await?, self.trouble().await?].into_iter().flatten().collect();
        Ok((!told.is_empty()).then(|| told.join(" ")))
    }

    /// Why a dataset cannot be read, until a later pass over it ends well, whichever replica runs it.
    async fn trouble(&self) -> sqlx::Result<Option<String>> {
        if self.troubles().is_empty() {
            return Ok(self.client.away());
        }
        let done = sqlx::query!(r#"SELECT dataset, done_pass AS "pass!" FROM progress WHERE done_pass IS NOT NULL"#)
            .fetch_all(self.ledger.pool())
            .await?;
        let done: HashMap<String, i64> = done.into_iter().map(|done| (done.dataset, done.pass)).collect();
        let mut troubles = self.troubles();
        troubles.retain(|dataset, (pass, _)| done.get(*dataset).is_none_or(|done| *done < *pass));
        let told: Vec<String> = troubles.iter().map(|(dataset, (_, why))| format!("{dataset}: {why}")).collect();
        Ok((!told.is_empty()).then(|| told.join(" ")).or_else(|| self.client.away()))
    }

    fn troubles(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, (i64, String)>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the brake on deletion holds. Whichever replica met it, all of them say it until it is over.
    async fn held(&self) -> sqlx::Result<Option<String>> {
        let held = held::datasets(self.ledger.pool()).await?;
        for dataset in self.config.datasets.all() {
            let missing = held.iter().find(|(name, ..)| name == dataset.name()).map_or(0, |(_, _, missing)| *missing);
            metrics::gauge!("extract_held", "dataset" => dataset.name()).set(missing as f64);
        }
        let told: Vec<String> =
            held.iter().map(|(name, known, missing)| held::sentence(name, *known, *missing)).collect();
        Ok((!told.is_empty()).then(|| told.join(" ")))
    }

    async fn run_slot(self: Arc<Self>, claim: Claim, shutdown: CancellationToken) {
        let dataset = claim.dataset;
        let shape = self.mapping(dataset).map_or(0, |mapping| mapping.shape);
        let pass = Arc::new(Pass::new(dataset, claim.pass, claim.read_at, shutdown.child_token()).reading_by(shape));
        let began = tokio::time::Instant::now();
        // Its own task: a panic ends the pass, not the worker.
        let (extractor, running, job) = (Arc::clone(&self), Arc::clone(&pass), claim.job.clone());
        let mut task = JoinSet::new();
        task.spawn(async move { extractor.read(&job, &running).await });
        let ended = tokio::select! {
            Some(ended) = task.join_next() => ended.unwrap_or_else(|panic| Err(Stop::Retry(format!("The pass panicked: {panic}.")))),
            () = self.keep_lease(&claim, &pass.counts) => {
                pass.stop.cancel();
                task.shutdown().await;
                Err(Stop::Stale)
            }
        };
        let attempts = self.config.rhythm.attempts;
        let outcome = if self.reach(&claim.job, dataset) == Reach::Audit {
            judge::audit(&claim, ended, attempts)
        } else {
            let outcome = judge::pass(&claim, &pass.counts, ended, began.elapsed(), attempts);
            if let Outcome::Failed(reason) = &outcome {
                self.troubles().insert(dataset.name(), (claim.pass, reason.clone()));
            }
            outcome
        };
        self.write_down(&claim, &outcome, &pass.counts).await;
    }

    /// Tries for as long as the lease lasts: a database that comes back finds the slot ended, not waiting for its sweep.
    async fn write_down(&self, claim: &Claim, outcome: &Outcome, counts: &Counts) {
        let name = claim.dataset.name();
        let until = tokio::time::Instant::now() + self.config.rhythm.lease;
        loop {
            let error = match self.schedule.finish(claim, outcome, counts).await {
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

    /// Returns when the lease is lost: said by Postgres, or because it could not be renewed in time.
    async fn keep_lease(&self, claim: &Claim, counts: &Counts) {
        let rhythm = &self.config.rhythm;
        let mut renewed = tokio::time::Instant::now();
        loop {
            tokio::time::sleep(rhythm.heartbeat).await;
            match tokio::time::timeout(rhythm.heartbeat, self.schedule.heartbeat(claim, counts)).await {
                Ok(Ok(true)) => renewed = tokio::time::Instant::now(),
                Ok(Ok(false)) => return,
                _ if renewed.elapsed() >= rhythm.lease => return,
                _ => {}
            }
        }
    }

    fn jobs_of(&self, dataset: Dataset) -> impl Iterator<Item = &Job> {
        self.config.jobs.iter().filter(move |job| job.dataset == dataset)
    }

    /// A slot may be older than the configuration: its dataset may be off by now.
    fn reach(&self, job: &str, dataset: Dataset) -> Reach {
        let found = self.jobs_of(dataset).find(|known| known.name == job);
        found.or_else(|| self.jobs_of(dataset).next()).map_or(Reach::Usual, |job| job.reach)
    }

    async fn read(&self, job: &str, pass: &Arc<Pass>) -> Result<(), Stop> {
        let reach = self.reach(job, pass.dataset);
        if reach == Reach::Audit {
            return self.audit(pass).await;
        }
        let interval_s = self.interval_s(pass);
        if reach == Reach::Nothing {
            // Not asked of 1C: its marker says that there is nothing to wait for.
            let publisher = self.publisher().await?;
            publisher.mark(pass, pass.read_at, interval_s).await?;
            return progress::pass_done(self.ledger.pool(), pass).await.map(drop);
        }
        let mapping = self.mapping(pass.dataset);
        let mapping = mapping.ok_or_else(|| Stop::GiveUp(format!("{} has no mapping.", pass.dataset)))?;
        let mapping = self.published(mapping).await?;
        let publisher = self.publisher().await?;
        let reader = Reader::new(self.client.clone(), mapping, publisher, Arc::clone(pass), interval_s).await?;
        let now = pass.read_at.with_timezone(&self.config.timezone).naive_local();
        let mut as_of = pass.read_at;
        match (pass.dataset.change, reach) {
            (Change::Scan, _) => reader.scan().await?,
            (Change::Snapshot, _) => reader.snapshot(now, &self.warehouse).await?,
            (Change::Window { days }, reach) => {
                let days = self.config.window_days.unwrap_or(days);
                let from = now.date() - chrono::Duration::days(days.into());
                if reach == Reach::Everything {
                    as_of = reader.everything(from, now.date()).await?;
                } else {
                    reader.window(from, now.date()).await?;
                }
            }
        }
        if reader.done(as_of).await?
            && let Some(audit) = self.jobs_of(pass.dataset).find(|job| job.reach == Reach::Audit)
        {
            schedule::ask_for(self.ledger.pool(), audit).await?;
        }
        if !pass.dataset.is_snapshot() {
            reader.reshape().await?;
        }
        Ok(())
    }

    fn mapping(&self, dataset: Dataset) -> Option<&Arc<Mapping>> {
        self.mappings.iter().find(|mapping| mapping.dataset == dataset)
    }

    /// Of a mapping with several choices, the first whose set the base publishes: asked anew by each pass, for an administrator
    /// may publish another meanwhile.
    async fn published(&self, mapping: &Arc<Mapping>) -> Result<Arc<Mapping>, Stop> {
        if mapping.alternatives.is_empty() {
            return Ok(Arc::clone(mapping));
        }
        let sets = self.client.sets().await?;
        let found = mapping.choices().find(|choice| sets.contains(choice.set()));
        let found = found.ok_or_else(|| {
            let entity = mapping.choices().map(Mapping::set).collect::<Vec<_>>().join(" or ");
            Stop::from(ErpError::NotPublished { entity })
        })?;
        Ok(Arc::new(found.clone()))
    }

    /// Has what was sent compared with what stands.
    async fn audit(&self, pass: &Pass) -> Result<(), Stop> {
        let again =
            operator::widest(&self.config.jobs, pass.dataset).map_err(|error| Stop::GiveUp(error.to_string()))?;
        if !Audit::new(self.ledger.pool(), &self.warehouse, &self.config.datasets, pass).finds_nothing().await? {
            schedule::ask_for(self.ledger.pool(), again).await?;
        }
        Ok(())
    }

    /// How often the dataset is usually read.
    fn interval_s(&self, pass: &Pass) -> u32 {
        let usual = self.jobs_of(pass.dataset).find(|job| matches!(job.reach, Reach::Usual | Reach::Nothing));
        usual.map_or(0, |job| job.cron.interval_s(pass.read_at, self.config.timezone))
    }

    async fn publisher(&self) -> Result<Arc<Publisher>, Stop> {
        let current = Arc::clone(&*self.publisher.read().await);
        if !current.is_broken() {
            return Ok(current);
        }
        tracing::warn!("The Kafka producer met a fatal error and is made anew");
        let mut publisher = self.publisher.write().await;
        *publisher =
            Arc::new(Publisher::new(self.config.kafka.clone(), self.config.datasets.clone(), self.ledger.clone())?);
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
