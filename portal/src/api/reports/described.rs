//! What the API says of reports: their names, columns, filters, formats, addresses.

use serde::Serialize;
use shared::language::Language;
use shared::report::definition::{Definition, FilterSpec};
use shared::report::filter::kind::{Taken, What};
use shared::report::run;
use shared::report::write;
use url::Url;
use utoipa::ToSchema;

/// Where the API begins.
pub const ROOT: &str = "/api/v1/reports";

/// Every report that the caller may open.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportList {
    reports: Vec<Report>,
}

/// What a report is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Report {
    /// In addresses.
    #[schema(example = "sales")]
    name: String,
    title: String,
    columns: Vec<Column>,
    filters: Vec<Filter>,
    /// The order of rows unless `sort` says another: a column's name, after a minus from the greatest down.
    #[schema(example = "-revenue")]
    sort: String,
    formats: Vec<Format>,
    /// Those of files that are made in the background, however many rows there are.
    export_formats: Vec<Format>,
    links: Links,
}

/// A column of its rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct Column {
    name: String,
    title: String,
    /// `money` and `quantity`: decimals as texts; `percent`: a number, 1 being all; `count`: whole; `date`: ISO 8601; `code`
    /// and `text`: texts.
    #[schema(example = "money")]
    kind: String,
}

/// A filter, and the parameters that set it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Filter {
    name: String,
    title: String,
    #[schema(example = "choice")]
    kind: String,
    parameters: Vec<Parameter>,
    /// What there is to choose, where a report is described alone and offers something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    options: Option<Vec<Choice>>,
}

/// A parameter of the query string.
#[derive(Debug, Serialize, ToSchema)]
pub struct Parameter {
    name: String,
    /// `word`: one of `values`; `date`: ISO 8601; `reference`: a UUID; `number`: whole; `text`.
    #[schema(example = "word")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    values: Option<Vec<String>>,
    /// Letters of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    longest: Option<usize>,
}

/// One value of a filter.
#[derive(Debug, Serialize, ToSchema)]
pub struct Choice {
    value: String,
    label: String,
}

/// A form of a file with all rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct Format {
    /// The value of the parameter `format`.
    #[schema(example = "csv")]
    code: String,
    media_type: String,
}

/// Addresses of a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct Links {
    #[serde(rename = "self")]
    this: String,
    rows: String,
    file: String,
    /// Where a file that is made in the background is asked for by POST.
    exports: String,
}

/// The dealers whose rows the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct DealerList {
    dealers: Vec<Dealer>,
}

/// A dealer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dealer {
    /// The value of the parameter `dealer`.
    #[schema(format = Uuid, value_type = String)]
    id: String,
    /// Empty until it has arrived from 1C.
    name: String,
}

pub fn list<'a>(reports: impl Iterator<Item = &'a Definition>, language: Language, public: &Url) -> ReportList {
    ReportList { reports: reports.map(|report| one(report, language, public, None)).collect() }
}

/// Where a report is, without a slash at its end.
pub fn address(report: &Definition, public: &Url) -> String {
    at(public, &format!("/{}", report.name))
}

/// A path below the API as programs reach it.
pub fn at(public: &Url, path: &str) -> String {
    public.join(&format!("{ROOT}{path}")).map(String::from).unwrap_or_default()
}

/// `options`: of each filter, in its order.
pub fn one(report: &Definition, language: Language, public: &Url, options: Option<&[Vec<run::Choice>]>) -> Report {
    let column = |column: &shared::report::definition::Column| Column {
        name: column.name.clone(),
        title: column.title.get(language).to_owned(),
        kind: column.kind.word().to_owned(),
    };
    let sign = if report.sort.descending { "-" } else { "" };
    let address = address(report, public);
    let format =
        |format: &write::Format| Format { code: format.code.to_owned(), media_type: format.media_type.to_owned() };
    Report {
        name: report.name.clone(),
        title: report.title.get(language).to_owned(),
        columns: report.columns.iter().map(column).collect(),
        filters: report
            .filters
            .iter()
            .enumerate()
            .map(|(index, spec)| filter(spec, language, options.and_then(|all| all.get(index))))
            .collect(),
        sort: format!("{sign}{}", report.columns[report.sort.column].name),
        formats: write::streamed().map(format).collect(),
        export_formats: write::FORMATS.iter().copied().map(format).collect(),
        links: Links {
            rows: format!("{address}/rows"),
            file: format!("{address}/file"),
            exports: format!("{address}/exports"),
            this: address,
        },
    }
}

pub fn dealers(known: Vec<(shared::ids::DealerId, String)>) -> DealerList {
    DealerList { dealers: known.into_iter().map(|(id, name)| Dealer { id: id.to_string(), name }).collect() }
}

fn filter(spec: &FilterSpec, language: Language, options: Option<&Vec<run::Choice>>) -> Filter {
    let choice = |choice: &run::Choice| Choice { value: choice.value.clone(), label: choice.label.clone() };
    Filter {
        name: spec.name.clone(),
        title: spec.title.get(language).to_owned(),
        kind: spec.kind.word().to_owned(),
        parameters: spec.kind.taken(&spec.name).into_iter().map(parameter).collect(),
        options: options.filter(|_| spec.kind.options_sql().is_some()).map(|all| all.iter().map(choice).collect()),
    }
}

fn parameter(taken: Taken) -> Parameter {
    let (kind, values, longest) = match taken.what {
        What::OneOf(words) => ("word", Some(words.into_iter().map(str::to_owned).collect()), None),
        What::Date => ("date", None, None),
        What::Reference => ("reference", None, None),
        What::Number => ("number", None, None),
        What::Text { longest } => ("text", None, Some(longest)),
    };
    Parameter { name: taken.name, kind: kind.to_owned(), values, longest }
}
