//! Partitions that nothing is taken of until someone mends it, a table or this release: each stands still and is tried again, ever
//! more seldom, while all others go on.

use std::collections::HashMap;
use std::time::Duration;

use shared::dataset::Dataset;
use tokio::time::Instant;

use super::source::Partition;

/// The pauses between tries grow from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

struct Refusal {
    dataset: Dataset,
    reason: String,
    /// The first offset that is not stored.
    from: i64,
    pause: Duration,
    /// None while it is tried again.
    again_at: Option<Instant>,
}

#[derive(Default)]
pub struct Refusals {
    refused: HashMap<Partition, Refusal>,
}

impl Refusals {
    /// What begins at `from` is not taken.
    pub fn refused(&mut self, partition: Partition, dataset: Dataset, from: i64, reason: String) {
        let pause = match self.refused.get(&partition) {
            Some(former) => (former.pause * 2).min(PAUSES.1),
            None => PAUSES.0,
        };
        // Once for all partitions of a dataset, and not at every try.
        if !self.refused.values().any(|refusal| refusal.dataset == dataset) {
            tracing::error!(
                dataset.name = dataset.name(),
                "{}. The other datasets go on; this one is tried again every minute until someone mends it.",
                reason.trim_end_matches('.')
            );
            metrics::gauge!("load_refused", "dataset" => dataset.name()).set(1.0);
        }
        self.refused
            .insert(partition, Refusal { dataset, reason, from, pause, again_at: Some(Instant::now() + pause) });
    }

    /// What it holds is stored, or is not ours any more.
    pub fn ended(&mut self, partition: &Partition) {
        let Some(refusal) = self.refused.remove(partition) else { return };
        let dataset = refusal.dataset;
        if !self.refused.values().any(|refusal| refusal.dataset == dataset) {
            tracing::info!(dataset.name = dataset.name(), "{dataset} is refused no more");
            metrics::gauge!("load_refused", "dataset" => dataset.name()).set(0.0);
        }
    }

    pub fn is_waiting(&self, partition: &Partition) -> bool {
        self.refused.get(partition).is_some_and(|refusal| refusal.again_at.is_some())
    }

    /// The partitions to be tried again now, and from which offset.
    pub fn due(&mut self, now: Instant) -> Vec<(Partition, i64)> {
        let due = self.refused.iter_mut().filter(|(_, refusal)| refusal.again_at.is_some_and(|at| at <= now));
        due.map(|(partition, refusal)| {
            refusal.again_at = None;
            (partition.clone(), refusal.from)
        })
        .collect()
    }

    /// What is refused and why, in a sentence for the probe.
    pub fn tell(&self) -> Option<String> {
        let refusal = self.refused.values().min_by_key(|refusal| refusal.dataset.name())?;
        Some(format!("{}. The other datasets go on.", refusal.reason.trim_end_matches('.')))
    }
}
