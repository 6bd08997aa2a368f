//! The running stack as `./dev test` describes it by variables, and names and folders that no other test has.

use std::path::PathBuf;
use std::sync::OnceLock;

use shared::env;

/// Where the shared parts of the running test stack are.
#[derive(Debug, Clone)]
pub struct Environment {
    /// `STACK_POSTGRES_URL`: the administrator's connection, to the database `postgres`.
    pub postgres_url: String,
    /// `STACK_KAFKA_BROKERS`.
    pub kafka_brokers: String,
    /// `STACK_KEYCLOAK_URL`, without a trailing slash; its realm is the test realm.
    pub keycloak_url: String,
}

/// The stack's variables. Panics with one sentence when the tests were started without it.
pub fn environment() -> &'static Environment {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let variable = |name: &str| {
            env::optional(name)
                .unwrap_or_else(|| panic!("{name} is not set: these tests need a running stack, run ./dev test."))
        };
        Environment {
            postgres_url: variable("STACK_POSTGRES_URL"),
            kafka_brokers: variable("STACK_KAFKA_BROKERS"),
            keycloak_url: variable("STACK_KEYCLOAK_URL"),
        }
    })
}

/// A folder of this test's own, removed when dropped; outside of a stack (the benchmark) the system's place for such.
pub fn folder() -> tempfile::TempDir {
    let place = env::optional("STACK_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    tempfile::Builder::new().prefix("test-").tempdir_in(place).expect("a folder for the test")
}

/// A name that no other test has: `prefix` and some letters, fit for databases, topics, clients and people.
pub fn fresh_name(prefix: &str) -> String {
    format!("{prefix}{}", &uuid::Uuid::new_v4().simple().to_string()[..12])
}
