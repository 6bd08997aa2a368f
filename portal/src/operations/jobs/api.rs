//! `/api/v1/operations/jobs` for programs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{App, AppError, Job, Operator, Path, cancelled, jobs};

#[derive(Serialize, ToSchema)]
pub struct Jobs {
    jobs: Vec<Job>,
}

/// The newest jobs of everybody, those that are not over first.
#[utoipa::path(get, path = "/api/v1/operations/jobs", operation_id = "list_jobs", tag = "operations",
    responses((status = 200, body = Jobs)))]
pub async fn list(_: Operator, State(app): State<App>) -> Result<Json<Jobs>, AppError> {
    Ok(Json(Jobs { jobs: jobs(&app).await? }))
}

/// Cancels a job; one that is over stays as it is.
#[utoipa::path(delete, path = "/api/v1/operations/jobs/{id}", operation_id = "cancel_job", tag = "operations", params(("id" = Uuid, Path)),
    responses((status = 204)))]
pub async fn cancel(operator: Operator, State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode, AppError> {
    cancelled(&app, &operator, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
