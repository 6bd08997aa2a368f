//! What the columns of a wrapped query are called, so that its answer is read by name.

use crate::report::definition::{Definition, FieldId};

/// Of the row itself, or of the days compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Now,
    Before,
}

impl Side {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Before => "before",
        }
    }
}

pub const CURRENCY_KEY: &str = "money_key";
pub const CURRENCY_CODE: &str = "money_code";
pub const CURRENCY_NAME: &str = "money_name";
/// Rows of the period, of the days compared, and of those alone. Of a row itself: 1 or 0.
pub const ROWS: &str = "rows_now";
pub const ROWS_BEFORE: &str = "rows_before";
pub const ROWS_FORMER: &str = "rows_former";
pub const IS_TOTAL: &str = "is_total";
/// The value that a row has its place by, as a text that a mark may hold.
pub const SORT_WORD: &str = "sort_word";
/// Which of the two a row of the chart or of the wrapped query belongs to.
pub const IS_BEFORE: &str = "is_before";

pub fn field(report: &Definition, side: Side, field: FieldId) -> String {
    format!("{}_{}", side.word(), report.fields.get(field).name)
}

pub fn key(part: usize) -> String {
    format!("key_{part}")
}
