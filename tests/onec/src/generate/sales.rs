//! Years of sales up to this very moment: growth, seasons, working days and hours, dealers of very different size.
//!
//! Every day has dice of its own, so that a base made an hour or a week later holds the same documents and the new ones:
//! only the oldest go. (At New Year the growth is reckoned anew, and with it everything.)

use uuid::Uuid;

use super::{
    Plan,
    dealers::{dealer_reference, legal_entity_reference},
    dice::{Dice, Weights},
    lists::{DOLLAR, ROUBLE},
    orders,
    products::Catalog,
    returns,
};
use crate::base::{Amount, Deed, Document, Line, Moment, SOLD, TO_AN_AGENT, included_vat, to_kopecks};

/// Sales by month against the year's mean: heating sells before the cold.
const SEASONS: [f64; 12] = [0.72, 0.70, 0.78, 0.86, 0.92, 1.00, 1.08, 1.22, 1.42, 1.40, 1.10, 0.80];
/// Monday to Sunday, against the mean of a day.
const WEEKDAYS: [f64; 7] = [1.31, 1.38, 1.38, 1.31, 1.25, 0.31, 0.06];
const YEARLY_GROWTH: f64 = 1.15;
const MEAN_LINES: f64 = 9.9;
const MOST_LINES: usize = 40;
/// Of every third dealer, one document in this many is in dollars, at so many roubles each.
const DOLLAR_DEALERS: usize = 3;
const DOLLAR_DOCUMENTS: u128 = 5;
const ROUBLES_A_DOLLAR: i128 = 90;
/// One document in this many hands goods to an agent.
const AGENT_DOCUMENTS: u128 = 50;

/// Exactly `plan.lines` lines in sales, oldest first; and the returns of these sales.
pub fn documents(
    plan: &Plan,
    canaries: &[String],
    catalog: &Catalog,
    dice: &mut Dice,
) -> (Vec<Document>, Vec<Document>) {
    let market = Market::new(plan, canaries, catalog, dice);
    let mut documents: Vec<Document> = Vec::with_capacity(plan.lines / 9);
    let (mut left, mut day) = (plan.lines, plan.now.at(0));
    while left > 0 && day > Moment::of(1, 1, 2) {
        let mut of_day = market.documents_of(day);
        of_day.retain(|document| document.date <= plan.now);
        while let (Some(mut document), true) = (of_day.pop(), left > 0) {
            document.lines.truncate(left);
            left -= document.lines.len();
            documents.push(document);
        }
        day = day.days_later(-1);
    }
    documents.reverse();
    let returns = documents.iter().filter_map(|sale| returns::of(sale, plan.now)).collect();
    if plan.junk_dates {
        let junk = [Moment::EMPTY, Moment::of(209, 3, 5).at(40_000), Moment::of(2106, 1, 1)];
        for (document, date) in documents.iter_mut().step_by(7).zip(junk) {
            document.date = date;
        }
    }
    (documents, returns)
}

/// Who buys what how often.
struct Market<'a> {
    plan: &'a Plan,
    canaries: &'a [String],
    catalog: &'a Catalog,
    buyers: Weights,
    /// Places in the list of items by liking, and how much each place is liked.
    liked: Vec<usize>,
    likings: Weights,
    /// Documents of a mean day in the year of `plan.now`.
    daily: f64,
}

impl<'a> Market<'a> {
    fn new(plan: &'a Plan, canaries: &'a [String], catalog: &'a Catalog, dice: &mut Dice) -> Self {
        let mut liked: Vec<usize> = (0..catalog.items.len()).collect();
        dice.shuffle(&mut liked);
        let years = plan.years.max(1);
        let growth: f64 = (0..years).map(|ago| YEARLY_GROWTH.powi(-(ago as i32))).sum();
        Self {
            plan,
            canaries,
            catalog,
            buyers: Weights::new((0..plan.dealers).map(|n| 1.0 / (n as f64 + 2.0).powf(0.8))),
            liked,
            likings: Weights::new((0..catalog.items.len()).map(|n| 1.0 / (n as f64 + 20.0).powf(0.6))),
            daily: plan.lines as f64 / MEAN_LINES / 365.0 / growth,
        }
    }

    /// In the order of their times.
    fn documents_of(&self, day: Moment) -> Vec<Document> {
        let mut dice = Dice::new(self.plan.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (day.0 / 86_400).unsigned_abs());
        let (_, month, _) = day.civil();
        let age = self.plan.now.civil().0 * 12 + 6 - (day.civil().0 * 12 + month);
        let growth = YEARLY_GROWTH.powf(-(age as f64) / 12.0);
        let expected = self.daily * growth * SEASONS[month as usize - 1] * WEEKDAYS[day.weekday() as usize];
        let count = (expected + dice.share()) as usize;
        let mut times: Vec<i64> =
            (0..count).map(|_| dice.between(8 * 3600, 13 * 3600) + dice.between(0, 6 * 3600)).collect();
        times.sort_unstable();
        times.into_iter().zip(1..).map(|(time, n)| self.document(day.at(time), n, &mut dice)).collect()
    }

    /// The `n`th document of its day. Numbers are unique within a year only, as 1C's are.
    fn document(&self, date: Moment, n: usize, dice: &mut Dice) -> Document {
        let buyer = self.buyers.pick(dice);
        let day_of_year = (date.at(0).0 - Moment::of(date.civil().0, 1, 1).0) / 86_400 + 1;
        let canary = self.canaries.get(buyer);
        let number = match canary {
            Some(canary) => format!("{canary}-{day_of_year:03}{n:03}"),
            None => format!("ТД00-{day_of_year:03}{n:03}"),
        };
        let comment = match canary {
            Some(canary) => format!("Отгрузка для {canary}"),
            None if dice.chance(0.03) => "Самовывоз, позвонить за час".to_owned(),
            None => String::new(),
        };
        let is_deleted = dice.chance(0.01);
        let reference = document_reference(dice);
        // By the reference, not by dice: whatever else is drawn stays as it is.
        let fate = reference.as_u128() & 0xffff_ffff_ffff;
        let is_in_dollars = (buyer + 1).is_multiple_of(DOLLAR_DEALERS) && fate.is_multiple_of(DOLLAR_DOCUMENTS);
        let is_to_an_agent = (fate >> 8).is_multiple_of(AGENT_DOCUMENTS);
        let mut document = Document {
            deed: Deed::Sale,
            operation: if is_to_an_agent { TO_AN_AGENT } else { SOLD }.into(),
            currency: if is_in_dollars { DOLLAR } else { ROUBLE },
            reference,
            version: 0,
            is_deleted,
            is_posted: dice.chance(0.98) && !is_deleted,
            number: number.into(),
            date,
            partner: dealer_reference(buyer as u64 + 1),
            legal_entity: legal_entity_reference(buyer as u64 + 1),
            comment: comment.into(),
            lines: self.lines(buyer, dice),
            order: if is_to_an_agent { Uuid::nil() } else { orders::reference_of(reference) },
            terms: None,
            overrides: None,
        };
        if is_in_dollars {
            document.lines.iter_mut().for_each(in_dollars);
        }
        document
    }

    fn lines(&self, buyer: usize, dice: &mut Dice) -> Vec<Line> {
        let spread = -(1.0 - dice.share()).ln() * (MEAN_LINES - 0.5);
        let count = (1 + spread as usize).min(MOST_LINES);
        let discount = (buyer * 7 % 12) as i64;
        let mut lines = Vec::with_capacity(count);
        for _ in 0..count {
            let item = match self.catalog.own.get(buyer) {
                Some(own) if dice.chance(0.08) => *own,
                _ => self.catalog.items[self.liked[self.likings.pick(dice)]],
            };
            let product = &self.catalog.rows[item];
            lines.push(line(product.reference, product.price, discount, dice));
        }
        if dice.chance(0.002) {
            // Written about a product that was removed since: nothing in the catalog has this reference.
            let at = dice.below(lines.len() as u64) as usize;
            lines[at].product = Uuid::from_u128(0xdead_0000_0000_11ee_8a01_000000000000 | u128::from(dice.below(50)));
        }
        lines
    }
}

/// A reference whose order has nothing to do with the date, as 1C's are stored.
fn document_reference(dice: &mut Dice) -> Uuid {
    let (high, low) = (u128::from(dice.roll()), u128::from(dice.roll() & 0xffff_ffff_ffff));
    Uuid::from_u128((high >> 16) << 80 | 0x11ee_8a01_0000_0000_0000 | low)
}

fn line(product: Uuid, list_price: Amount, dealer_discount: i64, dice: &mut Dice) -> Line {
    let most = match list_price.0 {
        ..10_000_000 => 60,
        10_000_000..100_000_000 => 12,
        _ => 3,
    };
    // Cheap things, pipes among them, are often sold by the metre.
    let is_by_metre = list_price.0 < 3_000_000 && dice.chance(0.3);
    let quantity =
        if is_by_metre { Amount(dice.between(10, 800) * 5_000) } else { Amount::whole(dice.between(1, most)) };
    let percent = |of: Amount, percent: i64| to_kopecks(i128::from(of.0) * i128::from(percent), 100);
    let price = percent(list_price, 100 - dealer_discount);
    let full = to_kopecks(i128::from(price.0) * i128::from(quantity.0), 10_000);
    let none = Amount::default();
    let automatic_discount = if dice.chance(0.3) { percent(full, dice.between(1, 7)) } else { none };
    let manual_discount = if dice.chance(0.05) { percent(full, dice.between(1, 10)) } else { none };
    let revenue = Amount(full.0 - automatic_discount.0 - manual_discount.0);
    Line { product, quantity, price, revenue, vat: included_vat(revenue), manual_discount, automatic_discount }
}

fn in_dollars(line: &mut Line) {
    let of = |roubles: Amount| to_kopecks(roubles.0.into(), ROUBLES_A_DOLLAR);
    // To the cent at least: nothing is given away.
    line.revenue = of(line.revenue).max(Amount(100));
    line.vat = included_vat(line.revenue);
    line.price = of(line.price);
    line.manual_discount = of(line.manual_discount);
    line.automatic_discount = of(line.automatic_discount);
}
