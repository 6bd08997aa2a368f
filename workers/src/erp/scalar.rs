//! One value of a 1C answer, as it stands in the JSON text: numbers may come as text, text may be padded, and
//! "nothing" is a zero reference, year one, or null.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDateTime};
use serde_json::value::RawValue;
use shared::money::Amount;
use uuid::Uuid;

/// A JSON value by its literal text.
#[derive(Debug, Clone, Copy)]
pub struct Scalar<'a>(&'a str);

/// Why a value does not fit, without its field's name.
pub type Problem = Cow<'static, str>;

impl<'a> Scalar<'a> {
    pub fn of(raw: &'a RawValue) -> Self {
        Self(raw.get())
    }

    pub fn literal(text: &'a str) -> Self {
        Self(text)
    }

    fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// What stands between the quotes, or `None` if this is no JSON text.
    fn quoted(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if inner.as_bytes().contains(&b'\\') {
            return serde_json::from_str(self.0).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(inner))
    }

    /// For a person: the first letters, without the escapes of JSON.
    fn shown(self) -> String {
        let text = self.quoted().map(|text| format!("\"{text}\""));
        text.as_deref().unwrap_or(self.0).chars().take(60).collect()
    }

    fn wrong(self, wanted: &str) -> Problem {
        Cow::Owned(format!("is {}, not {wanted}", self.shown()))
    }

    /// A reference; the zero reference is none.
    pub fn reference(self) -> Result<Option<Uuid>, Problem> {
        match self.quoted() {
            Some(text) => match Uuid::try_parse(text.trim_end()) {
                Ok(id) => Ok((!id.is_nil()).then_some(id)),
                Err(_) => Err(self.wrong("a reference")),
            },
            None if self.is_null() => Ok(None),
            None => Err(self.wrong("a reference")),
        }
    }

    /// The object's own key, which is never empty.
    pub fn key(self) -> Result<Uuid, Problem> {
        self.reference()?.ok_or_else(|| self.wrong("a reference that is set"))
    }

    /// Text without the spaces that pad fixed-length strings; null is empty.
    pub fn text(self) -> Result<String, Problem> {
        match self.quoted() {
            Some(text) => Ok(text.trim_end().to_owned()),
            None if self.is_null() => Ok(String::new()),
            None => Err(self.wrong("text")),
        }
    }

    pub fn flag(self) -> Result<bool, Problem> {
        match self.0 {
            "true" | "\"true\"" => Ok(true),
            "false" | "\"false\"" => Ok(false),
            _ => Err(self.wrong("true or false")),
        }
    }

    /// The wall clock of the infobase; year one is none.
    pub fn moment(self) -> Result<Option<NaiveDateTime>, Problem> {
        if self.is_null() {
            return Ok(None);
        }
        let moment = self.quoted().and_then(|text| crate::records::moment(&text));
        let moment = moment.ok_or_else(|| self.wrong("a date and time"))?;
        Ok((moment.year() != 1).then_some(moment))
    }

    /// Exact, from the literal text of a number, or of text that holds one.
    pub fn amount(self) -> Result<Amount, Problem> {
        let quoted = self.quoted();
        Amount::parse(quoted.as_deref().unwrap_or(self.0))
            .map_err(|problem| Cow::Owned(format!("is {}, which {problem}", self.shown())))
    }

    /// A whole number from 1; Int64 travels as text.
    pub fn ordinal(self) -> Result<u32, Problem> {
        let quoted = self.quoted();
        let number = quoted.as_deref().unwrap_or(self.0).parse().ok().filter(|number| *number > 0);
        number.ok_or_else(|| self.wrong("a number from 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_1c_means_by_nothing_is_read_as_nothing() {
        let zero = Scalar::literal("\"00000000-0000-0000-0000-000000000000\"");
        assert_eq!(zero.reference(), Ok(None));
        assert!(zero.key().is_err());
        assert_eq!(Scalar::literal("\"0001-01-01T00:00:00\"").moment(), Ok(None));
        assert_eq!(Scalar::literal("null").text(), Ok(String::new()));
    }

    #[test]
    fn numbers_are_read_from_their_literal_text_or_from_text() {
        assert_eq!(Scalar::literal("0.1").amount(), Ok(Amount::from_raw(1_000)));
        assert_eq!(Scalar::literal("\"1E2\"").amount(), Ok(Amount::from_raw(1_000_000)));
        assert_eq!(Scalar::literal("-0.0").amount(), Ok(Amount::from_raw(0)));
        assert_eq!(Scalar::literal("\"17\"").ordinal(), Ok(17));
        for wrong in ["null", "true", "[1]", "{}", "\"\"", "0.30000000000000004"] {
            assert!(Scalar::literal(wrong).amount().is_err(), "{wrong}");
        }
    }

    #[test]
    fn padded_and_escaped_text_is_read_as_a_person_sees_it() {
        assert_eq!(Scalar::literal("\"ТД-1   \"").text(), Ok("ТД-1".to_owned()));
        assert_eq!(Scalar::literal(r#""a \"b\" \u0416""#).text(), Ok("a \"b\" Ж".to_owned()));
        assert!(Scalar::literal("5").text().unwrap_err().contains("is 5, not text"));
    }
}
