//! ClickHouse's `TabSeparatedWithNames`: a line of names, then a line for each row. What does not fit is an error, never
//! left out.

use std::borrow::Cow;

pub const FORMAT: &str = "TabSeparatedWithNames";
/// The same with a second line, of types.
pub const TYPED_FORMAT: &str = "TabSeparatedWithNamesAndTypes";

/// The answer has not the shape that was asked for: what was expected and what came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer has not the shape that was asked for: {0}")]
pub struct Misread(pub String);

/// The cells of a line as they were sent; none is SQL's NULL.
pub fn cells(line: &str) -> impl Iterator<Item = Option<Cow<'_, str>>> {
    line.split('\t').map(cell)
}

/// Reads an answer of few columns: for each row its cells in the order of `names`.
pub fn rows<'a, const N: usize>(text: &'a str, names: [&str; N]) -> Result<Vec<[Option<Cow<'a, str>>; N]>, Misread> {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    let mut places = [0; N];
    for (place, name) in places.iter_mut().zip(names) {
        let found = header.split('\t').position(|found| found == name);
        *place = found.ok_or_else(|| Misread(format!("no column {name} in {header:?}")))?;
    }
    let width = header.split('\t').count();
    lines
        .map(|line| {
            let cells: Vec<_> = cells(line).collect();
            if cells.len() != width {
                return Err(Misread(format!("{} cells instead of {width}", cells.len())));
            }
            Ok(places.map(|place| cells[place].clone()))
        })
        .collect()
}

fn cell(raw: &str) -> Option<Cow<'_, str>> {
    if raw == "\\N" {
        return None;
    }
    if !raw.contains('\\') {
        return Some(Cow::Borrowed(raw));
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
    Some(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::{cells, rows};

    #[test]
    fn escapes_and_nulls_are_told_apart() {
        let read: Vec<_> = cells("a\\tb\t\\N\t\\\\N\t").map(|cell| cell.map(std::borrow::Cow::into_owned)).collect();
        assert_eq!(read, [Some("a\tb".into()), None, Some("\\N".into()), Some(String::new())]);
    }

    #[test]
    fn cells_are_found_by_name_and_a_row_that_does_not_fit_is_an_error() {
        let read = rows("label\tvalue\nНасосы\t1\n", ["value", "label"]).unwrap();
        assert_eq!(read, [[Some("1".into()), Some("Насосы".into())]]);
        assert!(rows("label\tother\nНасосы\t1\n", ["value", "label"]).is_err());
        assert!(rows("label\tvalue\nНасосы\n", ["value", "label"]).is_err());
        assert_eq!(rows("label\tvalue\n", ["value", "label"]).unwrap().len(), 0);
    }
}
