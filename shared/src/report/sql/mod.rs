//! SQL of reports: read as far as safety needs it, and wrapped. The one place that puts SQL together; it uses names from
//! the definition only, which are plain words.

pub mod check;
pub mod keyset;
pub mod names;
pub mod sources;
pub mod tokens;
pub mod wrap;
