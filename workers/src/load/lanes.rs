//! A lane per partition that is ours: the batch that is growing, and the state that the last one left.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::message::{Message, OwnedMessage};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::batch::{Plan, Stored, plan};
use super::decode::Batch;
use super::group::{Committed, Group};
use super::refusals::Refusals;
use super::session::Trouble;
use super::source::{Partition, Source};
use super::store::{Outcome, Stores};
use crate::config::{Cut, KafkaSettings};
use shared::dataset::{Catalogue, Dataset};

/// How long the rest of a stored range is waited for. It may never come: the topic may be another one, and shorter.
const REFORM: Duration = Duration::from_secs(30);

struct Lane {
    dataset: Dataset,
    epoch: i64,
    stored: Option<Stored>,
    /// The group has an offset of it.
    is_known: bool,
    growing: Option<Batch>,
    /// The growing batch is a stored one, formed again: cut exactly after this offset.
    cut_at: Option<i64>,
    /// No message has come since we were given the partition.
    is_new: bool,
    /// It was sent back to the start of the stored range.
    is_rewound: bool,
    /// The offset of the next message, once one has come.
    next: Option<i64>,
    is_storing: bool,
    /// Of the batch that is going in.
    storing_bytes: usize,
}

/// A batch that has come to its end.
#[derive(Debug)]
pub struct Ended {
    pub partition: Partition,
    pub epoch: i64,
    /// Its first offset.
    pub min: i64,
    pub outcome: Outcome,
    pub committed: Committed,
}

pub struct Lanes {
    lanes: HashMap<Partition, Lane>,
    pub refusals: Refusals,
    settings: KafkaSettings,
    datasets: Catalogue,
    cut: Cut,
}

impl Lanes {
    pub fn new(settings: KafkaSettings, datasets: Catalogue, cut: Cut) -> Self {
        Self { lanes: HashMap::new(), refusals: Refusals::default(), settings, datasets, cut }
    }

    pub fn open(&mut self, partition: Partition, epoch: i64, stored: Option<Stored>, is_known: bool) {
        let Some(dataset) = self.settings.dataset(&self.datasets, &partition.0) else { return };
        let lane = Lane {
            dataset,
            epoch,
            stored,
            is_known,
            growing: None,
            cut_at: None,
            is_new: true,
            is_rewound: false,
            next: None,
            is_storing: false,
            storing_bytes: 0,
        };
        self.lanes.insert(partition, lane);
    }

    pub fn drop_lane(&mut self, partition: &Partition) {
        self.lanes.remove(partition);
        self.refusals.ended(partition);
    }

    pub fn is_open(&self, partition: &Partition, epoch: i64) -> bool {
        self.lanes.get(partition).is_some_and(|lane| lane.epoch == epoch)
    }

    /// The partitions to be tried again after a refusal: from which offset, and whether the group knows them.
    pub fn due_again(&mut self) -> Vec<(Partition, i64, bool)> {
        let due = self.refusals.due(Instant::now()).into_iter();
        due.filter_map(|(partition, from)| {
            let is_known = self.lanes.get(&partition)?.is_known;
            Some((partition, from, is_known))
        })
        .collect()
    }

    /// Appends a message to its partition's batch.
    pub fn take(&mut self, message: &OwnedMessage, source: &Source) -> Result<(), Trouble> {
        let key = (message.topic().to_owned(), message.partition());
        // Not ours any more: whoever has it reads it again. Refused: so do we.
        let Some(lane) = self.lanes.get_mut(&key).filter(|_| !self.refusals.is_waiting(&key)) else { return Ok(()) };
        if !lane.begins(&key, message.offset(), source)? {
            return Ok(());
        }
        lane.follows(&key, message.offset())?;
        let growing =
            lane.growing.get_or_insert_with(|| Batch::new(lane.dataset, key.0.clone(), key.1, message.offset()));
        growing.add(message.offset(), message.key(), message.payload());
        Ok(())
    }

    /// Hands every batch that is due, and whose predecessor is in, to its own task.
    pub fn dispatch(&mut self, stores: &Arc<Stores>, source: &Source, under_way: &mut JoinSet<Ended>) {
        // Many partitions grow at once after a backlog: then all are cut early, so that they go in before there is no room.
        let is_tight = self.held_bytes() > self.cut.held_bytes / 2;
        for (partition, lane) in &mut self.lanes {
            if lane.is_storing || !(lane.is_due(&self.cut) || is_tight && lane.cut_at.is_none()) {
                continue;
            }
            if let Some(batch) = lane.growing.take() {
                lane.is_storing = true;
                lane.storing_bytes = batch.held_bytes();
                lane.cut_at = None;
                under_way.spawn(lane.deliver(partition.clone(), batch, Arc::clone(stores), source.group()));
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
        let growing = |lane: &Lane| lane.growing.as_ref().map_or(0, Batch::held_bytes);
        self.lanes.values().map(|lane| growing(lane) + lane.storing_bytes).sum()
    }

    /// Takes note of a stored batch, unless the lane is no longer the one that sent it.
    pub fn settled(&mut self, partition: &Partition, epoch: i64, state: Option<Stored>, committed: Committed) {
        if let Some(lane) = self.lanes.get_mut(partition).filter(|lane| lane.epoch == epoch) {
            lane.is_storing = false;
            lane.storing_bytes = 0;
            lane.stored = state;
            lane.is_known |= committed == Committed::Yes;
            self.refusals.ended(partition);
        }
    }

    /// Forgets what a lane holds from this offset on: it is read again later. False: the lane is no longer the one that
    /// sent it.
    pub fn refused(&mut self, partition: &Partition, epoch: i64, from: i64, reason: String) -> bool {
        let Some(lane) = self.lanes.get_mut(partition).filter(|lane| lane.epoch == epoch) else { return false };
        lane.is_storing = false;
        lane.storing_bytes = 0;
        lane.growing = None;
        self.refusals.refused(partition.clone(), lane.dataset, from, reason);
        true
    }
}

impl Lane {
    /// Stores a batch and commits its offsets.
    fn deliver(
        &self,
        partition: Partition,
        batch: Batch,
        stores: Arc<Stores>,
        group: Group,
    ) -> impl Future<Output = Ended> + use<> {
        let (epoch, former, is_known) = (self.epoch, self.stored.clone(), self.is_known);
        let (min, max) = (batch.min, batch.max);
        async move {
            let outcome = stores.store(batch, former, epoch).await;
            let committed = match outcome {
                Outcome::Stored(_) => group.commit(partition.clone(), max, is_known).await,
                _ => Committed::No,
            };
            Ended { partition, epoch, min, outcome, committed }
        }
    }

    fn is_full(&self, cut: &Cut) -> bool {
        let Some(batch) = &self.growing else { return false };
        match self.cut_at {
            Some(max) => batch.max >= max,
            None => batch.is_full(cut),
        }
    }

    fn is_due(&self, cut: &Cut) -> bool {
        let patience = if self.cut_at.is_some() { REFORM } else { cut.after };
        self.is_full(cut) || self.growing.as_ref().is_some_and(|batch| batch.began.elapsed() >= patience)
    }

    fn alarm(&self, (topic, partition): &Partition, offset: i64, what: &str) {
        metrics::counter!("load_alarms_total", "dataset" => self.dataset.name()).increment(1);
        tracing::error!(kafka.topic = topic, kafka.partition = partition, kafka.offset = offset, "{what}");
    }

    /// The first message after an assignment decides what the stored batch means. False: the partition is read from
    /// further back, and this message will come again.
    fn begins(&mut self, key: &Partition, first: i64, source: &Source) -> Result<bool, Trouble> {
        if !self.is_new {
            return Ok(true);
        }
        let mend = read_again(self.dataset);
        match plan(self.stored.as_ref(), first) {
            Plan::Fresh => {}
            Plan::CutAt(max) => self.cut_at = Some(max),
            Plan::Rewind(min) if !self.is_rewound => {
                self.is_rewound = true;
                source.rewind(key, min)?;
                return Ok(false);
            }
            Plan::Rewind(_) => {
                self.alarm(key, first, &format!("A batch of unknown outcome is no longer in Kafka's log: {mend}"));
            }
            Plan::Alarm => {
                self.alarm(key, first, "Offsets that were stored before are read again: stored again, versions decide");
            }
            Plan::Gap => {
                self.alarm(key, first, &format!("Kafka no longer holds all that came after the last batch: {mend}"));
            }
        }
        self.is_new = false;
        Ok(true)
    }

    /// Offsets have no holes: one that comes too late was lost, and one that comes too early is of another topic.
    fn follows(&mut self, key: &Partition, offset: i64) -> Result<(), Trouble> {
        let mend = read_again(self.dataset);
        match self.next.replace(offset + 1) {
            Some(next) if offset > next => {
                self.alarm(key, offset, &format!("Kafka no longer holds the messages from {next} on: {mend}"));
            }
            Some(next) if offset < next => return Err(Trouble::MadeAnew(key.0.clone())),
            _ => {}
        }
        Ok(())
    }
}

/// What someone must do about messages that Kafka has lost.
pub fn read_again(dataset: Dataset) -> String {
    format!("`extractor reread {dataset}` has the next pass send everything of it again")
}
