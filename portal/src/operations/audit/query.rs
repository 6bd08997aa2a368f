//! Events of the audit: what is asked for, and what is found.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::audit::Event;
use crate::error::AppError;
use crate::state::App;

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct Row {
    /// Later events have greater ones.
    pub id: i64,
    pub at: DateTime<Utc>,
    /// A code of `Event`.
    pub event: String,
    /// Keycloak's `sub`; none: nobody knows.
    pub actor: Option<String>,
    pub actor_name: Option<String>,
    /// It happened while looking as a dealer.
    pub is_look: bool,
    /// Whose rows it was about.
    pub dealers: Vec<Uuid>,
    /// The report, the dataset, the route, the other person's `sub`.
    pub about: String,
    pub about_name: Option<String>,
    pub detail: String,
    /// The first letters of the session's hash.
    pub session: Option<String>,
    pub address: Option<String>,
}

/// As an address has it: what does not fit counts as nothing, and the form shows what counts.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// A code, such as `signed-in`.
    #[serde(default)]
    #[param(required = false)]
    pub event: String,
    /// A part of the name, or a `sub`.
    #[serde(default)]
    #[param(required = false)]
    pub who: String,
    #[serde(default)]
    #[param(required = false)]
    pub dealer: String,
    #[serde(default)]
    #[param(required = false)]
    pub from: String,
    #[serde(default)]
    #[param(required = false)]
    pub to: String,
    /// Events before the one with this id.
    #[serde(default)]
    #[param(required = false)]
    pub before: String,
}

/// The same, read.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub event: Option<Event>,
    pub who: String,
    pub dealer: Option<Uuid>,
    /// Days in the zone of the reports, both included.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub before: Option<i64>,
}

impl Wanted {
    pub fn of(asked: &Asked) -> Self {
        Self {
            event: Event::from_code(asked.event.trim()),
            who: asked.who.trim().chars().take(200).collect(),
            dealer: asked.dealer.trim().parse().ok(),
            from: asked.from.trim().parse().ok(),
            to: asked.to.trim().parse().ok(),
            before: asked.before.trim().parse().ok(),
        }
    }

    /// The query of an address that asks for the same, without its place in the list.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let mut add = |name: &str, value: String| {
            if !value.is_empty() {
                query.append_pair(name, &value);
            }
        };
        add("event", self.event.map(|event| event.code().to_owned()).unwrap_or_default());
        add("who", self.who.clone());
        add("dealer", self.dealer.map(|dealer| dealer.to_string()).unwrap_or_default());
        add("from", self.from.map(|day| day.to_string()).unwrap_or_default());
        add("to", self.to.map(|day| day.to_string()).unwrap_or_default());
        query.finish()
    }
}

/// So many of the newest events that fit.
pub async fn events(app: &App, wanted: &Wanted, most: i64) -> Result<Vec<Row>, AppError> {
    let zone = app.engine.timezone();
    let found = sqlx::query_file_as!(
        Row,
        "src/operations/audit/events.sql",
        wanted.event.map(Event::code),
        wanted.who,
        wanted.dealer,
        wanted.from.and_then(|day| begins(day, zone)),
        wanted.to.and_then(|day| day.succ_opt()).and_then(|day| begins(day, zone)),
        wanted.before,
        most,
    );
    Ok(found.fetch_all(&app.postgres).await?)
}

/// The first moment of a day; where the clock skips midnight, the first after it.
fn begins(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    let hours =
        (0..=2).filter_map(|hour| zone.from_local_datetime(&(midnight + chrono::Duration::hours(hour))).earliest());
    hours.map(|begins| begins.to_utc()).next()
}
