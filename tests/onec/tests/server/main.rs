//! The stand-in over HTTP, as a reader of 1C meets it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod admin;
mod balances;
mod faults;
mod lists;
mod metadata;
mod orders;
mod published;
mod reckoned;
mod shapes;
mod visitor;
