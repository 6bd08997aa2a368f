//! Layer: whoever is refused is written down, once, whatever refused him. A request without a session is not: anybody may send any
//! number of those, and nobody is known by them.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

use super::whose::Whose;
use crate::audit::{About, Event};
use crate::error::AppError;
use crate::state::App;

/// A dealer in an address whose rows are not this person's.
pub const FOREIGN_DEALER: &str = "another's dealer";

pub async fn written(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let whose = request.extensions_mut().get_or_insert_default::<Whose>().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let answer = next.run(request).await;
    let refused = answer.extensions().get::<Arc<AppError>>().and_then(|error| cause(error));
    if let (Some(cause), Some(person)) = (refused, whose.person()) {
        let about = About { what: &route, detail: cause, ..About::default() };
        if let Err(error) = app.lately.record(&app.postgres, &person.actor, Event::Refused, about).await {
            tracing::warn!(%error, "A refusal could not be written to the audit");
        }
    }
    answer
}

/// Why, in a word for the audit; none for an error that refuses nobody.
fn cause(error: &AppError) -> Option<&str> {
    match error {
        AppError::Forbidden(cause) => Some(cause),
        AppError::NoDealers => Some("no dealers"),
        AppError::Looking => Some("looking as a dealer"),
        AppError::NoRight => Some("not of this role"),
        AppError::Invalid { field, .. } if field == "dealer" => Some(FOREIGN_DEALER),
        AppError::TooMany { .. } | AppError::TooManyDownloads { .. } | AppError::TooManyExports { .. } => {
            Some("too many")
        }
        _ => None,
    }
}
