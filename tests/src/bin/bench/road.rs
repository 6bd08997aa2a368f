//! The real parts under a measurement: PostgreSQL and Kafka for all builds, and for each build a ClickHouse with its own
//! configuration, a database and topics. Data lies in memory where the machine allows it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clickhouse::Client;
use stack::clickhouse::{self as warehouse, ClickHouse};
use stack::kafka::{self, Kafka};
use stack::parts::Parts;
use stack::ports;
use stack::postgres::{self, Postgres};
use stack::process::{Launch, Process};

use crate::build::Build;

pub struct Stack {
    pub folder: tempfile::TempDir,
    pub parts: Parts,
    pub postgres: Postgres,
    pub kafka: Kafka,
}

impl Stack {
    /// PostgreSQL (durable, as in use) and Kafka.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(place())?;
        let at = |name: &str| folder.path().join(name);
        let parts = Parts::locate();
        let postgres =
            postgres::Settings { port: ports::free()?, folder: at("postgres"), log: at("postgres.log"), durable: true };
        let kafka = kafka::Settings {
            port: ports::free()?,
            controller_port: ports::free()?,
            folder: at("kafka"),
            log: at("kafka.log"),
            properties: Vec::new(),
        };
        let (postgres, kafka) = (Postgres::start(&parts, &postgres).await?, Kafka::start(&parts, &kafka).await?);
        Ok(Self { folder, parts, postgres, kafka })
    }
}

/// What one build works on: nothing of it is seen by another build.
pub struct Road<'a> {
    pub stack: &'a Stack,
    pub build: &'a Build,
    pub clickhouse: ClickHouse,
    /// Of its files and databases.
    name: String,
    database: String,
    prefix: String,
}

impl<'a> Road<'a> {
    /// A ClickHouse as this build configures it, with both schemas as this build migrates them, and topics.
    pub async fn start(stack: &'a Stack, build: &'a Build, purpose: &str) -> Result<Self> {
        let name = format!("{purpose}_{}", build.name);
        let settings = warehouse::Settings {
            http: ports::free()?,
            tcp: ports::free()?,
            folder: stack.folder.path().join(format!("clickhouse-{name}")),
            log: stack.folder.path().join(format!("clickhouse-{name}.log")),
            config: Some(build.clickhouse.clone()),
        };
        let clickhouse = ClickHouse::start(&stack.parts, &settings).await?;
        let mut road = Self { stack, build, clickhouse, name, database: String::new(), prefix: String::new() };
        road.fresh("first").await?;
        Ok(road)
    }

    /// An empty database, an empty warehouse and new topics: the next measurement starts from nothing.
    pub async fn fresh(&mut self, turn: &str) -> Result<()> {
        self.database = format!("bench_{}_{turn}", self.name);
        self.prefix = format!("bench-{}-{turn}", self.name);
        postgres::create_database(&self.stack.postgres.url("postgres"), &self.database).await?;
        kafka::create_topics(&self.stack.kafka.brokers(), &self.prefix).await?;
        let migrator = self.client("migrator");
        for database in ["report", "dw"] {
            migrator.query(&format!("DROP DATABASE IF EXISTS {database} SYNC")).execute().await?;
        }
        let mut migrate = self.launch("migrate", "migrator")?.start()?;
        let status = migrate.finished(Duration::from_secs(90)).await.context("migrate did not end")?;
        ensure!(status.success(), "migrate of {} failed: {}", self.build.name, migrate.output());
        Ok(())
    }

    /// A client signed in as one of the warehouse's users.
    pub fn client(&self, user: &str) -> Client {
        Client::default().with_url(self.clickhouse.url()).with_user(user).with_password(warehouse::password(user))
    }

    pub fn database_url(&self) -> String {
        self.stack.postgres.url(&self.database)
    }

    /// A program of the build with the addresses of this road, signing in to ClickHouse as `user`.
    pub fn launch(&self, program: &str, user: &str) -> Result<Launch> {
        let log = self.stack.folder.path().join(format!("{program}-{}.log", self.name));
        Ok(Launch::new(program, self.build.program(program)?, log)
            .env("DATABASE_URL", self.database_url())
            .env("CLICKHOUSE_URL", self.clickhouse.url())
            .env("CLICKHOUSE_USER", user)
            .env("CLICKHOUSE_PASSWORD", warehouse::password(user))
            .env("KAFKA_BROKERS", self.stack.kafka.brokers())
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
            // Seldom: what is asked costs the parts that are measured.
            tokio::time::sleep(Duration::from_millis(100)).await;
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
