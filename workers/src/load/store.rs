//! Batches into the warehouse, those of a dataset together: dead letters kept, state `before`, rows, markers, state `after`. Tried
//! until they are in.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::batch::{self, Phase, StateError, Stored, Verdict};
use super::dead_letters::DeadLetters;
use super::decode::Batch;
use super::insert::{InsertError, Table};
use super::misfits;
use crate::kafka::SendError;
use crate::record::block::{Block, Sealed};
use crate::record::marker::Marker;
use shared::dataset::{self, Catalogue, Dataset};

/// The pauses between tries grow from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Everything a batch needs on its way.
pub struct Stores {
    pub pool: PgPool,
    tables: Vec<(Dataset, Table)>,
    passes: Table,
    dead_letters: Arc<DeadLetters>,
    pub stop: CancellationToken,
}

/// How a batch ended.
#[derive(Debug)]
pub enum Outcome {
    /// Its offsets may be committed; what the partition's state is now.
    Stored(Option<Stored>),
    /// Another loader has the partition: nothing is committed.
    Fenced,
    /// We were asked to stop; it is formed again by whoever comes next.
    Dropped,
    /// Its table does not take it until someone mends the table.
    Refused(String),
    /// No table takes anything from us.
    Locked(String),
}

/// A batch that is to go in.
#[derive(Debug)]
pub struct Going {
    pub batch: Batch,
    /// The partition's last state.
    pub former: Option<Stored>,
    pub epoch: i64,
}

/// A batch on its way in, and what all its tries have in common.
struct Under {
    /// Its place among those that go in together.
    at: usize,
    batch: Batch,
    rows: Sealed,
    markers: Sealed,
    before: Stored,
    epoch: i64,
    /// Its dead letters.
    are_kept: bool,
}

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Insert(#[from] InsertError),
    #[error("{0}")]
    DeadLetters(#[from] SendError),
    #[error("PostgreSQL: {0}")]
    Misfits(#[from] sqlx::Error),
}

impl Stores {
    pub fn new(
        pool: PgPool,
        client: &clickhouse::Client,
        datasets: &Catalogue,
        dead_letters: Arc<DeadLetters>,
        stop: CancellationToken,
    ) -> Self {
        let table = |dataset: &Dataset| (*dataset, Table::new(client, &dataset::Table::of(*dataset)));
        let tables = datasets.all().iter().map(table).collect();
        let passes = Table::of_columns(client, Marker::TABLE, &Marker::COLUMNS);
        Self { pool, tables, passes, dead_letters, stop }
    }

    fn table(&self, dataset: Dataset) -> Option<&Table> {
        self.tables.iter().find(|(known, _)| *known == dataset).map(|(_, table)| table)
    }

    /// What a batch of the dataset is gathered in. None: it has no table.
    pub fn empty(&self, dataset: Dataset) -> Option<[Block; 2]> {
        Some([self.table(dataset)?.empty(), self.passes.empty()])
    }

    /// Stores batches of one dataset, however long that takes; tells of each how it ended. Their rows go in together, for one large
    /// insert costs ClickHouse a fraction of several small ones. What is recorded of a partition holds for it alone: after a
    /// crash each is formed again by itself.
    pub async fn store(&self, going: Vec<Going>) -> Vec<Outcome> {
        let (mut outcomes, mut under): (Vec<_>, Vec<_>) =
            (going.iter().map(|_| Outcome::Dropped).collect(), Vec::new());
        for (at, going) in going.into_iter().enumerate() {
            match begin(at, going) {
                Ok(begun) => under.push(begun),
                Err(outcome) => outcomes[at] = outcome,
            }
        }
        let Some(dataset) = under.first().map(|under| under.batch.dataset) else { return outcomes };
        let mut pause = PAUSES.0;
        let mut tried = 0u32;
        loop {
            let error = match self.once(dataset, &mut under, &mut outcomes).await {
                Ok(()) => {
                    report(dataset, &under, tried);
                    return ended(outcomes, &under, |under| Outcome::Stored(Some(under.state(Phase::After))));
                }
                Err(StoreError::Insert(InsertError::Refused(reason))) => {
                    return ended(outcomes, &under, |_| Outcome::Refused(reason.clone()));
                }
                Err(StoreError::Insert(error @ InsertError::Locked(_))) => {
                    return ended(outcomes, &under, |_| Outcome::Locked(error.to_string()));
                }
                Err(error) => error,
            };
            tried += 1;
            metrics::counter!("load_retries_total", "dataset" => dataset.name()).increment(1);
            tracing::warn!(
                dataset.name = dataset.name(),
                attempt = tried,
                "Failed to store a batch of {dataset}: {error}. The same batch is tried again."
            );
            tokio::select! {
                () = self.stop.cancelled() => return outcomes,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSES.1),
            }
        }
    }

    /// One try. A batch without rows is recorded too: the next one must follow the last state.
    async fn once(&self, dataset: Dataset, under: &mut Vec<Under>, outcomes: &mut [Outcome]) -> Result<(), StoreError> {
        for under in under.iter_mut().filter(|under| !under.are_kept) {
            self.dead_letters.keep(&under.batch).await?;
            misfits::write(&self.pool, &under.batch).await?;
            under.are_kept = true;
        }
        self.record(Phase::Before, under, outcomes).await?;
        let rows = Sealed::joined(&under.iter().map(|under| &under.rows).collect::<Vec<_>>());
        let markers = Sealed::joined(&under.iter().map(|under| &under.markers).collect::<Vec<_>>());
        if let Some(table) = self.table(dataset)
            && !rows.is_empty()
        {
            table.insert(&rows).await?;
        }
        if !markers.is_empty() {
            self.passes.insert(&markers).await?;
        }
        self.record(Phase::After, under, outcomes).await
    }

    /// Writes down how far each is. One whose partition has another writer goes no further.
    async fn record(&self, phase: Phase, under: &mut Vec<Under>, outcomes: &mut [Outcome]) -> Result<(), StoreError> {
        let mut next = 0;
        while let Some(Under { at, batch, rows, epoch, .. }) = under.get(next) {
            let state = under[next].state(phase);
            match batch::write(&self.pool, &batch.topic, batch.partition, *epoch, &state, rows.rows() as u64).await {
                Ok(()) => next += 1,
                Err(StateError::Fenced) => {
                    outcomes[*at] = Outcome::Fenced;
                    under.remove(next);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl Under {
    fn state(&self, phase: Phase) -> Stored {
        Stored { phase, ..self.before.clone() }
    }
}

/// How all have ended, these of them the same way.
fn ended(mut outcomes: Vec<Outcome>, under: &[Under], outcome: impl Fn(&Under) -> Outcome) -> Vec<Outcome> {
    under.iter().for_each(|under| outcomes[under.at] = outcome(under));
    outcomes
}

/// Seals a batch; an error is how it has ended already.
fn begin(at: usize, Going { mut batch, former, epoch }: Going) -> Result<Under, Outcome> {
    let before = batch.state(Phase::Before);
    // Its dead letters are kept once, however often it is tried: what was recorded had them kept before.
    let are_kept = match batch::judge(former.as_ref(), before.min, before.max, before.row_hash) {
        Verdict::Drop => return Err(Outcome::Stored(former)),
        Verdict::Again => true,
        Verdict::Record => false,
        Verdict::Alarm => {
            tell_of_other_rows(&batch);
            false
        }
    };
    let seal = |block: &mut Block| std::mem::take(block).seal().map_err(|uneven| Outcome::Refused(uneven.to_string()));
    let (rows, markers) = (seal(&mut batch.rows)?, seal(&mut batch.markers)?);
    Ok(Under { at, batch, rows, markers, before, epoch, are_kept })
}

fn tell_of_other_rows(batch: &Batch) {
    tracing::error!(
        kafka.topic = batch.topic,
        kafka.partition = batch.partition,
        "The offsets {}-{} were stored before with other rows: stored again, versions decide. Was the topic made anew?",
        batch.min,
        batch.max
    );
}

fn report(dataset: Dataset, under: &[Under], tried: u32) {
    let name = dataset.name();
    let sum = |count: fn(&Under) -> u64| under.iter().map(count).sum::<u64>();
    let (rows, rejected) = (sum(|under| under.rows.rows() as u64), sum(|under| under.batch.rejected.len() as u64));
    let took = under.iter().map(|under| under.batch.began.elapsed()).max().unwrap_or_default();
    metrics::counter!("load_rows_total", "dataset" => name).increment(rows);
    metrics::counter!("load_batches_total", "dataset" => name).increment(under.len() as u64);
    metrics::counter!("load_rejected_total", "dataset" => name).increment(rejected);
    if rows > 0 || rejected > 0 {
        tracing::info!(
            dataset.name = name,
            batch.rows = rows,
            batch.rejected = rejected,
            batch.messages = sum(|under| under.batch.messages),
            batch.partitions = under.len(),
            batch.took_ms = took.as_millis() as u64,
            batch.retries = tried,
            "Stored {rows} rows of {name}, {rejected} rejected"
        );
    }
}
