//! `/api/v1/operations/set-aside` for programs.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{App, AppError, Asked, LISTED, Letter, Operator, Query, Which, letters, raw, written};

#[derive(Serialize, ToSchema)]
pub struct Letters {
    letters: Vec<Letter>,
    /// There are others: replay these, or ask for one dataset.
    is_cut: bool,
}

/// What was set aside, the newest first.
#[utoipa::path(get, path = "/api/v1/operations/set-aside", operation_id = "list_set_aside", tag = "operations", params(Asked),
    responses((status = 200, body = Letters)))]
pub async fn list(
    _: Operator,
    State(app): State<App>,
    Query(Asked { dataset }): Query<Asked>,
) -> Result<Json<Letters>, AppError> {
    let mut letters = letters(&app, &dataset).await?;
    let is_cut = letters.len() > LISTED;
    letters.truncate(LISTED);
    Ok(Json(Letters { letters, is_cut }))
}

/// A document or message as it came, to the byte.
#[utoipa::path(get, path = "/api/v1/operations/set-aside/document", operation_id = "read_set_aside", tag = "operations", params(Which),
    responses((status = 200, body = [u8], content_type = "application/octet-stream")))]
pub async fn look(
    operator: Operator,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Response, AppError> {
    let raw = raw(&app, &which).await?;
    written(&app, &operator, &which).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], raw).into_response())
}
