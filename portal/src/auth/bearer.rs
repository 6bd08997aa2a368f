//! A program of a dealer: a bearer token of Keycloak in place of a session. The same roles, claims and grants as for people.
//!
//! The signature is checked here; Keycloak is not asked whether a token was withdrawn (introspection was turned down: it
//! answers no client that is not in `aud`). A token lives five minutes, and so do the claims of a session.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use shared::language::Language;
use shared::report::role::Role;
use shared::report::scope::DealerScope;
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use super::oidc::{Access, AccessError, CLAIMS_LAST};
use super::{authorization, viewer};
use crate::audit::Actor;
use crate::error::{AppError, Part, TokenProblem};
use crate::state::App;
use crate::web::address::ClientAddress;
use crate::web::language::Lang;
use crate::web::whose::{Person, Whose};

/// Who asks: a token that holds, and at least one dealer behind it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Keycloak's `sub` of a service account, or of a person.
    pub actor: Actor,
    pub role: Role,
    /// Never empty.
    pub scope: DealerScope,
    /// By `Accept-Language`.
    pub language: Language,
    /// By the token, without what is granted.
    claimed: Vec<Uuid>,
    /// Unix seconds.
    issued: i64,
}

impl Caller {
    /// Keeps what the token claims, for what is done once nobody asks any more: `access::of_subject`. An older token changes nothing.
    pub async fn keep_claims(&self, executor: impl PgExecutor<'_>) -> sqlx::Result<()> {
        let Actor { subject, name, .. } = &self.actor;
        sqlx::query!(
            "INSERT INTO program (subject, name, role, claimed_dealers, claims_until)
             VALUES ($1, $2, $3, $4, to_timestamp($5::bigint) + make_interval(secs => $6))
             ON CONFLICT (subject) DO UPDATE SET name = excluded.name, role = excluded.role,
                 claimed_dealers = excluded.claimed_dealers, claims_until = excluded.claims_until
             WHERE program.claims_until <= excluded.claims_until",
            subject,
            if name.is_empty() { subject } else { name },
            self.role.name(),
            &self.claimed,
            self.issued,
            CLAIMS_LAST.as_secs_f64(),
        )
        .execute(executor)
        .await
        .map(drop)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        authorization::refuse_both(&parts.headers)?;
        let token = authorization::token(&parts.headers)?.to_owned();
        let (actor, access) = shown(parts, app, &token, &app.config.oidc.api_audience).await?;
        let granted = granted(&app.postgres, &access.subject).await?;
        let role = access.role.ok_or(AppError::NoDealers)?;
        let scope = viewer::scope(role, &access.dealers, &granted).ok_or(AppError::NoDealers)?;
        let language = Lang::accepted(&parts.headers).0;
        Ok(Self { actor, role, scope, language, claimed: access.dealers, issued: access.issued })
    }
}

impl OptionalFromRequestParts<App> for Caller {
    type Rejection = AppError;

    /// None without a token; one that does not hold is refused all the same.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, AppError> {
        if !authorization::is_shown(&parts.headers) {
            return Ok(None);
        }
        <Self as FromRequestParts<App>>::from_request_parts(parts, app).await.map(Some)
    }
}

/// Whom a token speaks for that is meant for this audience, within what one may ask for.
pub(super) async fn shown(parts: &Parts, app: &App, token: &str, audience: &str) -> Result<(Actor, Access), AppError> {
    let access = app.oidc.access_token(token, audience).await.map_err(refused)?;
    let actor = Actor {
        subject: access.subject.clone(),
        name: access.client.clone(),
        address: parts.extensions.get::<ClientAddress>().map(|address| address.0),
        ..Actor::default()
    };
    if let Some(whose) = parts.extensions.get::<Whose>() {
        whose.is(Person { actor: actor.clone(), form_token: String::new() });
    }
    app.limits.viewer(&access.subject)?;
    Ok((actor, access))
}

fn refused(cause: AccessError) -> AppError {
    let problem = match &cause {
        AccessError::Away(cause) => return AppError::unavailable(Part::SignIn, cause),
        AccessError::Expired(_) => TokenProblem::Expired,
        AccessError::Elsewhere(_) => TokenProblem::Elsewhere,
        AccessError::Wrong(_) => TokenProblem::Refused,
    };
    AppError::Token { problem, cause: cause.to_string() }
}

/// The dealers granted to this subject right now.
pub(super) async fn granted(postgres: &PgPool, subject: &str) -> Result<Vec<Uuid>, AppError> {
    Ok(sqlx::query_scalar!(r#"SELECT dealer_id AS "dealer_id!" FROM current_grant WHERE subject = $1"#, subject)
        .fetch_all(postgres)
        .await?)
}
