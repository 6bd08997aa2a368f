//! What ClickHouse answers: tab-separated text, cell by cell, exact as it was sent.

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

/// The rows, then what follows the empty line: the totals.
pub fn rows_and_totals(text: &str) -> (Vec<Vec<Cell>>, Option<Vec<Cell>>) {
    let mut lines = text.lines();
    let rows = lines.by_ref().take_while(|line| !line.is_empty()).map(cells).collect();
    (rows, lines.next().map(cells))
}

#[cfg(test)]
mod tests {
    use super::{cells, rows_and_totals};

    #[test]
    fn escapes_and_nulls_are_told_apart() {
        assert_eq!(cells("a\\tb\t\\N\t\\\\N\t"), [Some("a\tb".into()), None, Some("\\N".into()), Some(String::new())]);
    }

    #[test]
    fn totals_follow_an_empty_line_even_without_rows() {
        let (rows, totals) = rows_and_totals("\nx\t0\n");
        assert!(rows.is_empty());
        assert_eq!(totals.unwrap()[1].as_deref(), Some("0"));
        assert_eq!(rows_and_totals("a\t1\n\nx\t1\n").0.len(), 1);
    }
}
