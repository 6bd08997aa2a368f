//! Is a report what it says? Statically when it is read: parameters, and `report.*` only. Against ClickHouse at start
//! and by `portal check-reports`: the columns that its queries really return.

use clickhouse::Client;

use super::catalogue::Catalogue;
use super::definition::{Definition, FilterKind, Kind, Problem};
use super::sql::{Token, tokens};

/// Views without rows or names of any dealer: the only ones that are read without the dealers.
const WITHOUT_DEALERS: [&str; 2] = ["group_tree", "freshness"];
/// What would undo a pin, leave the wrapper, or read elsewhere.
const REFUSED: [&str; 5] = ["PREWHERE", "SETTINGS", "FORMAT", "INTO", "INSERT"];

fn queries(report: &Definition) -> Vec<(&'static str, String, &str)> {
    let mut all = vec![("rows", "rows.sql".to_owned(), report.rows_sql.as_str())];
    if let Some(chart) = &report.chart {
        all.push(("chart", "the chart's query".to_owned(), chart.sql.as_str()));
    }
    for filter in &report.filters {
        if let FilterKind::Choice { options_sql, .. } = &filter.kind {
            all.push(("options", format!("the options of {}", filter.name), options_sql.as_str()));
        }
    }
    all
}

/// Every parameter that a query of this report may name, with its type.
fn parameters(report: &Definition) -> Vec<(&str, &'static str)> {
    let mut known = vec![("dealers", "Array(UUID)")];
    for filter in &report.filters {
        match filter.kind {
            FilterKind::Period { .. } => {
                known.extend(
                    ["first_day", "last_day", "first_day_before", "last_day_before"].map(|day| (day, "Date32")),
                );
            }
            FilterKind::Choice { .. } => known.push((&filter.name, "Nullable(UUID)")),
            FilterKind::Search { .. } => known.push((&filter.name, "String")),
        }
    }
    known
}

/// What the folder alone tells. Problems name the SQL file and its line.
pub(super) fn statically(report: &Definition, folder: &str) -> Result<(), Problem> {
    for (_, file, sql) in queries(report) {
        let at = |line: usize, problem: String| Problem { file: format!("{folder}/{file}"), line, problem };
        let found = tokens(sql);
        for (index, (line, token)) in found.iter().enumerate() {
            match token {
                Token::Parameter { name, of_type } => {
                    let known = parameters(report);
                    let Some((_, right)) = known.iter().find(|(known, _)| known == name) else {
                        return Err(at(*line, format!("no parameter {name}: declare a filter of that name.")));
                    };
                    if of_type != right {
                        return Err(at(
                            *line,
                            format!("parameter {name} is of type {right}: write {{{name}:{right}}}."),
                        ));
                    }
                }
                Token::Word(word) if REFUSED.iter().any(|refused| word.eq_ignore_ascii_case(refused)) => {
                    return Err(at(
                        *line,
                        format!("{} does not belong into a report: leave it out.", word.to_uppercase()),
                    ));
                }
                Token::Word(word) if word.eq_ignore_ascii_case("FROM") || word.eq_ignore_ascii_case("JOIN") => {
                    source(&found[index + 1..]).map_err(|problem| at(*line, problem))?;
                }
                Token::Symbol(';') => {
                    return Err(at(*line, "a file holds one query: leave the semicolon out.".to_owned()));
                }
                Token::Symbol('"' | '`') => {
                    return Err(at(*line, "quoted names are not read here: use plain ones.".to_owned()));
                }
                _ => {}
            }
        }
        if let Some(comma) = comma_join(&found) {
            return Err(at(comma, "a comma joins tables here: write JOIN.".to_owned()));
        }
    }
    Ok(())
}

/// What follows FROM or JOIN: a subquery, or a view of `report` with its dealers.
fn source(after: &[(usize, Token)]) -> Result<(), String> {
    let word = |index: usize| match after.get(index) {
        Some((_, Token::Word(word))) => word.as_str(),
        _ => "",
    };
    let symbol = |index: usize, symbol: char| matches!(after.get(index), Some((_, Token::Symbol(s))) if *s == symbol);
    if symbol(0, '(') {
        return Ok(());
    }
    if word(0) != "report" || !symbol(1, '.') {
        return Err("reports read views of report.* only: name one after FROM.".to_owned());
    }
    let view = word(2);
    let has_dealers = symbol(3, '(')
        && word(4) == "dealers"
        && symbol(5, '=')
        && matches!(after.get(6), Some((_, Token::Parameter { name, .. })) if name == "dealers")
        && symbol(7, ')');
    if has_dealers || (WITHOUT_DEALERS.contains(&view) && !symbol(3, '(')) {
        return Ok(());
    }
    Err(format!("give the dealers: write report.{view}(dealers = {{dealers:Array(UUID)}})."))
}

/// A comma between sources at the level of a FROM, which would slip past `source`.
fn comma_join(found: &[(usize, Token)]) -> Option<usize> {
    const ENDS: [&str; 8] = ["WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", "ON", "USING"];
    // One entry per open bracket: are we behind its FROM?
    let mut behind_from = vec![false];
    for (line, token) in found {
        match token {
            Token::Symbol('(') => behind_from.push(false),
            Token::Symbol(')') if behind_from.len() > 1 => drop(behind_from.pop()),
            Token::Symbol(',') if behind_from.last() == Some(&true) => return Some(*line),
            Token::Word(word) => {
                if let Some(here) = behind_from.last_mut() {
                    if word.eq_ignore_ascii_case("FROM") {
                        *here = true;
                    } else if ENDS.iter().any(|end| word.eq_ignore_ascii_case(end)) {
                        *here = false;
                    }
                }
            }
            _ => {}
        }
    }
    None
}

/// A query that ClickHouse refuses, or whose columns are not those of the definition; or ClickHouse itself is away.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("reports/{report}: {query}: {problem}")]
    Wrong { report: String, query: String, problem: String },
    #[error("ClickHouse cannot be asked: {0}")]
    Away(clickhouse::error::Error),
}

/// Asks ClickHouse what each query of each report returns; runs none of them.
pub async fn against(client: &Client, catalogue: &Catalogue) -> Result<(), CheckError> {
    for report in catalogue.all() {
        for (role, query, sql) in queries(report) {
            let wrong =
                |problem: String| CheckError::Wrong { report: report.name.clone(), query: query.clone(), problem };
            let mut ask = client.query_raw(&format!("DESCRIBE (\n{sql}\n)"));
            for (name, of_type) in parameters(report) {
                let value = match of_type {
                    "Array(UUID)" => "[]",
                    "Date32" => "2026-01-01",
                    "Nullable(UUID)" => "\\N",
                    _ => "",
                };
                ask = ask.with_setting(format!("param_{name}"), value);
            }
            let answer =
                async { ask.fetch_bytes("TabSeparated")?.collect().await }.await.map_err(|cause| match cause {
                    clickhouse::error::Error::BadResponse(text) => {
                        wrong(text.lines().next().unwrap_or_default().to_owned())
                    }
                    other => CheckError::Away(other),
                })?;
            let text = String::from_utf8_lossy(&answer);
            let columns: Vec<(&str, &str)> = text
                .lines()
                .filter_map(|line| {
                    let mut parts = line.split('\t');
                    Some((parts.next()?, parts.next()?))
                })
                .collect();
            match role {
                "rows" => rows_fit(report, &columns).map_err(wrong)?,
                "options" if columns.iter().map(|(name, _)| *name).ne(["value", "label"]) => {
                    return Err(wrong("must return value and label.".to_owned()));
                }
                "chart" if columns.len() != 3 || !columns[0].1.starts_with("Date") => {
                    return Err(wrong(
                        "must return a month, this year's value and that of the year before.".to_owned(),
                    ));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn rows_fit(report: &Definition, columns: &[(&str, &str)]) -> Result<(), String> {
    if !columns.iter().any(|(name, _)| *name == report.key) {
        return Err(format!("does not return its key {}: add the column.", report.key));
    }
    for measure in &report.measures {
        let Some((_, of_type)) = columns.iter().find(|(name, _)| *name == measure.name) else {
            return Err(format!("does not return {}: add the column, or remove it from report.toml.", measure.name));
        };
        let inner = of_type.trim_start_matches("Nullable(").trim_start_matches("LowCardinality(");
        let fits = match measure.kind {
            Kind::Money => inner.starts_with("Decimal"),
            Kind::Quantity => inner.starts_with("Decimal") || inner.starts_with("UInt") || inner.starts_with("Int"),
            Kind::Percent => inner.starts_with("Float"),
            Kind::Date => inner.starts_with("Date"),
            Kind::Code | Kind::Text | Kind::Reference => inner.starts_with("String") || inner.starts_with("UUID"),
        };
        if !fits {
            return Err(
                format!("returns {} as {of_type}, which is no {:?}.", measure.name, measure.kind).to_lowercase()
            );
        }
    }
    Ok(())
}
