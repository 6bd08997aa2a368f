//! May these queries run? Their parameters exist with their types, nothing in them leaves the wrapper, and they read
//! what `sources` lets them. Asked when a report is read, without ClickHouse; ClickHouse's own grants stand behind it.

use super::sources;
use super::tokens::{Token, What, tokens};
use super::wrap;
use crate::problem::Problem;
use crate::report::definition::Definition;
use crate::report::filter::kind::Parameter;

/// What would undo a pin, leave the wrapper, or write elsewhere.
const REFUSED: [&str; 6] = ["PREWHERE", "SETTINGS", "FORMAT", "INTO", "INSERT", "OUTFILE"];

/// A query of a report, by what it is for.
pub struct Query<'a> {
    pub role: Role,
    /// As messages name it.
    pub name: String,
    pub sql: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Rows,
    Chart,
    Options,
    /// Of the short way.
    Figures,
    Names,
    Currencies,
}

pub fn queries(report: &Definition) -> Vec<Query<'_>> {
    let mut all = vec![Query { role: Role::Rows, name: "rows.sql".to_owned(), sql: &report.rows_sql }];
    if let Some(chart) = &report.chart {
        all.push(Query { role: Role::Chart, name: "the chart's query".to_owned(), sql: &chart.sql });
    }
    for filter in &report.filters {
        if let Some(sql) = filter.kind.options_sql() {
            all.push(Query { role: Role::Options, name: format!("the options of {}", filter.name), sql });
        }
    }
    if let Some(quick) = &report.quick {
        for (role, name, sql) in [
            (Role::Figures, "the quick figures", &quick.figures_sql),
            (Role::Names, "the quick names", &quick.names_sql),
            (Role::Currencies, "the quick currencies", &quick.currencies_sql),
        ] {
            all.push(Query { role, name: name.to_owned(), sql });
        }
    }
    all
}

/// Every parameter that a query of this report may name, with its type.
pub fn parameters(report: &Definition) -> Vec<Parameter> {
    let dealers = Parameter { name: "dealers".to_owned(), of_type: "Array(UUID)", is_compared: false };
    let of_filters = report.filters.iter().flat_map(|filter| filter.kind.parameters(&filter.name));
    std::iter::once(dealers).chain(of_filters).collect()
}

/// What the folder alone tells. Problems name the SQL file and its line.
pub fn statically(report: &Definition, folder: &str, is_open: &dyn Fn(&str) -> bool) -> Result<(), Problem> {
    let known = parameters(report);
    for query in queries(report) {
        let at = |(line, problem): (usize, String)| Problem::new(format!("{folder}/{}", query.name), line, problem);
        let found = tokens(query.sql).map_err(at)?;
        let known = match query.role {
            // What a filter offers does not depend on what is chosen in the others.
            Role::Options | Role::Names | Role::Currencies => known[..1].to_vec(),
            Role::Figures => with_before(&known),
            _ if report.is_compared() && wrap::says_sides(query.sql) => with_before(&known),
            _ => known.clone(),
        };
        for token in &found {
            one(token, &known).map_err(|problem| at((token.line, problem)))?;
        }
        sources::check(&found, is_open).map_err(at)?;
    }
    Ok(())
}

/// The same, and those of the days compared: for a query that says which days its rows belong to.
fn with_before(known: &[Parameter]) -> Vec<Parameter> {
    let compared = known.iter().filter(|parameter| parameter.is_compared);
    let before =
        compared.map(|parameter| Parameter { name: format!("{}_before", parameter.name), ..parameter.clone() });
    known.iter().cloned().chain(before).collect()
}

fn one(token: &Token<'_>, known: &[Parameter]) -> Result<(), String> {
    match token.what {
        What::Parameter { name, of_type } => {
            let Some(right) = known.iter().find(|known| known.name == name) else {
                return Err(format!("no parameter {name}: declare a filter of that name."));
            };
            if of_type != right.of_type {
                return Err(format!("parameter {name} is of type {0}: write {{{name}:{0}}}.", right.of_type));
            }
            Ok(())
        }
        What::Word(word) if REFUSED.iter().any(|refused| word.eq_ignore_ascii_case(refused)) => {
            Err(format!("{} does not belong into a report: leave it out.", word.to_uppercase()))
        }
        _ => Ok(()),
    }
}
