//! `/api/v1/operations/reconciliation` for programs.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{App, AppError, Compared, Operator, in_warehouse, with_source};

#[derive(Serialize, ToSchema)]
#[schema(as = Reconciliation)]
pub struct All {
    /// By dataset: what 1C has, and what was sent.
    with_source: Vec<Compared>,
    /// By table: what was sent, and what stands.
    in_warehouse: Vec<Compared>,
}

/// 1C against what was sent, and that against what stands in the warehouse, by month: what differs first.
#[utoipa::path(get, path = "/api/v1/operations/reconciliation", operation_id = "list_reconciliation", tag = "operations",
    responses((status = 200, body = All)))]
pub async fn list(_: Operator, State(app): State<App>) -> Result<Json<All>, AppError> {
    Ok(Json(All { with_source: with_source(&app).await?, in_warehouse: in_warehouse(&app).await? }))
}
