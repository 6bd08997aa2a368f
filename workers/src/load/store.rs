//! One batch into the warehouse: dead letters kept, state `before`, rows, markers, state `after`. Tried until it is in.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::batch::{self, Phase, StateError, Stored, Verdict};
use super::dead_letters::DeadLetters;
use super::decode::Batch;
use super::insert::{InsertError, Table};
use super::native::{Misformed, UnknownType};
use crate::kafka::SendError;
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

/// A batch on its way in, and what all its tries have in common.
struct Under<'a> {
    batch: &'a Batch,
    /// In blocks; empty where there are none.
    rows: Vec<Bytes>,
    markers: Vec<Bytes>,
    before: Stored,
    epoch: i64,
}

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Insert(#[from] InsertError),
    #[error("{0}")]
    DeadLetters(#[from] SendError),
}

impl Stores {
    pub fn new(
        pool: PgPool,
        client: &clickhouse::Client,
        datasets: &Catalogue,
        dead_letters: Arc<DeadLetters>,
        stop: CancellationToken,
    ) -> Result<Self, UnknownType> {
        let table = |dataset: &Dataset| Ok((*dataset, Table::new(client, &dataset::Table::of(*dataset))?));
        let tables = datasets.all().iter().map(table).collect::<Result<_, _>>()?;
        let passes = Table::of_columns(client, Marker::TABLE, &Marker::COLUMNS)?;
        Ok(Self { pool, tables, passes, dead_letters, stop })
    }

    fn table(&self, dataset: Dataset) -> Option<&Table> {
        self.tables.iter().find(|(known, _)| *known == dataset).map(|(_, table)| table)
    }

    /// The batch's rows and markers, each in a block.
    fn blocks(&self, batch: &Batch) -> Result<[Vec<Bytes>; 2], Misformed> {
        let block = |table: Option<&Table>, rows: &[u8], count| match table {
            Some(table) if count > 0 => table.block(rows, count),
            _ => Ok(Vec::new()),
        };
        Ok([
            block(self.table(batch.dataset), &batch.rows, batch.row_count)?,
            block(Some(&self.passes), &batch.markers, batch.marker_count)?,
        ])
    }

    /// Stores the batch, however long that takes; `former` is the partition's last state.
    pub async fn store(&self, mut batch: Batch, former: Option<Stored>, epoch: i64) -> Outcome {
        let before = batch.state(Phase::Before);
        // Its dead letters are kept once, however often it is tried: what was recorded had them kept before.
        let mut are_kept = match batch::judge(former.as_ref(), before.min, before.max, before.row_hash) {
            Verdict::Drop => return Outcome::Stored(former),
            Verdict::Again => true,
            Verdict::Record => false,
            Verdict::Alarm => {
                tell_of_other_rows(&batch);
                false
            }
        };
        let [rows, markers] = match self.blocks(&batch) {
            Ok(blocks) => blocks,
            Err(misformed) => return Outcome::Refused(misformed.to_string()),
        };
        (batch.rows, batch.markers) = (Vec::new(), Vec::new());
        let under = Under { batch: &batch, rows, markers, before, epoch };
        let mut pause = PAUSES.0;
        let mut tried = 0u32;
        loop {
            let error = match self.once(&under, &mut are_kept).await {
                Ok(after) => {
                    report(&batch, tried);
                    return Outcome::Stored(Some(after));
                }
                Err(StoreError::State(StateError::Fenced)) => return Outcome::Fenced,
                Err(StoreError::Insert(InsertError::Refused(reason))) => return Outcome::Refused(reason),
                Err(StoreError::Insert(error @ InsertError::Locked(_))) => return Outcome::Locked(error.to_string()),
                Err(error) => error,
            };
            tried += 1;
            metrics::counter!("load_retries_total", "dataset" => batch.dataset.name()).increment(1);
            let name = batch.dataset.name();
            tracing::warn!(
                dataset.name = name,
                attempt = tried,
                "Failed to store a batch of {name}: {error}. The same batch is tried again."
            );
            tokio::select! {
                () = self.stop.cancelled() => return Outcome::Dropped,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSES.1),
            }
        }
    }

    /// One try. A batch without rows is recorded too: the next one must follow the last state.
    async fn once(&self, under: &Under<'_>, are_kept: &mut bool) -> Result<Stored, StoreError> {
        let Under { batch, rows, markers, before, epoch } = under;
        if !*are_kept {
            self.dead_letters.keep(batch).await?;
            *are_kept = true;
        }
        let (topic, partition) = (batch.topic.as_str(), batch.partition);
        batch::write(&self.pool, topic, partition, *epoch, before, batch.row_count).await?;
        if let Some(table) = self.table(batch.dataset)
            && !rows.is_empty()
        {
            table.insert(rows).await?;
        }
        if !markers.is_empty() {
            self.passes.insert(markers).await?;
        }
        let after = Stored { phase: Phase::After, ..before.clone() };
        batch::write(&self.pool, topic, partition, *epoch, &after, batch.row_count).await?;
        Ok(after)
    }
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

fn report(batch: &Batch, tried: u32) {
    let name = batch.dataset.name();
    let (rows, rejected) = (batch.row_count, batch.rejected.len());
    metrics::counter!("load_rows_total", "dataset" => name).increment(rows);
    metrics::counter!("load_batches_total", "dataset" => name).increment(1);
    metrics::counter!("load_rejected_total", "dataset" => name).increment(rejected as u64);
    if rows > 0 || rejected > 0 {
        tracing::info!(
            dataset.name = name,
            batch.rows = rows,
            batch.rejected = rejected,
            batch.messages = batch.messages,
            kafka.partition = batch.partition,
            batch.took_ms = batch.began.elapsed().as_millis() as u64,
            batch.retries = tried,
            "Stored {rows} rows of {name}, {rejected} rejected"
        );
    }
}
