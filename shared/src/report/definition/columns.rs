//! The columns that a report shows, in their order.

use super::fields::{FieldId, Fields};
use crate::localised::Localised;
use crate::problem::Problem;
use crate::report::kind::Kind;
use crate::report::written::{Folder, is_plain, raw};

/// Where a shown column's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A column of `rows.sql`.
    Field(FieldId),
    /// Its part of the total, from 0 to 1.
    ShareOf(FieldId),
    /// How much more than in the days compared; unknown where there was nothing before, or less than nothing.
    ChangeOf(FieldId),
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub title: Localised,
    pub source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Index of a column.
    pub column: usize,
    pub descending: bool,
}

pub(super) fn read(
    folder: &Folder<'_>,
    raw: &[raw::Column],
    fields: &Fields,
    is_compared: bool,
) -> Result<Vec<Column>, Problem> {
    let mut columns: Vec<Column> = Vec::with_capacity(raw.len());
    for column in raw {
        let name = column.name.get_ref();
        let wrong = |problem: String| folder.of(&column.name, problem);
        if !is_plain(name) {
            return Err(wrong(format!("{name:?} cannot name a column: use a-z, 0-9 and _.")));
        }
        if columns.iter().any(|other| other.name == *name) {
            return Err(wrong(format!("there are two columns {name:?}: rename one.")));
        }
        let source = match (&column.share_of, &column.change_of) {
            (None, None) => Source::Field(fields.named(folder, &column.name)?),
            (Some(of), None) => Source::ShareOf(fields.named(folder, of)?),
            (None, Some(of)) if is_compared => Source::ChangeOf(fields.named(folder, of)?),
            (None, Some(_)) => {
                return Err(wrong(format!(
                    "{name:?} is a change, but nothing is compared: say with what, by compare."
                )));
            }
            (Some(_), Some(_)) => {
                return Err(wrong(format!("{name:?} is either share_of or change_of: leave one out.")));
            }
        };
        if let Source::ShareOf(field) | Source::ChangeOf(field) = source
            && !fields.get(field).kind.is_number()
        {
            return Err(wrong(format!("{name:?} is of a field that is no number: name another.")));
        }
        columns.push(Column { name: name.clone(), kind: column.kind, title: column.title.clone(), source });
    }
    Ok(columns)
}

pub(super) fn sort(folder: &Folder<'_>, raw: &raw::Raw, columns: &[Column]) -> Result<Sort, Problem> {
    let (descending, name) = match raw.sort.get_ref().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, raw.sort.get_ref().as_str()),
    };
    let column = columns.iter().position(|column| column.name == name);
    let column = column.ok_or_else(|| folder.of(&raw.sort, format!("sort names no column: {name:?}.")))?;
    Ok(Sort { column, descending })
}
