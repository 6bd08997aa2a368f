//! All rows of a report at once, as figures without names: totals, order, pages and months are taken from them here. They
//! are kept with the question (`answers`), so that another order or page of the same rows asks ClickHouse nothing.
//!
//! What comes out is what the wrapped `rows.sql` answers, to the letter: `tests/portal` holds the two ways side by side.

mod binary;
mod figures;
mod names;
mod pages;

pub use self::binary::FORMAT;
pub use self::figures::{MOST_ROWS, OfMonth, Whole};
pub use self::names::{Names, currencies};
