//! What people do to documents and items of the catalogs.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use uuid::Uuid;

use super::{Outcome, Problem, SetField, Shared, amount, moment, parameter, parsed, read};
use crate::{
    base::{Base, ChangeError, Deed, Document, Line, LineTerms, Lookup},
    server::Server,
};

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
    /// Of a sale that ships one.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Uuid>,
    #[serde(flatten)]
    terms: Option<ShownTerms>,
}

/// What an order has beside; its `revenue` is without what was called off.
#[derive(Serialize)]
struct ShownTerms {
    status: String,
    ship_on: String,
    customer_number: Box<str>,
    warehouse: Uuid,
    /// Numbers of the lines that were called off.
    cancelled: Vec<usize>,
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
            order: Some(document.order).filter(|order| !order.is_nil()),
            terms: document.terms.as_ref().map(|terms| ShownTerms {
                status: terms.status.to_string(),
                ship_on: terms.ship_on.to_string(),
                customer_number: terms.customer_number.clone(),
                warehouse: terms.warehouse,
                cancelled: (1..=document.lines.len()).filter(|number| document.is_cancelled(*number)).collect(),
            }),
        }
    }
}

pub async fn list(State(server): Shared, RawQuery(query): RawQuery) -> Outcome {
    let query = query.as_deref();
    let (dealer, counts) = (parsed(query, "dealer")?, parsed(query, "sale")?);
    let limit = Some(parsed(query, "limit")?.unwrap_or(100));
    let deed = match parameter(query, "kind").as_deref() {
        Some("return") => Deed::Return,
        Some("order") => Deed::Order,
        _ => Deed::Sale,
    };
    let base = server.base();
    let found: Vec<Shown> =
        base.documents_of(&Lookup { dealer, limit, deed, counts }).into_iter().map(Shown::from).collect();
    Ok(Json(json!(found)))
}

pub async fn one(State(server): Shared, Path(reference): Path<Uuid>) -> Outcome {
    let base = server.base();
    Ok(Json(json!(Shown::from(base.document(reference)?))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDocument {
    /// `sale`, `return` or `order`.
    #[serde(default)]
    kind: Deed,
    dealer: Uuid,
    date: String,
    /// The kind's usual one.
    operation: Option<String>,
    /// Roubles.
    currency: Option<Uuid>,
    /// Of a sale.
    order: Option<Uuid>,
    /// Of an order, like the next.
    status: Option<String>,
    ship_on: Option<String>,
    customer_number: Option<String>,
    warehouse: Option<Uuid>,
    lines: Vec<NewLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLine {
    product: Uuid,
    quantity: Box<RawValue>,
    revenue: Box<RawValue>,
    /// Of an order, like the next.
    #[serde(default)]
    characteristic: Uuid,
    #[serde(default)]
    cancelled: bool,
    #[serde(default)]
    reason: Uuid,
}

pub async fn add(State(server): Shared, body: Bytes) -> Outcome {
    let new: NewDocument = read(&body)?;
    let (date, ship_on) = (moment(&new.date)?, new.ship_on.as_deref().map(moment).transpose()?);
    let mut lines = Vec::with_capacity(new.lines.len());
    for line in &new.lines {
        lines.push(Line::priced(line.product, amount(&line.quantity)?, amount(&line.revenue)?));
    }
    let mut base = server.base_mut();
    let reference = base.add(new.kind, new.dealer, date, lines);
    base.write(reference, |document| {
        document.operation = new.operation.map_or(document.operation.clone(), Into::into);
        document.currency = new.currency.unwrap_or(document.currency);
        document.order = new.order.unwrap_or(document.order);
        let Some(terms) = &mut document.terms else { return };
        terms.status = new.status.map_or(terms.status.clone(), Into::into);
        terms.ship_on = ship_on.unwrap_or(terms.ship_on);
        terms.customer_number = new.customer_number.unwrap_or_default().into();
        terms.warehouse = new.warehouse.unwrap_or(terms.warehouse);
        for (line, terms) in new.lines.iter().zip(&mut terms.lines) {
            let (characteristic, is_cancelled, reason) = (line.characteristic, line.cancelled, line.reason);
            *terms = LineTerms { characteristic, is_cancelled, reason, ..*terms };
        }
    })?;
    Ok(Json(json!({"ref": reference})))
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
struct AsInBackup {
    line: usize,
    revenue: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CancelLine {
    line: usize,
    #[serde(default)]
    reason: Uuid,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    status: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redirect {
    dealer: Uuid,
}

pub async fn change(State(server): Shared, Path((reference, action)): Path<(Uuid, String)>, body: Bytes) -> Outcome {
    let mut base = server.base_mut();
    match action.as_str() {
        "redate" => {
            let date = moment(&read::<Redate>(&body)?.date)?;
            base.write(reference, |document| document.date = date)?;
        }
        "remove-line" => base.remove_line(reference, read::<RemoveLine>(&body)?.line)?,
        "cancel-line" => {
            let cancel: CancelLine = read(&body)?;
            base.cancel_line(reference, cancel.line, cancel.reason)?;
        }
        "status" => {
            let status: Status = read(&body)?;
            base.change_order(reference, |terms| terms.status = status.status.into())?;
        }
        "dealer" => base.redirect(reference, read::<Redirect>(&body)?.dealer)?,
        "unpost" => base.write(reference, |document| document.is_posted = false)?,
        "post" => base.write(reference, |document| document.is_posted = true)?,
        "mark-deleted" => base.write(reference, |document| {
            document.is_deleted = true;
            document.is_posted = false;
        })?,
        // Written without a change: another version of the same.
        "touch" => base.write(reference, |_| ())?,
        // As a base does that was restored from a backup: other content under the version that was known.
        "as-in-backup" => {
            let AsInBackup { line, revenue } = read(&body)?;
            base.rewrite(reference, line, amount(&revenue)?)?;
        }
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

pub async fn set_in_product(server: Shared, path: Path<Uuid>, body: Bytes) -> Outcome {
    set_in_catalog(&server, path.0, &body, Base::set_in_product)
}

pub async fn set_in_partner(server: Shared, path: Path<Uuid>, body: Bytes) -> Outcome {
    set_in_catalog(&server, path.0, &body, Base::set_in_partner)
}

fn set_in_catalog(server: &Server, reference: Uuid, body: &Bytes, set: SetInCatalog) -> Outcome {
    let wanted: SetField = read(body)?;
    let held = set(&mut server.base_mut(), reference, &wanted.field, wanted.value)?;
    Ok(Json(json!({"ref": reference, "is_truth": held})))
}
