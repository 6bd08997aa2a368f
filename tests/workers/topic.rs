//! A topic by hand: what lies in it, more of it, less of it, and all of it anew.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::OwnedMessage;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tests::TestTopics;

/// Of a dataset's topic.
pub const PARTITIONS: i32 = 6;

const WAIT: Duration = Duration::from_secs(10);

pub struct Topic {
    pub name: String,
    brokers: String,
}

impl Topic {
    /// Of a dataset, or `dead-letters`, which has one partition.
    pub fn of(topics: &TestTopics, dataset: &str) -> Self {
        Self { name: topics.name(dataset), brokers: topics.brokers.clone() }
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.config().create().expect("an administrator")
    }

    fn consumer(&self) -> BaseConsumer {
        self.config().set("group.id", "nobody").create().expect("a consumer")
    }

    /// The first offset of a partition, and the one behind its last.
    pub fn ends(&self, partition: i32) -> (i64, i64) {
        self.consumer().fetch_watermarks(&self.name, partition, WAIT).expect("the ends of a partition")
    }

    /// All that a partition holds.
    pub fn messages(&self, partition: i32) -> Vec<OwnedMessage> {
        let (first, end) = self.ends(partition);
        let consumer = self.consumer();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.name, partition, Offset::Beginning).expect("the start of a partition");
        consumer.assign(&list).expect("read a partition");
        (first..end).map(|_| consumer.poll(WAIT).expect("a message").expect("a good message").detach()).collect()
    }

    /// Adds messages to a partition, in order.
    pub async fn add<'a>(&self, partition: i32, messages: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) {
        let producer: FutureProducer = self
            .config()
            .set("compression.type", "lz4")
            .set("message.max.bytes", "8388608")
            .create()
            .expect("a producer");
        let sent: Vec<_> = messages
            .into_iter()
            .map(|(key, payload)| {
                let record = FutureRecord::to(&self.name).partition(partition).key(key).payload(payload);
                producer.send_result(record).map_err(|(error, _)| error).expect("room for a message")
            })
            .collect();
        for acknowledged in sent {
            acknowledged.await.expect("the broker's word").expect("a stored message");
        }
    }

    /// Forgets the messages of a partition before this offset, as retention does.
    pub async fn forget_before(&self, partition: i32, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.name, partition, Offset::Offset(offset)).expect("an offset");
        self.admin().delete_records(&list, &AdminOptions::new()).await.expect("forget messages");
    }

    /// Deletes the topic and makes it again, empty, before anybody has looked.
    pub async fn make_anew(&self) {
        let (admin, options) = (self.admin(), AdminOptions::new());
        let topic = NewTopic::new(&self.name, PARTITIONS, TopicReplication::Fixed(-1));
        let topic = topic.set("max.message.bytes", "8388608");
        let deleted = admin.delete_topics(&[&self.name], &options).await.expect("ask Kafka");
        assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
        let made = admin.create_topics([&topic], &options).await.expect("ask Kafka");
        assert!(made.iter().all(Result::is_ok), "{made:?}");
    }
}
