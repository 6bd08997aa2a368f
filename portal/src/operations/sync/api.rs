//! `/api/v1/operations/sync` for programs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::words::Text;
use utoipa::ToSchema;

use super::query::{Stand, stands};
use super::{Word, days, tell};
use crate::auth::operator::Operator;
use crate::error::AppError;
use crate::operations::form::reasoned;
use crate::state::App;
use crate::web::input::{self, Path};

#[derive(Serialize, ToSchema)]
pub struct Datasets {
    datasets: Vec<Stand>,
}

/// How each dataset stands.
#[utoipa::path(get, path = "/api/v1/operations/sync", operation_id = "list_datasets", tag = "operations",
    responses((status = 200, body = Datasets)))]
pub async fn list(_: Operator, State(app): State<App>) -> Result<Json<Datasets>, AppError> {
    Ok(Json(Datasets { datasets: stands(&app).await?.0 }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// `run`, `pause`, `resume`, `reread`, `release` or `replay`.
    word: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    key: Option<String>,
}

/// Tells the extractors a word, which they find within a second or two.
#[utoipa::path(post, path = "/api/v1/operations/sync/{dataset}", operation_id = "steer_dataset", tag = "operations",
    params(("dataset" = String, Path)), request_body = Told, responses((status = 202)))]
pub async fn steer(
    operator: Operator,
    State(app): State<App>,
    Path(dataset): Path<String>,
    input::Json(told): input::Json<Told>,
) -> Result<StatusCode, AppError> {
    let word = match told.word.as_str() {
        "run" => Word::Run,
        "pause" => Word::Pause { reason: reasoned(&operator, &told.reason)? },
        "resume" => Word::Resume,
        "reread" => days(&operator, &told.from, &told.to)?,
        "release" => Word::Release,
        "replay" => Word::Replay { key: told.key },
        _ => {
            let message = Text::of(operator.language).get("sync-word-wrong").to_owned();
            return Err(AppError::Invalid { field: "word".to_owned(), message });
        }
    };
    tell(&app, &operator, &dataset, &word).await?;
    Ok(StatusCode::ACCEPTED)
}
