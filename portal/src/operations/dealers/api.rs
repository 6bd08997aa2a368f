//! `/api/v1/operations/dealers` for programs.

use axum::Json;
use axum::extract::State;

use utoipa::ToSchema;
use uuid::Uuid;

use super::{App, AppError, Asked, Operator, Query, Serialize, found, known, people};

#[derive(Serialize, ToSchema)]
pub struct Dealer {
    /// The reference of the partner in 1C.
    id: Uuid,
    name: String,
    /// Who sees its rows.
    people: i64,
}

#[derive(Serialize, ToSchema)]
pub struct Dealers {
    dealers: Vec<Dealer>,
}

/// Dealers that the caller has to do with, and how many people see each.
#[utoipa::path(get, path = "/api/v1/operations/dealers", operation_id = "list_dealers", tag = "operations",
    params(Asked),
    responses((status = 200, body = Dealers)))]
pub async fn list(
    operator: Operator,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Json<Dealers>, AppError> {
    let (known, people) = tokio::try_join!(known(&app, &operator), people(&app))?;
    let dealers = found(known, &asked.search).into_iter().map(|(id, name)| Dealer {
        id: id.0,
        name,
        people: people.get(&id).copied().unwrap_or_default(),
    });
    Ok(Json(Dealers { dealers: dealers.collect() }))
}
