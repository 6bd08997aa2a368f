//! Kafka to ClickHouse.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use shared::{shutdown, telemetry};
use workers::config::LoaderConfig;

/// Stores what arrives in Kafka in the warehouse.
#[derive(Parser)]
struct Args {}

#[tokio::main]
async fn main() -> ExitCode {
    Args::parse();
    workers::memory::share_one_heap();
    telemetry::init();
    workers::exit::code(run().await)
}

async fn run() -> anyhow::Result<()> {
    let config = LoaderConfig::from_env()?;
    workers::load::run(config, shutdown::on_signal().context("listen for signals")?).await
}
