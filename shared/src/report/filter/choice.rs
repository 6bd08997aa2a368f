//! Filter `choice`: one of what a query offers through the viewer's scope, or none. References, texts and numbers.

use chrono::NaiveDate;
use uuid::Uuid;

use super::asked::Asked;
use super::declared::{Bound, FilterKind, Parameter, Query, Taken, What};
use super::wrong::Wrong;
use crate::localised::Localised;
use crate::problem::Problem;
use crate::report::literal;
use crate::report::period::Compare;
use crate::report::written::{Folder, raw};

/// Letters, not bytes.
const LONGEST: usize = 200;

#[derive(Debug, Clone)]
pub struct Spec {
    /// The option of none.
    pub all: Localised,
    pub of: Of,
    /// Returns `value` and `label`.
    pub options_sql: String,
    /// The options are asked for anew once other rows of one of these datasets have arrived. None: of any of the report's.
    pub options_of: Option<Vec<String>>,
}

/// What the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Reference,
    Text,
    Number,
}

impl Of {
    const ALL: [Self; 3] = [Self::Reference, Self::Text, Self::Number];

    const fn word(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Text => "text",
            Self::Number => "number",
        }
    }

    const fn parameter(self) -> &'static str {
        match self {
            Self::Reference => "Nullable(UUID)",
            Self::Text => "Nullable(String)",
            Self::Number => "Nullable(Int64)",
        }
    }

    /// The value in the one form that we write ourselves; none if it is none of this type.
    pub fn read(self, text: &str) -> Option<String> {
        match self {
            // No braces, no `urn:`, no bare digits.
            Self::Reference => (text.len() == 36).then(|| text.parse::<Uuid>().ok()).flatten().map(|id| id.to_string()),
            Self::Text => (text.chars().count() <= LONGEST && !text.contains('\0')).then(|| text.to_owned()),
            Self::Number => text.parse::<i64>().ok().map(|number| number.to_string()).filter(|exact| exact == text),
        }
    }
}

impl FilterKind for Spec {
    type Value = Option<String>;
    const WORD: &str = "choice";
    const HOW: &str = "with all, options, and of where it is not of references";

    fn declared(raw: &raw::Filter, folder: &Folder<'_>) -> Option<Result<Self, Problem>> {
        let (None, Some(all), Some(options), None) = (&raw.default, &raw.all, &raw.options, &raw.hint) else {
            return None;
        };
        let of = match &raw.of {
            None => Of::Reference,
            Some(word) => match Of::ALL.into_iter().find(|of| of.word() == word.get_ref()) {
                Some(of) => of,
                None => return Some(Err(folder.of(word, "a choice is of reference, text or number."))),
            },
        };
        let options_of = raw.options_of.clone();
        Some(folder.sql(options).map(|options_sql| Self { all: all.clone(), of, options_sql, options_of }))
    }

    fn initial(&self, _: NaiveDate) -> Option<String> {
        None
    }

    fn asked(&self, name: &str, asked: &Asked<'_>, _: NaiveDate) -> Result<Option<String>, (String, Wrong)> {
        let Some(text) = asked.get(name) else { return Ok(None) };
        self.of.read(text).map(Some).ok_or_else(|| (name.to_owned(), Wrong::NotInList))
    }

    fn write(&self, name: &str, value: &Option<String>, query: &mut Query<'_>) {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }

    fn taken(&self, name: &str) -> Vec<Taken> {
        let what = match self.of {
            Of::Reference => What::Reference,
            Of::Text => What::Text { longest: LONGEST },
            Of::Number => What::Number,
        };
        vec![Taken { name: name.to_owned(), what }]
    }

    fn parameters(&self, name: &str) -> Vec<Parameter> {
        vec![Parameter { name: name.to_owned(), of_type: self.of.parameter(), is_compared: false }]
    }

    fn bound(&self, name: &str, value: &Option<String>, _: Compare) -> Vec<Bound> {
        let value = value.as_ref().map_or_else(|| "\\N".to_owned(), |value| literal::text(value));
        vec![(name.to_owned(), value)]
    }

    fn widened(&self, _: &Option<String>) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Of;

    #[test]
    fn a_value_is_what_its_type_says_or_none() {
        for (of, text, read) in [
            (Of::Number, "42", Some("42")),
            (Of::Number, "-7", Some("-7")),
            (Of::Number, "+7", None),
            (Of::Number, "007", None),
            (Of::Number, "1 OR 1=1", None),
            (Of::Number, "9223372036854775808", None),
            (Of::Text, "В работе", Some("В работе")),
            (Of::Text, "' OR 1=1 --", Some("' OR 1=1 --")),
            (Of::Text, "a\0b", None),
            (Of::Reference, "80000000-D0D0-11ee-8a01-000000000002", Some("80000000-d0d0-11ee-8a01-000000000002")),
            (Of::Reference, "80000000d0d011ee8a01000000000002", None),
        ] {
            assert_eq!(of.read(text).as_deref(), read, "{text:?}");
        }
        assert_eq!(Of::Text.read(&"ж".repeat(201)), None);
    }
}
