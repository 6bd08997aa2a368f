//! What a report shows on the overview.

use super::columns::{Column, Sort, Source};
use super::fields::{FieldId, Fields};
use super::figures::Figure;
use crate::localised::Localised;
use crate::problem::Problem;
use crate::report::kind::Kind;
use crate::report::period::{Choice, Compare};
use crate::report::written::{Folder, raw};

#[derive(Debug, Clone)]
pub struct Tile {
    /// Among the tiles of all reports.
    pub order: u32,
    /// `{month}` in it is the name of this month.
    pub title: Localised,
    pub show: Show,
    /// None: as the report shows it at first.
    pub period: Option<Choice>,
    pub compare: Compare,
    /// Said where there is no row.
    pub empty: Option<Localised>,
}

#[derive(Debug, Clone)]
pub enum Show {
    /// A figure over the whole set, as in the strip; with a line of the report's chart below it.
    Figure { figure: Figure, has_line: bool },
    /// How many rows there are.
    Count,
    /// The first rows by a column: its names and its values.
    Top { name: FieldId, value: FieldId, sort: Sort },
}

/// What a tile may refer to.
pub(super) struct Known<'a> {
    pub columns: &'a [Column],
    pub fields: &'a Fields,
    pub compare: Compare,
    pub has_period: bool,
    pub has_chart: bool,
}

pub(super) fn read(folder: &Folder<'_>, raw: Vec<raw::Tile>, known: &Known<'_>) -> Result<Vec<Tile>, Problem> {
    raw.into_iter().map(|tile| one(folder, tile, known)).collect()
}

fn one(folder: &Folder<'_>, raw: raw::Tile, known: &Known<'_>) -> Result<Tile, Problem> {
    let wrong = |problem: &str| folder.of(&raw.show, problem);
    let show = match (raw.show.get_ref().as_str(), &raw.value, &raw.name) {
        ("figure", Some(value), None) => {
            if raw.line && !known.has_chart {
                return Err(wrong("a line is drawn from the report's chart: add one, or leave line out."));
            }
            let figure = raw::Figure { title: raw.title.clone(), value: value.clone(), part_of: raw.part_of.clone() };
            let figure = super::figures::read(folder, vec![figure], known.fields)?.remove(0);
            Show::Figure { figure, has_line: raw.line }
        }
        ("count", None, None) => Show::Count,
        ("top", Some(value), Some(name)) => {
            let (name, value_of) = (known.fields.named(folder, name)?, known.fields.named(folder, value)?);
            let column = known.columns.iter().position(|column| column.source == Source::Field(value_of));
            let column = column.ok_or_else(|| folder.of(value, "a list is sorted by a column that is shown."))?;
            Show::Top { name, value: value_of, sort: Sort { column, descending: true } }
        }
        _ => return Err(wrong("a tile shows a figure (with value), a count, or the top (with name and value).")),
    };
    let period = match &raw.period {
        None => None,
        Some(code) => {
            let period = Choice::from_code(code.get_ref()).filter(|choice| *choice != Choice::Own);
            Some(period.ok_or_else(|| folder.of(code, "take month, quarter or year."))?)
        }
    };
    if period.is_some() && !known.has_period {
        return Err(wrong("the report has no filter period: add one, or leave period out."));
    }
    let compare = raw.compare.as_ref().map_or(known.compare, |compare| *compare.get_ref());
    if (compare == Compare::Nothing) != (known.compare == Compare::Nothing) {
        return Err(wrong("a tile compares where its report does, with last year or the previous period."));
    }
    Ok(Tile { order: raw.order, title: raw.title, show, period, compare, empty: raw.empty })
}

impl Tile {
    pub fn is_percent(&self) -> bool {
        matches!(&self.show, Show::Figure { figure, .. } if figure.kind == Kind::Percent)
    }
}
