//! The stack that tests run against: PostgreSQL, Kafka and Keycloak with the test realm, on free ports, in memory.
//! ClickHouse and our own programs are not shared: each test starts its own.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::kafka::Kafka;
use crate::keycloak::{Keycloak, Realm};
use crate::parts::Parts;
use crate::postgres::Postgres;
use crate::process::{Process, is_alive};
use crate::{kafka, keycloak, ports, postgres};

const PREFIX: &str = "dealer-portal-stack-";

/// A running test stack. Stopped and forgotten when dropped.
#[derive(Debug)]
pub struct Isolated {
    postgres: Postgres,
    kafka: Kafka,
    keycloak: Keycloak,
    folder: tempfile::TempDir,
}

impl Isolated {
    pub async fn start(parts: &Parts) -> Result<Self> {
        sweep();
        let folder = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .tempdir_in(memory())
            .context("make the stack's folder")?;
        let below = |name: &str| folder.path().join(name);
        let postgres_settings = postgres::Settings {
            port: ports::free()?,
            folder: below("postgres"),
            log: below("log/postgres.log"),
            durable: false,
        };
        let kafka_settings = kafka::Settings {
            port: ports::free()?,
            controller_port: ports::free()?,
            folder: below("kafka"),
            log: below("log/kafka.log"),
            properties: Vec::new(),
        };
        let keycloak_settings = keycloak::Settings {
            port: ports::free()?,
            management_port: ports::free()?,
            folder: below("keycloak"),
            log: below("log/keycloak.log"),
            realm: Realm::Test,
            portal_url: "http://127.0.0.1:1".to_owned(),
            public_url: None,
        };
        let (postgres, kafka, keycloak) = tokio::try_join!(
            Postgres::start(parts, &postgres_settings),
            Kafka::start(parts, &kafka_settings),
            Keycloak::start(parts, &keycloak_settings),
        )?;
        Ok(Self { postgres, kafka, keycloak, folder })
    }

    /// What the tests' harness asks for.
    pub fn variables(&self) -> Vec<(String, String)> {
        [
            ("STACK_POSTGRES_URL", self.postgres.url("postgres")),
            ("STACK_KAFKA_BROKERS", self.kafka.brokers()),
            ("STACK_KEYCLOAK_URL", self.keycloak.url()),
            ("STACK_FOLDER", self.folder.path().display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// The first part that ended by itself, if any did.
    pub fn failed(&mut self) -> Option<String> {
        self.processes().into_iter().find_map(|process| (!process.is_running()).then(|| process.name().to_owned()))
    }

    /// Stops all parts, at once.
    pub fn stop(&mut self) {
        stop_all(self.processes());
    }

    fn processes(&mut self) -> [&mut Process; 3] {
        [&mut self.postgres.process, &mut self.kafka.process, &mut self.keycloak.process]
    }
}

impl Drop for Isolated {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Stops several processes side by side.
pub fn stop_all<'a>(processes: impl IntoIterator<Item = &'a mut Process>) {
    std::thread::scope(|scope| {
        for process in processes {
            scope.spawn(|| process.stop());
        }
    });
}

/// A folder in memory where there is one.
fn memory() -> PathBuf {
    let shared_memory = PathBuf::from("/dev/shm");
    if shared_memory.is_dir() { shared_memory } else { std::env::temp_dir() }
}

/// Forgets the folders of stacks whose process was killed.
fn sweep() {
    for entry in std::fs::read_dir(memory()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()).and_then(|pid| pid.parse().ok());
        if owner.is_some_and(|pid: u32| !is_alive(pid)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
