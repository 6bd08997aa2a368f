//! The real parts under a measurement: release builds on free ports, data in memory where the machine allows it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clickhouse::Client;
use stack::clickhouse::{self as warehouse, ClickHouse};
use stack::kafka::{self, Kafka};
use stack::parts::{self, Parts};
use stack::ports;
use stack::postgres::{self, Postgres};
use stack::process::{Launch, Process};

pub struct Road {
    pub folder: tempfile::TempDir,
    pub parts: Parts,
    pub postgres: Postgres,
    pub clickhouse: ClickHouse,
    pub kafka: Kafka,
    database: String,
    prefix: String,
}

impl Road {
    /// PostgreSQL (durable, as in use), ClickHouse and Kafka, with both schemas and the topics.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(place())?;
        let at = |name: &str| folder.path().join(name);
        let parts = Parts::locate();
        let postgres =
            postgres::Settings { port: ports::free()?, folder: at("postgres"), log: at("postgres.log"), durable: true };
        let clickhouse = warehouse::Settings {
            http: ports::free()?,
            tcp: ports::free()?,
            folder: at("clickhouse"),
            log: at("clickhouse.log"),
            config: None,
        };
        let kafka = kafka::Settings {
            port: ports::free()?,
            controller_port: ports::free()?,
            folder: at("kafka"),
            log: at("kafka.log"),
            properties: Vec::new(),
        };
        let mut road = Self {
            postgres: Postgres::start(&parts, &postgres).await?,
            clickhouse: ClickHouse::start(&parts, &clickhouse).await?,
            kafka: Kafka::start(&parts, &kafka).await?,
            parts,
            folder,
            database: String::new(),
            prefix: String::new(),
        };
        road.fresh("first").await?;
        Ok(road)
    }

    /// An empty database, an empty warehouse and new topics: the next measurement starts from nothing.
    pub async fn fresh(&mut self, name: &str) -> Result<()> {
        self.database = format!("bench_{name}");
        self.prefix = format!("bench-{name}");
        postgres::create_database(&self.postgres.url("postgres"), &self.database).await?;
        kafka::create_topics(&self.kafka.brokers(), &self.prefix).await?;
        let migrator = self.client("migrator");
        for database in ["report", "dw"] {
            migrator.query(&format!("DROP DATABASE IF EXISTS {database} SYNC")).execute().await?;
        }
        let mut migrate = self.launch("migrate", "migrator")?.start()?;
        let status = migrate.finished(Duration::from_secs(90)).await.context("migrate did not end")?;
        ensure!(status.success(), "migrate failed: {}", migrate.output());
        Ok(())
    }

    /// A client signed in as one of the warehouse's users.
    pub fn client(&self, user: &str) -> Client {
        Client::default().with_url(self.clickhouse.url()).with_user(user).with_password(warehouse::password(user))
    }

    pub fn database_url(&self) -> String {
        self.postgres.url(&self.database)
    }

    /// A program of ours with the addresses of this road, signing in to ClickHouse as `user`.
    pub fn launch(&self, program: &str, user: &str) -> Result<Launch> {
        let log = self.folder.path().join(format!("{program}.log"));
        Ok(Launch::new(program, parts::binary(program)?, log)
            .env("DATABASE_URL", self.database_url())
            .env("CLICKHOUSE_URL", self.clickhouse.url())
            .env("CLICKHOUSE_USER", user)
            .env("CLICKHOUSE_PASSWORD", warehouse::password(user))
            .env("KAFKA_BROKERS", self.kafka.brokers())
            .env("KAFKA_TOPIC_PREFIX", &self.prefix)
            .env("HEALTH_LISTEN", "127.0.0.1:0"))
    }

    /// Waits for a condition, at most `deadline`; an ended process among `watched` is the error.
    pub async fn until(
        &self,
        what: &str,
        deadline: Duration,
        watched: &mut [&mut Process],
        mut holds: impl AsyncFnMut() -> Result<bool>,
    ) -> Result<()> {
        let end = std::time::Instant::now() + deadline;
        while !holds().await? {
            for process in watched.iter_mut() {
                ensure!(process.is_running(), "{} ended: {}", process.name(), last_lines(&process.output()));
            }
            ensure!(std::time::Instant::now() < end, "{what} did not happen within {} s", deadline.as_secs());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

fn place() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

fn last_lines(output: &str) -> String {
    let lines: Vec<_> = output.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
