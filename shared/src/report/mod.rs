//! The report engine: a folder of SQL and TOML becomes rows, totals and files.

pub mod scope;
