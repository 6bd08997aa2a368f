//! Both schemas, once, before anything starts.

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser;
use shared::{clickhouse, postgres, telemetry};

/// Brings the schemas of PostgreSQL and ClickHouse up to date. Safe to run again.
#[derive(Parser)]
struct Args {}

/// How long the stores may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A migration may rewrite a table.
const STATEMENT: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() -> ExitCode {
    Args::parse();
    telemetry::init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let database = postgres::Settings::from_env("migrate", STATEMENT)?;
    let warehouse = clickhouse::Settings::from_env("migrator")?;
    let pool = postgres::pool(&database).context("read DATABASE_URL")?;
    awaited("PostgreSQL (DATABASE_URL)", || async { sqlx::query("SELECT 1").execute(&pool).await.map(drop) }).await?;
    let client = warehouse.client();
    awaited("ClickHouse (CLICKHOUSE_URL)", || client.query("SELECT 1").execute()).await?;
    postgres::migrate(&pool).await.context("migrate PostgreSQL")?;
    clickhouse::migrate(&client).await.context("migrate ClickHouse")?;
    tracing::info!("Both schemas are up to date");
    Ok(())
}

/// Asks once a second until the store answers.
async fn awaited<F, E>(name: &str, ask: impl Fn() -> F) -> anyhow::Result<()>
where
    F: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    let began = tokio::time::Instant::now();
    loop {
        let answered = tokio::time::timeout(Duration::from_secs(5), ask()).await;
        let cause = match answered {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer within 5 s".to_owned(),
        };
        if began.elapsed() >= PATIENCE {
            bail!("{name} did not answer within {} s: {cause}. Start it and run migrate again.", PATIENCE.as_secs());
        }
        tracing::info!("Waiting for {name}: {cause}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
