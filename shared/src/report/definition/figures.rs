//! The strip: figures over the whole set, each with its change.

use super::fields::{FieldId, Fields};
use crate::localised::Localised;
use crate::problem::Problem;
use crate::report::kind::Kind;
use crate::report::written::{Folder, raw};

/// A part of another figure is shown in percent and compared in points.
#[derive(Debug, Clone)]
pub struct Figure {
    pub title: Localised,
    pub kind: Kind,
    pub value: FieldId,
    pub part_of: Option<FieldId>,
}

pub(super) fn read(folder: &Folder<'_>, raw: Vec<raw::Figure>, fields: &Fields) -> Result<Vec<Figure>, Problem> {
    let figure = |figure: raw::Figure| {
        let value = fields.named(folder, &figure.value)?;
        let part_of = figure.part_of.as_ref().map(|of| fields.named(folder, of)).transpose()?;
        if !fields.get(value).kind.is_number() {
            return Err(folder.of(&figure.value, "a figure is a number: name another column."));
        }
        let kind = if part_of.is_some() { Kind::Percent } else { fields.get(value).kind };
        Ok(Figure { title: figure.title, kind, value, part_of })
    };
    raw.into_iter().map(figure).collect()
}
