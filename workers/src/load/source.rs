//! The consumer: messages in order, and which partitions are ours.

use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::decode::Batch;
use crate::config::KafkaSettings;
use crate::datasets::Dataset;
use crate::kafka;

/// How long the log is asked for a stored range that is to be formed again.
const REREAD: Duration = Duration::from_secs(30);

/// A change of what is ours; seen before any message that follows from it.
#[derive(Debug)]
pub enum Assignment {
    Gained(Vec<(String, i32)>),
    Lost(Vec<(String, i32)>),
}

struct Context {
    changes: UnboundedSender<Assignment>,
}

impl ClientContext for Context {}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let named = |list: &TopicPartitionList| {
            list.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect::<Vec<_>>()
        };
        // The receiver lives as long as the consumer.
        let _ = match rebalance {
            Rebalance::Assign(list) if list.count() > 0 => self.changes.send(Assignment::Gained(named(list))),
            Rebalance::Revoke(list) if list.count() > 0 => self.changes.send(Assignment::Lost(named(list))),
            _ => Ok(()),
        };
    }
}

pub struct Source {
    consumer: StreamConsumer<Context>,
    changes: UnboundedReceiver<Assignment>,
    settings: KafkaSettings,
    is_paused: bool,
}

impl Source {
    /// Joins the group `<prefix>-loader` for every dataset's topic.
    pub fn join(settings: &KafkaSettings) -> Result<Self, KafkaError> {
        let (sender, changes) = unbounded_channel();
        let group = format!("{}-loader", settings.prefix);
        let consumer: StreamConsumer<Context> =
            kafka::consumer_config(&settings.brokers, &group).create_with_context(Context { changes: sender })?;
        let topics: Vec<String> = Dataset::ALL.into_iter().map(|dataset| settings.topic(dataset)).collect();
        consumer.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok(Self { consumer, changes, settings: settings.clone(), is_paused: false })
    }

    pub async fn next(&self) -> Result<BorrowedMessage<'_>, KafkaError> {
        self.consumer.recv().await
    }

    pub fn change(&mut self) -> Option<Assignment> {
        self.changes.try_recv().ok()
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
            self.consumer.resume(&self.consumer.assignment()?)?;
            self.is_paused = false;
        }
        Ok(())
    }

    /// A partition that was paused when it moved away comes back paused, and one newly gained is not: both take the
    /// present state.
    pub fn gained(&self, partitions: &[(String, i32)]) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in partitions {
            list.add_partition(topic, *partition);
        }
        if self.is_paused { self.consumer.pause(&list) } else { self.consumer.resume(&list) }
    }

    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Everything of a partition up to this offset is stored.
    pub fn commit(&self, topic: &str, partition: i32, stored_to: i64, mode: CommitMode) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(stored_to + 1))?;
        self.consumer.commit(&list, mode)
    }

    /// Reads exactly this range of a partition again, if the log still holds it.
    pub async fn reread(&self, dataset: Dataset, topic: &str, partition: i32, min: i64, max: i64) -> Option<Batch> {
        let config = kafka::consumer_config(&self.settings.brokers, &format!("{}-loader-reread", self.settings.prefix));
        let topic = topic.to_owned();
        let read = move || -> Result<Option<Batch>, KafkaError> {
            let consumer: BaseConsumer = config.create()?;
            let mut list = TopicPartitionList::new();
            list.add_partition_offset(&topic, partition, Offset::Offset(min))?;
            consumer.assign(&list)?;
            let deadline = std::time::Instant::now() + REREAD;
            let mut batch: Option<Batch> = None;
            while std::time::Instant::now() < deadline {
                let Some(message) = consumer.poll(Duration::from_millis(500)) else { continue };
                let message = message?;
                if message.offset() > max {
                    return Ok(None);
                }
                let batch =
                    batch.get_or_insert_with(|| Batch::new(dataset, topic.clone(), partition, message.offset()));
                batch.add(message.offset(), message.key(), message.payload());
                if message.offset() == max {
                    break;
                }
            }
            Ok(batch.filter(|batch| (batch.min, batch.max) == (min, max)))
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(batch)) => batch,
            Ok(Err(error)) => {
                tracing::warn!("The stored range could not be read again: {error}");
                None
            }
            Err(_) => None,
        }
    }
}
