//! Sessions: a cookie's hash to a row in Postgres. Read on every request, changed by column, all clocks are Postgres'.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use shared::ids::DealerId;
use shared::language::Language;
use shared::report::role::Role;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::oidc::{Ended, Identity, Tokens};
use super::seal::Sealer;
use crate::audit::{self, About, Actor, Event, Look};
use crate::error::AppError;

pub type Hash = [u8; 32];

/// A live session as a request sees it.
#[derive(Debug, Clone)]
pub struct Session {
    pub subject: String,
    pub name: String,
    /// `dealer`, `manager` or `none`.
    pub role: String,
    /// By the last ID token.
    pub claimed_dealers: Vec<Uuid>,
    /// By the grant table, as of this request.
    pub granted_dealers: Vec<Uuid>,
    /// Keycloak should be asked again.
    pub is_refresh_due: bool,
    /// The claims are too old to show rows by, unless Keycloak is away.
    pub are_claims_old: bool,
    /// The claims are too old even for that.
    pub are_claims_void: bool,
    /// Its end should be moved: done once a minute at most.
    pub is_touch_due: bool,
    /// A manager who may look as his dealers.
    pub is_look_allowed: bool,
    pub look_id: Option<Uuid>,
    pub look_dealer: Option<Uuid>,
    pub look_until: Option<DateTime<Utc>>,
}

impl Session {
    /// The look that goes on, if this person may still look as that dealer: what was taken away meanwhile ends it.
    pub fn look(&self) -> Option<Look> {
        let look = Look { id: self.look_id?, dealer: DealerId(self.look_dealer?), until: self.look_until? };
        self.may_look_as(look.dealer).then_some(look)
    }

    /// An administrator as any dealer; a manager who was allowed to as his own ones.
    pub fn may_look_as(&self, dealer: DealerId) -> bool {
        match Role::from_name(&self.role) {
            Some(Role::Admin) => true,
            Some(Role::Manager) => self.is_look_allowed && self.granted_dealers.contains(&dealer.0),
            Some(Role::Dealer) | None => false,
        }
    }
}

/// The session, unless it was revoked, idled for 30 minutes or reached its ten hours.
pub async fn find(postgres: &PgPool, id: &Hash) -> Result<Option<Session>, AppError> {
    Ok(sqlx::query_file_as!(Session, "src/auth/find_session.sql", id).fetch_optional(postgres).await?)
}

/// Moves the idle end. A session that ended meanwhile stays ended.
pub async fn touch(postgres: &PgPool, id: &Hash) -> Result<(), AppError> {
    sqlx::query!("UPDATE session SET seen_at = now() WHERE id_hash = $1 AND revoked_at IS NULL", id)
        .execute(postgres)
        .await?;
    Ok(())
}

/// The first letters of a session's hash: enough to tell sessions of a person apart, and no key to anything.
pub fn short(id: &Hash) -> String {
    id.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// A new session for a person who just signed in; the browser's former one dies in the same transaction.
pub async fn open(
    postgres: &PgPool,
    sealer: &Sealer,
    id: &Hash,
    former: Option<Hash>,
    person: &Identity,
    (address, language): (IpAddr, Language),
) -> Result<(), AppError> {
    let mut transaction = postgres.begin().await?;
    if let Some(former) = former {
        revoke(&mut transaction, &former).await?;
    }
    sqlx::query!(
        "INSERT INTO person (subject, name, role, email, language, claimed_dealers, claims_at) VALUES ($1, $2, $3, $4, $5, $6, now())
         ON CONFLICT (subject) DO UPDATE SET name = excluded.name, role = excluded.role, signed_in_at = now(), email = excluded.email,
             language = excluded.language, claimed_dealers = excluded.claimed_dealers, claims_at = excluded.claims_at",
        person.subject,
        person.name,
        role_name(person.role),
        person.email,
        language.code(),
        &person.dealers,
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query_file!(
        "src/auth/open_session.sql",
        id,
        person.subject,
        person.name,
        role_name(person.role),
        &person.dealers,
        person.provider_session,
        sealer.seal(&person.tokens, id).map_err(AppError::internal)?,
        person.claims_last.as_secs_f64(),
    )
    .execute(&mut *transaction)
    .await?;
    let actor = Actor {
        subject: person.subject.clone(),
        name: person.name.clone(),
        look: None,
        session: Some(short(id)),
        address: Some(address),
    };
    let about = About { dealers: &person.dealers, detail: role_name(person.role), ..About::default() };
    audit::record(&mut *transaction, &actor, Event::SignedIn, about).await?;
    transaction.commit().await?;
    Ok(())
}

/// Ends the session; its tokens, to tell Keycloak. None if it had ended, or the secret key was replaced.
pub async fn end(postgres: &PgPool, sealer: &Sealer, id: &Hash) -> Result<Option<Tokens>, AppError> {
    let sealed = revoke(&mut *postgres.acquire().await?, id).await?;
    Ok(sealed.and_then(|sealed| sealer.open(&sealed, id).ok()))
}

async fn revoke(connection: &mut PgConnection, id: &Hash) -> Result<Option<Vec<u8>>, AppError> {
    let revoked = sqlx::query_scalar!(
        "UPDATE session SET revoked_at = now() WHERE id_hash = $1 AND revoked_at IS NULL RETURNING tokens",
        id,
    );
    Ok(revoked.fetch_optional(connection).await?)
}

/// Ends what Keycloak ended; how many sessions that were, or none for a token that was used before.
pub async fn end_by_provider(postgres: &PgPool, ended: &Ended) -> Result<Option<usize>, AppError> {
    let mut transaction = postgres.begin().await?;
    let is_first = sqlx::query!(
        "INSERT INTO used_logout_token (jti, expires_at) VALUES ($1, to_timestamp($2::bigint) + interval '5 minutes')
         ON CONFLICT DO NOTHING",
        ended.jti,
        ended.expires,
    )
    .execute(&mut *transaction)
    .await?
    .rows_affected()
        == 1;
    if !is_first {
        return Ok(None);
    }
    let done = sqlx::query!(
        "UPDATE session SET revoked_at = now()
         WHERE revoked_at IS NULL AND ($1::text IS NOT NULL OR $2::text IS NOT NULL)
           AND ($1 IS NULL OR provider_session = $1) AND ($2 IS NULL OR subject = $2)
         RETURNING id_hash, subject, name",
        ended.provider_session,
        ended.subject,
    )
    .fetch_all(&mut *transaction)
    .await?;
    for ended in &done {
        let actor = Actor {
            subject: ended.subject.clone(),
            name: ended.name.clone(),
            session: ended.id_hash.as_slice().try_into().ok().map(|id: &Hash| short(id)),
            ..Actor::default()
        };
        audit::record(&mut *transaction, &actor, Event::SessionEnded, About::default()).await?;
    }
    transaction.commit().await?;
    Ok(Some(done.len()))
}

/// Forgets what has no effect any more: ended sessions after a day, attempts and logout tokens once expired.
pub async fn sweep(postgres: &PgPool) -> sqlx::Result<()> {
    let old = sqlx::query!(
        "DELETE FROM session WHERE ends_at < now() - interval '1 day' OR revoked_at < now() - interval '1 day'",
    );
    old.execute(postgres).await?;
    sqlx::query!("DELETE FROM sign_in_attempt WHERE expires_at < now()").execute(postgres).await?;
    sqlx::query!("DELETE FROM used_logout_token WHERE expires_at < now()").execute(postgres).await?;
    Ok(())
}

/// `none` for a person whom Keycloak knows and the portal does not.
fn role_name(role: Option<Role>) -> &'static str {
    role.map_or("none", Role::name)
}
