//! Is a report what it says? Statically when it is read: parameters, and `report.*` only. Against ClickHouse at start
//! and by `portal check-reports`: the columns that its queries really return.

use clickhouse::Client;
use clickhouse::error::Error;

use super::definition::{Definition, FilterKind, Kind, Problem, Sort};
use super::sql::{self, Token, tokens};

/// Views without rows or names of any dealer: the only ones that are read without the dealers.
const WITHOUT_DEALERS: [&str; 2] = ["group_tree", "freshness"];
/// What would undo a pin, leave the wrapper, or read elsewhere.
const REFUSED: [&str; 5] = ["PREWHERE", "SETTINGS", "FORMAT", "INTO", "INSERT"];

#[derive(Clone, Copy)]
enum Role {
    Rows,
    Chart(Kind),
    Options,
}

fn queries(report: &Definition) -> Vec<(Role, String, &str)> {
    let mut all = vec![(Role::Rows, "rows.sql".to_owned(), report.rows_sql.as_str())];
    if let Some(chart) = &report.chart {
        all.push((Role::Chart(chart.kind), "the chart's query".to_owned(), chart.sql.as_str()));
    }
    for filter in &report.filters {
        if let FilterKind::Choice { options_sql, .. } = &filter.kind {
            all.push((Role::Options, format!("the options of {}", filter.name), options_sql.as_str()));
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
            FilterKind::Search { .. } => known.push((&filter.name, "Array(String)")),
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

/// A query that ClickHouse refuses, or whose columns are not those of the definition.
#[derive(Debug, thiserror::Error)]
#[error("reports/{report}: {query}: {problem}")]
pub struct Wrong {
    pub report: String,
    pub query: String,
    pub problem: String,
}

/// Asks ClickHouse what each query of each report returns, and whether it would run the rows in every order; runs none of
/// them. A report that does not fit is named, and the others are looked at all the same. An error: ClickHouse is away.
pub async fn against(client: &Client, reports: &[Definition]) -> Result<Vec<Wrong>, Error> {
    let mut wrong = Vec::new();
    for report in reports {
        if let Some((query, problem)) = first_problem(client, report).await? {
            wrong.push(Wrong { report: report.name.clone(), query, problem });
        }
    }
    Ok(wrong)
}

async fn first_problem(client: &Client, report: &Definition) -> Result<Option<(String, String)>, Error> {
    for (role, query, sql) in queries(report) {
        let problem = match ask(client, report, &format!("DESCRIBE (\n{sql}\n)")).await? {
            Ok(columns) => fit(report, role, &columns).err(),
            Err(refusal) => Some(refusal),
        };
        if let Some(problem) = problem {
            return Ok(Some((query, problem)));
        }
    }
    for (column, shown) in report.columns.iter().enumerate() {
        let sort = Sort { column, descending: false };
        for sql in [sql::page(report, sort), sql::all(report, sort)] {
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
    for (name, of_type) in parameters(report) {
        let value = match of_type {
            "Array(UUID)" | "Array(String)" => "[]",
            "Date32" => "2026-01-01",
            _ => "\\N",
        };
        query = query.with_setting(format!("param_{name}"), value);
    }
    for name in ["with_former", "rows_limit", "rows_offset"] {
        query = query.with_setting(format!("param_{name}"), "1");
    }
    match async { query.fetch_bytes("TabSeparated")?.collect().await }.await {
        Ok(answer) => Ok(Ok(String::from_utf8_lossy(&answer).into_owned())),
        Err(Error::BadResponse(text)) => Ok(Err(text.lines().next().unwrap_or_default().to_owned())),
        Err(away) => Err(away),
    }
}

fn fit(report: &Definition, role: Role, described: &str) -> Result<(), String> {
    let columns: Vec<(&str, &str)> = described
        .lines()
        .filter_map(|line| {
            let mut parts = line.split('\t');
            Some((parts.next()?, parts.next()?))
        })
        .collect();
    match role {
        Role::Rows => rows_fit(report, &columns),
        Role::Options if columns.iter().map(|(name, _)| *name).ne(["value", "label"]) => {
            Err("must return value and label.".to_owned())
        }
        Role::Chart(kind) => {
            let of_currency = usize::from(kind == Kind::Money);
            if columns.len() == 3 + of_currency && columns[0].1.starts_with("Date") {
                return Ok(());
            }
            Err("must return a month, the value of the period and that of a year before; of money its currency too."
                .to_owned())
        }
        Role::Options => Ok(()),
    }
}

fn rows_fit(report: &Definition, columns: &[(&str, &str)]) -> Result<(), String> {
    let currency = report.currency.iter().flat_map(|currency| [&currency.key, &currency.code, &currency.name]);
    for needed in std::iter::once(&report.key).chain(currency) {
        if !columns.iter().any(|(name, _)| name == needed) {
            return Err(format!("does not return its key {needed}: add the column."));
        }
    }
    for measure in &report.measures {
        let Some((_, of_type)) = columns.iter().find(|(name, _)| *name == measure.name) else {
            return Err(format!("does not return {}: add the column, or remove it from report.toml.", measure.name));
        };
        let inner = of_type.trim_start_matches("Nullable(").trim_start_matches("LowCardinality(");
        let fits = match measure.kind {
            Kind::Money => inner.starts_with("Decimal"),
            Kind::Quantity => inner.starts_with("Decimal") || inner.starts_with("UInt") || inner.starts_with("Int"),
            Kind::Count => inner.starts_with("UInt"),
            Kind::Percent => inner.starts_with("Float"),
            Kind::Date => inner.starts_with("Date"),
            Kind::Code | Kind::Text | Kind::Reference => inner.starts_with("String"),
        };
        if !fits {
            return Err(
                format!("returns {} as {of_type}, which is no {:?}.", measure.name, measure.kind).to_lowercase()
            );
        }
    }
    Ok(())
}
