//! Kafka: settings that are not left to librdkafka's defaults, and the check that the topics are there.

mod sender;

pub use sender::{Acks, SendError, Sender};

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::KafkaError;

use crate::config::KafkaSettings;
use crate::datasets::{self, MAX_MESSAGE_BYTES};

/// At least once and in order; bounded memory: a full queue holds back the pages, it drops nothing.
pub fn producer_config(brokers: &str) -> ClientConfig {
    let mut config = base(brokers);
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("message.timeout.ms", "120000")
        .set("queue.buffering.max.messages", "50000")
        .set("queue.buffering.max.kbytes", "65536")
        .set("linger.ms", "20")
        .set("batch.size", "1000000")
        .set("compression.type", "lz4")
        .set("message.max.bytes", MAX_MESSAGE_BYTES.to_string());
    config
}

/// Reads again from the start when a group is lost; commits only what we say, after the insert.
pub fn consumer_config(brokers: &str, group: &str) -> ClientConfig {
    let mut config = base(brokers);
    config
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("max.poll.interval.ms", "300000")
        // A loader that was killed gives its partitions up after this: 45 s by default.
        .set("session.timeout.ms", "10000")
        .set("heartbeat.interval.ms", "3000")
        .set("queued.max.messages.kbytes", "32768")
        // Of one partition in one answer, as packed; a larger message still comes whole. The default of the queue is
        // asked only before a fetch, so what one answer unpacks to comes on top of it.
        .set("fetch.message.max.bytes", "524288")
        .set("allow.auto.create.topics", "false");
    config
}

fn base(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("socket.keepalive.enable", "true");
    config
}

#[derive(Debug, thiserror::Error)]
pub enum TopicsError {
    #[error("Kafka at {brokers} does not answer: {cause}.")]
    Unreachable { brokers: String, cause: KafkaError },
    #[error(
        "The topic {topic} {problem}. Work begins once it is made: kafka-topics.sh --bootstrap-server {brokers} \
         {command} --topic {topic} --partitions {wanted}{config}"
    )]
    Missing {
        topic: String,
        problem: String,
        brokers: String,
        command: &'static str,
        wanted: usize,
        config: &'static str,
    },
}

/// Every topic of the prefix exists with the partitions it must have. Creates nothing.
pub fn check_topics<C: ClientContext>(client: &Client<C>, settings: &KafkaSettings) -> Result<(), TopicsError> {
    for (topic, wanted) in datasets::topics(&settings.prefix) {
        let found = partitions(client, &topic)
            .map_err(|cause| TopicsError::Unreachable { brokers: settings.brokers.clone(), cause })?;
        if found >= wanted {
            continue;
        }
        let is_there = found > 0;
        return Err(TopicsError::Missing {
            problem: if is_there {
                format!("has {found} partitions and not {wanted}")
            } else {
                "does not exist".into()
            },
            topic,
            brokers: settings.brokers.clone(),
            command: if is_there { "--alter" } else { "--create" },
            wanted,
            config: if is_there { "" } else { " --config max.message.bytes=8388608" },
        });
    }
    Ok(())
}

/// How many partitions a topic has; 0: there is no such topic.
pub fn partitions<C: ClientContext>(client: &Client<C>, topic: &str) -> Result<usize, KafkaError> {
    let metadata = client.fetch_metadata(Some(topic), Duration::from_secs(10))?;
    let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
    Ok(found.map_or(0, |found| found.partitions().len()))
}
