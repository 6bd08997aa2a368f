//! What a rule of the mapping makes of the values that an object of 1C has.

use std::borrow::Cow;

use chrono::NaiveDateTime;
use serde_json::value::RawValue;
use shared::money::{Amount, SCALE};
use uuid::Uuid;

use super::mapping::{Expression, Name, Object, Rule};
use super::scalar::{Problem, Scalar};

/// The values of an object by the numbers of its names. None: it has no such member.
pub type Found<'a> = [Option<&'a RawValue>];

/// A rule, and the object that it is applied to. Every name is there; an error is a sentence that begins with a name of 1C.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub rule: &'a Rule,
    names: &'a [Name],
    found: &'a Found<'a>,
}

impl<'a> Given<'a> {
    /// None: a name that it needs is not among the members.
    pub fn of(rule: &'a Rule, object: &'a Object, found: &'a Found<'a>) -> Option<Self> {
        let is_there = |at: &usize| found[*at].is_some();
        let is_whole = match &rule.expression {
            Expression::Name(at) | Expression::Words { of: at, .. } => is_there(at),
            Expression::Sum(all) | Expression::Difference(all) | Expression::Product(all) => all.iter().all(is_there),
            Expression::Constant(_) => true,
        };
        is_whole.then_some(Self { rule, names: &object.names, found })
    }

    fn value(&self, at: usize) -> Scalar<'a> {
        let scalar = self.found[at].map_or(Scalar::literal("null"), Scalar::of);
        match &self.rule.null {
            Some(null) if scalar.is_null() => Scalar::literal(null),
            _ => scalar,
        }
    }

    /// The one value that it is made of, with the name that is at fault if it does not fit.
    fn plain(&self) -> (Scalar<'a>, &'a str) {
        match &self.rule.expression {
            Expression::Name(at) | Expression::Words { of: at, .. } => (self.value(*at), &self.names[*at].erp_name),
            Expression::Constant(json) => (Scalar::literal(json), "the constant"),
            Expression::Sum(all) | Expression::Difference(all) | Expression::Product(all) => {
                let first = all.first().copied().unwrap_or_default();
                (self.value(first), &self.names[first].erp_name)
            }
        }
    }

    fn read<T>(&self, read: impl FnOnce(Scalar<'a>) -> Result<T, Problem>) -> Result<T, String> {
        let (scalar, name) = self.plain();
        read(scalar).map_err(|why| format!("{name} {why}"))
    }

    /// The object's own key, which is never empty.
    pub fn key(&self) -> Result<Uuid, String> {
        self.read(Scalar::key)
    }

    pub fn reference(&self) -> Result<Option<Uuid>, String> {
        self.read(Scalar::reference)
    }

    pub fn flag(&self) -> Result<bool, String> {
        self.read(Scalar::flag)
    }

    pub fn moment(&self) -> Result<Option<NaiveDateTime>, String> {
        self.read(Scalar::moment)
    }

    pub fn ordinal(&self) -> Result<u32, String> {
        self.read(Scalar::ordinal)
    }

    /// Text, in our words where the mapping has them.
    pub fn text(&self) -> Result<Cow<'a, str>, String> {
        let (scalar, name) = self.plain();
        let text = scalar.text().map_err(|why| format!("{name} {why}"))?;
        let Expression::Words { words, other, .. } = &self.rule.expression else { return Ok(text) };
        match words.get(text.as_ref()).or(other.as_ref()) {
            Some(ours) => Ok(Cow::Borrowed(ours)),
            None => Err(format!("{name} is {text:?}, for which the mapping has no word")),
        }
    }

    /// Text, or a flag as `true` or `false`; null is empty text.
    pub fn word(&self) -> Result<Cow<'a, str>, String> {
        let (scalar, name) = self.plain();
        scalar.word().map_err(|why| format!("{name} {why}"))
    }

    pub fn amount(&self) -> Result<Amount, String> {
        let amount = |at: &usize| self.value(*at).amount().map_err(|why| format!("{} {why}", self.names[*at].erp_name));
        let (all, combine): (_, fn(i64, i64) -> Option<i64>) = match &self.rule.expression {
            Expression::Sum(all) => (all, i64::checked_add),
            Expression::Difference(all) => (all, i64::checked_sub),
            Expression::Product(all) => (all, times),
            _ => return self.read(Scalar::amount),
        };
        let mut made: Option<i64> = None;
        for at in all {
            let next = amount(at)?.raw();
            made = Some(match made {
                None => next,
                Some(so_far) => {
                    combine(so_far, next).ok_or_else(|| format!("{} makes it too large", self.names[*at].erp_name))?
                }
            });
        }
        Ok(Amount::from_raw(made.unwrap_or_default()))
    }

    /// What 1C calls it.
    pub fn erp_name(&self) -> &'a str {
        self.plain().1
    }
}

/// Of two amounts in ten-thousandths: rounded, halves away from zero.
fn times(a: i64, b: i64) -> Option<i64> {
    let unit = 10i128.pow(SCALE);
    let exact = i128::from(a) * i128::from(b);
    i64::try_from((exact + exact.signum() * unit / 2) / unit).ok()
}
