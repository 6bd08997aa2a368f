//! Filter `day`: how something stood at the end of one day. Today, until another is chosen.

use chrono::NaiveDate;

use super::asked::Asked;
use super::declared::{Bound, FilterKind, Parameter, Query, Taken, What};
use super::period::date;
use super::wrong::Wrong;
use crate::problem::Problem;
use crate::report::period::Compare;
use crate::report::written::{Folder, raw};

#[derive(Debug, Clone)]
pub struct Spec;

/// The day, and whether it was chosen: an address does not say what is shown anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    pub day: NaiveDate,
    pub is_chosen: bool,
}

impl FilterKind for Spec {
    type Value = Day;
    const WORD: &str = "day";
    const HOW: &str = "with nothing else";

    fn declared(raw: &raw::Filter, _: &Folder<'_>) -> Option<Result<Self, Problem>> {
        let is_bare = raw.default.is_none()
            && raw.all.is_none()
            && raw.of.is_none()
            && raw.options.is_none()
            && raw.hint.is_none();
        is_bare.then_some(Ok(Self))
    }

    fn initial(&self, today: NaiveDate) -> Day {
        Day { day: today, is_chosen: false }
    }

    fn asked(&self, name: &str, asked: &Asked<'_>, today: NaiveDate) -> Result<Day, (String, Wrong)> {
        match asked.get(name) {
            None => Ok(self.initial(today)),
            Some(text) => match date(text) {
                Some(day) => Ok(Day { day, is_chosen: day != today }),
                None => Err((name.to_owned(), Wrong::NoDate)),
            },
        }
    }

    fn write(&self, name: &str, value: &Day, query: &mut Query<'_>) {
        if value.is_chosen {
            query.append_pair(name, &value.day.to_string());
        }
    }

    fn taken(&self, name: &str) -> Vec<Taken> {
        vec![Taken { name: name.to_owned(), what: What::Date }]
    }

    fn parameters(&self, name: &str) -> Vec<Parameter> {
        vec![Parameter { name: name.to_owned(), of_type: "Date32", is_compared: true }]
    }

    fn bound(&self, name: &str, value: &Day, compare: Compare) -> Vec<Bound> {
        let mut bound = vec![(name.to_owned(), value.day.to_string())];
        if compare != Compare::Nothing {
            bound.push((format!("{name}_before"), compare.day_before(value.day).to_string()));
        }
        bound
    }

    fn widened(&self, value: &Day) -> Day {
        *value
    }
}
