//! Links from a row to another report, with its filters set by what stands in the row.

use super::columns::Column;
use super::fields::{FieldId, Fields};
use crate::problem::Problem;
use crate::report::written::{Folder, raw};

/// Period and dealer go along; `set` names the filters of the other report and what each takes its value from.
#[derive(Debug, Clone)]
pub struct Link {
    /// Index of the column whose cells lead there.
    pub column: usize,
    pub report: String,
    pub set: Vec<(String, Value)>,
    /// The line of `report.toml`, for what only the whole catalogue can tell.
    pub(in crate::report) line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A part of the row's key.
    Key(usize),
    Field(FieldId),
}

pub(super) fn read(
    folder: &Folder<'_>,
    raw: Vec<raw::Link>,
    (columns, fields, key): (&[Column], &Fields, &[String]),
) -> Result<Vec<Link>, Problem> {
    let mut links: Vec<Link> = Vec::with_capacity(raw.len());
    for link in raw {
        let wrong = |problem: String| folder.of(&link.column, problem);
        let name = link.column.get_ref();
        let column = columns.iter().position(|column| column.name == *name);
        let column = column.ok_or_else(|| wrong(format!("{name:?} is no column: name one that is shown.")))?;
        if links.iter().any(|other| other.column == column) {
            return Err(wrong(format!("there are two links from {name:?}: leave one out.")));
        }
        let mut set = Vec::with_capacity(link.set.len());
        for (filter, source) in &link.set {
            let of_key = key.iter().position(|part| part == source.get_ref()).map(Value::Key);
            let value = of_key.map_or_else(|| fields.named(folder, source).map(Value::Field), Ok)?;
            set.push((filter.clone(), value));
        }
        let line = folder.of(&link.report, "").line;
        links.push(Link { column, report: link.report.into_inner(), set, line });
    }
    Ok(links)
}
