//! `report.toml` to a `Definition`, or a problem that names the file, the line and the mend. Each section has its file.

pub mod chart;
pub mod columns;
pub mod fields;
pub mod figures;
mod filters;
pub mod links;
pub mod quick;
pub mod tiles;
mod words;

pub use self::chart::Chart;
pub use self::columns::{Column, Sort, Source};
pub use self::fields::{Field, FieldId, Fields, Total};
pub use self::figures::Figure;
pub use self::filters::FilterSpec;
pub use self::links::Link;
pub use self::quick::Quick;
pub use self::tiles::{Show, Tile};
pub use self::words::Words;

use super::kind::Kind;
use super::period::Compare;
use super::role::Role;
pub use super::written::raw::CurrencyColumns;
use super::written::raw::{self, Raw};
use super::written::{Folder, is_plain};
use crate::localised::Localised;
use crate::problem::Problem;

/// One report, read as far as its own `report.toml` goes. `sql::check` looks at its queries, `fit` asks ClickHouse.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its folder, and the last part of its address.
    pub name: String,
    pub title: Localised,
    pub menu: Localised,
    pub menu_order: u32,
    /// Who may open it.
    pub roles: Vec<Role>,
    /// On whose passes its freshness depends.
    pub datasets: Vec<String>,
    /// The columns of `rows.sql` that together tell rows apart.
    pub key: Vec<String>,
    /// Of all its money; none where there is none.
    pub currency: Option<CurrencyColumns>,
    /// The field that says what quantities are counted in: those of several units have no total.
    pub unit: Option<FieldId>,
    /// What the figures of a period stand beside.
    pub compare: Compare,
    pub rows_title: Localised,
    pub words: Words,
    pub sort: Sort,
    pub filters: Vec<FilterSpec>,
    pub columns: Vec<Column>,
    pub fields: Fields,
    pub strip: Vec<Figure>,
    pub chart: Option<Chart>,
    pub links: Vec<Link>,
    pub tiles: Vec<Tile>,
    pub rows_sql: String,
    /// The short way to its figures, if it has one.
    pub quick: Option<Quick>,
}

/// Reads one folder. `file` gives a file's text by its name; `path` names the folder in messages.
pub fn read(path: &str, file: impl Fn(&str) -> Option<String>) -> Result<Definition, Problem> {
    let folder = &Folder::open(path, &file)?;
    let mut raw: Raw = toml::from_str(folder.toml()).map_err(|cause| {
        let offset = cause.span().map_or(0, |span| span.start);
        folder.at(offset, format!("{}.", cause.message().trim_end_matches('.')))
    })?;
    let compare = raw.compare.as_ref().map_or(Compare::Nothing, |compare| *compare.get_ref());
    let is_compared = compare != Compare::Nothing;
    let fields = Fields::read(folder, &raw.column, std::mem::take(&mut raw.measures))?;
    let columns = columns::read(folder, &raw.column, &fields, is_compared)?;
    let sort = columns::sort(folder, &raw, &columns)?;
    let unit = raw.unit.as_ref().map(|unit| fields.named(folder, unit)).transpose()?;
    let filters = filters::read(folder, std::mem::take(&mut raw.filter))?;
    if let Some(word) = raw.compare.as_ref().filter(|_| is_compared && !filters::has_days(&filters)) {
        return Err(folder.of(word, "there are no days to compare: add a filter of kind period or day."));
    }
    let key = std::mem::replace(&mut raw.key, raw::Names::Several(Vec::new())).all();
    plain_names(folder, &key, raw.currency.as_ref(), &fields)?;
    let strip = figures::read(folder, std::mem::take(&mut raw.strip), &fields)?;
    let chart = chart::read(folder, raw.chart.take())?;
    let links = links::read(folder, std::mem::take(&mut raw.link), (&columns, &fields, &key))?;
    let has_period = filters.iter().any(|filter| filter.kind.is_period());
    let known = tiles::Known {
        columns: &columns,
        fields: &fields,
        compare,
        has_period,
        has_chart: chart.is_some() && has_period,
    };
    let of_quick = quick::Known {
        fields: &fields,
        keys: key.len(),
        has_currency: raw.currency.is_some(),
        is_compared,
        chart: chart.as_ref().map(|chart| chart.kind),
    };
    let quick = quick::read(folder, &of_quick)?;
    let tiles = tiles::read(folder, std::mem::take(&mut raw.home), &known)?;
    Ok(Definition {
        name: folder.name().to_owned(),
        words: Words::new(raw.noun, raw.facts, raw.former, raw.unnamed),
        title: raw.title,
        menu: Localised { ru: raw.menu.ru, en: raw.menu.en },
        menu_order: raw.menu.order,
        roles: raw.roles,
        datasets: raw.datasets,
        key,
        currency: raw.currency,
        unit,
        compare,
        rows_title: raw.rows_title,
        sort,
        filters,
        columns,
        fields,
        strip,
        chart,
        links,
        tiles,
        rows_sql: folder.rows_sql()?,
        quick,
    })
}

/// Names that go into SQL need no quoting there, and money says what it is in.
fn plain_names(
    folder: &Folder<'_>,
    key: &[String],
    currency: Option<&CurrencyColumns>,
    fields: &Fields,
) -> Result<(), Problem> {
    let of_currency = currency.iter().flat_map(|currency| [&currency.key, &currency.code, &currency.name]);
    if let Some(bad) = key.iter().chain(of_currency).find(|name| !is_plain(name)) {
        return Err(folder.at_start(format!("key {bad:?} cannot name a column: use a-z, 0-9 and _.")));
    }
    if key.is_empty() {
        return Err(folder.at_start("key names no column: name those that tell rows apart."));
    }
    if currency.is_some_and(|currency| key.contains(&currency.key)) {
        return Err(folder.at_start("the currency tells rows apart anyway: leave it out of key."));
    }
    match fields.iter().find(|(_, field)| field.kind == Kind::Money) {
        Some((_, money)) if currency.is_none() => {
            Err(folder.at_start(format!("{:?} is money: say of which currency, with currency.", money.name)))
        }
        _ => Ok(()),
    }
}

impl Definition {
    pub fn path(&self) -> String {
        format!("/reports/{}", self.name)
    }

    /// A field by the name of its column in `rows.sql`.
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.fields.find(name)
    }

    pub fn is_compared(&self) -> bool {
        self.compare != Compare::Nothing
    }

    pub fn is_for(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The link of a column's cells.
    pub fn link(&self, column: usize) -> Option<&Link> {
        self.links.iter().find(|link| link.column == column)
    }
}

#[cfg(test)]
mod tests;
