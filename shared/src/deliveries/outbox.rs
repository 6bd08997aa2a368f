//! The reporter's side: what is due becomes mails, a mail is claimed, kept and ended. Every clock is PostgreSQL's. A claim draws a
//! fence; each later write of its holder names it, and changes nothing once somebody else has the mail.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;

use super::reason::Reason;
use super::schedule::Schedule;
use super::threshold::Threshold;
use super::unsubscribe::Token;

/// What was missed by more than this is not made up for.
const GRACE: TimeDelta = TimeDelta::hours(12);
/// Refusals in a row after which a recipient gets nothing more.
const REFUSALS: i32 = 3;
/// How long people can see what became of their mails, and unsubscribe by them.
const KEEP_DAYS: i32 = 400;

#[derive(Debug, Clone)]
pub struct Rhythm {
    pub lease: Duration,
    /// The pause after a failed try; each further one doubles it.
    pub retry: Duration,
    pub attempts: i32,
}

impl Default for Rhythm {
    fn default() -> Self {
        // Ten tries within eight and a half hours.
        Self { lease: Duration::from_secs(60), retry: Duration::from_secs(60), attempts: 10 }
    }
}

/// A mail that is ours until its lease runs out.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Of the message, too.
    pub id: Uuid,
    pub delivery: Uuid,
    /// The recipient.
    pub subject: String,
    pub due_at: DateTime<Utc>,
    pub attempt: i32,
    pub fence: i64,
    pub export: Option<Uuid>,
    pub title: String,
    pub report: String,
    pub query: String,
    pub format: String,
    pub rhythm: String,
    pub at_time: NaiveTime,
    pub timezone: String,
    pub threshold: Option<Json<Threshold>>,
    pub is_alarmed: bool,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server has taken it. `is_alarmed`: what the recipient now knows of the threshold.
    Sent { is_alarmed: bool },
    /// The threshold had nothing new to say.
    Quiet,
    /// Tried again, where that may help and tries are left.
    Failed(Reason),
    /// We were asked to stop, or it is not wanted any more: as if it had not been taken.
    Drained,
}

#[derive(Debug, Clone)]
pub struct Outbox {
    pool: PgPool,
    rhythm: Rhythm,
}

impl Outbox {
    pub fn new(pool: PgPool, rhythm: Rhythm) -> Self {
        Self { pool, rhythm }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub fn rhythm(&self) -> &Rhythm {
        &self.rhythm
    }

    /// Makes mails of what has come due, and moves each delivery to its next time. How many deliveries.
    pub async fn fill(&self) -> sqlx::Result<usize> {
        let mut transaction = self.pool.begin().await?;
        let due = sqlx::query!(
            r#"SELECT id, rhythm, at_time, timezone, next_due_at, now() AS "now!" FROM delivery
               WHERE NOT is_paused AND next_due_at <= now() ORDER BY next_due_at LIMIT 50 FOR UPDATE SKIP LOCKED"#,
        );
        let due = due.fetch_all(&mut *transaction).await?;
        for delivery in &due {
            let Some(schedule) = Schedule::read(&delivery.rhythm, delivery.at_time, &delivery.timezone) else {
                tracing::error!(delivery.id = %delivery.id, "A delivery has a schedule that this release does not know: paused");
                sqlx::query!("UPDATE delivery SET is_paused = true WHERE id = $1", delivery.id)
                    .execute(&mut *transaction)
                    .await?;
                continue;
            };
            let last = schedule.last_until(delivery.next_due_at, delivery.now);
            if delivery.now - last <= GRACE {
                sqlx::query!(
                    "INSERT INTO delivery_mail (id, delivery, subject, due_at)
                     SELECT gen_random_uuid(), delivery, subject, $2 FROM delivery_recipient
                     WHERE delivery = $1 AND unsubscribed_at IS NULL AND stopped_at IS NULL
                     ON CONFLICT DO NOTHING",
                    delivery.id,
                    last,
                )
                .execute(&mut *transaction)
                .await?;
            }
            let next = schedule.next_after(delivery.now);
            sqlx::query!("UPDATE delivery SET next_due_at = $2 WHERE id = $1", delivery.id, next)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(due.len())
    }

    /// Takes the mail that is next, if there is one: queued, or left by one who has vanished.
    pub async fn claim(&self) -> sqlx::Result<Option<Mail>> {
        let lease_s = self.rhythm.lease.as_secs_f64();
        sqlx::query_file_as!(Mail, "src/deliveries/claim.sql", lease_s).fetch_optional(&self.pool).await
    }

    /// Keeps the lease. False: it is no longer ours, and what is under way must stop.
    pub async fn beat(&self, mail: &Mail) -> sqlx::Result<bool> {
        let beaten = sqlx::query!(
            "UPDATE delivery_mail SET lease_until = now() + make_interval(secs => $3)
             WHERE id = $1 AND fence = $2 AND state = 'sending'",
            mail.id,
            mail.fence,
            self.rhythm.lease.as_secs_f64(),
        );
        Ok(beaten.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// A way out for this mail's recipient; those of earlier tries and mails stay good. None: since the claim the delivery was paused or
    /// removed, the recipient has unsubscribed, or the mail is somebody else's.
    pub async fn token(&self, mail: &Mail) -> sqlx::Result<Option<Token>> {
        let token = Token::fresh();
        let kept = sqlx::query!(
            "INSERT INTO unsubscribe_token (token_hash, delivery, subject)
             SELECT $1, m.delivery, m.subject FROM delivery_mail m
             JOIN delivery d ON d.id = m.delivery
             JOIN delivery_recipient r ON r.delivery = m.delivery AND r.subject = m.subject
             WHERE m.id = $2 AND m.fence = $3 AND m.state = 'sending' AND NOT d.is_paused AND r.unsubscribed_at IS NULL",
            &token.hash(),
            mail.id,
            mail.fence,
        );
        Ok((kept.execute(&self.pool).await?.rows_affected() == 1).then_some(token))
    }

    /// Remembers the job that keeps its file: another try makes none anew.
    pub async fn keep_export(&self, mail: &Mail, export: Uuid) -> sqlx::Result<()> {
        let kept = sqlx::query!(
            "UPDATE delivery_mail SET export = $3 WHERE id = $1 AND fence = $2 AND state = 'sending'",
            mail.id,
            mail.fence,
            export,
        );
        kept.execute(&self.pool).await.map(drop)
    }

    /// Writes down how a try ended. False: it is no longer ours, and nothing was written.
    pub async fn finish(&self, mail: &Mail, outcome: Outcome) -> sqlx::Result<bool> {
        let mut transaction = self.pool.begin().await?;
        let is_last = mail.attempt >= self.rhythm.attempts;
        let (state, reason) = match outcome {
            Outcome::Sent { .. } => ("sent", None),
            Outcome::Quiet => ("quiet", None),
            Outcome::Failed(reason) if reason.may_pass() && !is_last => ("queued", Some(reason.code())),
            Outcome::Failed(reason) => ("failed", Some(reason.code())),
            Outcome::Drained => ("queued", None),
        };
        let doubled = 2u32.saturating_pow(u32::try_from(mail.attempt - 1).unwrap_or_default());
        let (pause, given_back) = match outcome {
            Outcome::Drained => (Duration::ZERO, 1),
            _ => (self.rhythm.retry.saturating_mul(doubled), 0),
        };
        let written = sqlx::query!(
            "UPDATE delivery_mail SET state = $3, reason = $4, lease_until = NULL, attempt = attempt - $6,
                 not_before = now() + make_interval(secs => $5), finished_at = CASE WHEN $3 = 'queued' THEN NULL ELSE now() END
             WHERE id = $1 AND fence = $2 AND state = 'sending'",
            mail.id,
            mail.fence,
            state,
            reason,
            pause.as_secs_f64(),
            given_back,
        );
        if written.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Ok(false);
        }
        let told = match outcome {
            Outcome::Sent { is_alarmed } => Some((false, is_alarmed)),
            Outcome::Failed(Reason::Refused) => Some((true, mail.is_alarmed)),
            _ => None,
        };
        if let Some((is_refused, is_alarmed)) = told {
            sqlx::query!(
                "UPDATE delivery_recipient SET is_alarmed = $4, refusals = CASE WHEN $3 THEN refusals + 1 ELSE 0 END,
                     stopped_at = CASE WHEN $3 AND refusals + 1 >= $5 THEN coalesce(stopped_at, now()) ELSE stopped_at END
                 WHERE delivery = $1 AND subject = $2",
                mail.delivery,
                mail.subject,
                is_refused,
                is_alarmed,
                REFUSALS,
            )
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends what lay for a day, whyever, and forgets what is long over.
    pub async fn sweep(&self) -> sqlx::Result<()> {
        sqlx::query!(
            "UPDATE delivery_mail SET state = 'failed', reason = $1, finished_at = now()
             WHERE (state = 'queued' OR state = 'sending' AND lease_until < now()) AND due_at < now() - interval '1 day'",
            Reason::Late.code(),
        )
        .execute(&self.pool)
        .await?;
        let old =
            sqlx::query!("DELETE FROM delivery_mail WHERE finished_at < now() - make_interval(days => $1)", KEEP_DAYS);
        old.execute(&self.pool).await?;
        let old = sqlx::query!(
            "DELETE FROM unsubscribe_token WHERE created_at < now() - make_interval(days => $1)",
            KEEP_DAYS
        );
        old.execute(&self.pool).await.map(drop)
    }
}
