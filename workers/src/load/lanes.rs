//! A lane per partition that is ours: the batch that is growing, and the state that the last one left.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::message::{BorrowedMessage, Message};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::batch::{Plan, Stored, plan};
use super::decode::Batch;
use super::group::{Committed, Group, Reached};
use super::refusals::Refusals;
use super::session::Trouble;
use super::source::{Partition, Source};
use super::store::{Going, Outcome, Stores};
use crate::config::{Cut, KafkaSettings};
use crate::record::REVISION;
use crate::record::block::Block;
use shared::dataset::{Catalogue, Dataset};

/// How long the rest of a stored range is waited for. It may never come: the topic may be another one, and shorter.
const REFORM: Duration = Duration::from_secs(30);

struct Lane {
    dataset: Dataset,
    /// What its batches are gathered in.
    empty: [Block; 2],
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
    /// Of the batch that is going in, if one is.
    storing_bytes: Option<usize>,
    /// The offset and the revision of a message that only a later release can read: nothing behind it is taken.
    newer: Option<(i64, u32)>,
}

/// Of all partitions of a dataset.
#[derive(Default)]
struct Held {
    rows: usize,
    bytes: usize,
    is_storing: bool,
    /// It takes nothing more: it is enough for an insert, or some partition waits for one.
    is_full: bool,
    is_due: bool,
}

/// A batch that leaves its lane.
struct Sent {
    going: Going,
    partition: Partition,
    is_known: bool,
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

    pub fn open(
        &mut self,
        partition: Partition,
        (epoch, stored): (i64, Option<Stored>),
        is_known: bool,
        stores: &Stores,
    ) {
        let Some(dataset) = self.settings.dataset(&self.datasets, &partition.0) else { return };
        let Some(empty) = stores.empty(dataset) else { return };
        let lane = Lane {
            dataset,
            empty,
            epoch,
            stored,
            is_known,
            growing: None,
            cut_at: None,
            is_new: true,
            is_rewound: false,
            next: None,
            storing_bytes: None,
            newer: None,
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

    /// Appends a message to its partition's batch; tells whether that has room for another.
    pub fn take(&mut self, message: &BorrowedMessage<'_>, source: &Source) -> Result<bool, Trouble> {
        let key = (message.topic().to_owned(), message.partition());
        // Not ours any more: whoever has it reads it again. Refused: so do we.
        let Some(lane) = self.lanes.get_mut(&key).filter(|_| !self.refusals.is_waiting(&key)) else { return Ok(true) };
        if lane.newer.is_some() {
            return Ok(true);
        }
        if !lane.begins(&key, message.offset(), source)? {
            return Ok(true);
        }
        lane.follows(&key, message.offset())?;
        let empty = || Batch::new(lane.dataset, key, message.offset(), lane.empty.clone());
        let growing = lane.growing.get_or_insert_with(empty);
        if let Err(revision) = growing.add(message.offset(), message.key(), message.payload()) {
            lane.newer = Some((message.offset(), revision));
            lane.growing = lane.growing.take().filter(|batch| batch.messages > 0);
        }
        Ok(!lane.is_full(&self.cut))
    }

    /// Hands what is due to a task of its own: all that a dataset's partitions hold, once it is enough or one of them waits for nothing
    /// more. What of the dataset went before has to be in first.
    pub fn dispatch(&mut self, stores: &Arc<Stores>, source: &Source, under_way: &mut JoinSet<Vec<Ended>>) {
        // Many datasets grow at once after a backlog: then all are cut early, so that they go in before there is no room.
        let is_tight = self.held_bytes() > self.cut.held_bytes / 2;
        for dataset in self.datasets.all() {
            let held = self.held(*dataset);
            if held.is_storing || !(held.is_full || held.is_due || is_tight) {
                continue;
            }
            let cut = &self.cut;
            let lanes = self.lanes.iter_mut().filter(|(_, lane)| lane.dataset == *dataset);
            let sent: Vec<Sent> = lanes.filter_map(|(partition, lane)| lane.send(partition, cut)).collect();
            if !sent.is_empty() {
                under_way.spawn(deliver(sent, Arc::clone(stores), source.group()));
            }
        }
    }

    /// Whether every dataset can take another message, and the memory of the process too.
    pub fn has_room(&self) -> bool {
        // What is growing can always be cut and go in, unless something of its dataset is on its way already.
        let is_held_up = self.held_bytes() >= self.cut.held_bytes && self.lanes.values().any(|lane| lane.is_storing());
        let waits = |held: Held| held.is_storing && held.is_full;
        !is_held_up && !self.datasets.all().iter().any(|dataset| waits(self.held(*dataset)))
    }

    fn held_bytes(&self) -> usize {
        let growing = |lane: &Lane| lane.growing.as_ref().map_or(0, Batch::held_bytes);
        self.lanes.values().map(|lane| growing(lane) + lane.storing_bytes.unwrap_or(0)).sum()
    }

    /// What the partitions of a dataset hold together.
    fn held(&self, dataset: Dataset) -> Held {
        let mut held = Held::default();
        for lane in self.lanes.values().filter(|lane| lane.dataset == dataset) {
            held.is_storing |= lane.is_storing();
            held.is_full |= lane.is_full(&self.cut);
            held.is_due |= lane.is_due(&self.cut);
            if let Some(batch) = &lane.growing {
                held.rows += batch.rows.rows();
                held.bytes += batch.held_bytes();
            }
        }
        held.is_full |= held.rows >= self.cut.rows || held.bytes >= self.cut.bytes;
        held
    }

    /// Takes note of a stored batch, unless the lane is no longer the one that sent it.
    pub fn settled(&mut self, partition: &Partition, epoch: i64, state: Option<Stored>, committed: Committed) {
        if let Some(lane) = self.lanes.get_mut(partition).filter(|lane| lane.epoch == epoch) {
            lane.storing_bytes = None;
            lane.stored = state;
            lane.is_known |= committed == Committed::Yes;
            self.refusals.ended(partition);
        }
    }

    /// Forgets what a lane holds from this offset on: it is read again later. False: the lane is no longer the one that
    /// sent it.
    pub fn refused(&mut self, partition: &Partition, epoch: i64, from: i64, reason: &str) -> bool {
        let Some(lane) = self.lanes.get_mut(partition).filter(|lane| lane.epoch == epoch) else { return false };
        lane.forget();
        let reason = format!("ClickHouse refuses {}: {reason}", lane.dataset);
        self.refusals.refused(partition.clone(), lane.dataset, from, reason);
        true
    }

    /// Partitions that have come to a message of a later release, what stands before it being stored: they are refused from here on.
    /// A range that is formed again is left as it was stored.
    pub fn refuse_newer(&mut self) -> Vec<Partition> {
        let mut refused = Vec::new();
        for (partition, lane) in &mut self.lanes {
            let Some((offset, revision)) = lane.newer.filter(|_| !lane.is_storing()) else { continue };
            if lane.growing.is_some() && lane.cut_at.is_none() {
                continue;
            }
            let from = lane.growing.as_ref().map_or(offset, |batch| batch.min);
            lane.forget();
            let reason = format!(
                "Messages of {} are of a later release, revision {revision}: bring this loader, which reads revision {REVISION}, up to it",
                lane.dataset
            );
            self.refusals.refused(partition.clone(), lane.dataset, from, reason);
            refused.push(partition.clone());
        }
        refused
    }
}

/// Stores batches of a dataset and commits their offsets.
async fn deliver(sent: Vec<Sent>, stores: Arc<Stores>, group: Group) -> Vec<Ended> {
    let (mut all, mut ended) = (Vec::with_capacity(sent.len()), Vec::with_capacity(sent.len()));
    for Sent { going, partition, is_known } in sent {
        let (min, max, epoch) = (going.batch.min, going.batch.max, going.epoch);
        let reached = Reached { partition: partition.clone(), offset: max, was_known: is_known };
        ended.push((Ended { partition, epoch, min, outcome: Outcome::Dropped, committed: Committed::No }, reached));
        all.push(going);
    }
    let outcomes = stores.store(all).await;
    ended.iter_mut().zip(outcomes).for_each(|((ended, _), outcome)| ended.outcome = outcome);
    let stored = |ended: &Ended| matches!(ended.outcome, Outcome::Stored(_));
    let reached = ended.iter().filter(|(ended, _)| stored(ended)).map(|(_, reached)| reached.clone()).collect();
    let committed = group.commit(reached).await;
    let stored = ended.iter_mut().filter(|(ended, _)| stored(ended));
    stored.zip(committed).for_each(|((ended, _), committed)| ended.committed = committed);
    ended.into_iter().map(|(ended, _)| ended).collect()
}

impl Lane {
    /// Its batch, unless it has none, or one that is formed again and not yet complete.
    fn send(&mut self, partition: &Partition, cut: &Cut) -> Option<Sent> {
        if self.cut_at.is_some() && !self.is_due(cut) {
            return None;
        }
        let batch = self.growing.take()?;
        self.storing_bytes = Some(batch.held_bytes());
        self.cut_at = None;
        let going = Going { batch, former: self.stored.clone(), epoch: self.epoch };
        Some(Sent { going, partition: partition.clone(), is_known: self.is_known })
    }

    /// All that it holds is read again later.
    fn forget(&mut self) {
        self.storing_bytes = None;
        self.growing = None;
        // Behind what is read again, it comes again too.
        self.newer = None;
    }

    fn is_storing(&self) -> bool {
        self.storing_bytes.is_some()
    }

    fn is_full(&self, cut: &Cut) -> bool {
        let Some(batch) = &self.growing else { return false };
        match self.cut_at {
            Some(max) => batch.max >= max,
            None => batch.is_full(cut),
        }
    }

    fn is_due(&self, cut: &Cut) -> bool {
        let Some(batch) = &self.growing else { return false };
        let is_old = |patience| batch.began.elapsed() >= patience;
        match self.cut_at {
            Some(_) => self.is_full(cut) || is_old(REFORM),
            None => self.is_full(cut) || batch.ends_a_pass() || is_old(cut.after) || self.newer.is_some(),
        }
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
