//! Both schemas, as a program that ends.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser;
use shared::{shutdown, telemetry};
use workers::migrate::{self, MigrateConfig};

/// Brings the schemas of PostgreSQL and ClickHouse up to date. Safe to run again.
#[derive(Parser)]
struct Args {
    /// How long the stores may take to come up, in seconds.
    #[arg(long, default_value_t = 600)]
    within: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    telemetry::init();
    workers::exit::code(run(Duration::from_secs(args.within)).await)
}

async fn run(patience: Duration) -> anyhow::Result<()> {
    let config = MigrateConfig::from_env()?;
    let stop = shutdown::on_signal().context("listen for signals")?;
    tokio::select! {
        () = stop.cancelled() => bail!("Asked to stop before both schemas were up to date: run migrate again."),
        done = migrate::run(config, patience) => done,
    }
}
