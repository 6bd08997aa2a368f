//! Files of a report: the same rows, in other forms. A format is a file here and a line in `FORMATS`.

mod csv;
mod writer;

pub use self::writer::{Contents, Format, Writer};

/// Every format, in the order in which a page offers them.
pub const FORMATS: &[&Format] = &[&csv::FORMAT];

/// The format that an address asks for.
pub fn format(code: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.code == code)
}
