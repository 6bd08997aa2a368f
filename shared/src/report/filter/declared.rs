//! What every kind of filter says of itself, each in a file of its own.

use chrono::NaiveDate;
use form_urlencoded::Serializer;

use super::asked::Asked;
use super::wrong::Wrong;
use crate::problem::Problem;
use crate::report::period::Compare;
use crate::report::written::{Folder, raw};

/// A parameter of a report's queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub of_type: &'static str,
    /// Where the days compared are asked for, `<name>_before` stands in its place.
    pub is_compared: bool,
}

/// A word of the address that a filter reads, and what may stand there: told to programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub name: String,
    pub what: What,
}

/// What a value in an address may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    OneOf(Vec<&'static str>),
    /// `2026-03-31`
    Date,
    /// A UUID with hyphens.
    Reference,
    /// Whole, of 64 bits.
    Number,
    /// Letters, not bytes.
    Text {
        longest: usize,
    },
}

/// A value as the server binds it to a parameter.
pub type Bound = (String, String);

/// The query of an address that is being written.
pub type Query<'a> = Serializer<'a, String>;

/// What a kind of filter can do. `Value` is what a viewer chose.
pub trait FilterKind: Sized {
    type Value;
    /// Its word in `report.toml`.
    const WORD: &str;
    /// How it is declared, for the message about one that is not.
    const HOW: &str;
    /// Its further fields in the form, besides that of its own name.
    const FIELDS: &[&str] = &[];

    /// None: the entry does not declare this kind as `HOW` says.
    fn declared(raw: &raw::Filter, folder: &Folder<'_>) -> Option<Result<Self, Problem>>;
    /// What is shown before anything is chosen.
    fn initial(&self, today: NaiveDate) -> Self::Value;
    /// What the address asks for, or what is wrong with which field.
    fn asked(&self, name: &str, asked: &Asked<'_>, today: NaiveDate) -> Result<Self::Value, (String, Wrong)>;
    /// Adds to an address what differs from the initial value.
    fn write(&self, name: &str, value: &Self::Value, query: &mut Query<'_>);
    /// What it reads in an address.
    fn taken(&self, name: &str) -> Vec<Taken>;
    fn parameters(&self, name: &str) -> Vec<Parameter>;
    fn bound(&self, name: &str, value: &Self::Value, compare: Compare) -> Vec<Bound>;
    /// Without what narrows the rows; days do not.
    fn widened(&self, value: &Self::Value) -> Self::Value;
}
