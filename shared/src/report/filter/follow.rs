//! From a row of one report to another report: with its filters set by what stands in the row, for the same days and the
//! same dealer.

use chrono::NaiveDate;

use super::asked::Asked;
use super::{Filter, Value};
use crate::report::definition::Definition;
use crate::report::definition::links::{Link, Value as Source};
use crate::report::table::Line;

impl Filter {
    /// None where the row has no value for a filter, or one that the other report would refuse: better no link than a
    /// wrong one.
    pub fn follow(&self, link: &Link, line: &Line, to: &Definition, today: NaiveDate) -> Option<Self> {
        let mut pairs: Vec<(String, String)> = Vec::with_capacity(link.set.len());
        for (filter, source) in &link.set {
            let word = match source {
                Source::Key(part) => Some(line.key(*part).to_owned()).filter(|key| !key.is_empty()),
                Source::Field(field) => line.cell(*field).to_word(),
            };
            pairs.push((filter.clone(), word?));
        }
        let mut filter = Self::default_of(to, today);
        for (spec, value) in to.filters.iter().zip(&mut filter.values) {
            if let (Value::Period(period), Some(own)) = (&mut *value, self.period()) {
                *period = *own;
            } else if link.set.iter().any(|(name, _)| *name == spec.name) {
                *value = spec.kind.asked(&spec.name, &Asked(&pairs), today).ok()?;
            }
        }
        filter.dealer = self.dealer;
        Some(filter)
    }
}
