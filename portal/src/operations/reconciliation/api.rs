//! `/api/v1/operations/reconciliation` for programs.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{App, AppError, Compared, Operator, compared};

#[derive(Serialize, ToSchema)]
#[schema(as = Reconciliation)]
pub struct All {
    compared: Vec<Compared>,
}

/// What was sent against what stands, by table and month: what differs first.
#[utoipa::path(get, path = "/api/v1/operations/reconciliation", operation_id = "list_reconciliation", tag = "operations",
    responses((status = 200, body = All)))]
pub async fn list(_: Operator, State(app): State<App>) -> Result<Json<All>, AppError> {
    Ok(Json(All { compared: compared(&app).await? }))
}
