//! The audit: who signed in, was refused, saw, took away, granted, looked as whom. A table of its own that is only added to
//! (`shared/migrations/postgres/0121_audit.sql`); the technical log names no person, and this holds no search word, token or row.
//!
//! What must not happen unseen (a grant, a look, a file) is written before it happens, in the same transaction where there is one.
//! A report that is opened again and again is written once a quarter of an hour, so that clicking filters writes nothing.

mod event;

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use moka::future::Cache;
use shared::ids::DealerId;
use sqlx::PgExecutor;
use uuid::Uuid;

pub use self::event::Event;

/// One report opened again and again by the same session is one event for so long.
const SAME_FOR: Duration = Duration::from_secs(15 * 60);

/// Whoever is at the keyboard, from where, and as whom he looks: one value from the session to the audit.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// Keycloak's `sub`; empty where nobody is known.
    pub subject: String,
    /// As a person reads it.
    pub name: String,
    /// None: as oneself.
    pub look: Option<Look>,
    /// The first letters of the session's hash; a program has none.
    pub session: Option<String>,
    pub address: Option<IpAddr>,
}

/// A look at the portal as a dealer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub id: Uuid,
    pub dealer: DealerId,
    pub until: DateTime<Utc>,
}

/// What happened, besides who did it.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// Whose rows it was about.
    pub dealers: &'a [Uuid],
    /// The report, the dataset, the route, the other person.
    pub what: &'a str,
    /// For people.
    pub detail: &'a str,
}

/// Writes it down.
pub async fn record(executor: impl PgExecutor<'_>, actor: &Actor, event: Event, about: About<'_>) -> sqlx::Result<()> {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    sqlx::query!(
        "INSERT INTO audit_event (event, actor, actor_name, look, dealers, about, detail, session, address)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::inet)",
        event.code(),
        known(&actor.subject),
        known(&actor.name),
        actor.look.map(|look| look.id),
        about.dealers,
        about.what,
        about.detail,
        actor.session,
        actor.address.map(|address| address.to_string()),
    )
    .execute(executor)
    .await
    .map(drop)
}

/// What was written down lately: the same again and again is one event for a quarter of an hour.
pub struct Lately(Cache<String, ()>);

impl Default for Lately {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(100_000).time_to_live(SAME_FOR).build())
    }
}

impl Lately {
    /// A report, or the overview, is opened for these dealers.
    pub async fn opened(
        &self,
        executor: impl PgExecutor<'_>,
        actor: &Actor,
        report: &str,
        dealers: &[DealerId],
    ) -> sqlx::Result<()> {
        let dealers: Vec<Uuid> = dealers.iter().map(|dealer| dealer.0).collect();
        let about = About { dealers: &dealers, what: report, detail: "" };
        self.record(executor, actor, Event::ReportOpened, about).await
    }

    /// Writes it down, unless the same session did the same lately.
    pub async fn record(
        &self,
        executor: impl PgExecutor<'_>,
        actor: &Actor,
        event: Event,
        about: About<'_>,
    ) -> sqlx::Result<()> {
        let key = format!("{} {:?} {:?} {event:?} {about:?}", actor.subject, actor.session, actor.look);
        if self.0.contains_key(&key) {
            return Ok(());
        }
        record(executor, actor, event, about).await?;
        self.0.insert(key, ()).await;
        Ok(())
    }
}

/// Removes what is older than so many days, half a year at least.
pub async fn forget(executor: impl PgExecutor<'_>, keep_days: i32) -> sqlx::Result<()> {
    sqlx::query_scalar!("SELECT audit_forget($1)", keep_days).fetch_one(executor).await.map(drop)
}
