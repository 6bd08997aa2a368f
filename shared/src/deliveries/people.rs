//! Whom a mail may go to, and what it must know of him. Addresses leave this file for the mail server alone.

use sqlx::PgPool;
use uuid::Uuid;

use crate::ids::DealerId;
use crate::language::Language;
use crate::report::role::Role;

/// Claims older than this send nobody anything: Keycloak is not asked for people who are away, so what it took away since is
/// noticed by then at the latest.
pub const CLAIMS_DAYS: i32 = 7;

/// More than a form can show.
const LISTED: i64 = 200;

/// Somebody who may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub subject: String,
    pub name: String,
}

/// Whom a mail goes to.
#[derive(Debug, Clone)]
pub struct Addressee {
    pub name: String,
    /// Verified by Keycloak.
    pub email: Option<String>,
    pub language: Language,
}

/// People who share a dealer with this viewer, by claims and grants of now; not the viewer. A dealer's employees do not learn who
/// of the manufacturer's staff looks after them.
pub async fn to_choose(pool: &PgPool, subject: &str, role: Role, dealers: &[DealerId]) -> sqlx::Result<Vec<Person>> {
    let dealers: Vec<Uuid> = dealers.iter().map(|dealer| dealer.0).collect();
    let found = sqlx::query_as!(
        Person,
        "SELECT subject, name FROM person
         WHERE subject <> $1 AND (role = 'dealer' OR role = 'manager' AND $2)
           AND claims_at > now() - make_interval(days => $3)
           AND (role = 'dealer' AND claimed_dealers && $4
                OR EXISTS (SELECT FROM current_grant WHERE current_grant.subject = person.subject AND dealer_id = ANY($4)))
         ORDER BY name, subject LIMIT $5",
        subject,
        role == Role::Manager,
        CLAIMS_DAYS,
        &dealers,
        LISTED,
    );
    found.fetch_all(pool).await
}

pub async fn addressee(pool: &PgPool, subject: &str) -> sqlx::Result<Option<Addressee>> {
    let found = sqlx::query!("SELECT name, email, language FROM person WHERE subject = $1", subject);
    Ok(found.fetch_optional(pool).await?.map(|person| Addressee {
        name: person.name,
        email: person.email,
        language: person.language.as_deref().and_then(Language::from_code).unwrap_or_default(),
    }))
}
