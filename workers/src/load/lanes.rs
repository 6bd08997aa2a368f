//! A lane per partition that is ours: the batch that is growing, and the state that the last one left.

use std::collections::HashMap;
use std::sync::Arc;

use rdkafka::message::{Message, OwnedMessage};
use tokio::task::JoinSet;

use super::Trouble;
use super::batch::{Plan, Stored, plan};
use super::decode::Batch;
use super::source::Source;
use super::store::{Ended, Stores};
use crate::config::{Cut, KafkaSettings};
use crate::datasets::Dataset;

struct Lane {
    dataset: Dataset,
    epoch: i64,
    stored: Option<Stored>,
    growing: Option<Batch>,
    /// The growing batch is a stored one, formed again: cut exactly after this offset.
    cut_at: Option<i64>,
    /// No message has come since we were given the partition.
    is_new: bool,
    is_storing: bool,
    /// Of the batch that is going in.
    storing_bytes: usize,
}

pub struct Lanes {
    lanes: HashMap<(String, i32), Lane>,
    settings: KafkaSettings,
    cut: Cut,
}

impl Lanes {
    pub fn new(settings: KafkaSettings, cut: Cut) -> Self {
        Self { lanes: HashMap::new(), settings, cut }
    }

    pub fn open(&mut self, topic: String, partition: i32, epoch: i64, stored: Option<Stored>) {
        let Some(dataset) = Dataset::ALL.into_iter().find(|dataset| self.settings.topic(*dataset) == topic) else {
            return;
        };
        let lane = Lane {
            dataset,
            epoch,
            stored,
            growing: None,
            cut_at: None,
            is_new: true,
            is_storing: false,
            storing_bytes: 0,
        };
        self.lanes.insert((topic, partition), lane);
    }

    pub fn drop_lane(&mut self, topic: &str, partition: i32) {
        self.lanes.remove(&(topic.to_owned(), partition));
    }

    pub fn is_open(&self, topic: &str, partition: i32, epoch: i64) -> bool {
        self.lanes.get(&(topic.to_owned(), partition)).is_some_and(|lane| lane.epoch == epoch)
    }

    /// Appends a message to its partition's batch.
    pub async fn take(&mut self, message: &OwnedMessage, source: &Source, stores: &Arc<Stores>) -> Result<(), Trouble> {
        let key = (message.topic().to_owned(), message.partition());
        // Not ours any more: whoever has it reads it again.
        let Some(lane) = self.lanes.get_mut(&key) else { return Ok(()) };
        if lane.is_new {
            lane.is_new = false;
            lane.begin(&key, message.offset(), source, stores).await?;
        }
        let growing =
            lane.growing.get_or_insert_with(|| Batch::new(lane.dataset, key.0.clone(), key.1, message.offset()));
        growing.add(message.offset(), message.key(), message.payload());
        Ok(())
    }

    /// Hands every batch that is due, and whose predecessor is in, to its own task.
    pub fn dispatch(&mut self, stores: &Arc<Stores>, under_way: &mut JoinSet<Ended>) {
        // Many partitions grow at once after a backlog: then all are cut early, so that they go in before there is no room.
        let is_tight = self.held_bytes() > self.cut.held_bytes / 2;
        for lane in self.lanes.values_mut() {
            if lane.is_storing || !(lane.is_due(&self.cut) || is_tight && lane.cut_at.is_none()) {
                continue;
            }
            if let Some(batch) = lane.growing.take() {
                lane.is_storing = true;
                lane.storing_bytes = batch.rows.len();
                lane.cut_at = None;
                under_way.spawn(Arc::clone(stores).store(batch, lane.stored.clone(), lane.epoch));
            }
        }
    }

    /// Whether every lane can take another message, and the memory of the process too.
    pub fn has_room(&self) -> bool {
        // What is growing can always be cut and go in, unless something of its lane is on its way already.
        let is_held_up = self.held_bytes() >= self.cut.held_bytes && self.lanes.values().any(|lane| lane.is_storing);
        !is_held_up && !self.lanes.values().any(|lane| lane.is_storing && lane.is_full(&self.cut))
    }

    fn held_bytes(&self) -> usize {
        let growing = |lane: &Lane| lane.growing.as_ref().map_or(0, |batch| batch.rows.len());
        self.lanes.values().map(|lane| growing(lane) + lane.storing_bytes).sum()
    }

    /// Takes note of a stored batch. False: the lane is no longer the one that sent it.
    pub fn settled(&mut self, topic: &str, partition: i32, epoch: i64, state: Option<Stored>) -> bool {
        match self.lanes.get_mut(&(topic.to_owned(), partition)) {
            Some(lane) if lane.epoch == epoch => {
                lane.is_storing = false;
                lane.storing_bytes = 0;
                lane.stored = state;
                true
            }
            _ => false,
        }
    }
}

impl Lane {
    fn is_full(&self, cut: &Cut) -> bool {
        let Some(batch) = &self.growing else { return false };
        match self.cut_at {
            Some(max) => batch.max >= max,
            None => batch.is_full(cut),
        }
    }

    fn is_due(&self, cut: &Cut) -> bool {
        let is_late =
            self.cut_at.is_none() && self.growing.as_ref().is_some_and(|batch| batch.began.elapsed() >= cut.after);
        is_late || self.is_full(cut)
    }

    /// The first message after an assignment decides what the stored batch means.
    async fn begin(
        &mut self,
        (topic, partition): &(String, i32),
        first: i64,
        source: &Source,
        stores: &Arc<Stores>,
    ) -> Result<(), Trouble> {
        let alarm = |what: &str| {
            metrics::counter!("load_alarms_total", "dataset" => self.dataset.name()).increment(1);
            tracing::error!(kafka.topic = topic, kafka.partition = partition, kafka.offset = first, "{what}");
        };
        // A full pass sends what differs from the ledger: without a version everything differs, and its places are still known.
        let name = self.dataset.name();
        let mend = format!(
            "UPDATE sent SET data_version = '' WHERE dataset = '{name}' in PostgreSQL has the next full pass send all of it again"
        );
        match (plan(self.stored.as_ref(), first), &self.stored) {
            (Plan::Fresh, _) | (_, None) => {}
            (Plan::CutAt(max), _) => self.cut_at = Some(max),
            (Plan::Alarm, _) => alarm("Offsets that were stored before are read again: stored again, versions decide"),
            (Plan::Gap, _) => alarm(&format!("Kafka no longer holds all that came after the last batch: {mend}")),
            (Plan::FinishFirst, Some(stored)) => {
                let (min, max) = (stored.min, stored.max);
                match source.reread(self.dataset, topic, *partition, min, max).await {
                    None => alarm(&format!("A batch with unknown outcome is no longer in the log: {mend}")),
                    Some(batch) => match Arc::clone(stores).store(batch, self.stored.clone(), self.epoch).await {
                        Ended::Stored { state, .. } => self.stored = state,
                        Ended::Fenced { .. } | Ended::Dropped => {
                            return Err(Trouble::Again("The stored batch was not finished".to_owned()));
                        }
                        Ended::Failed(reason) => return Err(Trouble::Lasting(reason)),
                    },
                }
            }
        }
        Ok(())
    }
}
