//! What a format is, and what a file is made of.

use std::io;
use std::sync::Arc;

use crate::language::Language;
use crate::report::definition::Definition;
use crate::report::table::Line;

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
