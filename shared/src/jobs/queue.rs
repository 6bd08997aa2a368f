//! The workers' side of the queue: claim, keep, end. A lease that runs out gives the job to another worker.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;

use super::names::{EXPORT, QUEUED};
use super::order::Request;
use super::reason::Reason;

/// Jobs of one party that run at once, over all workers.
const PER_PARTY: i64 = 2;
/// Rows of jobs that are over stay so long, for people to look at.
const KEEP_DAYS: i32 = 30;

/// The times of a queue.
#[derive(Debug, Clone)]
pub struct Rhythm {
    pub lease: Duration,
    /// The pause after a failed attempt; each further one doubles it.
    pub retry: Duration,
    pub attempts: i32,
    /// How long a file may be had.
    pub keep: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            retry: Duration::from_secs(10),
            attempts: 3,
            keep: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// A job that is ours until its lease runs out.
#[derive(Debug, Clone)]
pub struct Claim {
    pub id: Uuid,
    pub subject: String,
    /// Whose rows, as granted when it was asked for.
    pub dealers: Vec<Uuid>,
    pub request: Json<Request>,
    pub attempt: i32,
    pub fence: i64,
}

/// How far an attempt is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    pub written: u64,
    pub total: Option<u64>,
}

/// A file that is whole in the store.
#[derive(Debug, Clone)]
pub struct Made {
    pub key: String,
    pub name: String,
    pub plain_name: String,
    pub media_type: &'static str,
    pub bytes: u64,
    pub rows: u64,
}

/// How an attempt ended.
#[derive(Debug)]
pub enum Outcome {
    Done(Made),
    /// Tried again, where that may help and attempts are left.
    Failed(Reason),
    /// We were asked to stop: it goes back as if it had not been taken.
    Drained,
}

#[derive(Debug, Clone)]
pub struct Queue {
    pool: PgPool,
    owner: String,
    rhythm: Rhythm,
}

impl Queue {
    pub fn new(pool: PgPool, rhythm: Rhythm) -> Self {
        Self { pool, owner: Uuid::new_v4().to_string(), rhythm }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub fn rhythm(&self) -> &Rhythm {
        &self.rhythm
    }

    /// Takes the job that is next, if there is one.
    pub async fn claim(&self) -> sqlx::Result<Option<Claim>> {
        let mut tx = self.pool.begin().await?;
        // One claim at a time, each seeing the one before: otherwise two would count the same running ones.
        sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('job claim'))").execute(&mut *tx).await?;
        let lease_s = self.rhythm.lease.as_secs_f64();
        let claimed = sqlx::query_file_as!(Claim, "src/jobs/claim.sql", self.owner, lease_s, EXPORT, PER_PARTY)
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Says how far it is and keeps the lease. False: it is no longer ours, and what runs must stop.
    pub async fn beat(&self, claim: &Claim, progress: Progress) -> sqlx::Result<bool> {
        let beaten = sqlx::query!(
            "UPDATE job SET lease_until = now() + make_interval(secs => $3), written = $4::bigint, total = coalesce($5::bigint, total),
                 writing_since = CASE WHEN $4::bigint > 0 THEN coalesce(writing_since, now()) END,
                 percent = greatest(percent, $6)
             WHERE id = $1 AND fence = $2 AND state = 'running'",
            claim.id,
            claim.fence,
            self.rhythm.lease.as_secs_f64(),
            signed(progress.written),
            progress.total.map(signed),
            progress.percent(),
        )
        .execute(&self.pool)
        .await?;
        Ok(beaten.rows_affected() == 1)
    }

    /// Writes down how it ended. False: it is no longer ours, and nothing was written.
    pub async fn finish(&self, claim: &Claim, outcome: &Outcome) -> sqlx::Result<bool> {
        let mut tx = self.pool.begin().await?;
        let written = match outcome {
            Outcome::Done(made) => self.done(&mut tx, claim, made).await?,
            Outcome::Failed(reason) => self.failed(&mut tx, claim, *reason).await?,
            Outcome::Drained => drained(&mut tx, claim).await?,
        };
        // A place is free: another worker may have waited for it.
        sqlx::query!("SELECT pg_notify($1, '')", QUEUED).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(written)
    }

    async fn done(&self, connection: &mut sqlx::PgConnection, claim: &Claim, made: &Made) -> sqlx::Result<bool> {
        let done = sqlx::query!(
            "UPDATE job SET state = 'done', finished_at = now(), owner = NULL, lease_until = NULL, written = $3::bigint, total = $3::bigint,
                 file_key = $4, file_name = $5, file_plain_name = $6, media_type = $7, file_bytes = $8,
                 expires_at = now() + make_interval(secs => $9)
             WHERE id = $1 AND fence = $2 AND state = 'running'",
            claim.id,
            claim.fence,
            signed(made.rows),
            made.key,
            made.name,
            made.plain_name,
            made.media_type,
            signed(made.bytes),
            self.rhythm.keep.as_secs_f64(),
        );
        Ok(done.execute(connection).await?.rows_affected() == 1)
    }

    async fn failed(&self, connection: &mut sqlx::PgConnection, claim: &Claim, reason: Reason) -> sqlx::Result<bool> {
        let is_tried_again = reason.may_pass() && claim.attempt < self.rhythm.attempts;
        let pause =
            self.rhythm.retry.saturating_mul(2u32.saturating_pow(u32::try_from(claim.attempt - 1).unwrap_or(0)));
        let failed = sqlx::query!(
            "UPDATE job SET state = CASE WHEN $3 THEN 'queued' ELSE 'failed' END, reason = $4, owner = NULL, lease_until = NULL,
                 not_before = now() + make_interval(secs => $5), finished_at = CASE WHEN $3 THEN NULL ELSE now() END
             WHERE id = $1 AND fence = $2 AND state = 'running'",
            claim.id,
            claim.fence,
            is_tried_again,
            reason.code(),
            pause.as_secs_f64(),
        );
        Ok(failed.execute(connection).await?.rows_affected() == 1)
    }

    /// Takes back the jobs whose worker has vanished: queued again, or failed once their attempts are used up. How many.
    pub async fn sweep(&self) -> sqlx::Result<u64> {
        let swept = sqlx::query!(
            "UPDATE job SET state = CASE WHEN attempt < $1 THEN 'queued' ELSE 'failed' END, reason = $2, owner = NULL,
                 lease_until = NULL, not_before = now(), finished_at = CASE WHEN attempt < $1 THEN NULL ELSE now() END
             WHERE state = 'running' AND lease_until < now()",
            self.rhythm.attempts,
            Reason::Worker.code(),
        );
        Ok(swept.execute(&self.pool).await?.rows_affected())
    }

    /// How long until a job that waits after a failure may be tried again; none where none waits.
    pub async fn next_due(&self) -> sqlx::Result<Option<Duration>> {
        let due = sqlx::query_scalar!(
            "SELECT extract(epoch FROM min(not_before) - now())::float8 FROM job WHERE state = 'queued' AND not_before > now()",
        );
        let seconds = due.fetch_one(&self.pool).await?;
        Ok(seconds.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, 3600.0))))
    }

    /// Jobs whose files are past their time, with the files' names in the store: a hundred at most.
    pub async fn expired(&self) -> sqlx::Result<Vec<(Uuid, String)>> {
        let expired = sqlx::query!(
            r#"SELECT id, file_key AS "key!" FROM job WHERE file_key IS NOT NULL AND expires_at < now() LIMIT 100"#,
        );
        Ok(expired.fetch_all(&self.pool).await?.into_iter().map(|job| (job.id, job.key)).collect())
    }

    /// The file of this job is gone from the store.
    pub async fn forget_file(&self, id: Uuid) -> sqlx::Result<()> {
        let forgotten = sqlx::query!("UPDATE job SET file_key = NULL WHERE id = $1", id);
        forgotten.execute(&self.pool).await.map(drop)
    }

    /// Of these names in the store those that no job has.
    pub async fn nobodys(&self, keys: &[String]) -> sqlx::Result<Vec<String>> {
        let nobodys = sqlx::query_scalar!(
            r#"SELECT key AS "key!" FROM unnest($1::text[]) AS key WHERE NOT EXISTS (SELECT FROM job WHERE file_key = key)"#,
            keys,
        );
        nobodys.fetch_all(&self.pool).await
    }

    /// Forgets jobs that were over long ago. Those with a file stay until it is gone.
    pub async fn forget_old(&self) -> sqlx::Result<()> {
        let old = sqlx::query!(
            "DELETE FROM job WHERE finished_at < now() - make_interval(days => $1) AND file_key IS NULL",
            KEEP_DAYS,
        );
        old.execute(&self.pool).await.map(drop)
    }
}

async fn drained(connection: &mut sqlx::PgConnection, claim: &Claim) -> sqlx::Result<bool> {
    let drained = sqlx::query!(
        "UPDATE job SET state = 'queued', attempt = attempt - 1, owner = NULL, lease_until = NULL, not_before = now()
         WHERE id = $1 AND fence = $2 AND state = 'running'",
        claim.id,
        claim.fence,
    );
    Ok(drained.execute(connection).await?.rows_affected() == 1)
}

impl Progress {
    /// 0 to 99: there is no 100 before the file is there.
    fn percent(self) -> i16 {
        match self.total {
            Some(total) if total > 0 => {
                i16::try_from((u128::from(self.written) * 100 / u128::from(total)).min(99)).unwrap_or(99)
            }
            _ => 0,
        }
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn percent_is_never_a_hundred_whatever_was_counted_before() {
        let of = |written, total| Progress { written, total }.percent();
        assert_eq!(of(0, None), 0);
        assert_eq!(of(5, None), 0);
        assert_eq!(of(0, Some(0)), 0);
        assert_eq!(of(1, Some(3)), 33);
        assert_eq!(of(3, Some(3)), 99);
        assert_eq!(of(u64::MAX, Some(1)), 99);
    }
}
