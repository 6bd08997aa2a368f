//! The topics of the product: one for each dataset, and one for what was set aside. The `topics` program makes them, or whoever runs
//! the brokers; the workers wait until theirs are there.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{Client, ClientContext, DefaultClientContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use shared::dataset::Catalogue;

use super::base;
use crate::config::KafkaSettings;
use crate::waiting::Teller;

/// Where rejected documents and messages lie whole; without the prefix.
pub const DEAD_LETTERS: &str = "dead-letters.v1";

/// Bytes of a message at most, key and headers included: `message.max.bytes`, and `max.message.bytes` of every topic.
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;

/// Partitions that a dataset's topic is made with: so many loaders can share it.
pub const PARTITIONS: usize = 6;

/// A topic that must exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    /// It works with so many.
    pub least: usize,
    /// It is made with so many.
    pub partitions: usize,
}

/// Every topic under a prefix.
pub fn wanted(prefix: &str, datasets: &Catalogue) -> Vec<Topic> {
    let of_datasets = datasets.all().iter().map(|dataset| Topic {
        name: format!("{prefix}.{}", dataset.topic()),
        least: dataset.partitions,
        // The rows of a snapshot keep their order.
        partitions: if dataset.is_snapshot() { 1 } else { dataset.partitions.max(PARTITIONS) },
    });
    of_datasets.chain([Topic { name: format!("{prefix}.{DEAD_LETTERS}"), least: 1, partitions: 1 }]).collect()
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
    #[error("Kafka refused to make the topic {topic}: {cause}.")]
    Refused { topic: String, cause: RDKafkaErrorCode },
}

/// Every topic exists with the partitions that it must have. Creates nothing.
pub fn check<C: ClientContext>(
    client: &Client<C>,
    settings: &KafkaSettings,
    datasets: &Catalogue,
) -> Result<(), TopicsError> {
    for Topic { name: topic, least, .. } in wanted(&settings.prefix, datasets) {
        let found = partitions(client, &topic)
            .map_err(|cause| TopicsError::Unreachable { brokers: settings.brokers.clone(), cause })?;
        if found >= least {
            continue;
        }
        let is_there = found > 0;
        return Err(TopicsError::Missing {
            problem: if is_there { format!("has {found} partitions and not {least}") } else { "does not exist".into() },
            topic,
            brokers: settings.brokers.clone(),
            command: if is_there { "--alter" } else { "--create" },
            wanted: least,
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

/// Makes those that are missing, replicated as the brokers say; those that exist stay as they are. Returns the names of the new.
pub async fn make(settings: &KafkaSettings, datasets: &Catalogue) -> Result<Vec<String>, TopicsError> {
    let unreachable = |cause| TopicsError::Unreachable { brokers: settings.brokers.clone(), cause };
    let admin: AdminClient<DefaultClientContext> = base(&settings.brokers).create().map_err(unreachable)?;
    let topics = wanted(&settings.prefix, datasets);
    let bytes = MAX_MESSAGE_BYTES.to_string();
    let new: Vec<NewTopic<'_>> = topics
        .iter()
        .map(|topic| {
            let partitions = i32::try_from(topic.partitions).unwrap_or(i32::MAX);
            NewTopic::new(&topic.name, partitions, TopicReplication::Fixed(-1)).set("max.message.bytes", &bytes)
        })
        .collect();
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(20)));
    let mut made = Vec::new();
    for outcome in admin.create_topics(&new, &options).await.map_err(unreachable)? {
        match outcome {
            Ok(topic) => made.push(topic),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, cause)) => return Err(TopicsError::Refused { topic, cause }),
        }
    }
    Ok(made)
}

/// The same as soon as a broker answers, however long that takes.
pub async fn make_once_reachable(settings: &KafkaSettings, datasets: &Catalogue) -> Result<Vec<String>, TopicsError> {
    let mut teller = Teller::default();
    loop {
        match make(settings, datasets).await {
            Err(error @ TopicsError::Unreachable { .. }) => teller.tell(&error.to_string()),
            ended => return ended,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// The same as Strimzi's resources, replicated.
pub fn strimzi(prefix: &str, datasets: &Catalogue) -> String {
    let mut text = "# Made by `topics strimzi`; a test holds it equal.\n".to_owned();
    for Topic { name, partitions, .. } in wanted(prefix, datasets) {
        if text.contains("kind:") {
            text.push_str("---\n");
        }
        text.push_str(&format!(
            "apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata:\n  name: {name}\n  labels:\n    strimzi.io/cluster: kafka\n\
             spec:\n  partitions: {partitions}\n  replicas: 3\n  config:\n    max.message.bytes: {MAX_MESSAGE_BYTES}\n    \
             min.insync.replicas: 2\n"
        ));
    }
    text
}
