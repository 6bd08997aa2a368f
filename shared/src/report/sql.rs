//! Reads a report's SQL as far as safety needs it, and wraps it: totals, order and page stand around the file. The one
//! module that puts SQL together; it uses names from the definition only, which are plain words (`definition::read`).

use std::fmt::Write as _;

use super::definition::{CurrencyColumns, Definition, Kind, Measure, Sort, Source, Total};

/// A word, a symbol or a `{name:Type}` of a query, with the line it stands in. Comments and literals are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Word(String),
    Symbol(char),
    Parameter { name: String, of_type: String },
}

pub fn tokens(sql: &str) -> Vec<(usize, Token)> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (sql, 1);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '\'' => literal_length(rest),
            '{' => rest.find('}').map_or(rest.len(), |end| end + 1),
            _ if first.is_alphanumeric() || first == '_' => {
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let (text, after) = rest.split_at(length);
        match first {
            '{' => {
                let inside = text.trim_matches(['{', '}']);
                let (name, of_type) = inside.split_once(':').unwrap_or((inside, ""));
                found.push((
                    line,
                    Token::Parameter { name: name.trim().to_owned(), of_type: of_type.trim().to_owned() },
                ));
            }
            '\'' => {}
            '-' | '/' if length > 1 => {}
            _ if first.is_alphanumeric() || first == '_' => found.push((line, Token::Word(text.to_owned()))),
            _ if first.is_whitespace() => {}
            _ => found.push((line, Token::Symbol(first))),
        }
        line += text.matches('\n').count();
        rest = after;
    }
    found
}

fn literal_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// One page of the rows listed, and the totals of all: `{rows_limit}` rows behind `{rows_offset}`, bound by the server.
pub(super) fn page(report: &Definition, sort: Sort) -> String {
    format!(
        "SELECT * FROM (\n{}, row_number() OVER (PARTITION BY is_total ORDER BY {}) AS place {})\nWHERE is_total OR place > \
         {{rows_offset:UInt64}} AND place <= {{rows_offset:UInt64}} + {{rows_limit:UInt32}} ORDER BY is_total DESC, place",
        cells(report),
        order(report, sort),
        groups(report)
    )
}

/// The totals, then every row listed.
pub(super) fn all(report: &Definition, sort: Sort) -> String {
    format!("{} {} ORDER BY is_total DESC, {}", cells(report), groups(report), order(report, sort))
}

/// Measures, changes, then what `table::Line` reads behind them. A key has one row of each currency already, so the
/// aggregates change nothing there, but make the totals in the same pass.
fn cells(report: &Definition) -> String {
    let mut sql = String::from("SELECT ");
    for index in 0..report.measures.len() {
        let _ = write!(sql, "{}, ", measure(report, index));
    }
    for column in &report.columns {
        if let Source::Change { .. } = column.source {
            let _ = write!(sql, "{}, ", value(report, column.source));
        }
    }
    match &report.currency {
        Some(CurrencyColumns { key, code, name }) => {
            let _ = write!(sql, "toString(r.{key}), any(r.{code}), any(r.{name}), ");
        }
        None => sql.push_str("'', '', '', "),
    }
    let is_listed = is_listed(report);
    let _ = write!(sql, "countIf({is_listed}), countIf(NOT ({is_listed})), grouping(r.{}) AS is_total", report.key);
    sql
}

/// The rows by key, and over all of them: both of one currency each. Of the rows, those that are asked for.
fn groups(report: &Definition) -> String {
    let key = &report.key;
    let currency = report.currency.as_ref().map(|currency| format!("r.{}", currency.key)).unwrap_or_default();
    let comma = if currency.is_empty() { "" } else { ", " };
    let mut sql = format!(
        "FROM (\n{}\n) AS r GROUP BY GROUPING SETS ((r.{key}{comma}{currency}), ({currency}))",
        report.rows_sql
    );
    if let Some((now, _)) = report.lines {
        let _ = write!(sql, " HAVING is_total OR {{with_former:UInt8}} OR {} > 0", measure(report, now));
    }
    sql
}

fn is_listed(report: &Definition) -> String {
    report.lines.map_or_else(|| "1".to_owned(), |(now, _)| format!("r.{} > 0", report.measures[now].name))
}

fn measure(report: &Definition, index: usize) -> String {
    let Measure { name, kind, total } = &report.measures[index];
    let key = &report.key;
    match (total, report.unit) {
        (Total::Sum, Some(unit)) if *kind == Kind::Quantity => {
            // A unit that has not arrived may be any: it is like no other.
            let unit = &report.measures[unit].name;
            let unit = format!("if(r.{unit} = '', toString(r.{key}), r.{unit})");
            format!("if(uniqExactIf({unit}, r.{name} != 0) > 1, NULL, sum(r.{name}))")
        }
        (Total::Sum, _) => format!("sum(r.{name})"),
        // The unit that all rows listed share.
        (Total::None, Some(unit)) if unit == index => {
            let listed = is_listed(report);
            let shared = format!("if(uniqExactIf(r.{name}, {listed}) = 1, anyIf(r.{name}, {listed}), NULL)");
            format!("if(grouping(r.{key}) = 1, {shared}, any(r.{name}))")
        }
        (Total::None, _) => format!("if(grouping(r.{key}) = 1, NULL, any(r.{name}))"),
    }
}

fn value(report: &Definition, source: Source) -> String {
    match source {
        Source::Measure(index) | Source::ShareOf(index) => measure(report, index),
        Source::Change { now, before } => {
            let (now, before) = (measure(report, now), measure(report, before));
            format!("if({before} > 0, toFloat64({now}) / toFloat64({before}) - 1, NULL)")
        }
    }
}

/// The column, then the key, so that a page never shows a row twice. Names sort as Russian does; amounts of one currency
/// stand together, for they compare with no other.
fn order(report: &Definition, sort: Sort) -> String {
    let column = &report.columns[sort.column];
    let direction = if sort.descending { "DESC" } else { "ASC" };
    let collation = if column.kind.is_text() { " COLLATE 'ru'" } else { "" };
    let (mut first, mut last) = (String::new(), String::new());
    if let Some(CurrencyColumns { key, code, .. }) = &report.currency {
        if column.kind == Kind::Money {
            first = format!("any(r.{code}), r.{key}, ");
        }
        last = format!(", r.{key}");
    }
    format!("{first}{} {direction} NULLS LAST{collation}, r.{}{last}", value(report, column.source), report.key)
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};

    #[test]
    fn comments_and_literals_hide_nothing_and_show_nothing() {
        let found = tokens("SELECT 'FROM dw.sale\\' --x' /* FROM dw */ -- FROM dw\nFROM report.a({d:Array(UUID)})");
        let words: Vec<_> = found
            .iter()
            .filter_map(|(line, token)| match token {
                Token::Word(word) => Some((*line, word.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(words, [(1, "SELECT"), (2, "FROM"), (2, "report"), (2, "a")]);
        assert!(found.contains(&(2, Token::Parameter { name: "d".into(), of_type: "Array(UUID)".into() })));
    }
}
