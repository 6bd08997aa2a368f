//! The two halves on real stores: a file per half.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod dead_letters;
mod topics;
