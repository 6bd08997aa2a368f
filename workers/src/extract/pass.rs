//! One reading of a dataset: its number, and the versions that follow from it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use shared::dataset::Dataset;
use tokio_util::sync::CancellationToken;

use super::Stop;

#[derive(Debug)]
pub struct Pass {
    pub dataset: Dataset,
    /// Drawn from a Postgres sequence at the claim: a later pass always wins.
    pub number: i64,
    /// When it began to read, by the clock of the database.
    pub read_at: DateTime<Utc>,
    /// Of the mapping and the dataset by which it reads: `Mapping::shape`. 0: it reads nothing.
    pub shape: i64,
    /// Cancelled when the process is asked to stop, or the lease is lost.
    pub stop: CancellationToken,
    position: AtomicU64,
    pub counts: Counts,
}

/// What became of the documents that the pass met, in the words of the logs.
#[derive(Debug, Default)]
pub struct Counts {
    pub sent: AtomicU64,
    pub lines: AtomicU64,
    pub skipped: AtomicU64,
    pub rejected: AtomicU64,
    /// Documents that count only because the mapping does not name what they count by: that value, and how many.
    unknown: Mutex<BTreeMap<String, u64>>,
}

impl Counts {
    /// Sent, their lines, skipped, rejected.
    pub fn now(&self) -> [i64; 4] {
        [&self.sent, &self.lines, &self.skipped, &self.rejected]
            .map(|count| i64::try_from(count.load(Ordering::Relaxed)).unwrap_or(i64::MAX))
    }

    pub fn note_unknown(&self, word: &str) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        *unknown.entry(word.to_owned()).or_default() += 1;
    }

    /// `ПрочаяПередача (3), …`; none: there was nothing unknown.
    pub fn unknown(&self) -> Option<String> {
        let unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        let listed: Vec<_> = unknown.iter().take(20).map(|(word, count)| format!("{word} ({count})")).collect();
        (!listed.is_empty()).then(|| listed.join(", "))
    }
}

impl Pass {
    pub fn new(dataset: Dataset, number: i64, read_at: DateTime<Utc>, stop: CancellationToken) -> Self {
        Self { dataset, number, read_at, shape: 0, stop, position: AtomicU64::new(0), counts: Counts::default() }
    }

    /// The same pass, reading by this shape.
    pub fn reading_by(self, shape: i64) -> Self {
        Self { shape, ..self }
    }

    /// Pass number in the high 32 bits, position within the pass in the low.
    pub fn next_version(&self) -> Result<u64, Stop> {
        let position = self.position.fetch_add(1, Ordering::Relaxed);
        let (Ok(number), Ok(position)) = (u32::try_from(self.number), u32::try_from(position)) else {
            return Err(Stop::GiveUp(format!("Pass {} has used up its versions.", self.number)));
        };
        Ok(u64::from(number) << 32 | u64::from(position))
    }

    pub fn check(&self) -> Result<(), Stop> {
        if self.stop.is_cancelled() { Err(Stop::Asked) } else { Ok(()) }
    }
}
