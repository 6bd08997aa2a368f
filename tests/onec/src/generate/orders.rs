//! What was ordered: an order for most sales, some days before; and a few that nothing was shipped of, or not yet.
//!
//! Orders follow from the sales alone, each from dice of its own, so they can be made later, and nothing of what was drawn
//! before them changes. An order that grows old gets another status, and so another version.

use uuid::Uuid;

use super::{WAREHOUSES, dice::Dice, terms::near, version};
use crate::base::{
    Amount, Base, CLOSED, Deed, Document, Line, LineTerms, Moment, NOT_AGREED, SOLD, TO_SHIP, TO_SUPPLY, Terms,
    characteristics, manager_of, to_kopecks,
};

/// Of sales to customers, so many follow an order.
const ORDERED: f64 = 0.85;
/// For each sale, so many further orders of the same dealer of which nothing was shipped.
const NEVER_SHIPPED: f64 = 0.12;
/// Days after which an open order is called off.
const PATIENCE: i64 = 60;
const DAY: i64 = 86_400;

/// The reference of the order that a sale ships; all zeros: it was sold without one. Known before the order is made.
pub fn reference_of(sale: Uuid) -> Uuid {
    if dice_of(sale, 1).chance(ORDERED) { Uuid::from_u128(sale.as_u128() ^ (1 << 126)) } else { Uuid::nil() }
}

/// All orders of a base whose sales are as they were made.
pub fn orders(base: &Base) -> Vec<Document> {
    let mut orders = Vec::with_capacity(base.documents.len());
    for sale in base.documents.rows() {
        orders.extend((!sale.order.is_nil()).then(|| shipped(sale, base.made_at)));
        orders.extend(never_shipped(sale, base.made_at));
    }
    for order in &mut orders {
        let sold: Vec<_> = order.lines.iter().map(|line| (line.product, line.quantity.0, line.revenue.0)).collect();
        let terms = order.terms.as_ref().map(|terms| {
            let codes: Vec<_> = terms.lines.iter().map(|line| (line.code, line.is_cancelled)).collect();
            (terms.status.clone(), terms.ship_on, codes)
        });
        order.version = version(&(order.date, &order.number, order.is_posted, order.is_deleted, sold, terms));
    }
    orders
}

fn dice_of(sale: Uuid, salt: u64) -> Dice {
    let id = sale.as_u128();
    let mut dice = Dice::new((id >> 64) as u64 ^ (id as u64).rotate_left(17) ^ (salt << 56));
    dice.roll();
    dice
}

/// The order of a sale: what was shipped, and here and there a rest that was called off.
fn shipped(sale: &Document, now: Moment) -> Document {
    let dice = &mut dice_of(sale.reference, 2);
    let is_junk = is_junk(sale, now);
    let ordered = sale.date.days_later(-dice.between(0, 9)).at(dice.between(8 * 3600, 17 * 3600));
    let date = if is_junk { sale.date } else { ordered.min(sale.date) };
    let mut lines = Vec::with_capacity(sale.lines.len() + 2);
    lines.extend(sale.lines.iter().cloned());
    let mut terms = terms_of(sale, date, lines.len(), dice);
    for line in (0..lines.len()).rev() {
        if dice.chance(0.03) {
            call_off_rest(&mut lines, &mut terms, line, dice);
        }
    }
    let is_old = (now.0 - sale.date.0) / DAY > 14;
    terms.status = if dice.chance(if is_old { 0.97 } else { 0.3 }) { CLOSED } else { TO_SHIP }.into();
    let is_deleted = dice.chance(0.01);
    let is_posted = !is_deleted && !dice.chance(0.015);
    document(sale, sale.order, date, (is_posted, is_deleted), (lines, terms))
}

/// Another order of the same dealer, of which nothing was shipped.
fn never_shipped(sale: &Document, now: Moment) -> Option<Document> {
    let dice = &mut dice_of(sale.reference, 3);
    if is_junk(sale, now) || sale.operation != SOLD || !dice.chance(NEVER_SHIPPED) {
        return None;
    }
    let date = sale.date.days_later(dice.between(0, 5)).at(dice.between(8 * 3600, 17 * 3600));
    if date > now {
        return None;
    }
    let most = sale.lines.len().min(12) as u64;
    let times = dice.between(1, 3);
    let part = sale.lines.iter().take(1 + dice.below(most) as usize);
    let lines: Vec<Line> = part.map(|line| share(line, line.quantity.0 * times)).collect();
    let mut terms = terms_of(sale, date, lines.len(), dice);
    let (is_deleted, mut is_posted) = (dice.chance(0.1), !dice.chance(0.1));
    if (now.0 - date.0) / DAY > PATIENCE {
        terms.status = CLOSED.into();
        let reason = super::cancel_reason(dice);
        terms.lines.iter_mut().for_each(|line| (line.is_cancelled, line.reason) = (true, reason));
    } else {
        let stage = [NOT_AGREED, TO_SUPPLY, TO_SUPPLY, TO_SHIP][dice.below(4) as usize];
        is_posted &= stage != NOT_AGREED || dice.chance(0.5);
        terms.status = stage.into();
    }
    let reference = Uuid::from_u128(sale.reference.as_u128() ^ (1 << 125));
    Some(document(sale, reference, date, (is_posted && !is_deleted, is_deleted), (lines, terms)))
}

/// A date that no order can be some days from.
fn is_junk(sale: &Document, now: Moment) -> bool {
    sale.date < Moment::of(1990, 1, 1) || sale.date > now
}

fn document(
    sale: &Document,
    reference: Uuid,
    date: Moment,
    (is_posted, is_deleted): (bool, bool),
    (lines, terms): (Vec<Line>, Terms),
) -> Document {
    // The number is that of the sale's day; in another year it could be taken.
    let prefix = if date.civil().0 == sale.date.civil().0 { "ТДЗ0" } else { "ТДП0" };
    let prefix = if reference == sale.order { prefix } else { "ТДН0" };
    Document {
        deed: Deed::Order,
        operation: SOLD.into(),
        currency: sale.currency,
        reference,
        version: 0,
        is_deleted,
        is_posted,
        number: sale.number.replacen("ТД00", prefix, 1).into(),
        date,
        partner: sale.partner,
        legal_entity: sale.legal_entity,
        comment: if sale.comment.contains("Самовывоз") { "".into() } else { sale.comment.clone() },
        lines,
        order: Uuid::nil(),
        terms: Some(Box::new(terms)),
        overrides: None,
    }
}

/// Terms of an order of the sale's dealer, nothing of it called off.
fn terms_of(sale: &Document, date: Moment, lines: usize, dice: &mut Dice) -> Terms {
    let dealer = sale.partner.as_u128() & 0xffff_ffff;
    // A canary stands before the dash of a number; the customer's own number belongs to the dealer too.
    let mark = sale.number.split('-').next().filter(|mark| *mark != "ТД00");
    let theirs = dice.below(90_000) + 10_000;
    let customer_number = match mark {
        Some(canary) => format!("{canary}/{theirs}"),
        None if dice.chance(0.4) => format!("З-{theirs}"),
        None => String::new(),
    };
    let ship_on = if dice.chance(0.15) { Moment::EMPTY } else { date.days_later(dice.between(1, 12)).at(0) };
    let warehouse = if dice.chance(0.8) { WAREHOUSES[0] } else { WAREHOUSES[dice.below(3) as usize] };
    let mut terms = Terms {
        ship_on,
        customer_number: customer_number.into(),
        manager: manager_of(sale.partner),
        agreement: near(0xa93e, sale.partner),
        contract: if dealer.is_multiple_of(3) { near(0xc047, sale.partner) } else { Uuid::nil() },
        ..Terms::new(lines, warehouse)
    };
    for (line, terms) in sale.lines.iter().zip(&mut terms.lines) {
        let mut variants = characteristics(line.product);
        let picked = variants.nth(dice.below(2) as usize);
        terms.characteristic = picked.unwrap_or_default();
        if dice.chance(0.05) {
            terms.ship_on = Some(date.days_later(dice.between(1, 30)).at(0));
        }
    }
    terms
}

/// More was ordered of this line than was shipped; the rest stands below it, called off.
fn call_off_rest(lines: &mut Vec<Line>, terms: &mut Terms, line: usize, dice: &mut Dice) {
    let pieces = lines[line].quantity.0.div_euclid(10_000).max(1);
    let rest = share(&lines[line], dice.between(1, pieces) * 10_000);
    let code = u32::try_from(terms.lines.len() + 1).unwrap_or(u32::MAX);
    let called_off = LineTerms { code, is_cancelled: true, reason: super::cancel_reason(dice), ..terms.lines[line] };
    lines.insert(line + 1, rest);
    terms.lines.insert(line + 1, called_off);
}

/// The same line for another quantity.
fn share(line: &Line, quantity: i64) -> Line {
    let of = |amount: Amount| to_kopecks(i128::from(amount.0) * i128::from(quantity), line.quantity.0.max(1).into());
    Line {
        product: line.product,
        quantity: Amount(quantity),
        price: line.price,
        revenue: of(line.revenue),
        vat: of(line.vat),
        manual_discount: of(line.manual_discount),
        automatic_discount: of(line.automatic_discount),
    }
}
