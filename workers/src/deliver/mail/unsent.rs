//! Why a mail did not go out: what its owner is told, and the cause for the log.

use shared::deliveries::Reason;
use shared::jobs;

use super::post::Untaken;
use crate::deliver::failure::Failure;

#[derive(Debug)]
pub struct Unsent {
    pub reason: Reason,
    pub cause: String,
}

impl Unsent {
    pub fn because(reason: Reason, cause: impl std::fmt::Display) -> Self {
        Self { reason, cause: cause.to_string() }
    }

    /// What the view or the delivery names is not there any more.
    pub fn gone(what: &str) -> Self {
        Self::because(Reason::File(jobs::Reason::Report), format!("{what} is not there any more"))
    }

    /// Ours to mend.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::because(Reason::File(jobs::Reason::Internal), cause)
    }
}

impl<F: Into<Failure>> From<F> for Unsent {
    fn from(failure: F) -> Self {
        match failure.into() {
            Failure::Because(reason, cause) => Self { reason: Reason::File(reason), cause },
            Failure::Stopped => Self::because(Reason::File(jobs::Reason::Worker), "stopped"),
        }
    }
}

impl From<Untaken> for Unsent {
    fn from(Untaken { reason, cause }: Untaken) -> Self {
        Self { reason, cause }
    }
}
