//! Slots and leases in Postgres. The ticker only ticks: which slot runs, where, how often and how late is decided by
//! rows, so any number of replicas share the work and none runs twice.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use shared::dataset::Dataset;
use shared::steering;
use sqlx::{PgExecutor, PgPool};

use super::pass::Counts;
use crate::config::{CatchUp, Job, Reach, Rhythm};

/// Slots missed longer ago than this are forgotten.
const CATCH_UP_HOURS: i64 = 24;

/// Slots that ended are kept for a week, for people to look at; the newest of each job for good: from it the next is counted.
const KEEP_DAYS: i32 = 7;

/// A slot further ahead than this was written while the database's clock was wrong, and does not count.
const AHEAD_S: i64 = 60;

/// A slot that is ours until its lease runs out, with the number of its pass.
#[derive(Debug, Clone)]
pub struct Claim {
    pub job: String,
    pub slot_at: DateTime<Utc>,
    pub dataset: Dataset,
    pub attempt: i32,
    pub owner: String,
    pub pass: i64,
    pub read_at: DateTime<Utc>,
}

/// How a pass ended.
#[derive(Debug)]
pub enum Outcome {
    Done,
    /// Tried again later, with this reason.
    Failed(String),
    /// We were asked to stop: the slot goes back as if it had not been taken.
    Drained,
}

pub struct Schedule {
    pool: PgPool,
    jobs: Vec<Job>,
    zone: Tz,
    rhythm: Rhythm,
    owner: String,
}

/// The job runs now, beside its cron line.
pub async fn ask_for(executor: impl PgExecutor<'_>, job: &Job) -> sqlx::Result<()> {
    steering::run_now(executor, &job.name, job.dataset.name()).await
}

impl Schedule {
    pub fn new(pool: PgPool, jobs: Vec<Job>, zone: Tz, rhythm: Rhythm) -> Self {
        let owner = uuid::Uuid::new_v4().to_string();
        Self { pool, jobs, zone, rhythm, owner }
    }

    /// Inserts the slots that have come due, and takes back those whose owner has vanished.
    pub async fn tick(&self) -> sqlx::Result<()> {
        let now = sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(&self.pool).await?;
        let drift_ms = (shared::clock::now() - now).num_milliseconds().abs();
        if drift_ms > 2_000 {
            tracing::warn!(clock.drift_ms = drift_ms, "The clock here is {drift_ms} ms off the database's");
        }
        self.come_back(now).await?;
        for job in &self.jobs {
            self.insert_due(job, now).await?;
        }
        self.announce(now).await?;
        self.sweep().await
    }

    /// Says what is read and when next. Written where it is another than was said, and once in a while, to show that somebody is there.
    async fn announce(&self, now: DateTime<Utc>) -> sqlx::Result<()> {
        let names: Vec<&str> = self.jobs.iter().map(|job| job.name.as_str()).collect();
        let datasets: Vec<&str> = self.jobs.iter().map(|job| job.dataset.name()).collect();
        let reaches: Vec<&str> = self.jobs.iter().map(|job| job.reach.name()).collect();
        let crons: Vec<String> = self.jobs.iter().map(|job| job.cron.to_string()).collect();
        let next: Vec<Option<DateTime<Utc>>> = self.jobs.iter().map(|job| job.cron.next(now, self.zone)).collect();
        sqlx::query!(
            "INSERT INTO cron_job (job, dataset, reach, cron, next_at)
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
             ON CONFLICT (job) DO UPDATE SET dataset = excluded.dataset, reach = excluded.reach, cron = excluded.cron,
                 next_at = excluded.next_at, said_at = now()
             WHERE (cron_job.dataset, cron_job.reach, cron_job.cron) <> (excluded.dataset, excluded.reach, excluded.cron)
                OR cron_job.next_at IS DISTINCT FROM excluded.next_at OR cron_job.said_at < now() - interval '30 seconds'",
            &names as &[&str],
            &datasets as &[&str],
            &reaches as &[&str],
            &crons,
            &next as &[Option<DateTime<Utc>>],
        )
        .execute(&self.pool)
        .await?;
        // A job of a former configuration: nobody says so any more.
        sqlx::query!("DELETE FROM cron_job WHERE said_at < now() - interval '1 day'")
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// The clock was ahead and is right again: what it wrote of the future would hold everything up until then.
    async fn come_back(&self, now: DateTime<Utc>) -> sqlx::Result<()> {
        let (lease_s, ahead_s) = (self.rhythm.lease.as_secs_f64(), AHEAD_S as f64);
        let removed = sqlx::query!(
            "DELETE FROM slot WHERE state = 'queued' AND slot_at > $1",
            now + chrono::Duration::seconds(AHEAD_S),
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        if removed > 0 {
            tracing::warn!(slots = removed, "Removed {removed} slots of the future: the database's clock was ahead");
        }
        // Whoever is alive beats again within the lease.
        sqlx::query!(
            "UPDATE slot SET lease_until = now() + make_interval(secs => $1)
             WHERE state = 'running' AND lease_until > now() + make_interval(secs => $1 + $2::float8)",
            lease_s,
            ahead_s,
        )
        .execute(&self.pool)
        .await?;
        sqlx::query!(
            "UPDATE slot SET not_before = now() WHERE state = 'queued' AND not_before > now() + make_interval(secs => $1)",
            self.longest_pause().as_secs_f64() + ahead_s,
        )
        .execute(&self.pool)
        .await
        .map(drop)
    }

    async fn insert_due(&self, job: &Job, now: DateTime<Utc>) -> sqlx::Result<()> {
        let last = sqlx::query_scalar!(
            "SELECT max(slot_at) FROM slot WHERE job = $1 AND slot_at <= $2",
            job.name,
            now + chrono::Duration::seconds(AHEAD_S),
        )
        .fetch_one(&self.pool)
        .await?;
        let due = match last {
            // The first start of all: begin at once, whatever the line says.
            None => vec![now],
            Some(last) => {
                let earliest = now - chrono::Duration::hours(CATCH_UP_HOURS);
                job.cron.between(last.max(earliest), now, self.zone)
            }
        };
        let Some(latest) = due.last().copied() else { return Ok(()) };
        let is_late = |slot: DateTime<Utc>| now - slot > chrono::Duration::seconds(60);
        let states: Vec<&str> = due
            .iter()
            .map(|slot| match job.catch_up {
                // The first load, which the usual job begins at once, reads everything, and is compared when it is done.
                _ if last.is_none() && matches!(job.reach, Reach::Everything | Reach::Audit) => "missed",
                CatchUp::All => "queued",
                CatchUp::Latest if *slot == latest => "queued",
                CatchUp::None if !is_late(*slot) => "queued",
                CatchUp::Latest | CatchUp::None => "missed",
            })
            .collect();
        let mut tx = self.pool.begin().await?;
        let inserted = sqlx::query!(
            "INSERT INTO slot (job, slot_at, dataset, state)
             SELECT $1, slot_at, $2, state FROM unnest($3::timestamptz[], $4::text[]) AS due (slot_at, state)
             ON CONFLICT DO NOTHING",
            job.name,
            job.dataset.name(),
            &due,
            &states as &[&str],
        )
        .execute(&mut *tx)
        .await?;
        if inserted.rows_affected() > 0 && job.catch_up == CatchUp::Latest {
            // A later slot does the work of the queued ones before it.
            sqlx::query!(
                "UPDATE slot SET state = 'missed', finished_at = now(), reason = coalesce(reason, 'a later slot took its place')
                 WHERE job = $1 AND slot_at < $2 AND state = 'queued'",
                job.name,
                latest,
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await
    }

    /// Expired leases: queued again, or parked with a reason once their attempts are used up.
    async fn sweep(&self) -> sqlx::Result<()> {
        let swept = sqlx::query!(
            "UPDATE slot SET state = CASE WHEN attempt < $1 THEN 'queued' ELSE 'parked' END, owner = NULL, lease_until = NULL,
                 not_before = now(), reason = 'its owner has vanished'
             WHERE state = 'running' AND lease_until < now()",
            self.rhythm.attempts,
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        if swept > 0 {
            tracing::warn!(slots = swept, "Took {swept} slots back whose owner has vanished");
        }
        sqlx::query!(
            "DELETE FROM slot s
             WHERE s.state IN ('done', 'missed', 'parked') AND s.slot_at < now() - make_interval(days => $1)
               AND EXISTS (SELECT FROM slot n WHERE n.job = s.job AND n.slot_at > s.slot_at
                           AND n.slot_at <= now() + make_interval(secs => $2))",
            KEEP_DAYS,
            AHEAD_S as f64,
        )
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Takes the oldest slot that is due, if its dataset is free and no other replica is at work, and draws the number
    /// of its pass. Slots of jobs that only another release knows are left to it. Without a place for another reading only
    /// comparisons are taken.
    pub async fn claim(&self, may_read: bool) -> sqlx::Result<Option<Claim>> {
        let mut tx = self.pool.begin().await?;
        // One claim at a time, each seeing the one before.
        sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('slot claim'))").execute(&mut *tx).await?;
        let jobs: Vec<&str> = self.jobs.iter().map(|job| job.name.as_str()).collect();
        let claimed = sqlx::query_file!(
            "src/extract/claim.sql",
            self.owner,
            self.rhythm.lease.as_secs_f64(),
            &jobs as &[&str],
            may_read,
        )
        .fetch_optional(&mut *tx)
        .await;
        let Some(due) = (match claimed {
            // Another replica was faster: nothing to do.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(None),
            other => other?,
        }) else {
            return Ok(None);
        };
        // Only jobs that we know are claimed, and with them their datasets.
        let known = self.jobs.iter().map(|job| job.dataset).find(|known| known.name() == due.dataset);
        let Some(dataset) = known else { return Ok(None) };
        let drawn = sqlx::query!(
            "INSERT INTO progress (dataset, pass, claimed_at) VALUES ($1, nextval('pass_number'), now())
             ON CONFLICT (dataset) DO UPDATE SET pass = excluded.pass, claimed_at = excluded.claimed_at
             RETURNING pass, claimed_at",
            dataset.name(),
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(Claim {
            job: due.job,
            slot_at: due.slot_at,
            dataset,
            attempt: due.attempt,
            owner: self.owner.clone(),
            pass: drawn.pass,
            read_at: drawn.claimed_at,
        }))
    }

    /// Keeps the lease and says what the pass has met. False: the lease is lost, and what runs under it must stop.
    pub async fn heartbeat(&self, claim: &Claim, counts: &Counts) -> sqlx::Result<bool> {
        let [sent, lines, skipped, rejected] = counts.now();
        let beaten = sqlx::query!(
            "UPDATE slot SET lease_until = now() + make_interval(secs => $5), sent = $6, lines = $7, skipped = $8, rejected = $9
             WHERE job = $1 AND slot_at = $2 AND owner = $3 AND attempt = $4 AND state = 'running'",
            claim.job,
            claim.slot_at,
            claim.owner,
            claim.attempt,
            self.rhythm.lease.as_secs_f64(),
            sent,
            lines,
            skipped,
            rejected,
        )
        .execute(&self.pool)
        .await?;
        Ok(beaten.rows_affected() == 1)
    }

    /// Writes down how it ended. False: the slot is no longer ours, and nothing was written.
    pub async fn finish(&self, claim: &Claim, outcome: &Outcome, counts: &Counts) -> sqlx::Result<bool> {
        let [sent, lines, skipped, rejected] = counts.now();
        let (state, reason, pause) = match outcome {
            Outcome::Done => ("done", None, Duration::ZERO),
            Outcome::Drained => ("queued", None, Duration::ZERO),
            Outcome::Failed(reason) if claim.attempt >= self.rhythm.attempts => {
                ("parked", Some(reason), Duration::ZERO)
            }
            Outcome::Failed(reason) => ("queued", Some(reason), self.pause_after(claim.attempt)),
        };
        let written = sqlx::query!(
            "UPDATE slot SET state = $5, reason = $6, lease_until = NULL, owner = CASE WHEN $5 = 'queued' THEN NULL ELSE owner END,
                 not_before = now() + make_interval(secs => $7),
                 attempt = attempt - CASE WHEN $8 THEN 1 ELSE 0 END,
                 finished_at = CASE WHEN $5 = 'queued' THEN NULL ELSE now() END,
                 sent = $9, lines = $10, skipped = $11, rejected = $12
             WHERE job = $1 AND slot_at = $2 AND owner = $3 AND attempt = $4 AND state = 'running'",
            claim.job,
            claim.slot_at,
            claim.owner,
            claim.attempt,
            state,
            reason,
            pause.as_secs_f64(),
            matches!(outcome, Outcome::Drained),
            sent,
            lines,
            skipped,
            rejected,
        )
        .execute(&self.pool)
        .await?;
        Ok(written.rows_affected() == 1)
    }

    /// One minute, doubled with each attempt, with a random quarter off.
    fn pause_after(&self, attempt: i32) -> Duration {
        self.doubled(attempt).mul_f64(1.0 - 0.25 * rand::random::<f64>())
    }

    fn longest_pause(&self) -> Duration {
        self.doubled(self.rhythm.attempts)
    }

    fn doubled(&self, attempt: i32) -> Duration {
        self.rhythm.retry.saturating_mul(2u32.saturating_pow(u32::try_from(attempt - 1).unwrap_or(0)))
    }
}
