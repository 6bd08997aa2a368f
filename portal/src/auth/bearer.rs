//! A program of a dealer: a bearer token of Keycloak in place of a session. The same roles, claims and grants as for people.
//!
//! The signature is checked here; Keycloak is not asked whether a token was withdrawn (introspection was turned down: it
//! answers no client that is not in `aud`). A token lives five minutes, and so do the claims of a session.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use shared::language::Language;
use shared::report::role::Role;
use shared::report::scope::DealerScope;
use shared::words::Text;
use sqlx::PgPool;
use uuid::Uuid;

use super::oidc::AccessError;
use super::{cookie, viewer};
use crate::error::{AppError, Part, TokenProblem};
use crate::state::App;
use crate::web::language::Lang;

/// Who asks: a token that holds, and at least one dealer behind it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Keycloak's `sub`: of a service account, or of a person.
    pub subject: String,
    pub role: Role,
    /// Never empty.
    pub scope: DealerScope,
    /// By `Accept-Language`.
    pub language: Language,
}

impl FromRequestParts<App> for Caller {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        refuse_both(&parts.headers)?;
        let token = token(&parts.headers)?;
        let access = app.oidc.access_token(token).await.map_err(refused)?;
        app.limits.viewer(&access.subject)?;
        let granted = granted(&app.postgres, &access.subject).await?;
        let role = access.role.ok_or(AppError::NoDealers)?;
        let scope = viewer::scope(role, &access.dealers, &granted).ok_or(AppError::NoDealers)?;
        Ok(Self { subject: access.subject, role, scope, language: Lang::accepted(&parts.headers).0 })
    }
}

impl OptionalFromRequestParts<App> for Caller {
    type Rejection = AppError;

    /// None without a token; one that does not hold is refused all the same.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, AppError> {
        if !is_shown(&parts.headers) {
            return Ok(None);
        }
        <Self as FromRequestParts<App>>::from_request_parts(parts, app).await.map(Some)
    }
}

/// Does the request show a bearer token at all?
pub fn is_shown(headers: &HeaderMap) -> bool {
    headers.get_all(header::AUTHORIZATION).iter().any(|value| after_scheme(value.as_bytes()).is_some())
}

/// A session's cookie and a token in one request: nobody could say who asks.
pub fn refuse_both(headers: &HeaderMap) -> Result<(), AppError> {
    if is_shown(headers) && cookie::read(headers, cookie::SESSION).is_some() {
        let message = Text::of(Lang::accepted(headers).0).get("api-cookie-and-token").to_owned();
        return Err(AppError::Invalid { field: "Authorization".to_owned(), message });
    }
    Ok(())
}

/// The token of the one `Authorization` header.
fn token(headers: &HeaderMap) -> Result<&str, AppError> {
    let problem = |problem, cause: &str| AppError::Token { problem, cause: cause.to_owned() };
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let given = match (given.next(), given.next()) {
        (None, _) => return Err(problem(TokenProblem::Missing, "no Authorization header")),
        (Some(one), None) => one,
        (Some(_), Some(_)) => return Err(problem(TokenProblem::Refused, "several Authorization headers")),
    };
    let token = after_scheme(given.as_bytes()).ok_or_else(|| problem(TokenProblem::Missing, "another scheme"))?;
    std::str::from_utf8(token).map_err(|_| problem(TokenProblem::Refused, "no text"))
}

/// What stands behind `Bearer`, in letters of any size.
fn after_scheme(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| rest.trim_ascii())
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
async fn granted(postgres: &PgPool, subject: &str) -> Result<Vec<Uuid>, AppError> {
    Ok(sqlx::query_scalar!("SELECT dealer_id FROM dealer_grant WHERE subject = $1", subject)
        .fetch_all(postgres)
        .await?)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{is_shown, refuse_both, token};

    fn headers(given: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in given {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_token_stands_behind_the_scheme_once() {
        for (given, found) in [
            (vec!["Bearer a.b.c"], Some("a.b.c")),
            (vec!["bearer   a.b.c "], Some("a.b.c")),
            (vec!["Bearer"], None),
            (vec!["Basic a.b.c"], None),
            (vec!["a.b.c"], None),
            (vec!["Bearer a", "Bearer b"], None),
            (vec![], None),
        ] {
            assert_eq!(token(&headers(&given)).ok(), found, "{given:?}");
        }
    }

    #[test]
    fn a_cookie_and_a_token_are_one_too_many() {
        let session = format!("__Host-session={}", "A".repeat(43));
        let mut both = headers(&["Bearer a.b.c"]);
        both.insert(header::COOKIE, HeaderValue::try_from(&session).unwrap());
        assert!(is_shown(&both) && refuse_both(&both).is_err());
        both.remove(header::AUTHORIZATION);
        assert!(!is_shown(&both) && refuse_both(&both).is_ok());
        let mut other = headers(&["Bearer a.b.c"]);
        other.insert(header::COOKIE, HeaderValue::from_static("language=ru"));
        assert!(refuse_both(&other).is_ok());
    }
}
