//! Both schemas, before anything works: every other program of ours waits for what this one brings.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser;
use shared::dataset::{self, Catalogue};
use shared::{clickhouse, postgres, schema, shutdown, telemetry};
use tokio::time::Instant;
use workers::waiting::Teller;

/// Brings the schemas of PostgreSQL and ClickHouse up to date. Safe to run again.
#[derive(Parser)]
struct Args {
    /// How long the stores may take to come up, in seconds.
    #[arg(long, default_value_t = 600)]
    within: u64,
}

/// A migration may rewrite a table.
const STATEMENT: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    telemetry::init();
    workers::exit::code(run(Duration::from_secs(args.within)).await)
}

async fn run(patience: Duration) -> anyhow::Result<()> {
    let database = postgres::Settings::from_env("migrate", STATEMENT)?;
    let warehouse = clickhouse::Settings::from_env("migrator")?;
    let datasets = Catalogue::from_env()?;
    let stop = shutdown::on_signal().context("listen for signals")?;
    let (pool, client) = (postgres::pool(&database), warehouse.client());
    tokio::select! {
        () = stop.cancelled() => bail!("Asked to stop before both schemas were up to date: run migrate again."),
        done = migrate(&pool, &client, &datasets, Instant::now() + patience) => done,
    }
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
