//! The report service: jobs that make files of reports. It claims them from the queue, writes each file whole into the store
//! or not at all, and ends in ClickHouse what nobody waits for any more.

mod cancel;
mod config;
mod export;
mod failure;
mod heard;
pub mod pdf;
mod run;
mod sweep;

pub use self::config::ReporterConfig;
pub use self::run::run;
