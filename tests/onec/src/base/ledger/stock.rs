//! The truth of balances, as of now: in all, by warehouse, by product and warehouse.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;
use xxhash_rust::xxh64::xxh64;

use super::decimal;
use crate::base::{Amount, Balance, Base, Dimensions, Moment, Resources, summed};

/// `balances` are rows of the virtual table without arguments; `xor` and `sum` fold the hashes of the canonical rows, one
/// for each product, variant and warehouse. A resource that is null counts as zero.
#[derive(Debug, Serialize)]
pub struct StockLedger {
    pub balances: usize,
    pub rows: usize,
    pub on_hand: String,
    pub to_ship: String,
    pub xor: String,
    pub sum: String,
    pub warehouses: Vec<OfWarehouse>,
    /// Only where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub products: Option<Vec<OfProduct>>,
}

#[derive(Debug, Serialize)]
pub struct OfWarehouse {
    pub warehouse: Uuid,
    pub balances: usize,
    pub on_hand: String,
    pub to_ship: String,
}

#[derive(Debug, Serialize)]
pub struct OfProduct {
    pub product: Uuid,
    pub warehouse: Uuid,
    pub on_hand: String,
    pub to_ship: String,
}

impl Base {
    /// As of now, or before a moment.
    pub fn stock_ledger(&self, before: Option<Moment>, lists_products: bool) -> StockLedger {
        let all: Vec<Balance> = self.stock.at(before).collect();
        let total = sums(&all);
        let rows = summed(all.iter().copied(), |full| {
            let Dimensions { product, characteristic, warehouse, .. } = full;
            Dimensions { product, characteristic, warehouse, ..Dimensions::default() }
        });
        let (mut xor, mut sum) = (0_u64, 0_u64);
        for row in &rows {
            let hash = xxh64(canonical(row).as_bytes(), 0);
            xor ^= hash;
            sum = sum.wrapping_add(hash);
        }
        let mut warehouses: BTreeMap<Uuid, Vec<Balance>> = BTreeMap::new();
        for row in &all {
            warehouses.entry(row.dimensions.warehouse).or_default().push(*row);
        }
        let of_warehouse = |(warehouse, rows): (Uuid, Vec<Balance>)| {
            let (on_hand, to_ship) = sums(&rows);
            OfWarehouse { warehouse, balances: rows.len(), on_hand, to_ship }
        };
        StockLedger {
            balances: all.len(),
            rows: rows.len(),
            on_hand: total.0,
            to_ship: total.1,
            xor: xor.to_string(),
            sum: sum.to_string(),
            warehouses: warehouses.into_iter().map(of_warehouse).collect(),
            products: lists_products.then(|| of_products(&all)),
        }
    }
}

fn of_products(all: &[Balance]) -> Vec<OfProduct> {
    let rows = summed(all.iter().copied(), |full| {
        let Dimensions { product, warehouse, .. } = full;
        Dimensions { product, warehouse, ..Dimensions::default() }
    });
    let told = |row: Balance| {
        let (on_hand, to_ship) = amounts(row.resources);
        let Dimensions { product, warehouse, .. } = row.dimensions;
        OfProduct { product, warehouse, on_hand: on_hand.to_string(), to_ship: to_ship.to_string() }
    };
    rows.into_iter().map(told).collect()
}

/// product, variant, warehouse, on hand, to ship, parted by the unit separator.
fn canonical(row: &Balance) -> String {
    let Dimensions { product, characteristic, warehouse, .. } = row.dimensions;
    let (on_hand, to_ship) = amounts(row.resources);
    let ids = [product, characteristic, warehouse].map(|id| id.to_string()).join("\x1f");
    format!("{ids}\x1f{on_hand}\x1f{to_ship}")
}

fn amounts(resources: Resources) -> (Amount, Amount) {
    (resources.on_hand.unwrap_or_default(), resources.to_ship.unwrap_or_default())
}

fn sums(rows: &[Balance]) -> (String, String) {
    let sum = |of: fn((Amount, Amount)) -> Amount| {
        decimal(rows.iter().map(|row| i128::from(of(amounts(row.resources)).0)).sum())
    };
    (sum(|both| both.0), sum(|both| both.1))
}
