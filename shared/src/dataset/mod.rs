//! Datasets: what is read from 1C, one folder each. From a folder follow the questions to 1C, the messages, the topic, the
//! table in `dw`, the views, the cron variables and the freshness; nothing else in the product names a dataset.
//!
//! ```text
//! assets/datasets/<name>/dataset.toml   what it is: its fields once, its key and place, how change is found, how often
//!                        ut11.toml      what 1C calls that, one file for each configuration of 1C
//!                        *.sql          definer views that reports read, one statement a file
//! ```
//!
//! A site lays its own files over these, or adds folders of its own: `DATASETS_DIR`.

mod catalogue;
mod column_type;
mod definition;
mod migrate;
mod read;
mod table;
mod view;

pub use catalogue::Catalogue;
pub use column_type::ColumnType;
pub use definition::{Change, Dataset, Definition, Field, Kind, Place, TextFile, What};
pub use migrate::migrate;
pub use read::read;
pub use table::{Difference, Table};

/// Years that the warehouse's `Date32` holds.
pub const YEARS: std::ops::RangeInclusive<i32> = 1900..=2299;
