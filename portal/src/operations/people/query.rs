//! People and their grants, in PostgreSQL and in Keycloak.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use shared::ids::DealerId;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::audit::{self, About, Event};
use crate::auth::operator::Operator;
use crate::directory::Named;
use crate::error::AppError;
use crate::state::App;

/// People that a list shows.
pub const LISTED: i64 = 200;

/// Somebody who has been here, is granted something, or is known to Keycloak.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Person {
    /// Keycloak's `sub`.
    pub subject: String,
    pub name: String,
    /// Of the last sign-in: `dealer`, `manager`, `admin` or `none`.
    pub role: String,
    /// None: never yet.
    pub signed_in_at: Option<DateTime<Utc>>,
    /// By Keycloak, at the last sign-in.
    pub claimed: Vec<Uuid>,
    /// By grants that count now.
    pub granted: Vec<Uuid>,
    /// May look at the portal as the dealers granted.
    pub is_look_allowed: bool,
}

impl From<Named> for Person {
    /// Who has never been here.
    fn from(named: Named) -> Self {
        Self {
            subject: named.subject,
            name: named.name,
            role: "none".to_owned(),
            signed_in_at: None,
            claimed: Vec::new(),
            granted: Vec::new(),
            is_look_allowed: false,
        }
    }
}

/// A grant that counts, or one whose time is over.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Grant {
    pub dealer_id: Uuid,
    pub reason: String,
    /// The name of whoever granted it, or what stands there in its place.
    pub granted_by: String,
    pub granted_at: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
    pub is_over: bool,
}

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    pub subject: Option<&'a str>,
    pub search: &'a str,
    pub dealer: Option<Uuid>,
}

/// Those whom this operator has to do with: of a manager whoever sees one of his dealers. One more than a list shows, where there
/// are more.
pub async fn people(app: &App, operator: &Operator, wanted: &Wanted<'_>) -> Result<Vec<Person>, AppError> {
    let own: Option<Vec<Uuid>> =
        operator.dealers.as_ref().map(|dealers| dealers.iter().map(|dealer| dealer.0).collect());
    let found = sqlx::query_file_as!(
        Person,
        "src/operations/people/find.sql",
        wanted.subject,
        wanted.search.trim(),
        wanted.dealer,
        own.as_deref(),
        LISTED + 1,
    );
    Ok(found.fetch_all(&app.postgres).await?)
}

/// One of them; an administrator finds whoever Keycloak knows, too.
pub async fn person(app: &App, operator: &Operator, subject: &str) -> Result<Person, AppError> {
    let wanted = Wanted { subject: Some(subject), ..Wanted::default() };
    let here = people(app, operator, &wanted).await?.into_iter().next();
    if let Some(known) = here.as_ref().filter(|known| !known.name.is_empty()) {
        return Ok(known.clone());
    }
    let named = match (&operator.dealers, &app.directory) {
        (None, Some(directory)) => directory.person(subject).await.unwrap_or_else(|cause| {
            tracing::warn!(%cause, "Keycloak does not say who somebody is");
            None
        }),
        _ => None,
    };
    match (here, named) {
        (Some(here), named) => Ok(Person { name: named.map_or(here.name, |named| named.name), ..here }),
        (None, Some(named)) => Ok(named.into()),
        (None, None) => Err(AppError::NotFound),
    }
}

/// Of a manager those of his own dealers.
pub async fn grants(app: &App, operator: &Operator, subject: &str) -> Result<Vec<Grant>, AppError> {
    let all = sqlx::query_as!(
        Grant,
        r#"SELECT dealer_id, reason, coalesce((SELECT name FROM person WHERE person.subject = granted_by), granted_by) AS "granted_by!", granted_at, until,
                  coalesce(until <= now(), false) AS "is_over!"
           FROM dealer_grant
           WHERE dealer_grant.subject = $1 ORDER BY granted_at DESC, dealer_id"#,
        subject,
    );
    let all = all.fetch_all(&app.postgres).await?;
    Ok(all.into_iter().filter(|grant| operator.has(DealerId(grant.dealer_id))).collect())
}

/// What is granted.
pub struct Given<'a> {
    pub dealer: Uuid,
    /// The last day, in the zone of the reports.
    pub until: Option<NaiveDate>,
    pub reason: &'a str,
}

/// Grants a dealer, or changes the end of a grant that is there.
pub async fn grant(app: &App, operator: &Operator, person: &Person, given: &Given<'_>) -> Result<(), AppError> {
    let mut transaction = app.postgres.begin().await?;
    sqlx::query!(
        "INSERT INTO dealer_grant (subject, dealer_id, granted_by, reason, until)
         VALUES ($1, $2, $3, $4, ($5::date + 1)::timestamp AT TIME ZONE $6)
         ON CONFLICT (subject, dealer_id) DO UPDATE
             SET granted_by = excluded.granted_by, granted_at = now(), reason = excluded.reason, until = excluded.until",
        person.subject,
        given.dealer,
        operator.actor.subject,
        given.reason,
        given.until,
        app.engine.timezone().name(),
    )
    .execute(&mut *transaction)
    .await?;
    let about = About { dealers: &[given.dealer], what: &person.subject, detail: given.reason };
    audit::record(&mut *transaction, &operator.actor, Event::Granted, about).await?;
    transaction.commit().await?;
    Ok(())
}

/// Takes a grant back. False: there was none.
pub async fn take(app: &App, operator: &Operator, subject: &str, dealer: Uuid) -> Result<bool, AppError> {
    let mut transaction = app.postgres.begin().await?;
    let taken = sqlx::query!("DELETE FROM dealer_grant WHERE subject = $1 AND dealer_id = $2", subject, dealer)
        .execute(&mut *transaction)
        .await?
        .rows_affected()
        == 1;
    if taken {
        let about = About { dealers: &[dealer], what: subject, detail: "" };
        audit::record(&mut *transaction, &operator.actor, Event::GrantTaken, about).await?;
        transaction.commit().await?;
    }
    Ok(taken)
}

/// A manager may look as his dealers, or no longer; a look that goes on ends with it.
pub async fn allow_looking(app: &App, operator: &Operator, subject: &str, is_allowed: bool) -> Result<(), AppError> {
    let mut transaction = app.postgres.begin().await?;
    if is_allowed {
        sqlx::query!(
            "INSERT INTO may_look (subject, granted_by) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            subject,
            operator.actor.subject,
        )
        .execute(&mut *transaction)
        .await?;
    } else {
        sqlx::query!("DELETE FROM may_look WHERE subject = $1", subject).execute(&mut *transaction).await?;
    }
    let event = if is_allowed { Event::LookAllowed } else { Event::LookForbidden };
    audit::record(&mut *transaction, &operator.actor, event, About { what: subject, ..About::default() }).await?;
    transaction.commit().await?;
    Ok(())
}
