//! Reads a report's SQL as far as safety needs it, and wraps it: totals, order and page stand around the file. The one
//! module that puts SQL together; it uses names from the definition only, which are plain words (`definition::read`).

use std::fmt::Write as _;

use super::definition::{Definition, Sort, Source};

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

/// Everything up to the order: measures, changes and the count, per key and over all (`WITH TOTALS`).
///
/// A key has one row already, so the outer aggregates change nothing but make the totals, in the same pass.
pub(super) fn wrapped(report: &Definition) -> String {
    let mut sql = String::from("SELECT ");
    for index in 0..report.measures.len() {
        let _ = write!(sql, "{}, ", measure(report, index));
    }
    for column in &report.columns {
        if let Source::Change { .. } = column.source {
            let _ = write!(sql, "{}, ", value(report, column.source));
        }
    }
    let _ = write!(sql, "count() FROM (\n{}\n) AS r GROUP BY r.{} WITH TOTALS", report.rows_sql, report.key);
    sql
}

fn measure(report: &Definition, index: usize) -> String {
    let measure = &report.measures[index];
    let function = if measure.kind.is_summed() { "sum" } else { "any" };
    format!("{function}(r.{})", measure.name)
}

fn value(report: &Definition, source: Source) -> String {
    match source {
        Source::Measure(index) | Source::ShareOf(index) => measure(report, index),
        Source::Change { now, before } => {
            let (now, before) = (measure(report, now), measure(report, before));
            format!("if({before} = 0, NULL, toFloat64({now}) / toFloat64({before}) - 1)")
        }
    }
}

/// ` ORDER BY …`: the column, then the key, so that a page never shows a row twice. Names sort as Russian does.
pub(super) fn order(report: &Definition, sort: Sort) -> String {
    let column = &report.columns[sort.column];
    let direction = if sort.descending { "DESC" } else { "ASC" };
    let collation = if column.kind.is_number() { "" } else { " COLLATE 'ru'" };
    format!(" ORDER BY {} {direction} NULLS LAST{collation}, r.{}", value(report, column.source), report.key)
}

/// One page; the numbers are bound by the server.
pub(super) const PAGE: &str = " LIMIT {rows_limit:UInt32} OFFSET {rows_offset:UInt64}";

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
