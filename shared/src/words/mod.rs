//! What people read, in both languages: texts, numbers and dates, the facts of a report, the age of its data. Pages,
//! files and mails say the same in the same words.

pub mod format;
mod text;

pub use text::{Text, check};
