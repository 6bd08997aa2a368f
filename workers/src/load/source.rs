//! The consumer: messages in order, which partitions are ours, and which of them are read now.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::group::Group;
use crate::config::KafkaSettings;
use crate::kafka;
use shared::dataset::Catalogue;

/// How long a partition may take to turn to another offset.
const SEEK: Duration = Duration::from_secs(10);

/// A topic and the number of one of its partitions.
pub type Partition = (String, i32);

/// The messages of all partitions that are ours and not paused.
pub struct Messages(Arc<StreamConsumer<Context>>);

impl Messages {
    pub async fn next(&self) -> Result<BorrowedMessage<'_>, KafkaError> {
        self.0.recv().await
    }

    /// One that has come already.
    pub fn next_at_once(&self) -> Option<Result<BorrowedMessage<'_>, KafkaError>> {
        self.next().now_or_never()
    }
}

/// A change of what is ours; seen before any message that follows from it.
#[derive(Debug)]
pub enum Assignment {
    Gained(Vec<Partition>),
    Lost(Vec<Partition>),
}

pub struct Context {
    changes: UnboundedSender<Assignment>,
}

impl ClientContext for Context {}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        // The receiver lives as long as the consumer.
        let _ = match rebalance {
            Rebalance::Assign(list) if list.count() > 0 => self.changes.send(Assignment::Gained(named(list))),
            Rebalance::Revoke(list) if list.count() > 0 => self.changes.send(Assignment::Lost(named(list))),
            _ => Ok(()),
        };
    }
}

pub struct Source {
    consumer: Arc<StreamConsumer<Context>>,
    changes: UnboundedReceiver<Assignment>,
    is_paused: bool,
    /// These stand still even when the others are read.
    held: HashSet<Partition>,
}

impl Source {
    /// Joins the group `<prefix>-loader` for every dataset's topic.
    pub fn join(settings: &KafkaSettings, datasets: &Catalogue) -> Result<Self, KafkaError> {
        let (sender, changes) = unbounded_channel();
        let group = format!("{}-loader", settings.prefix);
        let consumer: StreamConsumer<Context> =
            kafka::consumer_config(&settings.brokers, &group).create_with_context(Context { changes: sender })?;
        let topics: Vec<String> = datasets.all().iter().map(|dataset| settings.topic(*dataset)).collect();
        consumer.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok(Self { consumer: Arc::new(consumer), changes, is_paused: false, held: HashSet::new() })
    }

    /// Where messages come from, while the rest of this is changed.
    pub fn messages(&self) -> Messages {
        Messages(Arc::clone(&self.consumer))
    }

    pub fn change(&mut self) -> Option<Assignment> {
        self.changes.try_recv().ok()
    }

    pub fn group(&self) -> Group {
        Group::new(Arc::clone(&self.consumer))
    }

    /// Nothing more is handed out, while the group goes on seeing us.
    pub fn pause(&mut self) -> Result<(), KafkaError> {
        if !self.is_paused {
            self.consumer.pause(&self.consumer.assignment()?)?;
            self.is_paused = true;
        }
        Ok(())
    }

    pub fn resume(&mut self) -> Result<(), KafkaError> {
        if self.is_paused {
            let mut ours = named(&self.consumer.assignment()?);
            ours.retain(|partition| !self.held.contains(partition));
            self.consumer.resume(&list(&ours))?;
            self.is_paused = false;
        }
        Ok(())
    }

    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// What is new follows the rest. librdkafka hands over a partition as it was when we last had it: one that was lost
    /// while paused is still paused, and any other is read although the rest stands still.
    pub fn gained(&self, partitions: &[Partition]) -> Result<(), KafkaError> {
        let list = list(partitions);
        if self.is_paused { self.consumer.pause(&list) } else { self.consumer.resume(&list) }
    }

    pub fn lost(&mut self, partitions: &[Partition]) {
        partitions.iter().for_each(|partition| {
            self.held.remove(partition);
        });
    }

    /// This partition stands still until it is released.
    pub fn hold(&mut self, partition: Partition) -> Result<(), KafkaError> {
        self.consumer.pause(&list(std::slice::from_ref(&partition)))?;
        self.held.insert(partition);
        Ok(())
    }

    /// A held partition is read again, from this offset.
    pub fn release(&mut self, partition: &Partition, from: i64) -> Result<(), KafkaError> {
        self.rewind(partition, from)?;
        self.held.remove(partition);
        if self.is_paused { Ok(()) } else { self.consumer.resume(&list(std::slice::from_ref(partition))) }
    }

    /// The next message of the partition is the one with this offset, or the first after it that the log still has.
    pub fn rewind(&self, (topic, partition): &Partition, from: i64) -> Result<(), KafkaError> {
        self.consumer.seek(topic, *partition, Offset::Offset(from), SEEK)
    }
}

fn named(list: &TopicPartitionList) -> Vec<Partition> {
    list.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect()
}

pub fn list(partitions: &[Partition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for (topic, partition) in partitions {
        list.add_partition(topic, *partition);
    }
    list
}
