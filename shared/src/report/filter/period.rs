//! Filter `period`: from one day to another, by a name that moves with the day or by dates.

use chrono::{Datelike as _, NaiveDate};

use super::asked::Asked;
use super::declared::{Bound, FilterKind, Parameter, Query, Taken, What};
use super::wrong::Wrong;
use crate::problem::Problem;
use crate::report::period::{Choice, Compare, MOST_DAYS, Period};
use crate::report::written::{Folder, raw};

#[derive(Debug, Clone)]
pub struct Spec {
    pub default: Choice,
}

impl FilterKind for Spec {
    type Value = Period;
    const WORD: &str = "period";
    const HOW: &str = "named period, with default";
    const FIELDS: &[&str] = &["from", "to"];

    fn declared(raw: &raw::Filter, folder: &Folder<'_>) -> Option<Result<Self, Problem>> {
        let (Some(default), None, None, None, None) = (&raw.default, &raw.all, &raw.of, &raw.options, &raw.hint) else {
            return None;
        };
        if raw.name.get_ref() != "period" {
            return None;
        }
        let choice = Choice::from_code(default.get_ref()).filter(|choice| *choice != Choice::Own);
        let unknown =
            || folder.of(default, format!("{:?} is no period: take month, quarter or year.", default.get_ref()));
        Some(choice.map(|default| Self { default }).ok_or_else(unknown))
    }

    fn initial(&self, today: NaiveDate) -> Period {
        Period::named(self.default, today)
    }

    fn asked(&self, name: &str, asked: &Asked<'_>, today: NaiveDate) -> Result<Period, (String, Wrong)> {
        let wrong = |field: &str, wrong| (field.to_owned(), wrong);
        let choice = match asked.get(name) {
            None => self.default,
            Some(code) => Choice::from_code(code).ok_or_else(|| wrong(name, Wrong::NoSuchPeriod))?,
        };
        if choice != Choice::Own {
            return Ok(Period::named(choice, today));
        }
        let month = Period::named(choice, today);
        let day = |field: &str, otherwise: NaiveDate| match asked.get(field) {
            None => Ok(otherwise),
            Some(text) => date(text).ok_or_else(|| wrong(field, Wrong::NoDate)),
        };
        let (first, last) = (day("from", month.first)?, day("to", month.last)?);
        if first > last {
            return Err(wrong("to", Wrong::Reversed));
        }
        if (last - first).num_days() >= MOST_DAYS {
            return Err(wrong("from", Wrong::TooManyDays));
        }
        Ok(Period { choice, first, last })
    }

    fn write(&self, name: &str, period: &Period, query: &mut Query<'_>) {
        if period.choice == Choice::Own {
            query.append_pair(name, period.choice.code());
            query.append_pair("from", &period.first.to_string());
            query.append_pair("to", &period.last.to_string());
        } else if period.choice != self.default {
            query.append_pair(name, period.choice.code());
        }
    }

    fn taken(&self, name: &str) -> Vec<Taken> {
        let choices = What::OneOf(Choice::ALL.map(Choice::code).to_vec());
        let day = |field: &&str| Taken { name: (*field).to_owned(), what: What::Date };
        [Taken { name: name.to_owned(), what: choices }].into_iter().chain(Self::FIELDS.iter().map(day)).collect()
    }

    fn parameters(&self, _: &str) -> Vec<Parameter> {
        let day = |name: &str| Parameter { name: name.to_owned(), of_type: "Date32", is_compared: true };
        vec![day("first_day"), day("last_day")]
    }

    fn bound(&self, _: &str, period: &Period, compare: Compare) -> Vec<Bound> {
        let day = |name: &str, day: NaiveDate| (name.to_owned(), day.to_string());
        let mut bound = vec![day("first_day", period.first), day("last_day", period.last)];
        if compare != Compare::Nothing {
            let (first, last) = period.before(compare);
            bound.extend([day("first_day_before", first), day("last_day_before", last)]);
        }
        bound
    }

    fn widened(&self, period: &Period) -> Period {
        *period
    }
}

/// `2026-11-23` and nothing else, within what ClickHouse's `Date32` and its year before can hold.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let date: NaiveDate = text.parse().ok()?;
    (text.len() == 10 && (1912..=2298).contains(&date.year())).then_some(date)
}
