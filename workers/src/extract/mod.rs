//! On a cron, 1C to Kafka. A slot is claimed, a pass reads its dataset, the topic has everything, progress is saved: in
//! that order, so that a crash repeats work and loses none.

pub mod audit;
pub mod changes;
mod copy;
pub mod cron;
pub mod held;
mod judge;
pub mod ledger;
pub mod operator;
pub mod outgoing;
pub mod pass;
pub mod place;
pub mod progress;
pub mod publish;
pub mod run;
pub mod schedule;
pub mod shapes;
pub mod snapshots;

pub use run::run;

use rdkafka::error::KafkaError;

use crate::erp::ErpError;
use crate::kafka::SendError;

/// Why a pass ended before its end. The outer loop decides what follows, not the code inside.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    #[error("asked to stop")]
    Asked,
    #[error("a later pass has taken over")]
    Stale,
    /// Everything was read, and nothing removed: so much is missing in 1C that it must be doubted.
    #[error("{0}")]
    Held(String),
    /// A bad day: the same again, later.
    #[error("{0}")]
    Retry(String),
    /// Someone must mend something; it is still tried again, and the log raises the alarm.
    #[error("{0}")]
    GiveUp(String),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Retry(format!("PostgreSQL does not answer as it should: {error}. The pass is repeated."))
    }
}

impl From<KafkaError> for Stop {
    fn from(error: KafkaError) -> Self {
        Self::Retry(format!("Kafka does not answer as it should: {error}. The pass is repeated."))
    }
}

impl From<SendError> for Stop {
    fn from(error: SendError) -> Self {
        Self::Retry(format!("{error} The pass is repeated."))
    }
}

impl From<ErpError> for Stop {
    fn from(error: ErpError) -> Self {
        if error.needs_a_person() { Self::GiveUp(error.to_string()) } else { Self::Retry(error.to_string()) }
    }
}
