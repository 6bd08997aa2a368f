//! One value of a 1C answer, as it stands in the JSON text: numbers may come as text, text may be padded, and
//! "nothing" is a zero reference, year one, or null.

use std::borrow::Cow;
use std::fmt;

use chrono::{Datelike, NaiveDateTime};
use serde::de::{Deserialize, Deserializer, Visitor};
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

    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// What stands between the quotes, or `None` if this is no JSON text.
    fn quoted(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if memchr::memchr(b'\\', inner.as_bytes()).is_some() {
            return serde_json::from_str(self.0).ok().map(|Unescaped(text)| Cow::Owned(text));
        }
        Some(Cow::Borrowed(inner))
    }

    /// For a person: the first letters, without the escapes of JSON and without what no log or table can hold.
    fn shown(self) -> String {
        let text = self.quoted().map(|text| format!("\"{text}\""));
        let letters = text.as_deref().unwrap_or(self.0).chars().take(60);
        letters.map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter }).collect()
    }

    fn wrong(self, wanted: &str) -> Problem {
        Cow::Owned(format!("is {}, not {wanted}", self.shown()))
    }

    /// A reference; the zero reference is none, and so is the empty text of a composite field that is not set.
    pub fn reference(self) -> Result<Option<Uuid>, Problem> {
        match self.quoted() {
            Some(text) if text.trim_end().is_empty() => Ok(None),
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
    pub fn text(self) -> Result<Cow<'a, str>, Problem> {
        match self.quoted() {
            Some(Cow::Borrowed(text)) => Ok(Cow::Borrowed(text.trim_end())),
            Some(Cow::Owned(text)) => Ok(Cow::Owned(text.trim_end().to_owned())),
            None if self.is_null() => Ok(Cow::Borrowed("")),
            None => Err(self.wrong("text")),
        }
    }

    /// Text, or a flag as `true` or `false`; null is empty text.
    pub fn word(self) -> Result<Cow<'a, str>, Problem> {
        match self.0 {
            "true" | "false" => Ok(Cow::Borrowed(self.0)),
            _ => self.text(),
        }
    }

    /// Null is no.
    pub fn flag(self) -> Result<bool, Problem> {
        match self.0 {
            "true" | "\"true\"" => Ok(true),
            "false" | "\"false\"" | "null" => Ok(false),
            _ => Err(self.wrong("true or false")),
        }
    }

    /// The wall clock of the infobase; year one is none.
    pub fn moment(self) -> Result<Option<NaiveDateTime>, Problem> {
        if self.is_null() {
            return Ok(None);
        }
        let moment = self.quoted().and_then(|text| crate::record::moment(&text));
        let moment = moment.ok_or_else(|| self.wrong("a date and time"))?;
        Ok((moment.year() != 1).then_some(moment))
    }

    /// Exact, from the literal text of a number, or of text that holds one; null is 0.
    pub fn amount(self) -> Result<Amount, Problem> {
        if self.is_null() {
            return Ok(Amount::from_raw(0));
        }
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

/// Text whose escapes are resolved. 1C counts halves of pairs and may cut one in two: U+FFFD stands in place of a half.
struct Unescaped(String);

impl<'de> Deserialize<'de> for Unescaped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Unescaped;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Unescaped, E> {
                let mut bytes = bytes.to_owned();
                // A half comes as three bytes, ED A0 or more, which are in no well-formed UTF-8; U+FFFD is as long.
                for at in 0..bytes.len().saturating_sub(2) {
                    if bytes[at] == 0xED && bytes[at + 1] >= 0xA0 {
                        bytes[at..at + 3].copy_from_slice("\u{fffd}".as_bytes());
                    }
                }
                String::from_utf8(bytes).map(Unescaped).map_err(E::custom)
            }
        }

        deserializer.deserialize_bytes(Bytes)
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
        let unset = Scalar::literal("\"\"");
        assert_eq!(unset.reference(), Ok(None), "a composite field that is not set");
        assert!(unset.key().is_err());
        assert_eq!(Scalar::literal("\"0001-01-01T00:00:00\"").moment(), Ok(None));
        assert_eq!(Scalar::literal("null").text().as_deref(), Ok(""));
        assert_eq!(Scalar::literal("null").flag(), Ok(false));
        assert_eq!(Scalar::literal("null").amount(), Ok(Amount::from_raw(0)));
        assert!(Scalar::literal("null").ordinal().is_err(), "a line has its number");
    }

    #[test]
    fn half_a_pair_is_replaced_and_the_text_around_it_and_whole_pairs_stay() {
        for (literal, text) in [
            (r#""Кран \ud83d 1/2""#, "Кран \u{fffd} 1/2"),
            (r#""\udd25""#, "\u{fffd}"),
            (r#""\ud83d\ud83d\udd25""#, "\u{fffd}\u{1f525}"),
            (r#""\ud7ff\ue000 \n""#, "\u{d7ff}\u{e000}"),
        ] {
            assert_eq!(Scalar::literal(literal).text().as_deref(), Ok(text), "{literal}");
        }
        assert!(Scalar::literal(r#""\u12""#).text().is_err());
    }

    #[test]
    fn what_no_table_can_hold_is_not_shown() {
        let problem = Scalar::literal(r#""a\u0000b""#).reference().unwrap_err();
        assert_eq!(problem, "is \"a\u{fffd}b\", not a reference");
    }

    #[test]
    fn numbers_are_read_from_their_literal_text_or_from_text() {
        assert_eq!(Scalar::literal("0.1").amount(), Ok(Amount::from_raw(1_000)));
        assert_eq!(Scalar::literal("\"1E2\"").amount(), Ok(Amount::from_raw(1_000_000)));
        assert_eq!(Scalar::literal("-0.0").amount(), Ok(Amount::from_raw(0)));
        assert_eq!(Scalar::literal("\"17\"").ordinal(), Ok(17));
        for wrong in ["true", "[1]", "{}", "\"\"", "0.30000000000000004"] {
            assert!(Scalar::literal(wrong).amount().is_err(), "{wrong}");
        }
    }

    #[test]
    fn padded_and_escaped_text_is_read_as_a_person_sees_it() {
        assert_eq!(Scalar::literal("\"ТД-1   \"").text(), Ok("ТД-1".into()));
        assert_eq!(Scalar::literal(r#""a \"b\" \u0416""#).text(), Ok("a \"b\" Ж".into()));
        assert!(Scalar::literal("5").text().unwrap_err().contains("is 5, not text"));
    }
}
