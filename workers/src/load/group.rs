//! What the group knows of our partitions: the offset up to which each is stored.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::source::{Context, Partition, list};

/// How long the broker may take to say what was committed.
const ASK: Duration = Duration::from_secs(10);

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    Yes,
    /// Read again after a restart, and known again then.
    No,
    /// The group has forgotten the partition. A broker does so when its topic is deleted: the one that we read is new.
    Forgotten,
}

/// How far a partition is stored.
#[derive(Debug, Clone)]
pub struct Reached {
    pub partition: Partition,
    /// The last one that is stored.
    pub offset: i64,
    pub was_known: bool,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Group {
    consumer: Arc<StreamConsumer<Context>>,
}

impl Group {
    pub fn new(consumer: Arc<StreamConsumer<Context>>) -> Self {
        Self { consumer }
    }

    /// Of these partitions, the ones with a committed offset.
    pub async fn known(&self, partitions: Vec<Partition>) -> Result<HashSet<Partition>, KafkaError> {
        self.aside(move |consumer| known(consumer, &partitions)).await
    }

    /// Everything of these partitions up to these offsets is stored. `was_known`: the group had an offset of it before.
    ///
    /// A consumer notices nothing when a topic is deleted and made anew between two of its questions: it goes on at its
    /// old number, and what lies before is never read. Only the group's memory tells, until it is committed over.
    pub async fn commit(&self, stored: Vec<Reached>) -> Vec<Committed> {
        let count = stored.len();
        let committed = self.aside(move |consumer| {
            let were_known: Vec<Partition> =
                stored.iter().filter(|reached| reached.was_known).map(|reached| reached.partition.clone()).collect();
            let known = if were_known.is_empty() { HashSet::new() } else { known(consumer, &were_known)? };
            let (ours, mut moved) = (consumer.assignment()?, TopicPartitionList::new());
            let mut committed = Vec::with_capacity(stored.len());
            for Reached { partition, offset, was_known } in stored {
                committed.push(if was_known && !known.contains(&partition) {
                    Committed::Forgotten
                } else if ours.find_partition(&partition.0, partition.1).is_none() {
                    Committed::No
                } else {
                    moved.add_partition_offset(&partition.0, partition.1, Offset::Offset(offset + 1))?;
                    Committed::Yes
                });
            }
            if moved.count() > 0 {
                consumer.commit(&moved, CommitMode::Sync)?;
            }
            Ok(committed)
        });
        committed.await.unwrap_or_else(|error| {
            tracing::warn!("Offsets could not be committed: {error}");
            vec![Committed::No; count]
        })
    }

    /// The client's calls hold their thread.
    async fn aside<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&StreamConsumer<Context>) -> Result<T, KafkaError> + Send + 'static,
    ) -> Result<T, KafkaError> {
        let consumer = Arc::clone(&self.consumer);
        let asked = tokio::task::spawn_blocking(move || ask(&consumer)).await;
        asked.unwrap_or(Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::Fail)))
    }
}

fn known(consumer: &StreamConsumer<Context>, partitions: &[Partition]) -> Result<HashSet<Partition>, KafkaError> {
    let committed = consumer.committed_offsets(list(partitions), ASK)?;
    let with_offset = committed.elements().into_iter().filter(|element| matches!(element.offset(), Offset::Offset(_)));
    Ok(with_offset.map(|element| (element.topic().to_owned(), element.partition())).collect())
}
