//! The admin port: what people do in 1C, what breaks, and what the truth is. JSON over HTTP, for tests and demos.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{json, value::RawValue};
use uuid::Uuid;

use crate::{
    base::{Amount, Base, ChangeError, Deed, Document, Line, Lookup, Moment},
    faults::Fault,
    server::{Server, Standing},
};

type Shared = State<Arc<Server>>;
type Outcome = Result<Json<serde_json::Value>, Problem>;

/// The routes of the contract.
pub fn routes(server: Arc<Server>) -> Router {
    Router::new()
        .route("/ledger", get(ledger))
        .route("/documents", get(documents).post(add))
        .route("/documents/{reference}", get(document))
        .route("/documents/{reference}/{action}", post(change_document))
        .route("/products/{reference}/set", post(set_in_product))
        .route("/partners/{reference}/set", post(set_in_partner))
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

async fn ledger(State(server): Shared, RawQuery(query): RawQuery) -> Outcome {
    let base = server.base();
    match parameter(query.as_deref(), "dataset").as_deref() {
        None | Some("sales") => Ok(Json(json!(base.ledger(&[Deed::Sale])))),
        Some("returns") => Ok(Json(json!(base.ledger(&[Deed::Return])))),
        // As they lie in one table.
        Some("sales,returns") => Ok(Json(json!(base.ledger(&[Deed::Sale, Deed::Return])))),
        Some("currencies") => Ok(Json(json!(base.currency_ledger()))),
        Some("units") => Ok(Json(json!(base.unit_ledger()))),
        Some("products") => {
            let folders = base.products.rows().filter(|row| row.is_folder).count();
            let mut ledger = json!(base.product_ledger());
            ledger["folders"] = json!(folders);
            Ok(Json(ledger))
        }
        Some("dealers") => {
            let mut ledger = json!(base.dealer_ledger());
            ledger["partners"] = json!(base.partners.len());
            Ok(Json(ledger))
        }
        Some(other) => Err(bad(format!(
            "there is no dataset {other}; ask for sales, returns, products, dealers, currencies or units"
        ))),
    }
}

/// A document as the admin sees it.
#[derive(Serialize)]
struct Shown {
    #[serde(rename = "ref")]
    reference: Uuid,
    number: Box<str>,
    date: String,
    dealer: Uuid,
    is_posted: bool,
    is_deleted: bool,
    operation: String,
    currency: Uuid,
    lines: usize,
    revenue: String,
    products: Vec<Uuid>,
}

impl From<&Document> for Shown {
    fn from(document: &Document) -> Self {
        Self {
            reference: document.reference,
            number: document.number.clone(),
            date: document.date.to_string(),
            dealer: document.partner,
            is_posted: document.is_posted,
            is_deleted: document.is_deleted,
            operation: document.operation.to_string(),
            currency: document.currency,
            lines: document.lines.len(),
            revenue: document.total().to_string(),
            products: document.lines.iter().map(|line| line.product).collect(),
        }
    }
}

async fn documents(State(server): Shared, RawQuery(query): RawQuery) -> Outcome {
    let query = query.as_deref();
    let dealer = parameter(query, "dealer").map(|text| text.parse()).transpose().map_err(bad)?;
    let limit = parameter(query, "limit").map(|text| text.parse()).transpose().map_err(bad)?;
    let counts = parameter(query, "sale").map(|text| text.parse()).transpose().map_err(bad)?;
    let deed = if parameter(query, "kind").as_deref() == Some("return") { Deed::Return } else { Deed::Sale };
    let base = server.base();
    let found: Vec<Shown> = base
        .documents_of(&Lookup { dealer, limit: Some(limit.unwrap_or(100)), deed, counts })
        .into_iter()
        .map(Shown::from)
        .collect();
    Ok(Json(json!(found)))
}

async fn document(State(server): Shared, Path(reference): Path<Uuid>) -> Outcome {
    let base = server.base();
    Ok(Json(json!(Shown::from(base.document(reference)?))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDocument {
    /// `sale` or `return`.
    #[serde(default)]
    kind: Deed,
    dealer: Uuid,
    date: String,
    /// The kind's usual one.
    #[serde(default)]
    operation: Option<String>,
    /// Roubles.
    #[serde(default)]
    currency: Option<Uuid>,
    lines: Vec<NewLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLine {
    product: Uuid,
    quantity: Box<RawValue>,
    revenue: Box<RawValue>,
}

async fn add(State(server): Shared, body: Bytes) -> Outcome {
    let new: NewDocument = read(&body)?;
    let date = moment(&new.date)?;
    let mut lines = Vec::with_capacity(new.lines.len());
    for line in &new.lines {
        lines.push(Line::priced(line.product, amount(&line.quantity)?, amount(&line.revenue)?));
    }
    let mut base = server.base_mut();
    let reference = base.add(new.kind, new.dealer, date, lines);
    base.write(reference, |document| {
        document.operation = new.operation.map_or(document.operation.clone(), Into::into);
        document.currency = new.currency.unwrap_or(document.currency);
    })?;
    Ok(Json(json!({"ref": reference})))
}

fn moment(text: &str) -> Result<Moment, Problem> {
    Moment::parse(text).ok_or_else(|| bad(format!("{text} is no date; write it as 2024-03-05T11:42:10")))
}

/// A number, or one in a string.
fn amount(value: &RawValue) -> Result<Amount, Problem> {
    let text = value.get().trim_matches('"');
    Amount::parse(text).ok_or_else(|| bad(format!("{text} is no number with at most four places")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redate {
    date: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemoveLine {
    line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redirect {
    dealer: Uuid,
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

async fn change_document(
    State(server): Shared,
    Path((reference, action)): Path<(Uuid, String)>,
    body: Bytes,
) -> Outcome {
    let mut base = server.base_mut();
    match action.as_str() {
        "redate" => {
            let date = moment(&read::<Redate>(&body)?.date)?;
            base.write(reference, |document| document.date = date)?;
        }
        "remove-line" => base.remove_line(reference, read::<RemoveLine>(&body)?.line)?,
        "dealer" => base.redirect(reference, read::<Redirect>(&body)?.dealer)?,
        "unpost" => base.write(reference, |document| document.is_posted = false)?,
        "post" => base.write(reference, |document| document.is_posted = true)?,
        "mark-deleted" => base.write(reference, |document| {
            document.is_deleted = true;
            document.is_posted = false;
        })?,
        // Written without a change: another version of the same.
        "touch" => base.write(reference, |_| ())?,
        "delete" => _ = base.delete(reference)?,
        "set" => {
            let set: SetField = read(&body)?;
            let held = base.set_in_document(reference, set.line, &set.field, set.value)?;
            return Ok(Json(json!({"ref": reference, "is_truth": held})));
        }
        other => {
            return Err(Problem(StatusCode::NOT_FOUND, format!("nothing called {other} can be done to a document")));
        }
    }
    Ok(Json(json!({"ref": reference})))
}

type SetInCatalog = fn(&mut Base, Uuid, &str, Option<Box<RawValue>>) -> Result<bool, ChangeError>;

async fn set_in_product(server: Shared, path: Path<Uuid>, body: Bytes) -> Outcome {
    set_in_catalog(&server, path.0, &body, Base::set_in_product)
}

async fn set_in_partner(server: Shared, path: Path<Uuid>, body: Bytes) -> Outcome {
    set_in_catalog(&server, path.0, &body, Base::set_in_partner)
}

fn set_in_catalog(server: &Server, reference: Uuid, body: &Bytes, set: SetInCatalog) -> Outcome {
    let wanted: SetField = read(body)?;
    let held = set(&mut server.base_mut(), reference, &wanted.field, wanted.value)?;
    Ok(Json(json!({"ref": reference, "is_truth": held})))
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
