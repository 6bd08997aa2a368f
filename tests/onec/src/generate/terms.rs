//! On what terms dealers buy: kinds of prices, agreements, contracts, the keys that registers know a dealer by, and the small
//! catalogs beside them. All of it follows from the partners, so nothing that was drawn before changes.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    Known,
    lists::{DOLLAR, ROUBLE, reference},
};
use crate::base::{Moment, ORGANISATION, Partner, VAT_RATE, manager_of};

pub const RETAIL: Uuid = reference(0xce4a, 1);
pub const DEALERS_ROUBLES: Uuid = reference(0xce4a, 2);
pub const DEALERS_DOLLARS: Uuid = reference(0xce4a, 3);
/// What goods cost the owner: in no agreement that is open to dealers.
pub const COST: Uuid = reference(0xce4a, 4);
const FORMER: Uuid = reference(0xce4a, 5);

/// A contract of a dealer, and what registers know it by.
pub struct Contract {
    pub reference: Uuid,
    pub number: String,
    pub currency: Uuid,
    pub days: i64,
    /// `Catalog_КлючиАналитикиУчетаПоПартнерам`.
    pub key: Uuid,
    /// `Catalog_ОбъектыРасчетов`.
    pub object: Uuid,
}

/// The number of a dealer, in whichever base it lies.
pub fn number_of(partner: Uuid) -> u64 {
    u64::try_from(partner.as_u128() & 0xffff_ffff).unwrap_or(0)
}

/// A reference of this group that belongs to the partner; another base has others.
pub fn near(group: u128, partner: Uuid) -> Uuid {
    numbered(group, partner, partner.as_u128() & 0xffff_ffff)
}

/// The same, of many.
pub fn numbered(group: u128, partner: Uuid, number: u128) -> Uuid {
    let base = partner.as_u128() & (0xff << 120);
    Uuid::from_u128(base | 0x000d6f0e_0000_11ee_8a01_000000000000 | (group << 80) | number)
}

/// The kind of prices that this dealer alone has.
pub fn own_kind(partner: Uuid) -> Option<Uuid> {
    (number_of(partner) % 4 == 1).then(|| near(0xce4b, partner))
}

pub fn contracts(partner: Uuid, canary: &str) -> Vec<Contract> {
    let n = number_of(partner);
    let contract = |turn: u128, currency| Contract {
        reference: near(0xc047 + turn, partner),
        number: format!("Д-{n}/{}{canary}", turn + 1),
        currency,
        days: [30, 14, 0][usize::try_from(n % 3).unwrap_or(0)],
        key: near(0x4ec0 + turn, partner),
        object: near(0x0b1e + turn, partner),
    };
    let dollars = n.is_multiple_of(3).then(|| contract(1, DOLLAR));
    std::iter::once(contract(0, ROUBLE)).chain(dollars).collect()
}

pub fn rows(known: &Known<'_>, set: &str) -> Vec<Json> {
    let dealers = || known.dealers();
    match set {
        "Catalog_ВидыЦен" => kinds().into_iter().chain(dealers().filter_map(kind_of)).collect(),
        "Catalog_СоглашенияСКлиентами" => {
            standard().into_iter().chain(dealers().flat_map(|dealer| agreements(known, dealer))).collect()
        }
        "Catalog_ДоговорыКонтрагентов" => {
            dealers().flat_map(|dealer| each_contract(known, dealer, contract_row)).collect()
        }
        "Catalog_КлючиАналитикиУчетаПоПартнерам" => {
            dealers().flat_map(|dealer| each_contract(known, dealer, key_row)).chain(keys_of_no_dealer()).collect()
        }
        "Catalog_ОбъектыРасчетов" => {
            dealers().flat_map(|dealer| each_contract(known, dealer, object_row)).collect()
        }
        "Catalog_Пользователи" => managers(),
        "Catalog_БизнесРегионы" => regions(),
        "Catalog_Марки" => named(0xb4a0, &["Термия", "Норд", "Гидролюкс", "Вектор", "Аквастрой", "Ладога"]),
        "Catalog_ЦеновыеГруппы" => {
            let mut rows = named(0x9609, &["Котлы", "Арматура", "Трубы", "Прочее"]);
            // An old base had codes of three digits; the fixed length pads them.
            rows.iter_mut().zip(1..).for_each(|(row, n)| row["Code"] = json!(format!("{n:03}      ")));
            rows
        }
        "Catalog_СтавкиНДС" => vec![
            json!({"Ref_Key": VAT_RATE, "Description": "20%", "Ставка": 20}),
            json!({"Ref_Key": reference(0xfa70, 2), "Description": "10%", "Ставка": 10}),
            json!({"Ref_Key": reference(0xfa70, 3), "Description": "Без НДС", "Ставка": 0}),
        ],
        _ => Vec::new(),
    }
}

fn named(group: u128, names: &[&str]) -> Vec<Json> {
    names.iter().zip(1..).map(|(name, n)| json!({"Ref_Key": reference(group, n), "Description": name})).collect()
}

fn managers() -> Vec<Json> {
    let mut rows = named(0x3a3a, &["Иванова А. П.", "Петров С. Н.", "Сидорова Е. В.", "Ким Д. Р.", "Орлов М. И."]);
    rows[4]["Недействителен"] = json!(true);
    rows
}

/// Regions lie in one another.
fn regions() -> Vec<Json> {
    let mut rows = named(0xb12e, &["Россия", "Поволжье", "Урал", "Северо-Запад"]);
    for (row, n) in rows.iter_mut().zip(1..) {
        row["Code"] = json!(format!("{n:09}"));
        row["Parent_Key"] = json!(if n == 1 { Uuid::nil() } else { reference(0xb12e, 1) });
    }
    rows
}

fn kinds() -> [Json; 5] {
    let kind = |id, name: &str, currency, is_for_sale| {
        json!({"Ref_Key": id, "Description": name, "ВалютаЦены_Key": currency, "ЦенаВключаетНДС": is_for_sale,
            "ИспользоватьПриПродаже": is_for_sale, "Статус": "Действует", "СпособЗаданияЦены": "Вручную"})
    };
    let mut former = kind(FORMER, "Дилерская (старая)", ROUBLE, true);
    (former["DeletionMark"], former["Статус"]) = (json!(true), json!("НеДействует"));
    [
        kind(RETAIL, "Розничная", ROUBLE, true),
        kind(DEALERS_ROUBLES, "Дилерская", ROUBLE, true),
        kind(DEALERS_DOLLARS, "Дилерская, доллары", DOLLAR, true),
        kind(COST, "Закупочная", ROUBLE, false),
        former,
    ]
}

fn kind_of(dealer: &Partner) -> Option<Json> {
    let name = format!("Индивидуальная: {}", dealer.name);
    own_kind(dealer.reference).map(|id| {
        json!({"Ref_Key": id, "Description": name, "ВалютаЦены_Key": ROUBLE, "ЦенаВключаетНДС": true,
            "ИспользоватьПриПродаже": true, "Статус": "Действует", "СпособЗаданияЦены": "Вручную"})
    })
}

/// Of nobody: one open to all dealers, one for the owner's own people, one for a segment of partners.
fn standard() -> [Json; 3] {
    let standard = |n, name: &str, kind, is_open, segment: Uuid| {
        json!({"Ref_Key": reference(0xa93d, n), "Description": name, "Номер": format!("Т-{n}"), "Типовое": true,
            "ДоступноВнешнимПользователям": is_open, "Статус": "Действует", "Валюта_Key": ROUBLE, "ВидЦен_Key": kind,
            "СегментПартнеров_Key": segment, "Организация_Key": ORGANISATION, "Дата": "2024-01-10T00:00:00"})
    };
    [
        standard(1, "Типовое, розничные цены", RETAIL, true, Uuid::nil()),
        standard(2, "Для сотрудников", COST, false, Uuid::nil()),
        standard(3, "Для сегмента", DEALERS_DOLLARS, true, reference(0x5e60, 1)),
    ]
}

/// The one that its orders name, and for every other dealer one that is over.
fn agreements(known: &Known<'_>, dealer: &Partner) -> Vec<Json> {
    let (n, id) = (number_of(dealer.reference), dealer.reference);
    let (kind, currency) = match own_kind(id) {
        Some(kind) => (kind, ROUBLE),
        None if n.is_multiple_of(3) => (DEALERS_DOLLARS, DOLLAR),
        None => (DEALERS_ROUBLES, ROUBLE),
    };
    let agreement = |group, kind: Uuid, state: &str, until: &str| {
        json!({"Ref_Key": near(group, id), "Description": format!("Соглашение {}", dealer.name), "Номер": format!("С-{n}"),
            "Дата": "2024-02-01T00:00:00", "Статус": state, "Партнер_Key": id, "Контрагент_Key": known.legal_entity_of(id),
            "Организация_Key": ORGANISATION, "Валюта_Key": currency, "ВидЦен_Key": kind, "ЦенаВключаетНДС": true,
            "ДатаНачалаДействия": "2024-02-01T00:00:00", "ДатаОкончанияДействия": until, "Менеджер_Key": manager_of(id)})
    };
    let mut all = vec![agreement(0xa93e, kind, "Действует", "0001-01-01T00:00:00")];
    if n.is_multiple_of(2) {
        all.push(agreement(0xa93f, FORMER, "Закрыто", "2024-12-31T00:00:00"));
    }
    all
}

fn each_contract(known: &Known<'_>, dealer: &Partner, row: fn(&Known<'_>, &Partner, &Contract) -> Json) -> Vec<Json> {
    let contracts = contracts(dealer.reference, &known.canary_of(dealer.reference));
    contracts.iter().map(|contract| row(known, dealer, contract)).collect()
}

fn contract_row(known: &Known<'_>, dealer: &Partner, contract: &Contract) -> Json {
    let n = number_of(dealer.reference);
    json!({"Ref_Key": contract.reference, "Description": format!("Договор {}", contract.number), "Номер": contract.number,
        "Дата": "2024-01-15T00:00:00", "Партнер_Key": dealer.reference, "Контрагент_Key": known.legal_entity_of(dealer.reference),
        "Организация_Key": ORGANISATION, "ВалютаВзаиморасчетов_Key": contract.currency, "СрокОплаты": contract.days,
        "ДопустимаяСуммаЗадолженности": n * 250_000, "Статус": if n % 7 == 6 { "НеСогласован" } else { "Действует" }})
}

/// Legal entity and contract are composite: text with its type beside it. Every fifth dealer works without a contract.
fn key_row(known: &Known<'_>, dealer: &Partner, contract: &Contract) -> Json {
    let mut row = json!({"Ref_Key": contract.key, "Description": format!("{}; {}", dealer.name, contract.number),
        "Партнер_Key": dealer.reference, "Организация_Key": ORGANISATION,
        "Контрагент": known.legal_entity_of(dealer.reference), "Контрагент_Type": "StandardODATA.Catalog_Контрагенты"});
    if !number_of(dealer.reference).is_multiple_of(5) {
        row["Договор"] = json!(contract.reference);
        row["Договор_Type"] = json!("StandardODATA.Catalog_ДоговорыКонтрагентов");
    }
    row
}

/// Between the owner's own companies.
pub const BETWEEN_COMPANIES: Uuid = reference(0x4ebf, 1);

fn keys_of_no_dealer() -> [Json; 1] {
    [json!({"Ref_Key": BETWEEN_COMPANIES, "Description": "Между организациями", "Организация_Key": ORGANISATION,
        "Контрагент": ORGANISATION, "Контрагент_Type": "StandardODATA.Catalog_Организации"})]
}

fn object_row(known: &Known<'_>, dealer: &Partner, contract: &Contract) -> Json {
    json!({"Ref_Key": contract.object, "Description": format!("Договор {}", contract.number), "Номер": contract.number,
        "Дата": Moment::of(2024, 1, 15).to_string(), "Организация_Key": ORGANISATION, "Партнер_Key": dealer.reference,
        "Контрагент": known.legal_entity_of(dealer.reference), "Контрагент_Type": "StandardODATA.Catalog_Контрагенты",
        "Договор": contract.reference, "Договор_Type": "StandardODATA.Catalog_ДоговорыКонтрагентов",
        "Объект": contract.reference, "Объект_Type": "StandardODATA.Catalog_ДоговорыКонтрагентов",
        "ВалютаВзаиморасчетов_Key": contract.currency, "ТипРасчетов": "РасчетыСКлиентом"})
}
