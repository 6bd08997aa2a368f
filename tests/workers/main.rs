//! The two halves on real stores: a file per subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bad_input;
mod batches;
mod configuration;
mod dead_letters;
mod onec_faults;
mod operations;
mod stand;
mod waiting;
