//! The admin port: what people do in 1C, what breaks, and what the truth is. JSON over HTTP, for tests and demos.

mod balances;
mod documents;
mod ledger;
mod lists;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{json, value::RawValue};

use crate::{
    base::{Amount, ChangeError, Moment},
    faults::Fault,
    server::{Server, Standing},
};

pub use lists::read_file;

type Shared = State<Arc<Server>>;
type Outcome = Result<Json<serde_json::Value>, Problem>;

/// The routes of the contract.
pub fn routes(server: Arc<Server>) -> Router {
    Router::new()
        .route("/ledger", get(ledger::show))
        .route("/documents", get(documents::list).post(documents::add))
        .route("/documents/{reference}", get(documents::one))
        .route("/documents/{reference}/{action}", post(documents::change))
        .route("/products/{reference}/set", post(documents::set_in_product))
        .route("/partners/{reference}/set", post(documents::set_in_partner))
        .route("/balances", get(balances::list))
        .route("/balances/{action}", post(balances::change))
        .route("/schema", get(lists::published).post(lists::publish))
        .route("/rows/{set}", get(lists::rows).post(lists::put))
        .route("/rows/{set}/{reference}/{action}", post(lists::change))
        .route("/faults", get(list_faults).post(add_faults))
        .route("/faults/clear", post(clear_faults))
        .route("/stats", get(stats))
        .route("/stats/clear", post(clear_stats))
        .route("/password", post(set_password))
        .route("/base", post(switch_base))
        // A document of tens of thousands of lines is larger than axum's default of 2 MB.
        .layer(DefaultBodyLimit::disable())
        .with_state(server)
}

/// One sentence and a status.
struct Problem(StatusCode, String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        Self(StatusCode::NOT_FOUND, error.to_string())
    }
}

fn bad(message: impl std::fmt::Display) -> Problem {
    Problem(StatusCode::BAD_REQUEST, message.to_string())
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| bad(format!("the body does not fit: {error}")))
}

fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let pair = query?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    crate::odata::decode(pair)
}

/// A parameter of the query, read as what it must be.
fn parsed<T>(query: Option<&str>, name: &str) -> Result<Option<T>, Problem>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    parameter(query, name).map(|text| text.parse()).transpose().map_err(bad)
}

fn moment(text: &str) -> Result<Moment, Problem> {
    Moment::parse(text).ok_or_else(|| bad(format!("{text} is no date; write it as 2024-03-05T11:42:10")))
}

/// A number, or one in a string.
fn amount(value: &RawValue) -> Result<Amount, Problem> {
    let text = value.get().trim_matches('"');
    Amount::parse(text).ok_or_else(|| bad(format!("{text} is no number with at most four places")))
}

/// Without `value` the field is left out of every answer; `null` is a value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetField {
    #[serde(default)]
    line: Option<usize>,
    field: String,
    #[serde(default, deserialize_with = "present")]
    value: Option<Box<RawValue>>,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

async fn list_faults(State(server): Shared) -> Outcome {
    Ok(Json(json!(server.faults().list())))
}

/// One fault, or a list of them.
async fn add_faults(State(server): Shared, body: Bytes) -> Outcome {
    for fault in Fault::read(&String::from_utf8_lossy(&body)).map_err(bad)? {
        server.add_fault(fault).map_err(bad)?;
    }
    list_faults(State(server)).await
}

async fn clear_faults(State(server): Shared) -> Outcome {
    server.clear_faults();
    list_faults(State(server)).await
}

async fn stats(State(server): Shared) -> Outcome {
    Ok(Json(json!(server.stats.now())))
}

async fn clear_stats(State(server): Shared) -> Outcome {
    server.stats.clear();
    stats(State(server)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    password: String,
}

async fn set_password(State(server): Shared, body: Bytes) -> Outcome {
    let new: NewPassword = read(&body)?;
    server.set_password(new.password);
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SwitchBase {
    kind: Standing,
}

/// Another infobase answers at the same address; each keeps what was done to it.
async fn switch_base(State(server): Shared, body: Bytes) -> Outcome {
    server.switch(read::<SwitchBase>(&body)?.kind);
    Ok(Json(json!({})))
}
