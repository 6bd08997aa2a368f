//! The value of one cell, by its kind.

use chrono::NaiveDate;

use super::kind::Kind;

/// A decimal as ClickHouse writes it: exact, whatever its size. It becomes a float for shares and changes only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(Box<str>);

impl Number {
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        (are_digits(whole) && are_digits(fraction)).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn to_f64(&self) -> f64 {
        // Digits and a point are a float, if not an exact one.
        self.0.parse().unwrap_or(f64::NAN)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// SQL's NULL, and what is no number.
    Unknown,
    /// Money or a quantity.
    Number(Number),
    Count(u64),
    /// Of percent: 1 is all of it.
    Ratio(f64),
    Day(NaiveDate),
    Text(Box<str>),
}

impl Cell {
    /// None: the text is nothing of that kind.
    pub fn read(kind: Kind, text: &str) -> Option<Self> {
        match kind {
            Kind::Money | Kind::Quantity => Number::read(text).map(Self::Number),
            Kind::Count => text.parse().ok().map(Self::Count),
            Kind::Percent => Some(Self::ratio(text.parse().ok())),
            Kind::Date => text.parse().ok().map(Self::Day),
            Kind::Code | Kind::Text => Some(Self::Text(text.into())),
        }
    }

    /// Unknown unless there is a number.
    pub fn ratio(ratio: Option<f64>) -> Self {
        ratio.filter(|ratio| ratio.is_finite()).map_or(Self::Unknown, Self::Ratio)
    }

    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }

    /// A name or a code; empty where there is none.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    pub fn to_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.to_f64()),
            Self::Count(count) => Some(*count as f64),
            Self::Ratio(ratio) => Some(*ratio),
            Self::Unknown | Self::Day(_) | Self::Text(_) => None,
        }
    }

    /// As it stands in an address.
    pub fn to_word(&self) -> Option<String> {
        match self {
            Self::Unknown => None,
            Self::Number(number) => Some(number.as_str().to_owned()),
            Self::Count(count) => Some(count.to_string()),
            Self::Ratio(ratio) => Some(ratio.to_string()),
            Self::Day(day) => Some(day.to_string()),
            Self::Text(text) => Some(text.clone().into()).filter(|text: &String| !text.is_empty()),
        }
    }
}
