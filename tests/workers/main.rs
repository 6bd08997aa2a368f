//! The two halves on real stores: a file per subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod audit;
mod bad_input;
mod batches;
mod brake;
mod configuration;
mod datasets;
mod dead_letters;
mod jobs;
mod markers;
mod misfits;
mod nightly_pass;
mod onec_faults;
mod operations;
mod partitions;
mod prices;
mod reconcile;
mod refusals;
mod reread;
mod settlements;
mod slots;
mod stand;
mod steering;
mod terms;
mod topic;
mod truth;
mod turns;
mod waiting;
