//! Years of sales up to this very moment: growth, seasons, working days and hours, dealers of very different size.

use uuid::Uuid;

use super::{
    Plan,
    dealers::{dealer_reference, legal_entity_reference},
    dice::{Dice, Weights},
    products::Catalog,
};
use crate::base::{Amount, Document, Line, Moment, included_vat, to_kopecks};

/// Sales by month against the year's mean: heating sells before the cold.
const SEASONS: [f64; 12] = [0.72, 0.70, 0.78, 0.86, 0.92, 1.00, 1.08, 1.22, 1.42, 1.40, 1.10, 0.80];
/// Monday to Sunday.
const WEEKDAYS: [f64; 7] = [1.05, 1.1, 1.1, 1.05, 1.0, 0.25, 0.05];
const YEARLY_GROWTH: f64 = 1.18;
const MEAN_LINES: f64 = 10.0;

/// Exactly `plan.lines` lines in documents, in the order of their dates.
pub fn documents(plan: &Plan, canaries: &[String], catalog: &Catalog, dice: &mut Dice) -> Vec<Document> {
    let buyers = Weights::new((0..plan.dealers).map(|n| 1.0 / (n as f64 + 2.0).powf(0.8)));
    let favourites = Weights::new((0..catalog.items.len()).map(|n| 1.0 / (n as f64 + 20.0).powf(0.6)));
    let order = shuffled(catalog.items.len(), dice);
    let sizes = sizes(plan.lines, dice);
    let mut numbers = vec![0_u64; plan.dealers + 1];
    let mut year = 0;
    let mut documents = Vec::with_capacity(sizes.len());
    for (date, size) in dates(plan, sizes.len(), dice).into_iter().zip(sizes) {
        if date.civil().0 != year {
            year = date.civil().0;
            numbers.fill(0);
        }
        let buyer = buyers.pick(dice);
        let discount = (buyer * 7 % 12) as i64;
        let mut lines = Vec::with_capacity(size);
        for _ in 0..size {
            let item = match catalog.own.get(buyer) {
                Some(own) if dice.chance(0.03) => *own,
                _ => catalog.items[order[favourites.pick(dice)]],
            };
            let product = &catalog.rows[item];
            lines.push(line(product.reference, product.price, discount, dice));
        }
        if dice.chance(0.002) && !lines.is_empty() {
            // Written about a product that was removed since: nothing in the catalogue has this reference.
            let at = dice.below(lines.len() as u64) as usize;
            lines[at].product = Uuid::from_u128(0xdead_0000_0000_11ee_8a01_000000000000 | u128::from(dice.below(50)));
        }
        let canary = canaries.get(buyer);
        let counter = if canary.is_some() { &mut numbers[buyer + 1] } else { &mut numbers[0] };
        *counter += 1;
        let number = canary.map_or_else(|| format!("ТД00-{counter:06}"), |canary| format!("{canary}-{counter:04}"));
        let comment = match canary {
            Some(canary) => format!("Отгрузка для {canary}"),
            None if dice.chance(0.03) => "Самовывоз, позвонить за час".to_owned(),
            None => String::new(),
        };
        let (is_posted, is_deleted) = (dice.chance(0.98), dice.chance(0.01));
        documents.push(Document {
            reference: document_reference(dice),
            version: 0,
            is_deleted,
            is_posted: is_posted && !is_deleted,
            number: number.into(),
            date,
            partner: dealer_reference(buyer as u64 + 1),
            legal_entity: legal_entity_reference(buyer as u64 + 1),
            comment: comment.into(),
            lines,
            overrides: None,
        });
    }
    if plan.junk_dates {
        for (at, date) in
            [Moment::EMPTY, Moment::of(209, 3, 5).at(40_000), Moment::of(2106, 1, 1)].into_iter().enumerate()
        {
            if let Some(document) = documents.get_mut(at * 7) {
                document.date = date;
            }
        }
    }
    documents
}

/// A reference whose order has nothing to do with the date, as 1C's are stored.
fn document_reference(dice: &mut Dice) -> Uuid {
    let (high, low) = (u128::from(dice.roll()), u128::from(dice.roll() & 0xffff_ffff_ffff));
    Uuid::from_u128((high >> 16) << 80 | 0x11ee_8a01_0000_0000_0000 | low)
}

/// Lines of each document: 1 to 40, ten at the mean, and all of them together as many as asked for.
fn sizes(lines: usize, dice: &mut Dice) -> Vec<usize> {
    let mut sizes = Vec::with_capacity(lines / 9);
    let mut left = lines;
    while left > 0 {
        let spread = -(1.0 - dice.share()).ln() * (MEAN_LINES - 0.6);
        let size = (1 + spread as usize).min(40).min(left);
        sizes.push(size);
        left -= size;
    }
    sizes
}

/// As many moments as there are documents, sorted, none later than `plan.now`.
fn dates(plan: &Plan, count: usize, dice: &mut Dice) -> Vec<Moment> {
    let days = i64::from(plan.years) * 365;
    let first = plan.now.days_later(-days).at(0);
    let calendar = Weights::new((0..=days).map(|day| {
        let date = first.days_later(day);
        let (_, month, _) = date.civil();
        let growth = YEARLY_GROWTH.powf(day as f64 / 365.0);
        growth * SEASONS[month as usize - 1] * WEEKDAYS[date.weekday() as usize]
    }));
    let mut dates: Vec<Moment> = (0..count)
        .map(|_| {
            let day = first.days_later(calendar.pick(dice) as i64);
            let second = dice.between(8 * 3600, 13 * 3600) + dice.between(0, 6 * 3600);
            let moment = day.at(second);
            if moment > plan.now { moment.days_later(-7) } else { moment }
        })
        .collect();
    dates.sort_unstable();
    dates
}

fn shuffled(count: usize, dice: &mut Dice) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    dice.shuffle(&mut order);
    order
}

fn line(product: Uuid, list_price: Amount, dealer_discount: i64, dice: &mut Dice) -> Line {
    let quantity = match list_price.0 {
        ..3_000_000 if dice.chance(0.3) => Amount(dice.between(10, 800) * 5_000),
        ..10_000_000 => Amount::whole(dice.between(1, 60)),
        ..100_000_000 => Amount::whole(dice.between(1, 12)),
        _ => Amount::whole(dice.between(1, 3)),
    };
    let percent = |of: Amount, percent: i64| to_kopecks(i128::from(of.0) * i128::from(percent), 100);
    let price = percent(list_price, 100 - dealer_discount);
    let full = to_kopecks(i128::from(price.0) * i128::from(quantity.0), 10_000);
    let none = Amount::default();
    let automatic_discount = if dice.chance(0.3) { percent(full, dice.between(1, 7)) } else { none };
    let manual_discount = if dice.chance(0.05) { percent(full, dice.between(1, 10)) } else { none };
    let revenue = Amount(full.0 - automatic_discount.0 - manual_discount.0);
    Line { product, quantity, price, revenue, vat: included_vat(revenue), manual_discount, automatic_discount }
}
