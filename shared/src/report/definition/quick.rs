//! The short way to figures, where a report has one: ClickHouse adds up the lines and nothing else, for what it costs to
//! plan joins, totals and pages is most of what a question costs. The rest is done here, see `whole`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fields::{Field, FieldId, Fields, Total};
use crate::problem::Problem;
use crate::report::kind::Kind;
use crate::report::written::Folder;

const FILE: &str = "quick.toml";

/// Files, and what they depend on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    figures: String,
    names: String,
    currencies: String,
    names_of: Vec<String>,
    month: Option<String>,
    #[serde(default)]
    sums: BTreeMap<String, Vec<String>>,
}

/// What stands in the place of `rows.sql` and the chart while nothing is chosen but days, and no name is sorted by.
#[derive(Debug, Clone)]
pub struct Quick {
    /// For each key and currency the figures of both sides, `now_…` and `before_…`, and the lines they come from; and the
    /// same of each month, where `is_month` is 1.
    pub figures_sql: String,
    /// The texts of a row by its key.
    pub names_sql: String,
    /// Code and name of a currency by its key.
    pub currencies_sql: String,
    /// On whose passes names depend; a key without a name is asked for the long way.
    pub names_of: Vec<String>,
    /// What the chart shows.
    pub month: Option<FieldId>,
    /// Numbers that are the sum of others, added up here: ClickHouse takes a tenth of the question's time for one.
    pub sums: Vec<(FieldId, Vec<FieldId>)>,
}

impl Quick {
    /// It is no column.
    pub fn is_sum(&self, field: FieldId) -> bool {
        self.sums.iter().any(|(sum, _)| *sum == field)
    }
}

pub(super) struct Known<'a> {
    pub fields: &'a Fields,
    pub keys: usize,
    pub has_currency: bool,
    pub is_compared: bool,
    pub chart: Option<Kind>,
}

/// Nothing, where the folder has no such file.
pub(super) fn read(folder: &Folder<'_>, known: &Known<'_>) -> Result<Option<Quick>, Problem> {
    let Some(text) = folder.optional(FILE) else { return Ok(None) };
    let at = |line: usize, problem: &str| folder.of_file(FILE, line, problem);
    let raw: Raw = toml::from_str(&text).map_err(|cause| {
        let before = cause.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        at(before.matches('\n').count() + 1, &format!("{}.", cause.message().trim_end_matches('.')))
    })?;
    if known.keys != 1 || !known.has_currency || !known.is_compared {
        return Err(at(1, "the short way is for a key of one column, with a currency and with compare."));
    }
    let is_simple = |(_, field): (FieldId, &Field)| match field.kind {
        Kind::Money | Kind::Quantity => field.total == Total::Sum,
        Kind::Code | Kind::Text => true,
        Kind::Count | Kind::Percent | Kind::Date => false,
    };
    if !known.fields.iter().all(is_simple) {
        return Err(at(1, "the short way is for money and quantities that are added up, beside texts."));
    }
    if known.chart.is_some_and(|kind| kind != Kind::Money) || raw.month.is_some() != known.chart.is_some() {
        return Err(at(1, "month names what the chart shows, and that is money: add or remove it."));
    }
    let sql = |name: &str| {
        folder.optional(name).ok_or_else(|| at(1, &format!("{name} is missing: add it, or name another file.")))
    };
    let number = |name: &str| match known.fields.find(name) {
        Some(id) if known.fields.get(id).kind.is_number() => Ok(id),
        _ => Err(at(1, &format!("{name:?} is no number among the columns and measures: name one of those."))),
    };
    let mut sums = Vec::with_capacity(raw.sums.len());
    for (name, parts) in &raw.sums {
        let parts = parts.iter().map(|part| number(part)).collect::<Result<Vec<_>, _>>()?;
        sums.push((number(name)?, parts));
    }
    let quick = Quick {
        figures_sql: sql(&raw.figures)?,
        names_sql: sql(&raw.names)?,
        currencies_sql: sql(&raw.currencies)?,
        month: raw.month.as_deref().map(number).transpose()?,
        sums,
        names_of: raw.names_of,
    };
    let mut needed = quick.sums.iter().flat_map(|(_, parts)| parts).chain(&quick.month);
    if needed.any(|field| quick.is_sum(*field)) {
        return Err(at(1, "a sum is made of columns, and the chart shows a column: name those."));
    }
    Ok(Some(quick))
}
