//! `dataset.toml` as it is written, before anything in it is looked up.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::super::definition::What;
use crate::localised::Localised;

pub type Fields = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    pub title: Localised,
    pub like: Option<Spanned<String>>,
    pub kind: Option<What>,
    pub table: Option<Spanned<String>>,
    pub key: Option<Spanned<String>>,
    pub place: Option<PlaceNames>,
    pub total: Option<Spanned<String>>,
    #[serde(default)]
    pub search: Vec<Spanned<String>>,
    pub change: Option<Spanned<ChangeName>>,
    pub window_days: Option<Spanned<u32>>,
    pub cron: String,
    pub nightly: Option<Spanned<String>>,
    pub partitions: Option<Spanned<usize>>,
    #[serde(default)]
    pub open_views: Vec<String>,
    #[serde(default)]
    pub fields: Fields,
    #[serde(default)]
    pub lines: Fields,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeName {
    Scan,
    Window,
    Snapshot,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceNames {
    pub dealer: Spanned<String>,
    pub dated: Spanned<String>,
    pub day: Option<Spanned<String>>,
}

/// What stands behind a field's name: this, or only its kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldTable {
    pub kind: KindName,
    #[serde(default)]
    pub required: bool,
    pub currency: Option<String>,
    pub values: Option<Vec<String>>,
    #[serde(default)]
    pub about: String,
}

impl FieldTable {
    pub fn of(kind: KindName) -> Self {
        Self { kind, required: false, currency: None, values: None, about: String::new() }
    }
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum KindName {
    Reference,
    Code,
    Text,
    Day,
    Moment,
    Quantity,
    Money,
    Flag,
    OneOf,
}
