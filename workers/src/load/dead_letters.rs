//! What is no message goes to the dead letters: payload to the byte, why and whence in the headers. Kept before the
//! batch is inserted, so that no offset moves past a message that is neither stored nor set aside.

use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use shared::dataset::Catalogue;

use super::decode::{Batch, DeadLetter};
use crate::config::KafkaSettings;
use crate::kafka::{self, Acks, SendError, Sender};

const LARGEST: usize = crate::kafka::MAX_MESSAGE_BYTES - 64 * 1024;

pub struct DeadLetters {
    sender: Sender,
    settings: KafkaSettings,
    datasets: Catalogue,
}

impl DeadLetters {
    pub fn new(settings: KafkaSettings, datasets: Catalogue) -> Result<Self, KafkaError> {
        Ok(Self { sender: Sender::new(&settings.brokers)?, settings, datasets })
    }

    /// Blocks for as long as the broker needs to answer, 10 s at most.
    pub fn check_topics(&self) -> Result<(), kafka::TopicsError> {
        kafka::topics::check(self.sender.client(), &self.settings, &self.datasets)
    }

    /// Returns when the broker has them all.
    pub async fn keep(&self, batch: &Batch) -> Result<(), SendError> {
        if batch.rejected.is_empty() {
            return Ok(());
        }
        let topic = self.settings.dead_letters();
        let acks = Acks::open();
        for letter in &batch.rejected {
            let record =
                BaseRecord::with_opaque_to(&topic, std::sync::Arc::clone(&acks)).headers(headers(batch, letter));
            let record = match &letter.key {
                Some(key) => record.key(key.as_slice()),
                None => record,
            };
            // One that leaves no room for its headers is pointed at: they say where it lies.
            let record = match letter.payload.as_ref().filter(|payload| payload.len() < LARGEST) {
                Some(payload) => record.payload(payload),
                None => record,
            };
            self.sender.enqueue(record, &acks).await?;
        }
        acks.all().await
    }
}

fn headers(batch: &Batch, letter: &DeadLetter) -> OwnedHeaders {
    let (partition, offset) = (batch.partition.to_string(), letter.offset.to_string());
    [
        ("reason", letter.reason.as_str()),
        ("source", batch.topic.as_str()),
        ("dataset", batch.dataset.name()),
        ("partition", partition.as_str()),
        ("offset", offset.as_str()),
    ]
    .into_iter()
    .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
}
