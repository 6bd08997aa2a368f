//! What is true, to be held against what a reader has.

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde_json::json;

use super::{Outcome, Shared, bad, moment, parameter, parsed};
use crate::{
    base::{Base, Deed},
    server::Server,
};

pub async fn show(State(server): Shared, RawQuery(query): RawQuery) -> Outcome {
    let (base, query) = (server.base(), query.as_deref());
    let by = parameter(query, "by");
    match parameter(query, "dataset").as_deref() {
        None | Some("sales") => Ok(Json(json!(base.ledger(&[Deed::Sale])))),
        Some("returns") => Ok(Json(json!(base.ledger(&[Deed::Return])))),
        // As they lie in one table.
        Some("sales,returns") => Ok(Json(json!(base.ledger(&[Deed::Sale, Deed::Return])))),
        Some("orders") => {
            Ok(Json(json!(base.order_ledger(parsed(query, "dealer")?, by.as_deref() == Some("document")))))
        }
        Some("stock") => {
            let before = parameter(query, "before").map(|text| moment(&text)).transpose()?;
            Ok(Json(json!(base.stock_ledger(before, by.as_deref() == Some("product")))))
        }
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
        Some("warehouses") => of_list(&server, &base, "Catalog_Склады"),
        Some("characteristics") => of_list(&server, &base, "Catalog_ХарактеристикиНоменклатуры"),
        Some("cancel-reasons") => of_list(&server, &base, "Catalog_ПричиныОтменыЗаказовКлиентов"),
        Some(other) => of_list(&server, &base, other),
    }
}

/// A catalog whose rows lie in a list: under its own name, or under that of its dataset.
fn of_list(server: &Server, base: &Base, name: &str) -> Outcome {
    let schema = server.schema();
    let of = schema.named(name);
    let list = of.and_then(|of| base.lists.get(of.list? as usize)).ok_or_else(|| {
        bad(format!(
            "there is no dataset {name}; ask for sales, returns, orders, stock, products, dealers, currencies, units, \
             warehouses, characteristics, cancel-reasons, or a set that was published"
        ))
    })?;
    let code = of.and_then(|of| of.property("Code")).map(|code| code.place);
    Ok(Json(json!(Base::item_ledger(list, code))))
}
