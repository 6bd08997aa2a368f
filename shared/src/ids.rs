//! Identifiers that must not be mixed up.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A dealer: the `Ref_Key` of the partner in 1C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct DealerId(pub Uuid);

impl std::fmt::Display for DealerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
