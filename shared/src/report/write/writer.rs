//! What a format is, and what a file is made of.

use std::io;
use std::sync::Arc;

use crate::language::Language;
use crate::report::definition::Definition;
use crate::report::freshness::Freshness;
use crate::report::table::Line;

pub struct Format {
    /// In the address.
    pub code: &'static str,
    /// Behind the point of a file's name.
    pub extension: &'static str,
    /// What people call it: the name of a text.
    pub title: &'static str,
    pub media_type: &'static str,
    /// A file of more rows is of no use to anybody.
    pub most_rows: u64,
    /// None: the report service alone makes it, for its writer carries a library that no other program should.
    pub open: Option<Open>,
}

/// Begins a file.
pub type Open = fn(Contents) -> Box<dyn Writer>;

/// What is told of a file's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// For machines; a filter's own name.
    pub key: String,
    pub name: String,
    pub value: String,
}

/// All that a file says besides its rows. It is known before the first row comes.
#[derive(Debug, Clone)]
pub struct Contents {
    pub report: Arc<Definition>,
    pub language: Language,
    /// Title, dealer, filters, age, number of rows.
    pub facts: Vec<Fact>,
    pub freshness: Freshness,
    /// How many rows follow.
    pub count: u64,
    /// Places behind the point that a column's decimals may have; 0 of what is none.
    pub scales: Vec<u8>,
    /// One per currency.
    pub totals: Vec<Line>,
    /// The words before each total.
    pub total_labels: Vec<String>,
    /// Heads the column of currencies.
    pub currency_title: String,
    /// Heads the facts, where they have a sheet of their own.
    pub facts_title: String,
}

impl Contents {
    /// Places behind the point that the decimals of a column may have.
    pub fn scale(&self, column: usize) -> u8 {
        self.scales.get(column).copied().unwrap_or_default()
    }
}

/// Makes a file from its beginning to its end, some rows at a time. `InvalidData`: of these rows it cannot.
pub trait Writer: Send {
    /// Is a step so much work that it would hold up what else its thread has to do?
    fn is_slow(&self) -> bool {
        false
    }

    fn head(&mut self) -> io::Result<Vec<u8>>;
    fn rows(&mut self, rows: Vec<Line>) -> io::Result<Vec<u8>>;
    fn end(&mut self) -> io::Result<Vec<u8>>;
}
