//! Prices: records of the register that this base fills, and what the other one still holds from before.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    Known,
    dice::Dice,
    lists::{DOLLAR, ROUBLE, reference},
    terms::{COST, DEALERS_DOLLARS, DEALERS_ROUBLES, RETAIL, own_kind},
};
use crate::base::{Amount, Moment, Product, characteristics};

/// The others of a large base have no price.
const MOST: usize = 2_000;
const RECORDER: &str = "StandardODATA.Document_УстановкаЦенНоменклатуры";

/// Of `InformationRegister_ЦеныНоменклатуры25_RecordType`.
pub fn rows(known: &Known<'_>) -> Vec<Json> {
    let kinds: Vec<(Uuid, Uuid, i64)> =
        [(RETAIL, ROUBLE, 100), (DEALERS_ROUBLES, ROUBLE, 82), (DEALERS_DOLLARS, DOLLAR, 1), (COST, ROUBLE, 55)]
            .into_iter()
            .chain(
                known.dealers().filter_map(|dealer| own_kind(dealer.reference)).take(3).map(|kind| (kind, ROUBLE, 78)),
            )
            .collect();
    let mut rows = Vec::new();
    for product in known.products.iter().filter(|product| !product.is_folder).take(MOST) {
        let mut dice = Dice::new(known.plan.seed ^ product.reference.as_u128() as u64 ^ 0x9a1c_e000_0000);
        for (kind, currency, percent) in &kinds {
            // Dealers have a price of their own for some products only.
            if *percent == 78 && dice.chance(0.7) {
                continue;
            }
            price(&mut rows, known, product, (*kind, *currency, *percent), &mut dice);
        }
    }
    rows
}

fn price(rows: &mut Vec<Json>, known: &Known<'_>, product: &Product, kind: (Uuid, Uuid, i64), dice: &mut Dice) {
    let (kind, currency, percent) = kind;
    let of_kind = product.price.0 / 100 * percent;
    let first = Moment::of(2025, 1, 10);
    let mut record = |period: Moment, price: i64, characteristic: Uuid, is_active: bool| {
        let number = rows.len() as u64 + 1;
        rows.push(json!({"Ref_Key": reference(0x9e25, u128::from(number)), "Recorder": reference(0x9d0c, u128::from(number % 40 + 1)),
            "Recorder_Type": RECORDER, "Period": period.to_string(), "LineNumber": number, "Active": is_active,
            "Номенклатура_Key": product.reference, "ХарактеристикаЦО_Key": characteristic, "СерияЦО_Key": Uuid::nil(),
            "УпаковкаЦО_Key": Uuid::nil(), "ВидЦены_Key": kind, "Цена": money(price), "Упаковка_Key": product.unit,
            "Валюта_Key": currency}));
    };
    // A price for every variant, or the same for all of them.
    let variants: Vec<Uuid> = if dice.chance(0.2) { characteristics(product.reference).collect() } else { Vec::new() };
    let variants = if variants.is_empty() { vec![Uuid::nil()] } else { variants };
    for variant in variants {
        record(first, of_kind * 9 / 10, variant, true);
        if dice.chance(0.3) {
            record(known.plan.now.days_later(-dice.between(5, 60)).at(0), of_kind, variant, true);
        }
        match dice.below(40) {
            // Taken back: 1C writes a price of nothing.
            0 => record(known.plan.now.days_later(-2).at(0), 0, variant, true),
            // From next month on, and one that its document no longer stands behind.
            1 => record(known.plan.now.days_later(30).at(0), of_kind * 11 / 10, variant, true),
            2 => record(known.plan.now.days_later(-1).at(0), of_kind * 3, variant, false),
            _ => {}
        }
    }
}

/// Of `InformationRegister_ЦеныНоменклатуры_RecordType`: what stood there before the newer register was filled.
pub fn former(known: &Known<'_>) -> Vec<Json> {
    let items = known.products.iter().filter(|product| !product.is_folder).take(20);
    let row = |(product, number): (&Product, u128)| {
        json!({"Ref_Key": reference(0x9e24, number), "Recorder": reference(0x9d0b, 1), "Recorder_Type": RECORDER,
            "Period": "2023-03-01T00:00:00", "LineNumber": u64::try_from(number).unwrap_or(0), "Active": true,
            "Номенклатура_Key": product.reference, "Характеристика_Key": Uuid::nil(), "ВидЦены_Key": DEALERS_ROUBLES,
            "Цена": money(product.price.0 / 2), "Упаковка_Key": Uuid::nil(), "Валюта_Key": ROUBLE})
    };
    items.zip(1..).map(row).collect()
}

/// Ten-thousandths as the number that JSON has, in whole kopecks.
pub fn money(raw: i64) -> Json {
    let text = Amount(raw / 100 * 100).to_string();
    serde_json::from_str(&text).unwrap_or_default()
}
