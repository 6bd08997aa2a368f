//! Both schemas, before anything works: every program waits for what is brought here.

use std::time::Duration;

use anyhow::{Context as _, bail};
use shared::dataset::{self, Catalogue};
use shared::env::EnvError;
use shared::{clickhouse, postgres, schema};
use tokio::time::Instant;

use crate::waiting::Teller;

/// A migration may rewrite a table.
const STATEMENT: Duration = Duration::from_secs(600);

/// What is brought up to date.
#[derive(Debug, Clone)]
pub struct MigrateConfig {
    pub database: postgres::Settings,
    /// `CLICKHOUSE_USER` defaults to `migrator`.
    pub clickhouse: clickhouse::Settings,
    /// `DATASETS_DIR`.
    pub datasets: Catalogue,
}

impl MigrateConfig {
    pub fn from_env() -> Result<Self, EnvError> {
        Self::of(clickhouse::Settings::from_env("migrator")?)
    }

    /// With a user of ClickHouse that was found elsewhere.
    pub fn of(clickhouse: clickhouse::Settings) -> Result<Self, EnvError> {
        let database = postgres::Settings::from_env("migrate", STATEMENT)?;
        Ok(Self { database, clickhouse, datasets: Catalogue::from_env()? })
    }
}

/// Brings both schemas up to date; safe to run again. Fails where a store does not answer within `patience`, or refuses.
pub async fn run(config: MigrateConfig, patience: Duration) -> anyhow::Result<()> {
    let (pool, client) = (postgres::pool(&config.database), config.clickhouse.client());
    migrate(&pool, &client, &config.datasets, Instant::now() + patience).await
}

async fn migrate(
    pool: &sqlx::PgPool,
    client: &::clickhouse::Client,
    datasets: &Catalogue,
    until: Instant,
) -> anyhow::Result<()> {
    let one = async || sqlx::query_scalar!("SELECT 1").fetch_one(pool).await.map(drop);
    awaited("PostgreSQL (DATABASE_URL)", until, one).await?;
    awaited("ClickHouse (CLICKHOUSE_URL)", until, async || client.query("SELECT 1").execute().await).await?;
    postgres::migrate(pool).await.context("migrate PostgreSQL")?;
    clickhouse::migrate(client).await.context("migrate ClickHouse")?;
    let refused = dataset::migrate(client, datasets).await.context("make the tables and views of the datasets")?;
    schema::record_warehouse(pool, datasets).await.context("write down what ClickHouse has")?;
    refused.iter().for_each(|why| tracing::error!("{why}"));
    if refused.is_empty() {
        tracing::info!("Both schemas are up to date");
    }
    Ok(())
}

/// Longer than a store on the same network takes for nothing.
const ANSWER: Duration = Duration::from_secs(5);

/// Asks once a second until the store answers.
async fn awaited<E: std::fmt::Display>(
    name: &str,
    until: Instant,
    ask: impl AsyncFn() -> Result<(), E>,
) -> anyhow::Result<()> {
    let mut teller = Teller::default();
    loop {
        let cause: String = match tokio::time::timeout(ANSWER, ask()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string().trim_end_matches(['.', '\n']).chars().take(300).collect(),
            Err(_) => format!("nothing within {} s", ANSWER.as_secs()),
        };
        if Instant::now() >= until {
            bail!("{name} did not answer in time: {cause}. Start it and run migrate again.");
        }
        teller.tell(&format!("{name} does not answer: {cause}."));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
