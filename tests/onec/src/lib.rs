//! A stand-in for a 1C:Enterprise server: the standard OData interface of a trade base (UT 11), as awkward as the real one.
//!
//! The walk of a request: `http` takes it off the wire, signs it in and applies `faults`; `odata` reads its options, finds
//! rows in `base` and draws them; `schema` says what exists. `generate` fills the base, `admin` changes it and tells the
//! truth about it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test tool: a mistake in its own tables stops it, and its bench prints"
)]
#![allow(clippy::unusual_byte_groupings, reason = "references are written in the groups of a GUID")]

mod admin;
mod base;
pub mod bench;
mod faults;
mod generate;
mod http;
mod odata;
mod options;
mod running;
mod schema;
mod server;
mod stats;

pub use base::{Amount, Ledger, Moment, Month};
pub use faults::{Fault, Kind as FaultKind};
pub use generate::{Plan, canary, dealer_name, dealer_reference};
pub use options::{Habits, Options, Sessions, UrlLimit};
pub use running::{Onec, Running};
