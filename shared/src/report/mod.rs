//! The report engine: a folder of SQL and TOML becomes rows, totals and files.
//!
//! `catalogue` reads the folders, `definition` one of them, `sql` looks at its queries and wraps them; `filter` is what a
//! viewer chose, `scope` whose rows a viewer may see; `run` asks ClickHouse for `table`s of rows; `write` makes files.
//! Portal and reporter use the same.

mod answers;
mod ask;
mod bind;
pub mod catalogue;
pub mod cell;
pub mod currency;
pub mod definition;
pub mod error;
pub mod filter;
pub mod fit;
pub mod freshness;
pub mod kind;
mod literal;
pub mod period;
pub mod role;
pub mod run;
pub mod scope;
pub mod search;
pub mod sql;
pub mod table;
mod tsv;
mod whole;
pub mod write;
mod written;
