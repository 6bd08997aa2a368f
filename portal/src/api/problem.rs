//! Layer: an error becomes `application/problem+json` (RFC 9457), in the language of `Accept-Language`. Logged as the errors of
//! pages are, by the same function.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use shared::language::Language;
use shared::words::Text;
use utoipa::ToSchema;

use crate::error::{AppError, Part, TokenProblem};
use crate::web::draw_error;
use crate::web::language::Lang;
use crate::web::trace::RequestId;

pub const MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong. Nothing in it is anybody's data.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Tells kinds of problems apart; the same in every language.
    #[serde(rename = "type")]
    #[schema(example = "urn:dealer-portal:problem:invalid-parameter")]
    kind: String,
    /// The kind of problem in words.
    title: String,
    /// The status of the answer.
    #[schema(example = 400)]
    status: u16,
    /// One sentence: what is wrong and what to do.
    detail: String,
    /// The parameter or header that is to be mended, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// The number of this request, as in `X-Request-Id`: tell it to those who run the portal.
    instance: String,
}

/// Draws errors; says of every answer that it depends on who asks, and in which language.
pub async fn draw(request: Request, next: Next) -> Response {
    let language = Lang::accepted(request.headers()).0;
    let id = request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.clone());
    let mut answer = next.run(request).await;
    if let Some(error) = draw_error::taken(&mut answer, MEDIA_TYPE) {
        let allowed = answer.headers_mut().remove(header::ALLOW);
        answer = drawn(&error, language, id);
        if let Some(allowed) = allowed {
            answer.headers_mut().insert(header::ALLOW, allowed);
        }
    }
    dependent(answer.headers_mut(), language);
    answer
}

fn dependent(headers: &mut HeaderMap, language: Language) {
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    headers.append(header::VARY, HeaderValue::from_static("Authorization, Accept-Language"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.code()));
}

fn drawn(error: &AppError, language: Language, id: String) -> Response {
    let status = error.status();
    let (kind, title, detail) = words(Text::of(language), error);
    let parameter = match error {
        AppError::Invalid { field, .. } => Some(field.clone()),
        AppError::NoSuchReport => Some("name".to_owned()),
        _ => None,
    };
    let problem = Problem {
        kind: format!("urn:dealer-portal:problem:{kind}"),
        title: title.to_owned(),
        status: status.as_u16(),
        detail,
        parameter,
        instance: id,
    };
    let mut answer = (status, axum::Json(problem)).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if let Some(retry_after) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge(error)));
    }
    answer
}

/// RFC 6750: without a token no error is told.
const fn challenge(error: &AppError) -> &'static str {
    match error {
        AppError::Token { problem: TokenProblem::Expired, .. } => {
            r#"Bearer realm="dealer portal", error="invalid_token", error_description="the token has expired""#
        }
        AppError::Token { problem: TokenProblem::Elsewhere, .. } => {
            r#"Bearer realm="dealer portal", error="invalid_token", error_description="the token is for another audience""#
        }
        AppError::Token { problem: TokenProblem::Refused, .. } => {
            r#"Bearer realm="dealer portal", error="invalid_token", error_description="the token does not hold""#
        }
        _ => r#"Bearer realm="dealer portal""#,
    }
}

/// Kind, title, and what to do.
fn words(text: Text, error: &AppError) -> (&'static str, &'static str, String) {
    let plain = |kind, title, sentence| (kind, text.get(title), text.get(sentence).to_owned());
    let later = |kind, title, sentence| {
        let seconds = error.retry_after().map_or(1, |after| after.as_secs().max(1));
        (kind, text.get(title), text.with(sentence, &[("seconds", seconds.into())]))
    };
    match error {
        AppError::SignIn | AppError::Token { problem: TokenProblem::Missing, .. } => {
            plain("token-missing", "api-token", "api-token-missing")
        }
        AppError::Token { problem: TokenProblem::Expired, .. } => {
            plain("token-expired", "api-token", "api-token-expired")
        }
        AppError::Token { problem: TokenProblem::Elsewhere, .. } => {
            plain("token-audience", "api-token", "api-token-elsewhere")
        }
        AppError::Token { problem: TokenProblem::Refused, .. } => {
            plain("token-refused", "api-token", "api-token-refused")
        }
        AppError::NotFound => plain("not-found", "api-not-found", "api-not-found-text"),
        AppError::Gone => plain("gone", "api-gone", "export-gone"),
        AppError::NoSuchReport => plain("no-such-report", "api-no-such-report", "api-no-such-report-text"),
        AppError::MethodNotAllowed => plain("method-not-allowed", "api-method", "api-method-text"),
        AppError::Invalid { message, .. } => ("invalid-parameter", text.get("api-invalid"), message.clone()),
        AppError::Malformed(_) | AppError::SignInFailed { .. } => {
            plain("malformed-request", "error-malformed", "api-malformed-text")
        }
        AppError::TooLarge => plain("request-too-large", "error-too-large", "error-too-large-text"),
        AppError::TooMuch(_) => plain("too-much-data", "error-too-much", "error-too-much-text"),
        AppError::OnlyAsExport(sentence) => ("only-as-export", text.get("api-only-as-export"), sentence.clone()),
        AppError::Forbidden(_) => plain("forbidden", "api-forbidden", "api-forbidden-text"),
        AppError::NoDealers | AppError::NoOwnRows => plain("no-dealers", "error-no-dealers", "api-no-dealers-text"),
        AppError::NoRight | AppError::Looking => plain("no-right", "error-no-right", "error-no-right-text"),
        AppError::TooManyExports { .. } => later("too-many-exports", "error-exports", "error-too-many-text"),
        AppError::TooManyDownloads { .. } => later("too-many-downloads", "error-downloads", "error-downloads-text"),
        AppError::TooMany { .. } => later("too-many-requests", "error-too-many", "error-too-many-text"),
        AppError::Unavailable { part, .. } => later("unavailable", unavailable(*part), "error-unavailable-text"),
        AppError::Internal(_) => plain("internal", "error-internal", "error-internal-text"),
    }
}

const fn unavailable(part: Part) -> &'static str {
    match part {
        Part::Reports => "error-unavailable-reports",
        Part::SignIn => "api-unavailable-keycloak",
        Part::Sessions => "error-unavailable-sessions",
        Part::Portal => "error-unavailable-portal",
    }
}
