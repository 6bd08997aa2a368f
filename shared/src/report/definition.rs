//! `report.toml` to a `Definition`, or a message that names the file, the line and the mend.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::language::Language;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Localised {
    pub ru: String,
    pub en: String,
}

impl Localised {
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Ru => &self.ru,
            Language::En => &self.en,
        }
    }
}

/// What a value means, beyond its type: how it is aligned, written, exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Money,
    Quantity,
    Percent,
    /// How many: documents, lines. Whole, and always summed.
    Count,
    Date,
    /// An identifier: text for ever, also in Excel.
    Code,
    Text,
    /// Links to a drill-down.
    Reference,
}

impl Kind {
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Money | Self::Quantity | Self::Percent | Self::Count)
    }

    /// Sorted as words are.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Code | Self::Text | Self::Reference)
    }

    const fn total(self) -> Total {
        if matches!(self, Self::Money | Self::Quantity | Self::Count) { Total::Sum } else { Total::None }
    }
}

/// What the total row shows of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Total {
    Sum,
    /// Prices, balances of other days, ratios: what cannot be added.
    None,
}

/// Where a shown column's value comes from. Numbers index `Definition::measures`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A column of `rows.sql`.
    Measure(usize),
    /// Its part of the total, from 0 to 1.
    ShareOf(usize),
    /// `now / before - 1`; unknown where there was nothing before, or less than nothing.
    Change { now: usize, before: usize },
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub title: Localised,
    pub source: Source,
}

/// A column that `rows.sql` returns, shown or only reckoned with.
#[derive(Debug, Clone)]
pub struct Measure {
    pub name: String,
    pub kind: Kind,
    pub total: Total,
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

#[derive(Debug, Clone)]
pub enum FilterKind {
    Period {
        default: crate::report::period::Choice,
    },
    /// One of the rows (value UUID, label) of a query through the viewer's scope, or none.
    Choice {
        all: Localised,
        options_sql: String,
    },
    Search {
        hint: Localised,
    },
}

#[derive(Debug, Clone)]
pub struct FilterSpec {
    pub name: String,
    pub title: Localised,
    pub kind: FilterKind,
}

/// A figure over the whole set, with its change. A part is shown in percent and compared in points.
#[derive(Debug, Clone)]
pub struct Figure {
    pub title: Localised,
    pub kind: Kind,
    pub value: usize,
    pub before: usize,
    /// `value` of this, and `before` of that.
    pub part_of: Option<(usize, usize)>,
}

/// Months of a value beside those a year before. The query returns month, value of the period, value of the days
/// compared, each in its own month; of money also the key of its currency, last.
#[derive(Debug, Clone)]
pub struct Chart {
    pub title: Localised,
    pub kind: Kind,
    pub sql: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Index of a column.
    pub column: usize,
    pub descending: bool,
}

/// One report, checked as far as its own folder goes. `check::against` asks ClickHouse about the rest.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its folder, and the last part of its address.
    pub name: String,
    pub title: Localised,
    pub menu: Localised,
    pub menu_order: u32,
    /// On whose passes its freshness depends.
    pub datasets: Vec<String>,
    /// The column of `rows.sql` that tells rows apart.
    pub key: String,
    /// Of all its money; none where there is none.
    pub currency: Option<CurrencyColumns>,
    /// The measure that says what quantities are counted in: those of several units have no total.
    pub unit: Option<usize>,
    /// How many lines a row has in the period, and in the days compared. Rows without the first are former ones: they
    /// count in the totals before, and are listed when asked for.
    pub lines: Option<(usize, usize)>,
    pub rows_title: Localised,
    noun_ru: [String; 3],
    noun_en: [String; 2],
    pub sort: Sort,
    pub filters: Vec<FilterSpec>,
    pub columns: Vec<Column>,
    pub measures: Vec<Measure>,
    pub strip: Vec<Figure>,
    pub chart: Option<Chart>,
    pub rows_sql: String,
}

/// Why a folder is no report. One sentence; the line is that of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct Problem {
    pub file: String,
    pub line: usize,
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    title: Localised,
    menu: RawMenu,
    datasets: Vec<String>,
    key: String,
    currency: Option<CurrencyColumns>,
    unit: Option<Spanned<String>>,
    lines: Option<RawLines>,
    rows_title: Localised,
    noun: RawNoun,
    sort: Spanned<String>,
    #[serde(default)]
    filter: Vec<RawFilter>,
    column: Vec<RawColumn>,
    #[serde(default)]
    measures: BTreeMap<String, Kind>,
    #[serde(default)]
    strip: Vec<RawFigure>,
    chart: Option<RawChart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMenu {
    ru: String,
    en: String,
    order: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLines {
    now: Spanned<String>,
    before: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNoun {
    ru: [String; 3],
    en: [String; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFilter {
    name: Spanned<String>,
    kind: String,
    title: Localised,
    default: Option<Spanned<String>>,
    all: Option<Localised>,
    options: Option<Spanned<String>>,
    hint: Option<Localised>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawColumn {
    name: Spanned<String>,
    kind: Kind,
    title: Localised,
    share_of: Option<Spanned<String>>,
    change_of: Option<Spanned<String>>,
    since: Option<Spanned<String>>,
    total: Option<Total>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFigure {
    title: Localised,
    value: Spanned<String>,
    before: Spanned<String>,
    part_of: Option<Spanned<String>>,
    before_part_of: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChart {
    query: Spanned<String>,
    title: Localised,
    kind: Kind,
}

/// Words of the address that a filter cannot be called.
const RESERVED: [&str; 8] = ["from", "to", "sort", "page", "dealer", "dealers", "format", "former"];

/// Reads one folder. `file` gives a file's text by its name; `folder` names it in messages.
pub fn read(folder: &str, file: impl Fn(&str) -> Option<String>) -> Result<Definition, Problem> {
    let name = folder.rsplit('/').next().unwrap_or(folder).to_owned();
    let toml_file = format!("{folder}/report.toml");
    let at_start = |problem: String| Problem { file: toml_file.clone(), line: 1, problem };
    let text = file("report.toml").ok_or_else(|| at_start("is missing: add it, or remove the folder.".to_owned()))?;
    let line = |offset: usize| text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
    let at = |offset: usize, problem: String| Problem { file: toml_file.clone(), line: line(offset), problem };
    let raw: Raw = toml::from_str(&text).map_err(|cause| {
        at(cause.span().map_or(0, |span| span.start), format!("{}.", cause.message().trim_end_matches('.')))
    })?;
    let sql = |name: &str, offset: usize| {
        file(name).ok_or_else(|| at(offset, format!("{folder}/{name} is missing: add it, or name another file.")))
    };

    let mut measures: Vec<Measure> = raw
        .column
        .iter()
        .filter(|column| column.share_of.is_none() && column.change_of.is_none())
        .map(|column| Measure {
            name: column.name.get_ref().clone(),
            kind: column.kind,
            total: column.total.unwrap_or(column.kind.total()),
        })
        .collect();
    for (name, kind) in raw.measures {
        measures.push(Measure { name, kind, total: kind.total() });
    }
    let measure = |name: &Spanned<String>| {
        measures.iter().position(|measure| measure.name == *name.get_ref()).ok_or_else(|| {
            at(
                name.span().start,
                format!("{:?} is no column or measure of this report: name one of those.", name.get_ref()),
            )
        })
    };

    let mut columns: Vec<Column> = Vec::with_capacity(raw.column.len());
    for column in &raw.column {
        let name = column.name.get_ref();
        let start = column.name.span().start;
        if !is_plain(name) {
            return Err(at(start, format!("{name:?} cannot name a column: use a-z, 0-9 and _.")));
        }
        if columns.iter().any(|other| other.name == *name) {
            return Err(at(start, format!("there are two columns {name:?}: rename one.")));
        }
        let source = match (&column.share_of, &column.change_of, &column.since) {
            (None, None, None) => Source::Measure(measure(&column.name)?),
            (Some(total), None, None) => Source::ShareOf(measure(total)?),
            (None, Some(now), Some(before)) => Source::Change { now: measure(now)?, before: measure(before)? },
            _ => return Err(at(start, format!("{name:?} needs either share_of, or change_of with since."))),
        };
        columns.push(Column { name: name.clone(), kind: column.kind, title: column.title.clone(), source });
    }
    if let Some(bad) = measures.iter().find(|measure| !is_plain(&measure.name)) {
        return Err(at_start(format!("{:?} cannot name a measure: use a-z, 0-9 and _.", bad.name)));
    }
    let currency_names = raw.currency.iter().flat_map(|currency| [&currency.key, &currency.code, &currency.name]);
    if let Some(bad) = std::iter::once(&raw.key).chain(currency_names).find(|name| !is_plain(name)) {
        return Err(at_start(format!("key {bad:?} cannot name a column: use a-z, 0-9 and _.")));
    }
    if raw.currency.is_none()
        && let Some(money) = measures.iter().find(|measure| measure.kind == Kind::Money)
    {
        return Err(at_start(format!("{:?} is money: say of which currency, with currency.", money.name)));
    }
    let unit = raw.unit.as_ref().map(measure).transpose()?;
    let lines = match &raw.lines {
        Some(lines) => Some((measure(&lines.now)?, measure(&lines.before)?)),
        None => None,
    };

    let mut filters: Vec<FilterSpec> = Vec::with_capacity(raw.filter.len());
    for filter in raw.filter {
        let name = filter.name.get_ref().clone();
        let start = filter.name.span().start;
        if !is_plain(&name) || RESERVED.contains(&name.as_str()) {
            return Err(at(start, format!("{name:?} cannot name a filter: take another word of a-z, 0-9 and _.")));
        }
        if filters.iter().any(|other| other.name == name) {
            return Err(at(start, format!("there are two filters {name:?}: rename one.")));
        }
        let kind = match (filter.kind.as_str(), filter.default, filter.all, filter.options, filter.hint) {
            ("period", Some(default), None, None, None) if name == "period" => FilterKind::Period {
                default: crate::report::period::Choice::from_code(default.get_ref()).ok_or_else(|| {
                    at(
                        default.span().start,
                        format!("{:?} is no period: take month, quarter or year.", default.get_ref()),
                    )
                })?,
            },
            ("choice", None, Some(all), Some(options), None) => {
                FilterKind::Choice { all, options_sql: sql(options.get_ref(), options.span().start)? }
            }
            ("search", None, None, None, Some(hint)) => FilterKind::Search { hint },
            _ => {
                return Err(at(
                    start,
                    format!(
                        "{name:?} fits no kind of filter: take period (named period, with default), choice (with all, \
                         options) or search (with hint)."
                    ),
                ));
            }
        };
        filters.push(FilterSpec { name, title: filter.title, kind });
    }

    let mut strip = Vec::with_capacity(raw.strip.len());
    for figure in &raw.strip {
        let (value, before) = (measure(&figure.value)?, measure(&figure.before)?);
        let part_of = match (&figure.part_of, &figure.before_part_of) {
            (None, None) => None,
            (Some(now), Some(before)) => Some((measure(now)?, measure(before)?)),
            _ => {
                let start = figure.value.span().start;
                return Err(at(start, "part_of and before_part_of go together: give both or none.".to_owned()));
            }
        };
        let kind = if part_of.is_some() { Kind::Percent } else { measures[value].kind };
        strip.push(Figure { title: figure.title.clone(), kind, value, before, part_of });
    }

    let chart = match raw.chart {
        Some(chart) => Some(Chart {
            title: chart.title,
            kind: chart.kind,
            sql: sql(chart.query.get_ref(), chart.query.span().start)?,
        }),
        None => None,
    };

    let (descending, sorted) = match raw.sort.get_ref().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, raw.sort.get_ref().as_str()),
    };
    let sort = columns
        .iter()
        .position(|column| column.name == sorted)
        .map(|column| Sort { column, descending })
        .ok_or_else(|| at(raw.sort.span().start, format!("sort names no column: {sorted:?}.")))?;

    Ok(Definition {
        name,
        title: raw.title,
        menu: Localised { ru: raw.menu.ru, en: raw.menu.en },
        menu_order: raw.menu.order,
        datasets: raw.datasets,
        key: raw.key,
        currency: raw.currency,
        unit,
        lines,
        rows_title: raw.rows_title,
        noun_ru: raw.noun.ru,
        noun_en: raw.noun.en,
        sort,
        filters,
        columns,
        measures,
        strip,
        chart,
        rows_sql: sql("rows.sql", 0)?,
    })
}

/// A name that needs no quoting anywhere.
fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl Definition {
    /// What is counted, after a number in the dative: «2 товарам».
    pub fn noun(&self, language: Language, count: u64) -> &str {
        match language {
            Language::Ru if count % 10 == 1 && count % 100 != 11 => &self.noun_ru[0],
            Language::Ru if (2..=4).contains(&(count % 10)) && !(12..=14).contains(&(count % 100)) => &self.noun_ru[1],
            Language::Ru => &self.noun_ru[2],
            Language::En => &self.noun_en[usize::from(count != 1)],
        }
    }

    pub fn path(&self) -> String {
        format!("/reports/{}", self.name)
    }

    pub fn measure(&self, name: &str) -> Option<usize> {
        self.measures.iter().position(|measure| measure.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Definition, Problem, read};

    pub(crate) const TOML: &str = include_str!("../../../assets/reports/sales/report.toml");

    fn read_with(toml: &str, rows: &str) -> Result<Definition, Problem> {
        read("reports/sales", |name| match name {
            "report.toml" => Some(toml.to_owned()),
            "rows.sql" => Some(rows.to_owned()),
            "by_month.sql" => Some(include_str!("../../../assets/reports/sales/by_month.sql").to_owned()),
            "groups.sql" => Some(include_str!("../../../assets/reports/sales/groups.sql").to_owned()),
            _ => None,
        })
    }

    const ROWS: &str = include_str!("../../../assets/reports/sales/rows.sql");

    fn line_of(text: &str, part: &str) -> usize {
        text[..text.find(part).unwrap()].lines().count() + usize::from(text[..text.find(part).unwrap()].ends_with('\n'))
    }

    #[test]
    fn the_sales_report_is_read() {
        let report = read_with(TOML, ROWS).unwrap();
        assert_eq!((report.name.as_str(), report.columns.len(), report.measures.len()), ("sales", 9, 16));
        assert_eq!(report.columns[report.sort.column].name, "revenue");
    }

    #[test]
    fn a_wrong_definition_names_file_line_and_mend() {
        for (was, becomes, says) in [
            ("kind = \"money\"", "kind = \"monney\"", "unknown variant"),
            ("sort = \"-revenue\"", "sort = \"-income\"", "sort names no column: \"income\""),
            ("share_of = \"revenue\"", "share_of = \"income\"", "no column or measure"),
            ("default = \"year\"", "default = \"decade\"", "take month, quarter or year"),
            ("options = \"groups.sql\"", "options = \"none.sql\"", "none.sql is missing"),
            ("name = \"search\"", "name = \"page\"", "cannot name a filter"),
            ("name = \"code\"", "name = \"Код\"", "cannot name a column"),
            ("name = \"code\"", "name = \"product\"", "two columns"),
            ("datasets", "datasetz", "unknown field"),
            ("unit = \"unit\"", "unit = \"units\"", "no column or measure"),
        ] {
            let problem = read_with(&TOML.replacen(was, becomes, 1), ROWS).unwrap_err();
            assert_eq!(problem.file, "reports/sales/report.toml");
            assert!(problem.problem.contains(says), "{problem}");
            assert_eq!(problem.line, line_of(TOML, was), "{problem}");
        }
        let missing = read("reports/none", |_| None).unwrap_err();
        assert!(missing.to_string().starts_with("reports/none/report.toml:1: is missing"));
    }

    #[test]
    fn money_without_its_currency_is_refused() {
        let currency = TOML.lines().find(|line| line.starts_with("currency = ")).unwrap();
        let problem = read_with(&TOML.replacen(currency, "", 1), ROWS).unwrap_err();
        assert!(problem.problem.contains("is money: say of which currency"), "{problem}");
    }
}
