//! Files of reports that take longer than a page.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use shared::{shutdown, telemetry};
use workers::deliver::{self, ReporterConfig};

/// Makes the files that people have asked for.
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
    let config = ReporterConfig::from_env()?;
    deliver::run(config, shutdown::on_signal().context("listen for signals")?).await
}
