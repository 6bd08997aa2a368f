//! Whose rows a person may see, by what Keycloak claims and what is granted here. One rule: the portal's for a request, the
//! reporter's for a job that was asked for before.

use sqlx::PgPool;
use uuid::Uuid;

use crate::ids::DealerId;
use crate::report::role::Role;

/// A dealer's own and those granted, a manager's granted ones only. An administrator sees none of his own, whatever is claimed
/// or granted: he looks as a dealer, which is written down.
pub fn dealers(role: Role, claimed: &[Uuid], granted: &[Uuid]) -> Vec<DealerId> {
    let (claimed, granted): (&[_], &[_]) = match role {
        Role::Dealer => (claimed, granted),
        Role::Manager => (&[], granted),
        Role::Admin => (&[], &[]),
    };
    claimed.iter().chain(granted).copied().map(DealerId).collect()
}

/// What a person or a program may see now, asked without a session or a token: by the youngest claims that any session keeps, or a
/// program's order kept within a day, and by the grants of this moment. None for one of whom nothing is left, or whose role lets nobody
/// in.
pub async fn of_subject(pool: &PgPool, subject: &str) -> sqlx::Result<Option<(Role, Vec<DealerId>)>> {
    let found = sqlx::query!(
        r#"SELECT role AS "role!", claimed_dealers AS "claimed_dealers!",
               ARRAY(SELECT dealer_id FROM current_grant WHERE current_grant.subject = $1) AS "granted!"
           FROM (SELECT role, claimed_dealers, claims_until FROM session WHERE session.subject = $1
                 UNION ALL
                 SELECT role, claimed_dealers, claims_until FROM program
                 WHERE program.subject = $1 AND claims_until > now() - interval '1 day') AS kept
           ORDER BY claims_until DESC LIMIT 1"#,
        subject,
    );
    let Some(found) = found.fetch_optional(pool).await? else { return Ok(None) };
    Ok(Role::from_name(&found.role).map(|role| (role, dealers(role, &found.claimed_dealers, &found.granted))))
}

/// The same of a person who may be away: by the claims of the last sign-in or refresh, for so many days, and by the grants of this
/// moment. None for one who was not told of for longer, or whose role lets nobody in.
pub async fn of_absent(pool: &PgPool, subject: &str, days: i32) -> sqlx::Result<Option<(Role, Vec<DealerId>)>> {
    let found = sqlx::query!(
        r#"SELECT role, claimed_dealers AS "claimed_dealers!",
               ARRAY(SELECT dealer_id FROM current_grant WHERE current_grant.subject = $1) AS "granted!"
           FROM person WHERE person.subject = $1 AND claimed_dealers IS NOT NULL AND claims_at > now() - make_interval(days => $2)"#,
        subject,
        days,
    );
    let Some(found) = found.fetch_optional(pool).await? else { return Ok(None) };
    Ok(Role::from_name(&found.role).map(|role| (role, dealers(role, &found.claimed_dealers, &found.granted))))
}
