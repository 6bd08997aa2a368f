//! The fields of a row: what `rows.sql` returns for a report to show, to add up, or only to reckon with.

use std::collections::BTreeMap;

use toml::Spanned;

use crate::problem::Problem;
use crate::report::kind::Kind;
use crate::report::written::{Folder, is_plain, raw};

/// A field of one definition, found by its name once. Only that definition's rows are asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldId(pub(in crate::report) usize);

#[derive(Debug, Clone)]
pub struct Field {
    /// The column of `rows.sql`.
    pub name: String,
    pub kind: Kind,
    pub total: Total,
}

/// What the total of a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    Sum,
    /// Prices and ratios: what cannot be added.
    None,
    /// The sum over the rows of the last day that this other field holds: of balances.
    Last(FieldId),
    /// One total divided by another.
    Ratio(FieldId, FieldId),
}

/// All fields of a definition.
#[derive(Debug, Clone)]
pub struct Fields(Vec<Field>);

impl Fields {
    pub(super) fn read(
        folder: &Folder<'_>,
        columns: &[raw::Column],
        measures: BTreeMap<String, raw::Measure>,
    ) -> Result<Self, Problem> {
        let own = columns.iter().filter(|column| column.share_of.is_none() && column.change_of.is_none());
        let mut declared: Vec<(String, Kind, Option<raw::Total>, usize)> = own
            .map(|column| (column.name.get_ref().clone(), column.kind, column.total.clone(), column.name.span().start))
            .collect();
        for (name, measure) in measures {
            let (kind, total) = match measure {
                raw::Measure::Kind(kind) => (kind, None),
                raw::Measure::Full { kind, total } => (kind, Some(total)),
            };
            if !is_plain(&name) {
                return Err(folder.at_start(format!("{name:?} cannot name a measure: use a-z, 0-9 and _.")));
            }
            declared.push((name, kind, total, 0));
        }
        let mut fields = Self(Vec::with_capacity(declared.len()));
        for (name, kind, _, _) in &declared {
            fields.0.push(Field { name: name.clone(), kind: *kind, total: Total::None });
        }
        for (index, (name, kind, total, offset)) in declared.iter().enumerate() {
            let total = fields.total(*kind, total.as_ref());
            fields.0[index].total =
                total.map_err(|problem| folder.at(*offset, format!("total of {name}: {problem}")))?;
        }
        Ok(fields)
    }

    fn total(&self, kind: Kind, declared: Option<&raw::Total>) -> Result<Total, String> {
        let named = |name: &str| self.find(name).ok_or_else(|| format!("{name:?} is no column or measure."));
        let total = match declared {
            None if kind.is_summed() => Total::Sum,
            None | Some(raw::Total::Word(raw::TotalWord::None)) => Total::None,
            Some(raw::Total::Word(raw::TotalWord::Sum)) => Total::Sum,
            Some(raw::Total::Last { last }) => Total::Last(named(last)?),
            Some(raw::Total::Ratio { ratio: [part, of] }) => Total::Ratio(named(part)?, named(of)?),
        };
        let is_summed = |id: FieldId| self.get(id).kind.is_summed();
        match total {
            Total::Sum if !kind.is_summed() => Err("only money, quantities and counts are added up.".to_owned()),
            Total::Last(_) if !kind.is_summed() => Err("only money, quantities and counts have a last one.".to_owned()),
            Total::Last(day) if self.get(day).kind != Kind::Date => Err("last names a column of kind date.".to_owned()),
            Total::Ratio(part, of) if !(is_summed(part) && is_summed(of)) => {
                Err("a ratio is of two fields that can be added up.".to_owned())
            }
            Total::Ratio(..) if !kind.is_number() || kind == Kind::Count => {
                Err("a ratio is a percentage, money or a quantity.".to_owned())
            }
            fine => Ok(fine),
        }
    }

    pub fn get(&self, id: FieldId) -> &Field {
        &self.0[id.0]
    }

    pub fn find(&self, name: &str) -> Option<FieldId> {
        self.0.iter().position(|field| field.name == name).map(FieldId)
    }

    /// The field that `report.toml` names here.
    pub(super) fn named(&self, folder: &Folder<'_>, name: &Spanned<String>) -> Result<FieldId, Problem> {
        self.find(name.get_ref()).ok_or_else(|| {
            let problem = format!("{:?} is no column or measure of this report: name one of those.", name.get_ref());
            folder.of(name, problem)
        })
    }

    pub fn iter(&self) -> impl Iterator<Item = (FieldId, &Field)> {
        self.0.iter().enumerate().map(|(index, field)| (FieldId(index), field))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
