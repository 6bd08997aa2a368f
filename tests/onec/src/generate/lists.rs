//! The small catalogs: currencies and units of measure.

use uuid::Uuid;

use crate::base::Named;

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
