//! What can go wrong for a viewer, by what a viewer can do about it. Facts only: `web::draw_error` decides how they look.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use shared::report::run::RunError;

/// A part behind the portal that is away or overloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// ClickHouse: reports.
    Reports,
    /// Keycloak: signing in.
    SignIn,
    /// PostgreSQL: sessions and grants.
    Sessions,
    /// The portal itself has no room for another request.
    Portal,
}

impl Part {
    /// The word of logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::SignIn => "sign_in",
            Self::Sessions => "sessions",
            Self::Portal => "portal",
        }
    }
}

/// Why a sign-in that was under way ended without a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInProblem {
    /// The person or Keycloak said no.
    Declined,
    /// The attempt is unknown, too old, used already, or began in another browser.
    Stale,
    /// Keycloak's answer does not hold.
    Refused,
}

/// Why a program's bearer token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenProblem {
    /// There is none.
    Missing,
    Expired,
    /// Keycloak gave it for another audience.
    Elsewhere,
    /// Anything else: told to nobody but the log.
    Refused,
}

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No session, or one that ended: sign in (the layer draws 303, or 401 with `HX-Redirect`).
    #[error("not signed in")]
    SignIn,
    /// A sign-in that failed on its way: try again.
    #[error("sign-in failed ({problem:?}): {cause}")]
    SignInFailed { problem: SignInProblem, cause: String },
    /// A program without a bearer token that holds.
    #[error("bearer token ({problem:?}): {cause}")]
    Token { problem: TokenProblem, cause: String },
    #[error("not found")]
    NotFound,
    /// It was there, and was kept for its time.
    #[error("gone")]
    Gone,
    /// No report is called so, or it is for others.
    #[error("no such report")]
    NoSuchReport,
    #[error("method not allowed")]
    MethodNotAllowed,
    /// A value to mend. `message` is a sentence in the viewer's language, shown beside the field.
    #[error("{field} is invalid: {message}")]
    Invalid { field: String, message: String },
    /// An address or a form that no page of ours produces. The text is for the log.
    #[error("malformed request: {0}")]
    Malformed(String),
    #[error("request body too large")]
    TooLarge,
    /// A report over more than one question may read: narrow it.
    #[error("{0}")]
    TooMuch(String),
    /// A program's question for a file that is made in the background only. The text is a sentence in its language.
    #[error("only as an export")]
    OnlyAsExport(String),
    /// A change that did not come from a page of ours.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// Signed in, yet no dealer is assigned: ask the manager, or sign out.
    #[error("no dealers are granted to this viewer")]
    NoDealers,
    /// An administrator, who sees rows only while looking as a dealer.
    #[error("an administrator has no rows of his own")]
    NoOwnRows,
    /// One of the staff, whose role does not allow this.
    #[error("not of this role")]
    NoRight,
    /// Whoever looks as a dealer changes nothing, and has no files and no staff's pages.
    #[error("not while looking as a dealer")]
    Looking,
    #[error("too many requests, next in {} s", retry_after.as_secs())]
    TooMany { retry_after: Duration },
    /// Files are under way to this viewer, as many as one may take at once.
    #[error("too many downloads at once")]
    TooManyDownloads { retry_after: Duration },
    /// The dealer has asked for as many files of the background as one may within an hour.
    #[error("too many exports of this dealer, next in {} s", retry_after.as_secs())]
    TooManyExports { retry_after: Duration },
    /// A part is away; the page says which and when to come back.
    #[error("{} unavailable, retry in {} s: {cause}", part.name(), retry_after.as_secs())]
    Unavailable { part: Part, retry_after: Duration, cause: String },
    /// Ours to mend. The cause is for the log, never for the page.
    #[error("internal error: {0}")]
    Internal(String),
}

impl AppError {
    pub fn unavailable(part: Part, cause: impl std::fmt::Display) -> Self {
        Self::Unavailable { part, retry_after: Duration::from_secs(5), cause: cause.to_string() }
    }

    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }

    /// The status of the answer. `SignIn` is 401 here; for a plain page the layer turns it into 303.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::SignIn | Self::Token { .. } => StatusCode::UNAUTHORIZED,
            Self::SignInFailed { .. } | Self::Invalid { .. } | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NotFound | Self::NoSuchReport => StatusCode::NOT_FOUND,
            Self::Gone => StatusCode::GONE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMuch(_) | Self::OnlyAsExport(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Forbidden(_) | Self::NoDealers | Self::NoOwnRows | Self::NoRight | Self::Looking => {
                StatusCode::FORBIDDEN
            }
            Self::TooMany { .. } | Self::TooManyDownloads { .. } | Self::TooManyExports { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// For the `Retry-After` header.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany { retry_after }
            | Self::TooManyDownloads { retry_after }
            | Self::TooManyExports { retry_after }
            | Self::Unavailable { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// Should someone get up?
    pub const fn is_ours(&self) -> bool {
        matches!(self, Self::Internal(_))
    }
}

impl From<sqlx::Error> for AppError {
    /// An absent or overloaded PostgreSQL is `Unavailable`; a query that does not fit the schema is ours.
    fn from(cause: sqlx::Error) -> Self {
        let is_away = match &cause {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            // 08 connection, 25006 read only, 53 resources, 55P03 lock, 57 operator or statement time-out
            sqlx::Error::Database(answer) => answer.code().is_some_and(|code| {
                ["08", "25006", "28", "3D", "53", "55P03", "57"].iter().any(|class| code.starts_with(class))
            }),
            _ => false,
        };
        if is_away { Self::unavailable(Part::Sessions, cause) } else { Self::internal(cause) }
    }
}

impl From<RunError> for AppError {
    fn from(cause: RunError) -> Self {
        match cause {
            RunError::Unavailable(_) | RunError::TimedOut => Self::unavailable(Part::Reports, cause),
            RunError::TooMany { retry_after } => Self::TooMany { retry_after },
            RunError::TooMuch(_) => Self::TooMuch(cause.to_string()),
            RunError::Refused(_) => Self::internal(cause),
        }
    }
}

/// Carries the error outward; `web::draw_error` decides how it looks.
impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        (self.status(), Extension(Arc::new(self))).into_response()
    }
}
