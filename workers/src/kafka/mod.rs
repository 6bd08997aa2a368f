//! Kafka: settings that are not left to librdkafka's defaults, and the topics.

mod sender;
pub mod topics;

pub use sender::{Acks, SendError, Sender};
pub use topics::{MAX_MESSAGE_BYTES, TopicsError};

use rdkafka::ClientConfig;

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
        .set("queued.max.messages.kbytes", "16384")
        // A full queue is looked at again after this; by default after a second, in which a loader that catches up is idle.
        .set("fetch.queue.backoff.ms", "20")
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
