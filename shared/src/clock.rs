//! The wall clock, in one place. Versions, slots and leases never come from here but from the database.

use chrono::{DateTime, Utc};

/// The present instant, in UTC.
pub fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "this is the one door to the clock")]
    Utc::now()
}
