//! `/api/v1/operations/people` for programs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::words::Text;
use utoipa::ToSchema;
use uuid::Uuid;

use super::query::{self, Grant, LISTED, Person};
use super::view::Form;
use super::{Asked, found, given, taken};
use crate::auth::operator::Operator;
use crate::error::AppError;
use crate::state::App;
use crate::web::input::{self, Path, Query};

#[derive(Serialize, ToSchema)]
pub struct People {
    people: Vec<Person>,
    /// There are others: ask for a part of a name.
    is_cut: bool,
    /// Keycloak did not answer: who has not been here yet is not listed.
    is_directory_away: bool,
}

/// People who have been here or are granted something, by name.
#[utoipa::path(get, path = "/api/v1/operations/people", operation_id = "list_people", tag = "operations",
    params(Asked), responses((status = 200, body = People)))]
pub async fn list(
    operator: Operator,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Json<People>, AppError> {
    let mut found = found(&app, &operator, &asked).await?;
    let listed = usize::try_from(LISTED).unwrap_or_default();
    let is_cut = found.people.len() > listed;
    found.people.truncate(listed);
    Ok(Json(People { people: found.people, is_cut, is_directory_away: found.is_directory_away }))
}

#[derive(Serialize, ToSchema)]
pub struct OnePerson {
    #[serde(flatten)]
    person: Person,
    grants: Vec<Grant>,
}

/// One of them, with the grants that the caller has to do with.
#[utoipa::path(get, path = "/api/v1/operations/people/{subject}", operation_id = "read_person", tag = "operations",
    params(("subject" = String, Path, description = "`sub` of Keycloak.")), responses((status = 200, body = OnePerson)))]
pub async fn show(
    operator: Operator,
    State(app): State<App>,
    Path(subject): Path<String>,
) -> Result<Json<OnePerson>, AppError> {
    let person = query::person(&app, &operator, &subject).await?;
    let grants = query::grants(&app, &operator, &subject).await?;
    Ok(Json(OnePerson { person, grants }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Granted {
    dealer_id: Uuid,
    /// The last day; none: until it is taken back.
    until: Option<chrono::NaiveDate>,
    reason: String,
}

/// Opens a dealer to a person, or changes the end of a grant that is there.
#[utoipa::path(post, path = "/api/v1/operations/people/{subject}/grants", operation_id = "grant_dealer", tag = "operations",
    params(("subject" = String, Path, description = "`sub` of Keycloak.")), request_body = Granted,
    responses((status = 201, body = OnePerson)))]
pub async fn grant(
    operator: Operator,
    State(app): State<App>,
    Path(subject): Path<String>,
    input::Json(asked): input::Json<Granted>,
) -> Result<(StatusCode, Json<OnePerson>), AppError> {
    let person = query::person(&app, &operator, &subject).await?;
    let form = Form {
        dealer: asked.dealer_id.to_string(),
        until: asked.until.map(|day| day.to_string()).unwrap_or_default(),
        reason: asked.reason,
        wrong: None,
    };
    let given = given(&app, &operator, &form).await?.map_err(|(field, words)| {
        let field = if field == "dealer" { "dealer_id" } else { field };
        AppError::Invalid { field: field.to_owned(), message: Text::of(operator.language).get(words).to_owned() }
    })?;
    query::grant(&app, &operator, &person, &given).await?;
    let grants = query::grants(&app, &operator, &subject).await?;
    Ok((StatusCode::CREATED, Json(OnePerson { person, grants })))
}

/// Takes a grant back.
#[utoipa::path(delete, path = "/api/v1/operations/people/{subject}/grants/{dealer}", operation_id = "take_grant_back",
    tag = "operations", params(("subject" = String, Path), ("dealer" = Uuid, Path)), responses((status = 204)))]
pub async fn take(
    operator: Operator,
    State(app): State<App>,
    Path((subject, dealer)): Path<(String, Uuid)>,
) -> Result<StatusCode, AppError> {
    taken(&app, &operator, &subject, dealer).await?;
    Ok(StatusCode::NO_CONTENT)
}
