//! What people read, in both languages: texts, numbers and dates, the facts of a report, the age of its data. Pages,
//! files and mails say the same in the same words.
//!
//! Plurals are Fluent's, names of months `icu`'s.

pub mod age;
pub mod facts;
pub mod format;
mod text;

pub use text::{Text, check};
