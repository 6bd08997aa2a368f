//! The stand-in over HTTP, as a reader of 1C meets it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod admin;
mod faults;
mod lists;
mod metadata;
mod shapes;
mod visitor;
