//! Rows of a register or a virtual table: they have no version.

use std::ops::Range;

use shared::dataset::Dataset;

use super::super::given::Given;
use super::super::mapping::{Mapping, Target};
use super::super::read::{Misfit, Salvage, Sink};
use super::write::{end_object, joined, write};

/// A page of them: rows as members of messages.
#[derive(Debug)]
pub struct Rows {
    dataset: Dataset,
    /// Of `text`; each row with a comma behind it.
    pub rows: Vec<Range<usize>>,
    pub text: Vec<u8>,
    /// The sum of the dataset's total, in ten-thousandths, wrapping.
    pub total: i64,
    draft: (usize, i64),
}

impl Rows {
    /// These rows with commas between them.
    pub fn joined(&self, rows: &[Range<usize>]) -> &[u8] {
        joined(&self.text, rows)
    }
}

impl Sink for Rows {
    fn of(mapping: &Mapping) -> Self {
        Self { dataset: mapping.dataset, rows: Vec::new(), text: Vec::new(), total: 0, draft: (0, 0) }
    }

    fn begin(&mut self) {
        self.draft = (self.text.len(), 0);
        self.text.push(b'{');
    }

    fn header(&mut self, given: Given<'_>) -> Result<(), String> {
        let Target::Field(at) = given.rule.target else { return Ok(()) };
        let definition = self.dataset.definition();
        let written = write(&mut self.text, &definition.lines[at], given, false)?;
        if definition.total == Some(at) {
            self.draft.1 = written.unwrap_or_default();
        }
        Ok(())
    }

    fn end(&mut self, problem: Option<String>) -> Option<Misfit> {
        let (start, total) = self.draft;
        if let Some(reason) = problem {
            self.text.truncate(start);
            return Some(Misfit { reason, salvage: Salvage::default() });
        }
        end_object(&mut self.text);
        self.rows.push(start..self.text.len());
        self.total = self.total.wrapping_add(total);
        None
    }
}
