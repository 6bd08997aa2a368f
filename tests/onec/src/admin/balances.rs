//! What people do in the warehouses.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use uuid::Uuid;

use super::{Outcome, Problem, Shared, amount, moment, parsed, read};
use crate::base::{Amount, Balance, Dimensions, Moment, Resources};

/// A balance as the admin sees it; exact decimals as text, null where nothing was ever written.
#[derive(Serialize)]
struct Shown {
    product: Uuid,
    characteristic: Uuid,
    purpose: Uuid,
    warehouse: Uuid,
    room: Uuid,
    series: Uuid,
    on_hand: Option<String>,
    to_ship: Option<String>,
}

impl From<Balance> for Shown {
    fn from(row: Balance) -> Self {
        let Dimensions { product, characteristic, purpose, warehouse, room, series } = row.dimensions;
        let text = |amount: Option<Amount>| amount.map(|amount| amount.to_string());
        let (on_hand, to_ship) = (text(row.resources.on_hand), text(row.resources.to_ship));
        Self { product, characteristic, purpose, warehouse, room, series, on_hand, to_ship }
    }
}

pub async fn list(State(server): Shared, RawQuery(query): RawQuery) -> Outcome {
    let query = query.as_deref();
    let (product, warehouse): (Option<Uuid>, Option<Uuid>) = (parsed(query, "product")?, parsed(query, "warehouse")?);
    let limit: usize = parsed(query, "limit")?.unwrap_or(100);
    let base = server.base();
    let found = base.stock.at(None).filter(|row| {
        product.is_none_or(|product| row.dimensions.product == product)
            && warehouse.is_none_or(|warehouse| row.dimensions.warehouse == warehouse)
    });
    Ok(Json(json!(found.take(limit).map(Shown::from).collect::<Vec<_>>())))
}

/// Of a balance, the place; what stands beside it is the new amount. A resource that is left out becomes null.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    product: Uuid,
    warehouse: Uuid,
    #[serde(default)]
    characteristic: Uuid,
    #[serde(default)]
    purpose: Uuid,
    #[serde(default)]
    room: Uuid,
    #[serde(default)]
    series: Uuid,
    on_hand: Option<Box<RawValue>>,
    to_ship: Option<Box<RawValue>>,
    /// The present moment; the past is not written anew.
    date: Option<String>,
}

/// Without a warehouse, all of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {
    warehouse: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shift {
    by: Box<RawValue>,
}

pub async fn change(State(server): Shared, Path(action): Path<String>, body: Bytes) -> Outcome {
    let now = Moment::now_in_moscow();
    let changed = match action.as_str() {
        "set" => {
            let Set { product, warehouse, characteristic, purpose, room, series, on_hand, to_ship, date } =
                read(&body)?;
            let since = date.as_deref().map_or(Ok(now), moment)?;
            let resource = |value: Option<Box<RawValue>>| value.map(|value| amount(&value)).transpose();
            let resources = Resources { on_hand: resource(on_hand)?, to_ship: resource(to_ship)? };
            let place = Dimensions { product, characteristic, purpose, warehouse, room, series };
            server.base_mut().stock.set(place, since, resources);
            1
        }
        "empty" => {
            let empty: Empty = read(&body)?;
            server.base_mut().stock.empty(empty.warehouse, now)
        }
        "shift" => {
            let by = amount(&read::<Shift>(&body)?.by)?;
            server.base_mut().stock.shift(by, now)
        }
        other => {
            return Err(Problem(StatusCode::NOT_FOUND, format!("nothing called {other} can be done to balances")));
        }
    };
    Ok(Json(json!({"balances": changed})))
}
