//! The words of whoever steers the extractors: run now, pause, read again, let through, replay. They are rows that the extractors find;
//! what is read again begins with a new pass, which overtakes the one under way.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor};

/// What is read, how far and when next: as the extractors say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronJob {
    /// `sales`, `sales-full`, `sales-audit`.
    pub job: String,
    pub dataset: String,
    /// `usual`, `everything`, `audit` or `nothing`.
    pub reach: String,
    pub cron: String,
    pub next_at: Option<DateTime<Utc>>,
    /// When an extractor last said so.
    pub said_at: DateTime<Utc>,
}

/// All of them, by dataset.
pub async fn jobs(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<CronJob>> {
    sqlx::query_as!(CronJob, "SELECT job, dataset, reach, cron, next_at, said_at FROM cron_job ORDER BY dataset, job")
        .fetch_all(executor)
        .await
}

/// The job that reads most of a dataset.
pub fn widest<'a>(jobs: &'a [CronJob], dataset: &str) -> Option<&'a CronJob> {
    let job = |reach: &str| jobs.iter().find(|job| job.dataset == dataset && job.reach == reach);
    job("everything").or_else(|| job("usual"))
}

/// The job runs now, beside its cron line.
pub async fn run_now(executor: impl PgExecutor<'_>, job: &str, dataset: &str) -> sqlx::Result<()> {
    sqlx::query!("INSERT INTO slot (job, slot_at, dataset) VALUES ($1, now(), $2) ON CONFLICT DO NOTHING", job, dataset)
        .execute(executor)
        .await
        .map(drop)
}

/// Nobody reads the dataset until it is resumed; a pass under way ends as usual.
pub async fn pause(executor: impl PgExecutor<'_>, dataset: &str, by: &str, reason: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO paused (dataset, paused_by, reason) VALUES ($1, $2, $3)
         ON CONFLICT (dataset) DO UPDATE SET paused_by = excluded.paused_by, reason = excluded.reason",
        dataset,
        by,
        reason,
    )
    .execute(executor)
    .await
    .map(drop)
}

/// False: it was not paused.
pub async fn resume(executor: impl PgExecutor<'_>, dataset: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!("DELETE FROM paused WHERE dataset = $1", dataset).execute(executor).await?;
    Ok(done.rows_affected() == 1)
}

/// What will be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reread {
    pub sent: u64,
    pub rejected: u64,
}

/// Has the days from `from` to `to` (both included; open ends take all) read again by this job, and everything that was rejected,
/// whose days nobody knows: the ledger forgets what it sent, not where that lies, so that nothing is left behind.
pub async fn reread(
    connection: &mut PgConnection,
    (job, dataset): (&str, &str),
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
) -> sqlx::Result<Reread> {
    begin_anew(connection, job, dataset).await?;
    let sent = sqlx::query!(
        "UPDATE sent SET data_version = ''
         WHERE dataset = $1 AND ($2::date IS NULL OR sold_on >= $2) AND ($3::date IS NULL OR sold_on <= $3)",
        dataset,
        from,
        to,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    let rejected = sqlx::query!("DELETE FROM rejected WHERE dataset = $1", dataset)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    Ok(Reread { sent, rejected })
}

/// A span that was compared, with far fewer found in 1C than stand here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// `all`, `the last days`, `2024-03`.
    pub span: String,
    /// Documents or items whose rows stand in the warehouse.
    pub known: i64,
    /// How many of them 1C did not show.
    pub missing: i64,
}

/// Lets through what the brake holds of a dataset, up to what was missing; returns it. Nothing held, nothing to be committed.
pub async fn release(connection: &mut PgConnection, (job, dataset): (&str, &str)) -> sqlx::Result<Vec<Held>> {
    begin_anew(connection, job, dataset).await?;
    sqlx::query_as!(
        Held,
        "UPDATE held SET released_at = now() WHERE dataset = $1 RETURNING span, known, missing",
        dataset,
    )
    .fetch_all(&mut *connection)
    .await
}

/// Has what was set aside of a dataset read again, or this one of it: 1C's documents, and messages that the loader could not read.
pub async fn replay(
    connection: &mut PgConnection,
    (job, dataset): (&str, &str),
    key: Option<&str>,
) -> sqlx::Result<u64> {
    begin_anew(connection, job, dataset).await?;
    let rejected =
        sqlx::query!("DELETE FROM rejected WHERE dataset = $1 AND ($2::text IS NULL OR key = $2)", dataset, key)
            .execute(&mut *connection)
            .await?
            .rows_affected();
    // A message that was none was sent, and counts as sent: the ledger has to forget it.
    let misfits = sqlx::query_scalar!(
        "DELETE FROM misfit WHERE dataset = $1 AND ($2::text IS NULL OR key = $2) RETURNING key",
        dataset,
        key,
    )
    .fetch_all(&mut *connection)
    .await?;
    let keys: Vec<uuid::Uuid> = misfits.iter().filter_map(|key| key.parse().ok()).collect();
    sqlx::query!("UPDATE sent SET data_version = '' WHERE dataset = $1 AND key = ANY($2)", dataset, &keys)
        .execute(&mut *connection)
        .await?;
    Ok(rejected + misfits.len() as u64)
}

/// From here on nothing is written any more of what the pass under way has read, and the dataset's next slot is due.
async fn begin_anew(connection: &mut PgConnection, job: &str, dataset: &str) -> sqlx::Result<()> {
    sqlx::query!("UPDATE progress SET pass = nextval('pass_number') WHERE dataset = $1", dataset)
        .execute(&mut *connection)
        .await?;
    run_now(&mut *connection, job, dataset).await
}
