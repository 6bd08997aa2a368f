//! One batch into the warehouse: dead letters kept, state `before`, rows, markers, state `after`. Tried until it is in.
//!
//! No insert is repeated under a token that ClickHouse may know: killed at the wrong moment it keeps the token and forgets
//! the rows, and answers a repetition without storing it. So the writer's epoch and the number of the try are part of the
//! token; what a repetition stores twice, versions fold.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::batch::{self, Phase, StateError, Stored, Verdict};
use super::dead_letters::DeadLetters;
use super::decode::{self, Batch};
use super::insert::{InsertError, Table};
use crate::datasets::Dataset;
use crate::kafka::SendError;
use crate::records::marker::Marker;

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
pub enum Ended {
    /// Its offsets may be committed.
    Stored { topic: String, partition: i32, epoch: i64, max: i64, state: Option<Stored> },
    /// Another loader has the partition: nothing is committed.
    Fenced { topic: String, partition: i32, epoch: i64 },
    /// We were asked to stop; it is formed again by whoever comes next.
    Dropped,
    /// The same would fail for ever.
    Failed(String),
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

/// What one try needs to know of its batch.
struct Attempt<'a> {
    batch: &'a Batch,
    rows: &'a Bytes,
    markers: &'a Bytes,
    /// The partition's last state.
    former: Option<&'a Stored>,
    /// Its state while the outcome is unknown.
    state: &'a Stored,
}

impl Stores {
    pub fn new(
        pool: PgPool,
        client: &clickhouse::Client,
        dead_letters: Arc<DeadLetters>,
        stop: CancellationToken,
    ) -> Self {
        let table = |dataset| {
            let (table, columns) = decode::table(dataset);
            (dataset, Table::new(client, table, columns))
        };
        let passes = Table::new(client, Marker::TABLE, Marker::COLUMNS);
        Self { pool, tables: Dataset::ALL.into_iter().map(table).collect(), passes, dead_letters, stop }
    }

    /// Stores the batch, however long that takes; `former` is the partition's last state.
    pub async fn store(self: Arc<Self>, mut batch: Batch, former: Option<Stored>, epoch: i64) -> Ended {
        let state = batch.state(Phase::Before);
        let (topic, partition, max) = (batch.topic.clone(), batch.partition, batch.max);
        let rows = Bytes::from(std::mem::take(&mut batch.rows));
        let markers = Bytes::from(std::mem::take(&mut batch.markers));
        let mut pause = PAUSES.0;
        let mut tried = 0u32;
        let mut is_set_aside = false;
        loop {
            let attempt =
                Attempt { batch: &batch, rows: &rows, markers: &markers, former: former.as_ref(), state: &state };
            let error = match self.once(attempt, epoch, tried, &mut is_set_aside).await {
                Ok(state) => {
                    report(&batch, tried);
                    return Ended::Stored { topic, partition, epoch, max, state };
                }
                Err(StoreError::State(StateError::Fenced)) => return Ended::Fenced { topic, partition, epoch },
                Err(StoreError::Insert(error @ InsertError::Lasting(_))) => return Ended::Failed(error.to_string()),
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
                () = self.stop.cancelled() => return Ended::Dropped,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSES.1),
            }
        }
    }

    async fn once(
        &self,
        Attempt { batch, rows, markers, former, state }: Attempt<'_>,
        epoch: i64,
        tried: u32,
        is_set_aside: &mut bool,
    ) -> Result<Option<Stored>, StoreError> {
        if !*is_set_aside {
            self.dead_letters.keep(batch).await?;
            *is_set_aside = true;
        }
        // One of rejected messages only goes the same way without an insert: its offsets are known afterwards, and leave no gap.
        let (topic, partition) = (batch.topic.as_str(), batch.partition);
        match batch::judge(former, state.min, state.max, state.row_hash) {
            Verdict::Drop => return Ok(former.cloned()),
            Verdict::Again | Verdict::Record => {}
            Verdict::Alarm => tracing::error!(
                kafka.topic = topic,
                kafka.partition = partition,
                "The offsets {}-{} were stored before with other rows: stored again, versions decide. Was the topic made anew?",
                state.min,
                state.max
            ),
        }
        batch::write(&self.pool, topic, partition, epoch, state, batch.row_count).await?;
        let token = insert_token(&state.token, epoch, tried);
        if let Some((_, table)) = self.tables.iter().find(|(dataset, _)| *dataset == batch.dataset)
            && !rows.is_empty()
        {
            table.insert(rows.clone(), &token).await?;
        }
        if !markers.is_empty() {
            self.passes.insert(markers.clone(), &format!("{token}:pass")).await?;
        }
        let after = Stored { phase: Phase::After, ..state.clone() };
        batch::write(&self.pool, topic, partition, epoch, &after, batch.row_count).await?;
        Ok(Some(after))
    }
}

/// Never the same twice: every take-over of a partition has its own epoch, and every try of it its own number.
fn insert_token(batch: &str, epoch: i64, tried: u32) -> String {
    format!("{batch}:{epoch}.{tried}")
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
