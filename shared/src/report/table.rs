//! What ClickHouse answers: tab-separated text, cell by cell, exact as it was sent.

use super::currency::Currency;
use super::definition::{Definition, Source};

/// A value as text; none is SQL's NULL. Decimals stay text until they are written for people.
pub type Cell = Option<String>;

/// The cells of one line, unescaped.
pub fn cells(line: &str) -> Vec<Cell> {
    line.split('\t').map(cell).collect()
}

fn cell(raw: &str) -> Cell {
    if raw == "\\N" {
        return None;
    }
    if !raw.contains('\\') {
        return Some(raw.to_owned());
    }
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('0') => '\0',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    Some(text)
}

/// A row of a report, or the total of all rows of one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// In the order of `Definition::measures`, then one per column that is a change.
    pub cells: Vec<Cell>,
    pub currency: Currency,
    /// Rows with lines in the period. Of a row itself: 1, or 0 for a former one.
    pub count: u64,
    /// Rows with lines in the days compared only.
    pub former: u64,
    pub is_total: bool,
}

impl Line {
    /// A line as `sql::cells` asks for it.
    pub(super) fn read(report: &Definition, line: &str) -> Option<Self> {
        let mut cells = cells(line);
        let changes = report.columns.iter().filter(|column| matches!(column.source, Source::Change { .. })).count();
        let shown = report.measures.len() + changes;
        let behind = (cells.len() > shown).then(|| cells.split_off(shown))?;
        let [key, code, name, count, former, is_total] = behind.get(..6)? else { return None };
        let text = |cell: &Cell| cell.clone().unwrap_or_default();
        let number = |cell: &Cell| cell.as_deref()?.parse().ok();
        Some(Self {
            cells,
            currency: Currency { key: text(key), code: text(code), name: text(name) },
            count: number(count)?,
            former: number(former)?,
            is_total: number(is_total)? == 1,
        })
    }

    /// The text of a measure.
    pub fn measure(&self, index: usize) -> Option<&str> {
        self.cells.get(index)?.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::cells;

    #[test]
    fn escapes_and_nulls_are_told_apart() {
        assert_eq!(cells("a\\tb\t\\N\t\\\\N\t"), [Some("a\tb".into()), None, Some("\\N".into()), Some(String::new())]);
    }
}
