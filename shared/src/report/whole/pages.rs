//! Totals, order and pages of all rows, by the rules of `sql::wrap`.

use std::cmp::Ordering;

use super::binary::{decimal_text, uuid_text};
use super::figures::{Figures, Sides, Whole};
use crate::report::definition::{Definition, FieldId, Sort, Source};
use crate::report::kind::Kind;
use crate::report::table::{Cell, Counts, Line, Number, growth};

const NOW: usize = 0;
const BEFORE: usize = 1;

/// What a row is ordered by. Unknown stands last, whichever way.
#[derive(Clone, Copy)]
enum By {
    Figure(usize),
    Growth(usize),
}

impl Whole {
    /// The totals, that with most rows first.
    pub(super) fn totals_of(&self, report: &Definition) -> Vec<Line> {
        let mut totals: Vec<Line> = (0..self.currencies.len()).filter_map(|index| self.total(report, index)).collect();
        totals.sort_by_key(|total| std::cmp::Reverse(total.counts.now));
        totals
    }

    /// `count` rows behind `offset`, in this order. None: it is an order of names.
    pub fn page(
        &self,
        report: &Definition,
        sort: Sort,
        with_former: bool,
        (offset, count): (usize, usize),
    ) -> Option<Vec<Line>> {
        let column = &report.columns[sort.column];
        let number = |field: FieldId| self.numbers.iter().position(|(known, _)| *known == field);
        let by = match column.source {
            Source::Field(field) | Source::ShareOf(field) => By::Figure(number(field)?),
            Source::ChangeOf(field) => By::Growth(number(field)?),
        };
        let of_one_currency = column.kind == Kind::Money;
        let order = |one: &usize, other: &usize| {
            let (a, b) = (&self.rows[*one], &self.rows[*other]);
            let currency = if of_one_currency { a.currency.cmp(&b.currency) } else { Ordering::Equal };
            let value = || self.compared(by, sort.descending, *one, *other);
            currency.then_with(value).then_with(|| a.key.cmp(&b.key)).then_with(|| self.key_of(a).cmp(&self.key_of(b)))
        };
        let mut listed: Vec<usize> =
            (0..self.rows.len()).filter(|row| with_former || self.rows[*row].has[NOW]).collect();
        let end = offset.saturating_add(count).min(listed.len());
        if end < listed.len() {
            listed.select_nth_unstable_by(end, order);
            listed.truncate(end);
        }
        listed.sort_unstable_by(order);
        Some(listed.into_iter().skip(offset).map(|row| self.line(report, row)).collect())
    }

    fn key_of(&self, row: &Figures) -> u128 {
        self.currencies[usize::from(row.currency)].0
    }

    fn compared(&self, by: By, descending: bool, one: usize, other: usize) -> Ordering {
        let turned = |order: Ordering| if descending { order.reverse() } else { order };
        match by {
            By::Figure(number) => turned(self.values(one)[number][NOW].cmp(&self.values(other)[number][NOW])),
            By::Growth(number) => {
                let of = |row: usize| self.growth(number, self.values(row)[number]);
                match (of(one), of(other)) {
                    (Some(one), Some(other)) => turned(one.total_cmp(&other)),
                    (one, other) => one.is_none().cmp(&other.is_none()),
                }
            }
        }
    }

    fn growth(&self, number: usize, [now, before]: Sides) -> Option<f64> {
        let unit = 10_f64.powi(i32::try_from(self.numbers[number].1).unwrap_or(0));
        growth(now as f64 / unit, before as f64 / unit)
    }

    fn line(&self, report: &Definition, row: usize) -> Line {
        let (figures, values) = (&self.rows[row], self.values(row));
        let sides = |number: usize| values[number].map(|value| Some(i128::from(value)));
        let mut line = self.figures_of(report, usize::from(figures.currency), sides);
        for (id, _) in report.fields.iter().filter(|(_, field)| field.kind.is_text()) {
            line.set(id, Cell::Text(self.names.text(figures.name, id).into()));
        }
        line.set_key(uuid_text(figures.key));
        let [now, before] = figures.has;
        line.counts = Counts { now: now.into(), before: before.into(), former: (!now).into() };
        line
    }

    fn total(&self, report: &Definition, currency: usize) -> Option<Line> {
        let own = || (0..self.rows.len()).filter(|row| usize::from(self.rows[*row].currency) == currency);
        let count = |side: usize| own().filter(|row| self.rows[*row].has[side]).count() as u64;
        let (now, before) = (count(NOW), count(BEFORE));
        let all = own().count() as u64;
        if all == 0 {
            return None;
        }
        let sides = |number: usize| {
            let is_quantity = report.fields.get(self.numbers[number].0).kind == Kind::Quantity;
            [NOW, BEFORE].map(|side| {
                let rows = || own().filter(|row| self.rows[*row].has[side]);
                let value = |row: usize| self.values(row)[number][side];
                if is_quantity && !self.is_of_one_unit(report, rows().filter(|row| value(*row) != 0)) {
                    return None;
                }
                Some(rows().map(|row| i128::from(value(row))).sum())
            })
        };
        let mut line = self.figures_of(report, currency, sides);
        if let Some(unit) = report.unit {
            let mut units =
                own().filter(|row| self.rows[*row].has[NOW]).map(|row| self.names.text(self.rows[row].name, unit));
            let first = units.next();
            if let Some(first) = first.filter(|first| units.all(|unit| unit == *first)) {
                line.set(unit, Cell::Text(first.into()));
            }
        }
        line.counts = Counts { now, before, former: all - now };
        line.is_total = true;
        Some(line)
    }

    /// Quantities of several units have no sum. A unit that has not arrived may be any: it is like no other.
    fn is_of_one_unit(&self, report: &Definition, rows: impl Iterator<Item = usize>) -> bool {
        let Some(unit) = report.unit else { return true };
        let mut first: Option<(&str, u128)> = None;
        for row in rows {
            let Figures { key, name, .. } = self.rows[row];
            let own = self.names.text(name, unit);
            match first {
                None => first = Some((own, key)),
                Some((unit, of)) if unit == own && (!own.is_empty() || of == key) => {}
                Some(_) => return false,
            }
        }
        true
    }

    /// A line with its currency and its numbers, those of both sides.
    fn figures_of(&self, report: &Definition, currency: usize, sides: impl Fn(usize) -> [Option<i128>; 2]) -> Line {
        let mut line = Line::empty(report, self.currencies[currency].1.clone());
        for (number, (id, scale)) in self.numbers.iter().enumerate() {
            let [now, before] = sides(number)
                .map(|value| value.and_then(|value| Number::read(&decimal_text(value, *scale))))
                .map(|number| number.map_or(Cell::Unknown, Cell::Number));
            line.set(*id, now);
            line.set_before(*id, before);
        }
        line
    }
}
