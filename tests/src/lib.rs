//! What integration tests stand on: each takes its own database, ClickHouse, topics, sign-in client and browser from
//! the stack that `./dev test` brought up, so that all run at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a harness fails a test by panicking")]

pub mod browser;
pub mod by_hand;
pub mod fault_proxy;
pub mod ledger;
pub mod person;
pub mod program;
pub mod signed_in;
pub mod test_bucket;
pub mod test_clickhouse;
pub mod test_environment;
pub mod test_keycloak;
pub mod test_mail;
pub mod test_portal;
pub mod test_postgres;
pub mod test_processes;
pub mod test_topics;
pub mod test_workers;
pub mod written;

pub use browser::{Browser, Network, Page, Theme};
pub use by_hand::ByHand;
pub use fault_proxy::{Fault, FaultProxy};
pub use person::{Answer, Person};
pub use program::Program;
pub use signed_in::SignedIn;
pub use stack::process::Process;
pub use test_clickhouse::{PRODUCTS, TestClickHouse, clickhouse};
pub use test_environment::{Environment, environment, folder, fresh_name};
pub use test_keycloak::{PortalClient, TestKeycloak, TestMachine, TestUser, Tokens};
pub use test_mail::{Received, TestMail};
pub use test_portal::TestPortal;
pub use test_postgres::{TestPostgres, postgres};
pub use test_processes::{await_true, binary, launch};
pub use test_topics::{TestTopics, topics};
pub use test_workers::TestOnec;

/// The datasets that are compiled in.
pub fn datasets() -> shared::dataset::Catalogue {
    shared::dataset::Catalogue::compiled_in().expect("the datasets")
}
