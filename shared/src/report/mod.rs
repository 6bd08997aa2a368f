//! The report engine: a folder of SQL and TOML becomes rows, totals and files.
//!
//! `catalogue` reads the folders, `definition` one of them, `filter` what a viewer chose, `scope` whose rows he may see;
//! `run` asks ClickHouse; `write` makes files. Portal and reporter use the same.

pub mod catalogue;
pub mod check;
pub mod currency;
pub mod definition;
pub mod filter;
pub mod period;
pub mod run;
pub mod scope;
pub mod search;
pub mod sql;
pub mod table;
pub mod write;
