//! `/api/v1/operations/audit` for programs.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::query::{Asked, Row, Wanted};
use super::{App, AppError, Operator, Query, listed, written};

#[derive(Serialize, ToSchema)]
pub struct Events {
    events: Vec<Row>,
    /// The value of `before` for older ones; null: these are the oldest.
    before: Option<i64>,
}

/// Events of the audit, the newest first, a hundred at a time.
#[utoipa::path(get, path = "/api/v1/operations/audit", operation_id = "list_audit", tag = "operations", params(Asked),
    responses((status = 200, body = Events)))]
pub async fn list(
    operator: Operator,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Json<Events>, AppError> {
    let wanted = Wanted::of(&asked);
    written(&app, &operator, &wanted).await?;
    let (events, has_more) = listed(&app, &wanted).await?;
    let before = events.last().filter(|_| has_more).map(|last| last.id);
    Ok(Json(Events { events, before }))
}
