//! The filters of a report, in their order.

use crate::localised::Localised;
use crate::problem::Problem;
use crate::report::filter::kind::Kind;
use crate::report::written::{Folder, is_plain, raw};

#[derive(Debug, Clone)]
pub struct FilterSpec {
    /// In the address, in the form, and as a parameter of the queries.
    pub name: String,
    pub title: Localised,
    pub kind: Kind,
}

/// Words of the address that a filter cannot be called, and parameters of the engine's own.
const RESERVED: [&str; 13] = [
    "from",
    "to",
    "sort",
    "page",
    "limit",
    "cursor",
    "dealer",
    "dealers",
    "format",
    "former",
    "with_former",
    "rows_limit",
    "rows_offset",
];

pub(super) fn read(folder: &Folder<'_>, raw: Vec<raw::Filter>) -> Result<Vec<FilterSpec>, Problem> {
    let mut filters: Vec<FilterSpec> = Vec::with_capacity(raw.len());
    for filter in raw {
        let name = filter.name.get_ref().clone();
        if !is_plain(&name)
            || RESERVED.contains(&name.as_str())
            || name.ends_with("_before")
            || name.starts_with("mark_")
        {
            let problem = format!("{name:?} cannot name a filter: take another word of a-z, 0-9 and _.");
            return Err(folder.of(&filter.name, problem));
        }
        if filters.iter().any(|other| other.name == name) {
            return Err(folder.of(&filter.name, format!("there are two filters {name:?}: rename one.")));
        }
        let kind = Kind::read(&filter, folder)?;
        filters.push(FilterSpec { name, title: filter.title, kind });
    }
    Ok(filters)
}

/// Is there a filter whose days can be compared with others?
pub(super) fn has_days(filters: &[FilterSpec]) -> bool {
    filters.iter().any(|filter| filter.kind.parameters(&filter.name).iter().any(|parameter| parameter.is_compared))
}
