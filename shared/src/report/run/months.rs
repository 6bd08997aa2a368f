//! The chart's months: each value in its month, that of the days compared in the month beside which it is drawn.

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::report::definition::{Chart, Definition};
use crate::report::kind::Kind;
use crate::report::sql::names;
use crate::report::tsv::{self, Misread};
use crate::report::whole::OfMonth;

/// A month's value, and that of the month compared with it, of one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Month {
    /// `Currency::key`; empty where the chart shows no money.
    pub currency: String,
    pub first_day: NaiveDate,
    pub value: f64,
    pub before: f64,
}

/// What a chart shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Months {
    pub months: Vec<Month>,
    /// What all quantities are counted in; empty of money and counts.
    pub unit: String,
    /// Quantities of several units, which are not added: there are no months then.
    pub has_several_units: bool,
}

/// `shift`: months from the days compared to those of the period.
pub fn read(report: &Definition, chart: &Chart, shift: u32, answer: &str) -> Result<Months, Misread> {
    let beside = match chart.kind {
        Kind::Money => report.currency.as_ref().map(|currency| currency.key.as_str()),
        Kind::Quantity => report.unit.map(|unit| report.fields.get(unit).name.as_str()),
        _ => None,
    };
    let mut read = Months::default();
    let mut units: Vec<String> = Vec::new();
    for [is_before, month, value, beside] in
        tsv::rows(answer, [names::IS_BEFORE, "month", "value", beside.unwrap_or("value")])?
    {
        let misread = || Misread(format!("a month {month:?} with the value {value:?}"));
        let day: NaiveDate = parsed(month.as_ref()).ok_or_else(misread)?;
        let amount: f64 = parsed(value.as_ref()).ok_or_else(misread)?;
        let is_before = is_before.as_deref() == Some("1");
        let beside = beside.unwrap_or_default();
        if chart.kind == Kind::Quantity && amount != 0.0 && !units.iter().any(|unit| *unit == beside) {
            units.push(beside.clone().into_owned());
        }
        let currency = if chart.kind == Kind::Money { &beside } else { "" };
        let months = chrono::Months::new(if is_before { shift } else { 0 });
        let Some(day) = day.checked_add_months(months) else { continue };
        read.add(currency, day, if is_before { (0.0, amount) } else { (amount, 0.0) });
    }
    read.months.sort_by_key(|month| month.first_day);
    if report.unit.is_some() && units.len() > 1 {
        return Ok(Months { has_several_units: true, ..Months::default() });
    }
    read.unit = units.pop().filter(|_| report.unit.is_some()).unwrap_or_default();
    Ok(read)
}

/// Of the short way.
pub fn of(whole: &[OfMonth], shift: u32) -> Months {
    let mut read = Months::default();
    for OfMonth { currency, first_day, is_before, value } in whole {
        let months = chrono::Months::new(if *is_before { shift } else { 0 });
        let Some(day) = first_day.checked_add_months(months) else { continue };
        read.add(currency, day, if *is_before { (0.0, *value) } else { (*value, 0.0) });
    }
    read.months.sort_by_key(|month| month.first_day);
    read
}

fn parsed<T: std::str::FromStr>(text: Option<&Cow<'_, str>>) -> Option<T> {
    text?.parse().ok()
}

impl Months {
    fn add(&mut self, currency: &str, first_day: NaiveDate, (value, before): (f64, f64)) {
        let same = self.months.iter_mut().find(|month| month.first_day == first_day && month.currency == currency);
        match same {
            Some(month) => {
                month.value += value;
                month.before += before;
            }
            None => self.months.push(Month { currency: currency.to_owned(), first_day, value, before }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Months, read};
    use crate::report::catalogue::Catalogue;
    use crate::report::kind::Kind;

    fn of(kind: Kind, shift: u32, answer: &str) -> Result<Months, super::Misread> {
        let catalogue = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
        let report = catalogue.get("sales").unwrap();
        let chart = super::Chart { kind, ..report.chart.clone().unwrap() };
        read(report, &chart, shift, answer)
    }

    #[test]
    fn a_month_lies_beside_the_one_it_is_compared_with() {
        let answer = "is_before\tmonth\tvalue\tcurrency_id\n0\t2026-03-01\t5\tr\n1\t2025-03-01\t-2.5\tr\n";
        let read = of(Kind::Money, 12, answer).unwrap();
        let [month] = &read.months[..] else { panic!("{read:?}") };
        assert_eq!((month.first_day.to_string().as_str(), month.value, month.before), ("2026-03-01", 5.0, -2.5));
    }

    #[test]
    fn quantities_of_several_units_are_not_added() {
        let rows =
            |second: &str| format!("is_before\tmonth\tvalue\tunit\n0\t2026-03-01\t5\tшт\n0\t2026-03-01\t2\t{second}\n");
        assert_eq!(of(Kind::Quantity, 12, &rows("шт")).unwrap().unit, "шт");
        let mixed = of(Kind::Quantity, 12, &rows("м")).unwrap();
        assert!(mixed.has_several_units && mixed.months.is_empty());
    }

    #[test]
    fn a_month_that_cannot_be_read_is_an_error() {
        for answer in [
            "is_before\tmonth\tvalue\tcurrency_id\n0\tmarch\t5\tr\n",
            "is_before\tmonth\tvalue\tcurrency_id\n0\t2026-03-01\t\\N\tr\n",
            "is_before\tmonth\tcurrency_id\n0\t2026-03-01\tr\n",
        ] {
            assert!(of(Kind::Money, 12, answer).is_err(), "{answer}");
        }
    }
}
