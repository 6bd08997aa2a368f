//! The main road through every real part: 1C stand-in, extractor, Kafka, loader, ClickHouse, portal, browser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod convergence;
mod erp_to_report;
mod killed;
mod made_up;
mod one_program;
mod parts_down;
mod road;
