//! The main road through every real part: 1C stand-in, extractor, Kafka, loader, ClickHouse, portal, browser.

mod convergence;
mod erp_to_report;
mod parts_down;
mod road;
