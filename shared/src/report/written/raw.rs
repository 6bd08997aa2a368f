//! `report.toml` as it is written, before anything in it is looked up.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::localised::Localised;
use crate::report::kind::Kind;
use crate::report::period::Compare;
use crate::report::role::Role;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    pub title: Localised,
    pub menu: Menu,
    #[serde(default = "everybody")]
    pub roles: Vec<Role>,
    pub datasets: Vec<String>,
    pub key: Names,
    pub currency: Option<CurrencyColumns>,
    pub unit: Option<Spanned<String>>,
    #[serde(default)]
    pub compare: Option<Spanned<Compare>>,
    pub rows_title: Localised,
    pub noun: Noun,
    pub facts: Localised,
    pub former: Option<Localised>,
    pub unnamed: Option<Localised>,
    pub sort: Spanned<String>,
    #[serde(default)]
    pub filter: Vec<Filter>,
    pub column: Vec<Column>,
    #[serde(default)]
    pub measures: BTreeMap<String, Measure>,
    #[serde(default)]
    pub strip: Vec<Figure>,
    pub chart: Option<Chart>,
    #[serde(default)]
    pub link: Vec<Link>,
    #[serde(default)]
    pub home: Vec<Tile>,
}

fn everybody() -> Vec<Role> {
    Role::ALL.to_vec()
}

/// One name, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Names {
    One(String),
    Several(Vec<String>),
}

impl Names {
    pub fn all(self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name],
            Self::Several(names) => names,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Menu {
    pub ru: String,
    pub en: String,
    pub order: u32,
}

/// After a number in the dative: one, a few, many.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noun {
    pub ru: [String; 3],
    pub en: [String; 2],
}

/// The columns of `rows.sql` that say what money is in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurrencyColumns {
    /// Tells currencies apart: rows and totals stand for each.
    pub key: String,
    pub code: String,
    pub name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    pub name: Spanned<String>,
    pub kind: String,
    pub title: Localised,
    pub default: Option<Spanned<String>>,
    pub all: Option<Localised>,
    pub of: Option<Spanned<String>>,
    pub options: Option<Spanned<String>>,
    pub options_of: Option<Vec<String>>,
    pub hint: Option<Localised>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub name: Spanned<String>,
    pub kind: Kind,
    pub title: Localised,
    pub share_of: Option<Spanned<String>>,
    pub change_of: Option<Spanned<String>>,
    pub total: Option<Total>,
}

/// What the total row shows of a column.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Total {
    Word(TotalWord),
    Last { last: String },
    Ratio { ratio: [String; 2] },
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TotalWord {
    Sum,
    None,
}

/// A kind alone, or with what its total is.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Measure {
    Kind(Kind),
    Full { kind: Kind, total: Total },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    pub title: Localised,
    pub value: Spanned<String>,
    pub part_of: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    pub query: Spanned<String>,
    pub title: Localised,
    pub kind: Kind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub column: Spanned<String>,
    pub report: Spanned<String>,
    /// Filters of that report, by columns of this one.
    pub set: BTreeMap<String, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tile {
    pub order: u32,
    pub title: Localised,
    pub show: Spanned<String>,
    pub value: Option<Spanned<String>>,
    pub part_of: Option<Spanned<String>>,
    pub name: Option<Spanned<String>>,
    pub period: Option<Spanned<String>>,
    pub compare: Option<Spanned<Compare>>,
    #[serde(default)]
    pub line: bool,
    pub empty: Option<Localised>,
}
