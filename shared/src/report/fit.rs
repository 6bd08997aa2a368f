//! Do the reports fit the warehouse? Asked of ClickHouse at start and by `portal check-reports`: the columns that the
//! queries really return, and whether it would run the rows in every order.

use clickhouse::Client;
use clickhouse::error::Error;

use super::definition::{Chart, Definition, Field, Sort};
use super::filter::choice::Of;
use super::filter::kind::Kind as FilterKind;
use super::kind::Kind;
use super::sql::check::{Query, Role, parameters, queries};
use super::sql::{keyset, names, wrap};

/// A query that ClickHouse refuses, or whose columns are not those of the definition.
#[derive(Debug, thiserror::Error)]
#[error("reports/{report}: {query}: {problem}")]
pub struct Misfit {
    pub report: String,
    pub query: String,
    pub problem: String,
}

/// Asks what each query of each report returns; runs none of them. A report that does not fit is named, and the others
/// are looked at all the same. An error: ClickHouse is away.
pub async fn against<D: AsRef<Definition>>(client: &Client, reports: &[D]) -> Result<Vec<Misfit>, Error> {
    let mut misfits = Vec::new();
    for report in reports.iter().map(AsRef::as_ref) {
        if let Some((query, problem)) = first_problem(client, report).await? {
            misfits.push(Misfit { report: report.name.clone(), query, problem });
        }
    }
    Ok(misfits)
}

async fn first_problem(client: &Client, report: &Definition) -> Result<Option<(String, String)>, Error> {
    for query in queries(report) {
        let problem = match ask(client, report, &format!("DESCRIBE (\n{}\n)", query.sql)).await? {
            Ok(described) => fit(report, &query, &columns(&described)).err(),
            Err(refusal) => Some(refusal),
        };
        if let Some(problem) = problem {
            return Ok(Some((query.name, problem)));
        }
    }
    if let Some(chart) = &report.chart
        && let Err(refusal) =
            ask(client, report, &format!("EXPLAIN PIPELINE {}", wrap::sides(report, &chart.sql))).await?
    {
        return Ok(Some(("the chart's query".to_owned(), refusal)));
    }
    for (column, shown) in report.columns.iter().enumerate() {
        let sort = Sort { column, descending: false };
        let (first, behind) = (keyset::page(report, sort, false), keyset::page(report, sort, true));
        for sql in [wrap::page(report, sort), wrap::all(report, sort), first, behind] {
            // A plan, for a DESCRIBE does not look at the order.
            if let Err(refusal) = ask(client, report, &format!("EXPLAIN PIPELINE {sql}")).await? {
                return Ok(Some((format!("rows.sql, sorted by {}", shown.name), refusal)));
            }
        }
    }
    Ok(None)
}

/// The answer, or ClickHouse's refusal.
async fn ask(client: &Client, report: &Definition, sql: &str) -> Result<Result<String, String>, Error> {
    let mut query = client.query_raw(sql);
    for parameter in parameters(report) {
        let value = match parameter.of_type {
            "Array(UUID)" | "Array(String)" => "[]",
            "Date32" => "2026-01-01",
            _ => "\\N",
        };
        if parameter.is_compared {
            query = query.with_setting(format!("param_{}_before", parameter.name), value);
        }
        query = query.with_setting(format!("param_{}", parameter.name), value);
    }
    for name in ["with_former", "rows_limit", "rows_offset"] {
        query = query.with_setting(format!("param_{name}"), "1");
    }
    let of_key = (0..report.key.len()).map(keyset::key);
    for name in of_key.chain([keyset::CURRENCY_KEY, keyset::CURRENCY_CODE].map(str::to_owned)) {
        query = query.with_setting(format!("param_{name}"), "");
    }
    query = query.with_setting(format!("param_{}", keyset::VALUE), "\\N");
    match async { query.fetch_bytes("TabSeparated")?.collect().await }.await {
        Ok(answer) => Ok(Ok(String::from_utf8_lossy(&answer).into_owned())),
        Err(Error::BadResponse(text)) => Ok(Err(text.lines().next().unwrap_or_default().to_owned())),
        Err(away) => Err(away),
    }
}

/// Names and types, as DESCRIBE tells them.
fn columns(described: &str) -> Vec<(&str, &str)> {
    described
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, rest)| (name, rest.split('\t').next().unwrap_or_default()))
        .collect()
}

fn fit(report: &Definition, query: &Query<'_>, columns: &[(&str, &str)]) -> Result<(), String> {
    if report.is_compared() && matches!(query.role, Role::Rows | Role::Chart) && wrap::says_sides(query.sql) {
        let of_type = returned(columns, names::IS_BEFORE)?;
        if of_type != "UInt8" && of_type != "Bool" {
            return Err(format!(
                "returns {} as {of_type}: it is 0 for the period's rows, 1 for others.",
                names::IS_BEFORE
            ));
        }
    }
    match query.role {
        Role::Rows => rows_fit(report, columns),
        Role::Chart => report.chart.as_ref().map_or(Ok(()), |chart| chart_fits(report, chart, columns)),
        Role::Options => {
            let of = report.filters.iter().find_map(|filter| match &filter.kind {
                FilterKind::Choice(choice) if choice.options_sql == query.sql => Some(choice.of),
                _ => None,
            });
            options_fit(of.unwrap_or(Of::Text), columns)
        }
        Role::Figures => figures_fit(report, columns),
        Role::Names => names_fit(report, columns),
        Role::Currencies => {
            let columns_of = report.currency.iter().flat_map(|of| [&of.key, &of.code, &of.name]);
            columns_of.into_iter().try_for_each(|name| returned(columns, name).map(drop))
        }
    }
}

fn options_fit(of: Of, columns: &[(&str, &str)]) -> Result<(), String> {
    let value = returned(columns, "value")?;
    let fits = match of {
        Of::Reference => value == "UUID",
        Of::Text => inner(value).starts_with("String") || inner(value).starts_with("Enum"),
        Of::Number => value.starts_with("Int") || value.starts_with("UInt"),
    };
    if !fits || value.starts_with("Nullable") {
        return Err(format!("returns value as {value}, which is no {of:?}: mend it, or say of what the choice is.")
            .to_lowercase());
    }
    inner(returned(columns, "label")?)
        .starts_with("String")
        .then_some(())
        .ok_or_else(|| "must return label as text.".to_owned())
}

fn chart_fits(report: &Definition, chart: &Chart, columns: &[(&str, &str)]) -> Result<(), String> {
    if !returned(columns, "month")?.starts_with("Date") {
        return Err("must return month as a day: the first of each month.".to_owned());
    }
    let value = inner(returned(columns, "value")?);
    if !(value.starts_with("Decimal") || value.starts_with("UInt") || value.starts_with("Int")) {
        return Err(format!("returns value as {value}, which is no number that adds up."));
    }
    match (chart.kind, &report.currency, report.unit) {
        (Kind::Money, Some(currency), _) => returned(columns, &currency.key).map(drop),
        (Kind::Quantity, _, Some(unit)) => returned(columns, &report.fields.get(unit).name).map(drop),
        _ => Ok(()),
    }
}

/// Numbers of both sides, the lines they come from, and the months.
fn figures_fit(report: &Definition, columns: &[(&str, &str)]) -> Result<(), String> {
    let is_sum = |id| report.quick.as_ref().is_some_and(|quick| quick.is_sum(id));
    let numbers = report.fields.iter().filter(|(id, field)| field.kind.is_number() && !is_sum(*id));
    for name in numbers.map(|(_, field)| field.name.as_str()).chain(["lines"]) {
        for side in ["now", "before"] {
            let of_type = returned(columns, &format!("{side}_{name}"))?;
            if !(of_type.starts_with("Decimal") || of_type.starts_with("UInt") || of_type.starts_with("Int")) {
                return Err(format!("returns {side}_{name} as {of_type}, which is no number that adds up."));
            }
        }
    }
    let currency = report.currency.iter().map(|currency| &currency.key);
    for name in report.key.iter().chain(currency) {
        if returned(columns, name)? != "UUID" {
            return Err(format!("must return {name} as a UUID."));
        }
    }
    let (month, is_month) = (returned(columns, "month")?, returned(columns, "is_month")?);
    let fits = matches!(month, "Date" | "Date32") && is_month.starts_with("UInt");
    fits.then_some(()).ok_or_else(|| "must return month as a day and is_month as 0 or 1.".to_owned())
}

fn names_fit(report: &Definition, columns: &[(&str, &str)]) -> Result<(), String> {
    report.key.iter().try_for_each(|name| returned(columns, name).map(drop))?;
    report.fields.iter().filter(|(_, field)| field.kind.is_text()).try_for_each(|(_, field)| field_fits(field, columns))
}

fn rows_fit(report: &Definition, columns: &[(&str, &str)]) -> Result<(), String> {
    let currency = report.currency.iter().flat_map(|currency| [&currency.key, &currency.code, &currency.name]);
    for needed in report.key.iter().chain(currency) {
        if !columns.iter().any(|(name, _)| name == needed) {
            return Err(format!("does not return its key {needed}: add the column."));
        }
    }
    report.fields.iter().try_for_each(|(_, field)| field_fits(field, columns))
}

fn field_fits(field: &Field, columns: &[(&str, &str)]) -> Result<(), String> {
    let Some((_, of_type)) = columns.iter().find(|(name, _)| *name == field.name) else {
        return Err(format!("does not return {}: add the column, or remove it from report.toml.", field.name));
    };
    let inner = inner(of_type);
    let fits = match field.kind {
        Kind::Money => inner.starts_with("Decimal"),
        Kind::Quantity => inner.starts_with("Decimal") || inner.starts_with("UInt") || inner.starts_with("Int"),
        Kind::Count => inner.starts_with("UInt"),
        Kind::Percent => inner.starts_with("Float"),
        Kind::Date => inner.starts_with("Date") && !inner.starts_with("DateTime"),
        Kind::Code | Kind::Text => inner.starts_with("String"),
    };
    if fits {
        return Ok(());
    }
    Err(format!("returns {} as {of_type}, which is no {:?}.", field.name, field.kind).to_lowercase())
}

fn returned<'a>(columns: &[(&str, &'a str)], name: &str) -> Result<&'a str, String> {
    let found = columns.iter().find(|(found, _)| *found == name);
    found.map(|(_, of_type)| *of_type).ok_or_else(|| format!("does not return {name}: add the column."))
}

/// A type without what wraps it.
fn inner(of_type: &str) -> &str {
    of_type.trim_start_matches("LowCardinality(").trim_start_matches("Nullable(")
}
