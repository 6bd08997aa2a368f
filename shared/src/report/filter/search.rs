//! Filter `search`: words that must all be found, in any order. `report::search` folds them.

use chrono::NaiveDate;

use super::asked::Asked;
use super::declared::{Bound, FilterKind, Parameter, Query, Taken, What};
use super::wrong::Wrong;
use crate::localised::Localised;
use crate::problem::Problem;
use crate::report::period::Compare;
use crate::report::written::{Folder, raw};
use crate::report::{literal, search};

/// Letters, not bytes.
const LONGEST: usize = 200;

#[derive(Debug, Clone)]
pub struct Spec {
    pub hint: Localised,
}

impl FilterKind for Spec {
    type Value = String;
    const WORD: &str = "search";
    const HOW: &str = "with hint";

    fn declared(raw: &raw::Filter, _: &Folder<'_>) -> Option<Result<Self, Problem>> {
        let (None, None, None, None, Some(hint)) = (&raw.default, &raw.all, &raw.of, &raw.options, &raw.hint) else {
            return None;
        };
        Some(Ok(Self { hint: hint.clone() }))
    }

    fn initial(&self, _: NaiveDate) -> String {
        String::new()
    }

    fn asked(&self, name: &str, asked: &Asked<'_>, _: NaiveDate) -> Result<String, (String, Wrong)> {
        let text = asked.get(name).unwrap_or_default();
        if text.chars().count() > LONGEST || text.contains('\0') {
            return Err((name.to_owned(), Wrong::TooLong));
        }
        Ok(text.to_owned())
    }

    fn write(&self, name: &str, value: &String, query: &mut Query<'_>) {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }

    fn taken(&self, name: &str) -> Vec<Taken> {
        vec![Taken { name: name.to_owned(), what: What::Text { longest: LONGEST } }]
    }

    fn parameters(&self, name: &str) -> Vec<Parameter> {
        vec![Parameter { name: name.to_owned(), of_type: "Array(String)", is_compared: false }]
    }

    fn bound(&self, name: &str, value: &String, _: Compare) -> Vec<Bound> {
        vec![(name.to_owned(), literal::texts(&search::words(value)))]
    }

    fn widened(&self, _: &String) -> String {
        String::new()
    }
}
