//! Why an attempt has no file: what the person is told, and the cause for the log.

use shared::file_store::StoreError;
use shared::jobs::Reason;
use shared::report::run::RunError;

/// An attempt that ended without a file.
#[derive(Debug)]
pub enum Failure {
    /// The job is no longer ours, was cancelled, or we were asked to stop.
    Stopped,
    Because(Reason, String),
}

impl Failure {
    pub fn because(reason: Reason, cause: impl std::fmt::Display) -> Self {
        Self::Because(reason, cause.to_string())
    }
}

impl From<RunError> for Failure {
    fn from(cause: RunError) -> Self {
        let reason = match &cause {
            RunError::Unavailable(_) => Reason::Warehouse,
            RunError::TooMany { .. } => Reason::Quota,
            RunError::TimedOut => Reason::TooLong,
            RunError::TooMuch(_) => Reason::TooMuch,
            RunError::Refused(_) => Reason::Internal,
        };
        Self::because(reason, cause)
    }
}

impl From<StoreError> for Failure {
    fn from(cause: StoreError) -> Self {
        Self::because(Reason::Storage, cause)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(cause: sqlx::Error) -> Self {
        Self::because(Reason::Internal, format!("PostgreSQL: {cause}"))
    }
}
