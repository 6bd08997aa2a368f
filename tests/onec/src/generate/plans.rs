//! What dealers mean to buy: a few products of each dealer in every month of the year.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    Known,
    dice::Dice,
    lists::reference,
    terms::{near, number_of},
};
use crate::base::Moment;

/// The others of a large base have no plan.
const MOST: usize = 40;

/// Of `AccumulationRegister_ПланыПродаж_RecordType`.
pub fn rows(known: &Known<'_>) -> Vec<Json> {
    let (year, ..) = known.plan.now.civil();
    let products: Vec<Uuid> =
        known.products.iter().filter(|product| !product.is_folder).map(|product| product.reference).collect();
    let mut rows = Vec::new();
    if products.is_empty() {
        return rows;
    }
    for dealer in known.dealers().take(MOST) {
        for month in 1..=12 {
            let seed = known.plan.seed ^ number_of(dealer.reference) << 20 ^ month << 8 ^ 0x91a0_0000_0000;
            let mut dice = Dice::new(seed);
            for line in 1..=3_u64 {
                let product = products[dice.below(products.len() as u64) as usize];
                // Here and there a plan is nobody's: it was made for the whole.
                let partner = if dice.chance(0.05) { Uuid::nil() } else { dealer.reference };
                let number = rows.len() as u128 + 1;
                let state = if line == 3 && month % 4 == 0 { "ВПодготовке" } else { "Утвержден" };
                let period = Moment::of(year, i64::try_from(month).unwrap_or(1), 1);
                rows.push(json!({"Ref_Key": reference(0x91a1, number), "Recorder": near(0x91a0 + u128::from(month), dealer.reference),
                    "Recorder_Type": "StandardODATA.Document_ПланПродаж", "Period": period.to_string(), "LineNumber": line,
                    "Active": !dice.chance(0.02), "Статус": state, "Номенклатура_Key": product, "Партнер_Key": partner,
                    "Количество": dice.between(1, 60), "Сумма": 0}));
            }
        }
    }
    rows
}
