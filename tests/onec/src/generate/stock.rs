//! What lies where: most products in the central warehouse, some in the others.

use uuid::Uuid;

use super::{WAREHOUSES, dice::Dice};
use crate::base::{Amount, Dimensions, Moment, Product, Resources, Stock, characteristics};

/// The share of products that each warehouse keeps.
const KEPT: [f64; WAREHOUSES.len()] = [0.9, 0.4, 0.25, 0.1];

/// Each product has dice of its own, from the seed: a base made later has the same balances.
pub fn stock(seed: u64, now: Moment, products: &[Product]) -> Stock {
    let mut stock = Stock::default();
    for product in products.iter().filter(|product| !product.is_folder) {
        let n = product.reference.as_u128() as u64 & 0xffff_ffff;
        let mut dice = Dice::new(seed.wrapping_mul(0xa076_1d64_78bd_642f) ^ n);
        for (warehouse, kept) in WAREHOUSES.into_iter().zip(KEPT) {
            if dice.chance(kept) {
                lay(&mut stock, product, warehouse, now, &mut dice);
            }
        }
    }
    stock
}

fn lay(stock: &mut Stock, product: &Product, warehouse: Uuid, now: Moment, dice: &mut Dice) {
    let place = Dimensions { product: product.reference, warehouse, ..Dimensions::default() };
    let mut places: Vec<_> =
        characteristics(product.reference).map(|characteristic| Dimensions { characteristic, ..place }).collect();
    if places.is_empty() {
        places.push(place);
    }
    // Here and there a batch lies apart, or something is set aside for somebody.
    if dice.chance(0.03) {
        places.push(Dimensions { series: random(dice, 0x5e41), ..places[0] });
    }
    if dice.chance(0.03) {
        places.push(Dimensions { purpose: random(dice, 0x9a2e), ..places[0] });
    }
    for place in places {
        let is_by_metre = product.name.starts_with("Труба ");
        let mut quantity = || {
            if is_by_metre { Amount(dice.between(10, 4_000) * 5_000) } else { Amount::whole(dice.between(1, 120)) }
        };
        let (before, on_hand) = (quantity(), quantity());
        // Shipped before it was booked in.
        let on_hand = if dice.chance(0.01) { Amount(-on_hand.0) } else { on_hand };
        let to_ship = match dice.below(10) {
            0..5 => None,
            5..7 => Some(Amount::default()),
            _ => Some(Amount(on_hand.0.max(0) / 30_000 * 10_000)),
        };
        let nothing_to_ship = Resources { on_hand: Some(before), to_ship: None };
        stock.set(place, now.days_later(-dice.between(100, 900)), nothing_to_ship);
        if dice.chance(0.7) {
            // Never at the very moment of now, before which the first question may ask for what lies here.
            let since = now.days_later(-dice.between(1, 60)).at(dice.between(8 * 3600, 11 * 3600));
            stock.set(place, since, Resources { on_hand: Some(on_hand), to_ship });
        }
    }
}

fn random(dice: &mut Dice, kind: u128) -> Uuid {
    Uuid::from_u128(0x5b0d6f0e_0000_11ee_8a01_000000000000 | (kind << 80) | u128::from(dice.below(1 << 40)))
}
