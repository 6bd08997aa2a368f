//! Files of a report: the same rows, in other forms. A format is a file here and a line in `FORMATS`.

mod csv;

use std::io;
use std::sync::Arc;

use super::definition::Definition;
use super::table::Line;
use crate::language::Language;

/// Every format, in the order in which a page offers them.
pub const FORMATS: &[&Format] = &[&csv::FORMAT];

/// The format that an address asks for.
pub fn format(code: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.code == code)
}

pub struct Format {
    /// In the address, and behind the point of a file's name.
    pub code: &'static str,
    /// As people call it, in every language.
    pub name: &'static str,
    pub media_type: &'static str,
    pub open: fn(Contents) -> Box<dyn Writer>,
}

/// All that a file says besides its rows. It is known before the first row comes.
#[derive(Debug, Clone)]
pub struct Contents {
    pub report: Arc<Definition>,
    pub language: Language,
    /// Title, dealer, filters, age, number of rows: a name and a value each.
    pub facts: Vec<(String, String)>,
    /// One per currency, each with the words before it.
    pub totals: Vec<(String, Line)>,
    /// Heads the column of currencies.
    pub currency_title: String,
}

/// Makes a file from its beginning to its end, some rows at a time.
pub trait Writer: Send {
    fn head(&mut self) -> io::Result<Vec<u8>>;
    fn rows(&mut self, rows: &[Line]) -> io::Result<Vec<u8>>;
    fn end(&mut self) -> io::Result<Vec<u8>>;
}
