//! What people read, in both languages: texts, numbers and dates, the facts of a report, the age of its data. Pages,
//! files and mails say the same in the same words.
//!
//! Numbers are not written by `icu`: its Russian has a plain minus and no thin spaces, and formats slower than `number`.
//! Plurals are Fluent's.

pub mod age;
pub mod facts;
pub mod format;
mod text;

pub use text::{Text, check};
