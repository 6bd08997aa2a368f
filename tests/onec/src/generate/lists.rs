//! The small catalogs: currencies, units of measure, warehouses, reasons to call an order off, variants of products.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{Known, dice::Dice, plans, prices, settlements, terms};
use crate::{
    base::{Item, Named, Product, WAREHOUSE, characteristics},
    schema::{Schema, Type},
};

/// The roubles of the demo base.
pub const ROUBLE: Uuid = Uuid::from_u128(0x51ed67a6_7220_11df_b336_0011955cba6b);
pub const DOLLAR: Uuid = Uuid::from_u128(0x51ed67a7_7220_11df_b336_0011955cba6b);
const TENGE: Uuid = Uuid::from_u128(0x51ed67a8_7220_11df_b336_0011955cba6b);

const PIECE: Uuid = Uuid::from_u128(0xbd72d8fb_55bc_11d9_848a_00112f43529a);
const METRE: Uuid = Uuid::from_u128(0xbd72d8fc_55bc_11d9_848a_00112f43529a);
const LITRE: Uuid = Uuid::from_u128(0xbd72d8fd_55bc_11d9_848a_00112f43529a);
const KIT: Uuid = Uuid::from_u128(0xbd72d8fe_55bc_11d9_848a_00112f43529a);

pub fn currencies() -> Vec<Named> {
    vec![
        named(ROUBLE, "643", "RUB", "Российский рубль"),
        named(DOLLAR, "840", "USD", "Доллар США"),
        named(TENGE, "398", "KZT", "Казахстанский тенге"),
    ]
}

pub fn units() -> Vec<Named> {
    vec![
        named(PIECE, "796", "шт", "Штука"),
        named(METRE, "006", "м", "Метр"),
        named(LITRE, "112", "л", "Литр"),
        named(KIT, "839", "компл", "Комплект"),
    ]
}

/// Pipes are sold by the metre.
pub fn unit_of(product: &str) -> Uuid {
    match product.split(' ').next() {
        Some("Труба") => METRE,
        Some("Комплект") => KIT,
        _ => PIECE,
    }
}

fn named(reference: Uuid, code: &str, name: &str, full_name: &str) -> Named {
    Named {
        reference,
        version: 0,
        is_deleted: false,
        code: code.into(),
        name: name.into(),
        full_name: full_name.into(),
        overrides: None,
    }
}

pub const fn reference(kind: u128, n: u128) -> Uuid {
    Uuid::from_u128(0x5b0d6f0e_0000_11ee_8a01_000000000000 | (kind << 80) | n)
}

/// The central one, another, and two shops.
pub const WAREHOUSES: [Uuid; 4] = [WAREHOUSE, reference(0x3a3e, 2), reference(0x3a3e, 3), reference(0x3a3e, 4)];
const SHOPS: Uuid = reference(0x3a3e, 1);

const CANCEL_REASONS: [(Uuid, &str, &str); 4] = [
    (reference(0xca9c, 1), "000000001", "Отказ клиента"),
    (reference(0xca9c, 2), "000000002", "Нет в наличии"),
    (reference(0xca9c, 3), "000000003", "Не оплачен в срок"),
    // An old base had codes of three digits; the fixed length pads them.
    (reference(0xca9c, 4), "004      ", "Ошибка менеджера"),
];

/// One in twelve was called off without a word.
pub fn cancel_reason(dice: &mut Dice) -> Uuid {
    match dice.below(12) as usize {
        0 => Uuid::nil(),
        n => CANCEL_REASONS[n % CANCEL_REASONS.len()].0,
    }
}

/// The lists of UT 11, in the order of their numbers.
pub fn items(schema: &Schema, known: &Known<'_>) -> Vec<Vec<Item>> {
    let mut settlements = settlements::of(known);
    let mut rows = |of: &Type| match of.name.as_str() {
        "Catalog_Склады" => warehouses(),
        "Catalog_ПричиныОтменыЗаказовКлиентов" => {
            CANCEL_REASONS.map(|(id, code, name)| json!({"Ref_Key": id, "Code": code, "Description": name})).to_vec()
        }
        "Catalog_ХарактеристикиНоменклатуры" => {
            known.products.iter().filter(|product| !product.is_folder).flat_map(variants).collect()
        }
        "InformationRegister_ЦеныНоменклатуры25_RecordType" => prices::rows(known),
        "InformationRegister_ЦеныНоменклатуры_RecordType" => prices::former(known),
        "AccumulationRegister_РасчетыСКлиентамиПоСрокам_RecordType" => {
            std::mem::take(&mut settlements.records)
        }
        "Document_ПоступлениеБезналичныхДенежныхСредств" => {
            std::mem::take(&mut settlements.payments)
        }
        "AccumulationRegister_ПланыПродаж_RecordType" => plans::rows(known),
        other => terms::rows(known, other),
    };
    let item = |of: &Type, row: &Json| {
        let row = row.as_object().expect("rows of this file are objects");
        Item::read(of, row, Uuid::nil()).expect("rows of this file fit ut11.txt")
    };
    schema.lists().map(|of| rows(of).iter().map(|row| item(of, row)).collect()).collect()
}

fn warehouses() -> Vec<Json> {
    let (large, shop) = ("ОптовыйСклад", "РозничныйМагазин");
    vec![
        json!({"Ref_Key": SHOPS, "Description": "Магазины", "IsFolder": true, "ТипСклада": null}),
        json!({"Ref_Key": WAREHOUSES[0], "Description": "Центральный склад", "ТипСклада": large,
            "ИспользоватьОрдернуюСхемуПриОтгрузке": true}),
        json!({"Ref_Key": WAREHOUSES[1], "Description": "Склад «Восток»", "ТипСклада": large}),
        json!({"Ref_Key": WAREHOUSES[2], "Description": "Магазин на Заводской", "ТипСклада": shop, "Parent_Key": SHOPS}),
        json!({"Ref_Key": WAREHOUSES[3], "Description": "Магазин (закрыт)", "ТипСклада": shop, "Parent_Key": SHOPS,
            "DeletionMark": true}),
    ]
}

/// Owned by a product; in other bases a kind of products may be the owner, so the field is a composite one.
fn variants(product: &Product) -> impl Iterator<Item = Json> {
    characteristics(product.reference).zip(["белый", "чёрный", "хром"]).map(|(id, colour)| {
        json!({"Ref_Key": id, "Description": colour, "НаименованиеПолное": format!("{}, {colour}", product.name),
            "Owner": product.reference, "Owner_Type": "StandardODATA.Catalog_Номенклатура"})
    })
}
