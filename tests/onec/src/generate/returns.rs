//! What comes back: for a few sales a document of some days later, with some of their lines and fewer of each.

use uuid::Uuid;

use super::dice::Dice;
use crate::base::{Amount, Deed, Document, FROM_AN_AGENT, GIVEN_BACK, Line, Moment, TO_AN_AGENT, to_kopecks};

/// The return of a sale, if anything of it comes back by `now`. It follows from the sale alone.
pub fn of(sale: &Document, now: Moment) -> Option<Document> {
    let reference = sale.reference.as_u128();
    let mut dice = Dice::new((reference >> 64) as u64 ^ reference as u64);
    if !sale.is_posted || !dice.chance(0.04) {
        return None;
    }
    let date = sale.date.days_later(dice.between(1, 30)).at(dice.between(9 * 3600, 18 * 3600));
    let most = sale.lines.len().min(3) as u64;
    let lines: Vec<Line> =
        sale.lines.iter().take(1 + dice.below(most) as usize).map(|line| part(line, &mut dice)).collect();
    let operation = if sale.operation == TO_AN_AGENT { FROM_AN_AGENT } else { GIVEN_BACK };
    let returned = Document {
        deed: Deed::Return,
        operation: operation.into(),
        // The next reference after its sale's.
        reference: Uuid::from_u128(reference ^ (1 << 127)),
        number: sale.number.replacen("ТД00", "ТДВ0", 1).into(),
        date,
        is_posted: dice.chance(0.98),
        comment: if sale.comment.contains("Самовывоз") { "".into() } else { sale.comment.clone() },
        lines,
        order: Uuid::nil(),
        ..sale.clone()
    };
    (date <= now).then_some(returned)
}

/// Whole pieces, at least one of them; of what was less than two, all.
fn part(line: &Line, dice: &mut Dice) -> Line {
    let pieces = line.quantity.0 / 10_000;
    let quantity = if pieces < 2 { line.quantity.0 } else { dice.between(1, pieces - 1) * 10_000 };
    let share = |amount: Amount| to_kopecks(i128::from(amount.0) * i128::from(quantity), line.quantity.0.into());
    Line {
        product: line.product,
        quantity: Amount(quantity),
        price: line.price,
        revenue: share(line.revenue),
        vat: share(line.vat),
        manual_discount: share(line.manual_discount),
        automatic_discount: share(line.automatic_discount),
    }
}
