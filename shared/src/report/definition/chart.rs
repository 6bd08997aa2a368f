//! The chart: a value month by month, beside the months compared.

use crate::localised::Localised;
use crate::problem::Problem;
use crate::report::kind::Kind;
use crate::report::written::{Folder, raw};

/// Its query returns `month` and `value`; of money also the key of its currency, of a quantity its unit, both by the
/// names that they have in `rows.sql`.
#[derive(Debug, Clone)]
pub struct Chart {
    pub title: Localised,
    pub kind: Kind,
    pub sql: String,
}

pub(super) fn read(folder: &Folder<'_>, raw: Option<raw::Chart>) -> Result<Option<Chart>, Problem> {
    let Some(chart) = raw else { return Ok(None) };
    if !matches!(chart.kind, Kind::Money | Kind::Quantity | Kind::Count) {
        return Err(folder.of(&chart.query, "a chart shows money, a quantity or a count."));
    }
    let sql = folder.sql(&chart.query)?;
    Ok(Some(Chart { title: chart.title, kind: chart.kind, sql }))
}
