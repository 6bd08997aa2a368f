//! The producer, and the broker's word on what it sent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use tokio::sync::Notify;

/// Beyond `message.timeout.ms`: by then librdkafka has told about every message.
const ACK_DEADLINE: Duration = Duration::from_secs(130);

/// After so long, the log tells what is waited for.
const NOTICE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("Kafka did not acknowledge in time.")]
    Silent,
    #[error("Kafka did not take everything: {0}.")]
    Refused(String),
    #[error("Kafka does not answer as it should: {0}.")]
    Client(#[from] KafkaError),
}

/// Counts the messages of a batch until the broker has acknowledged the last. Starts at one, for the sender itself: it
/// cannot reach zero while messages are still being added.
pub struct Acks {
    open: AtomicUsize,
    failed: OnceLock<String>,
    last: Notify,
}

impl Acks {
    pub fn open() -> Arc<Self> {
        Arc::new(Self { open: AtomicUsize::new(1), failed: OnceLock::new(), last: Notify::new() })
    }

    /// Waits for the broker's word on every message. To be asked once, after the last was enqueued.
    pub async fn all(&self) -> Result<(), SendError> {
        if self.open.fetch_sub(1, Ordering::AcqRel) != 1 {
            let all = self.last.notified();
            tokio::pin!(all);
            if tokio::time::timeout(NOTICE, &mut all).await.is_err() {
                tracing::warn!("Kafka has not acknowledged for {} s: waiting goes on.", NOTICE.as_secs());
                tokio::time::timeout(ACK_DEADLINE, all).await.map_err(|_| SendError::Silent)?;
            }
        }
        match self.failed.get() {
            None => Ok(()),
            Some(cause) => Err(SendError::Refused(cause.clone())),
        }
    }
}

pub struct Context;

impl ClientContext for Context {
    fn error(&self, _: KafkaError, reason: &str) {
        tracing::warn!("Kafka does not answer as it should: {reason}. Sending goes on when it does.");
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Arc<Acks>;

    fn delivery(&self, result: &DeliveryResult<'_>, acks: Arc<Acks>) {
        if let Err((error, _)) = result {
            let _ = acks.failed.set(error.to_string());
        }
        if acks.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            acks.last.notify_one();
        }
    }
}

pub struct Sender {
    producer: ThreadedProducer<Context>,
}

impl Sender {
    pub fn new(brokers: &str) -> Result<Self, KafkaError> {
        Ok(Self { producer: super::producer_config(brokers).create_with_context(Context)? })
    }

    /// An idempotent producer that lost its order cannot go on: make another.
    pub fn is_broken(&self) -> bool {
        self.client().fatal_error().is_some()
    }

    pub fn client(&self) -> &Client<Context> {
        self.producer.client()
    }

    /// Waits while the queue is full: that holds back the pages, and drops nothing.
    pub async fn enqueue(
        &self,
        mut record: BaseRecord<'_, [u8], Vec<u8>, Arc<Acks>>,
        acks: &Acks,
    ) -> Result<(), SendError> {
        acks.open.fetch_add(1, Ordering::AcqRel);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    record = back;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err((error, _)) => {
                    acks.open.fetch_sub(1, Ordering::AcqRel);
                    return Err(error.into());
                }
            }
        }
    }
}
