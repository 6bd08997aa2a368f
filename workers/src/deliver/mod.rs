//! The report service: jobs that make files of reports. It claims them from the queue, writes each file whole into the store
//! or not at all, and ends in ClickHouse what nobody waits for any more. Beside them `mail`: deliveries that have come due.

mod cancel;
mod config;
mod export;
mod failure;
mod heard;
mod mail;
pub mod pdf;
mod run;
mod sweep;
mod writer;

pub use self::config::ReporterConfig;
pub use self::run::run;
