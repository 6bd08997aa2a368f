//! Deliveries as their owner sees them. Every question names the owner: a foreign one is found no more than one that is nowhere.

use chrono::{DateTime, NaiveTime, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::schedule::Schedule;
use super::threshold::Threshold;

/// Deliveries of one person.
pub const PER_OWNER: i64 = 50;
/// Recipients of one delivery.
pub const RECIPIENTS: usize = 20;
/// Letters of a title.
pub const LONGEST_TITLE: usize = 100;

#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: Uuid,
    pub title: String,
    pub report: String,
    pub query: String,
    pub format: String,
    pub rhythm: String,
    pub at_time: NaiveTime,
    pub timezone: String,
    pub threshold: Option<Json<Threshold>>,
    pub is_paused: bool,
    pub next_due_at: DateTime<Utc>,
}

impl Delivery {
    /// None where a later release wrote it.
    pub fn schedule(&self) -> Option<Schedule> {
        Schedule::read(&self.rhythm, self.at_time, &self.timezone)
    }
}

/// A delivery that is asked for.
#[derive(Debug)]
pub struct New<'a> {
    pub owner: &'a str,
    pub title: &'a str,
    pub report: &'a str,
    pub query: &'a str,
    pub format: &'a str,
    pub schedule: &'a Schedule,
    pub threshold: Option<&'a Threshold>,
    /// Subjects, each once.
    pub recipients: &'a [String],
    pub first_due_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    Created,
    /// The owner has as many as one may have.
    TooMany,
}

/// What became of the last mail to a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Mailed {
    Queued,
    Sending,
    Sent,
    Quiet,
    Failed,
}

/// A recipient as the owner sees him.
#[derive(Debug, Clone)]
pub struct Recipient {
    pub delivery: Uuid,
    pub subject: String,
    /// None: nobody of that name has signed in.
    pub name: Option<String>,
    pub is_unsubscribed: bool,
    pub is_stopped: bool,
    /// Of the last mail, if there was one.
    pub state: Option<Mailed>,
    pub reason: Option<String>,
    pub finished_at: Option<DateTime<Utc>>,
}

pub async fn create(connection: &mut PgConnection, new: &New<'_>) -> sqlx::Result<Created> {
    // Of one owner one after another: each counts those before it.
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('delivery of ' || $1::text, 0))", new.owner)
        .execute(&mut *connection)
        .await?;
    let count = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM delivery WHERE owner = $1"#, new.owner);
    if count.fetch_one(&mut *connection).await? >= PER_OWNER {
        return Ok(Created::TooMany);
    }
    let id = Uuid::new_v4();
    sqlx::query!(
        "INSERT INTO delivery (id, owner, title, report, query, format, rhythm, at_time, timezone, threshold, next_due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        id,
        new.owner,
        new.title,
        new.report,
        new.query,
        new.format,
        new.schedule.days.to_string(),
        new.schedule.at,
        new.schedule.timezone.name(),
        new.threshold.map(Json) as _,
        new.first_due_at,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO delivery_recipient (delivery, subject) SELECT $1, subject FROM unnest($2::text[]) AS subject",
        id,
        new.recipients,
    )
    .execute(connection)
    .await?;
    Ok(Created::Created)
}

/// All of this person, by the time that is next.
pub async fn of_owner(pool: &PgPool, owner: &str) -> sqlx::Result<Vec<Delivery>> {
    let all = sqlx::query_as!(
        Delivery,
        r#"SELECT id, title, report, query, format, rhythm, at_time, timezone, threshold AS "threshold: Json<Threshold>", is_paused,
               next_due_at
           FROM delivery WHERE owner = $1 ORDER BY is_paused, next_due_at, id"#,
        owner,
    );
    all.fetch_all(pool).await
}

/// The recipients of all deliveries of this person, each with what became of the last mail.
pub async fn recipients(pool: &PgPool, owner: &str) -> sqlx::Result<Vec<Recipient>> {
    sqlx::query_file_as!(Recipient, "src/deliveries/recipients.sql", owner).fetch_all(pool).await
}

pub async fn pause(pool: &PgPool, id: Uuid, owner: &str) -> sqlx::Result<bool> {
    let paused = sqlx::query!("UPDATE delivery SET is_paused = true WHERE id = $1 AND owner = $2", id, owner);
    Ok(paused.execute(pool).await?.rows_affected() == 1)
}

/// Goes on from `next_due_at`, for recipients too whom the mail server had refused. Who unsubscribed stays so.
pub async fn resume(pool: &PgPool, id: Uuid, owner: &str, next_due_at: DateTime<Utc>) -> sqlx::Result<bool> {
    let mut transaction = pool.begin().await?;
    let resumed = sqlx::query!(
        "UPDATE delivery SET is_paused = false, next_due_at = $3 WHERE id = $1 AND owner = $2",
        id,
        owner,
        next_due_at,
    );
    if resumed.execute(&mut *transaction).await?.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!("UPDATE delivery_recipient SET refusals = 0, stopped_at = NULL WHERE delivery = $1", id)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

pub async fn remove(pool: &PgPool, id: Uuid, owner: &str) -> sqlx::Result<bool> {
    let removed = sqlx::query!("DELETE FROM delivery WHERE id = $1 AND owner = $2", id, owner);
    Ok(removed.execute(pool).await?.rows_affected() == 1)
}

/// A mail to each recipient beside the schedule; none while mails of it wait or went out within the last minute. False: none.
pub async fn send_now(pool: &PgPool, id: Uuid, owner: &str) -> sqlx::Result<bool> {
    let sent = sqlx::query!(
        "INSERT INTO delivery_mail (id, delivery, subject, due_at)
         SELECT gen_random_uuid(), r.delivery, r.subject, now()
         FROM delivery_recipient r JOIN delivery d ON d.id = r.delivery
         WHERE d.id = $1 AND d.owner = $2 AND NOT d.is_paused AND r.unsubscribed_at IS NULL AND r.stopped_at IS NULL
           AND NOT EXISTS (SELECT FROM delivery_mail m WHERE m.delivery = d.id
                           AND (m.state IN ('queued', 'sending') OR m.due_at > now() - interval '1 minute'))
         ON CONFLICT DO NOTHING",
        id,
        owner,
    );
    Ok(sent.execute(pool).await?.rows_affected() > 0)
}
