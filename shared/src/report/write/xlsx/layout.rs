//! Where totals, heads and rows lie, and what adds them up: known before the first row.

use super::book::{Book, letters};
use crate::report::definition::{Column, Source, Total};
use crate::report::table::Line;
use crate::report::write::writer::Contents;

pub struct Layout {
    pub totals: usize,
    rows: usize,
    most_rows: usize,
}

impl Layout {
    pub fn new(contents: &Contents, most_rows: usize) -> Self {
        let rows = usize::try_from(contents.count).unwrap_or(usize::MAX);
        Self { totals: contents.totals.len(), rows, most_rows }
    }

    /// The row of the heads. Those of totals stand above.
    pub fn heads(&self, sheet: usize) -> usize {
        if sheet == 0 { self.totals + 1 } else { 1 }
    }

    /// How many rows a sheet has room for.
    pub fn rows_of(&self, sheet: usize) -> usize {
        self.most_rows - self.heads(sheet)
    }

    /// First and last rows of each sheet.
    fn ranges(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut rest = self.rows;
        (0..).map_while(move |sheet| {
            let rows = rest.min(self.rows_of(sheet));
            rest -= rows;
            (rows > 0).then(|| (self.heads(sheet) + 1, self.heads(sheet) + rows))
        })
    }

    /// What adds up each column in the row of a total; nothing where its value is not a sum of what stands below.
    pub fn formulas(&self, book: &Book, at: usize) -> Vec<Option<String>> {
        let Contents { report, totals, .. } = &book.contents;
        let word = |total: &Line| total.currency.word().to_owned();
        // Told apart by what stands in the column of currencies.
        let is_unclear = totals.len() > 1
            && (word(&totals[at]).is_empty()
                || totals.iter().filter(|other| word(other) == word(&totals[at])).count() > 1);
        let currency = letters(report.columns.len());
        let of = |index: usize| {
            let column = letters(index);
            let parts: Vec<String> = self
                .ranges()
                .enumerate()
                .map(|(sheet, (first, last))| {
                    let name = if sheet == 0 { String::new() } else { format!("'{}'!", book.sheet_name(sheet)) };
                    let range = |column: &str| format!("{name}{column}{first}:{column}{last}");
                    match totals.len() {
                        1 => format!("SUBTOTAL(109,{})", range(&column)),
                        _ => format!("SUMIF({},{currency}{},{})", range(&currency), at + 1, range(&column)),
                    }
                })
                .collect();
            parts.join("+")
        };
        let is_sum = |column: &Column| match column.source {
            Source::Field(field) => report.fields.get(field).total == Total::Sum,
            Source::ShareOf(_) | Source::ChangeOf(_) => false,
        };
        let columns = report.columns.iter().enumerate();
        columns.map(|(index, column)| (is_sum(column) && !is_unclear).then(|| of(index))).collect()
    }
}
