//! Who buys: partners, each with a legal entity.

use uuid::Uuid;

use crate::base::{LegalEntity, Partner};

const REGIONS: &[&str] = &[
    "Волга",
    "Урал",
    "Север",
    "Ока",
    "Дон",
    "Кама",
    "Енисей",
    "Алтай",
    "Кубань",
    "Байкал",
    "Нева",
    "Обь",
    "Сибирь",
    "Юг",
    "Ладога",
    "Амур",
    "Вятка",
    "Тверь",
    "Приморье",
    "Центр",
    "Поволжье",
    "Таймыр",
    "Селигер",
    "Двина",
];

const TRADES: &[&str] = &[
    "Тепло",
    "Климат",
    "Комфорт",
    "Сантехника",
    "Термо",
    "Гидро",
    "Монтаж",
    "Снаб",
    "Инжиниринг",
    "Котёл",
    "Аква",
    "Сервис",
    "Строй",
    "Теплосеть",
    "Радиатор",
    "Трубопровод",
];

const FORMS: &[&str] = &["ООО", "ООО", "ООО", "АО", "ИП"];

/// The reference of dealer number `n`, from 1.
pub fn dealer_reference(n: u64) -> Uuid {
    Uuid::from_u128(0x5b0d6f0e_d0d0_11ee_8a01_000000000000 + u128::from(n))
}

pub fn legal_entity_reference(n: u64) -> Uuid {
    Uuid::from_u128(0x5b0d6f0e_c0c0_11ee_8a01_000000000000 + u128::from(n))
}

/// A supplier: a partner that is no client.
fn supplier_reference(n: u64) -> Uuid {
    Uuid::from_u128(0x5b0d6f0e_50d0_11ee_8a01_000000000000 + u128::from(n))
}

/// The string that stands in every text of dealer number `n`, and nowhere else. Letters that no number, GUID or base64
/// of a small counter holds together.
pub fn canary(n: u64) -> String {
    format!("Zq{n:03}x")
}

/// «Волга-Тепло», «Урал-Климат», «Север-Комфорт», then every other pair, then the pairs again with a number.
pub fn dealer_name(n: u64) -> String {
    let at = (n - 1) as usize;
    let (regions, trades) = (REGIONS.len(), TRADES.len());
    let (region, turn) = (at % regions, at / regions);
    let trade = (region + turn) % trades;
    let again = turn / trades;
    let number = if again == 0 { String::new() } else { format!(" {}", again + 1) };
    format!("{}-{}{number}", REGIONS[region], TRADES[trade])
}

/// `dealers` clients and a few suppliers, and the clients' legal entities.
pub fn partners(dealers: usize, canaries: &[String]) -> (Vec<Partner>, Vec<LegalEntity>) {
    let (mut partners, mut legal_entities) = (Vec::new(), Vec::new());
    for n in 1..=dealers as u64 {
        let mark = canaries.get(n as usize - 1).map(|canary| format!(" {canary}")).unwrap_or_default();
        let name = format!("{}{mark}", dealer_name(n));
        // An old base had codes of six digits; the fixed length pads them.
        let code = if n % 10 == 4 { format!("{n:06}   ") } else { format!("НФ-{n:06}") };
        let form = FORMS[(n % FORMS.len() as u64) as usize];
        legal_entities.push(LegalEntity {
            reference: legal_entity_reference(n),
            version: 0,
            is_deleted: false,
            name: format!("{name} {form}").into(),
            full_name: format!("{form} «{name}»").into(),
            tax_number: format!("77{:08}", 10_000_019 + n * 7919).into(),
            partner: dealer_reference(n),
            overrides: None,
        });
        partners.push(partner(dealer_reference(n), code, name, true));
    }
    for n in 1..=3 {
        partners.push(partner(supplier_reference(n), format!("ПС-{n:06}"), format!("Поставщик {n}"), false));
    }
    (partners, legal_entities)
}

fn partner(reference: Uuid, code: String, name: String, is_client: bool) -> Partner {
    Partner {
        reference,
        version: 0,
        is_deleted: false,
        code: code.into(),
        name: name.into(),
        is_client,
        overrides: None,
    }
}
