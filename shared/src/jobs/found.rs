//! Jobs as those who asked for them see them. Every question names the person: a foreign job is found no more than one that
//! is nowhere.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use super::names::CANCELLED;
use super::order::Request;

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum State {
    Queued,
    Running,
    /// Its file is whole, until it expires.
    Done,
    Failed,
    Cancelled,
}

impl State {
    /// Nothing more will happen to it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

#[derive(Debug, Clone)]
pub struct Job {
    pub id: Uuid,
    /// Whose rows, as granted when it was asked for.
    pub dealers: Vec<Uuid>,
    pub request: Json<Request>,
    pub state: State,
    /// How often a worker took it: 1 for the first time.
    pub attempt: i32,
    /// Rows that this attempt has written.
    pub written: i64,
    /// Rows that there will be; none before they are counted.
    pub total: Option<i64>,
    /// The greatest so far, 0 to 99.
    pub percent: i16,
    /// Seconds since the first row of this attempt.
    pub writing_s: Option<f64>,
    /// Seconds until it may be tried again; below 0 where it may be now.
    pub waits_s: f64,
    /// Its name in the store; none where there is no file, or none any more.
    pub file_key: Option<String>,
    /// As a person reads it.
    pub file_name: Option<String>,
    /// The same for old programs.
    pub file_plain_name: Option<String>,
    pub media_type: Option<String>,
    pub file_bytes: Option<i64>,
    pub expires_at: Option<DateTime<Utc>>,
    pub is_expired: bool,
    /// A code of `Reason`.
    pub reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl Job {
    /// Its file may be had.
    pub const fn has_file(&self) -> bool {
        matches!(self.state, State::Done) && !self.is_expired && self.file_key.is_some()
    }
}

/// A job of this person; none for one of another's.
pub async fn find(pool: &PgPool, id: Uuid, subject: &str) -> sqlx::Result<Option<Job>> {
    let found =
        sqlx::query_file_as!(Job, "src/jobs/found.sql", subject, Some(id) as Option<Uuid>, None as Option<Uuid>, 1);
    found.fetch_optional(pool).await
}

/// So many jobs of this person, the newest first; those that were asked for before this one, if one is named.
pub async fn of_subject(pool: &PgPool, subject: &str, before: Option<Uuid>, most: i64) -> sqlx::Result<Vec<Job>> {
    sqlx::query_file_as!(Job, "src/jobs/found.sql", subject, None as Option<Uuid>, before, most).fetch_all(pool).await
}

/// Cancels a job of this person that is not over; workers hear of it at once. False where there is nothing to cancel.
pub async fn cancel(executor: impl PgExecutor<'_>, id: Uuid, subject: &str) -> sqlx::Result<bool> {
    cancel_of(executor, id, Some(subject)).await
}

/// The same, whoever asked for it: for an administrator.
pub async fn cancel_any(executor: impl PgExecutor<'_>, id: Uuid) -> sqlx::Result<bool> {
    cancel_of(executor, id, None).await
}

async fn cancel_of(executor: impl PgExecutor<'_>, id: Uuid, subject: Option<&str>) -> sqlx::Result<bool> {
    let cancelled = sqlx::query!(
        "WITH cancelled AS (
             UPDATE job SET state = 'cancelled', finished_at = now(), owner = NULL, lease_until = NULL, reason = NULL
             WHERE id = $1 AND ($2::text IS NULL OR subject = $2) AND state IN ('queued', 'running') RETURNING id)
         SELECT pg_notify($3, id::text) FROM cancelled",
        id,
        subject,
        CANCELLED,
    );
    Ok(cancelled.fetch_optional(executor).await?.is_some())
}
