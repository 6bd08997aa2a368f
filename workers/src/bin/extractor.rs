//! 1C to Kafka, on a cron. `extractor check` compares the mappings with what the 1C server publishes.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use shared::{env, shutdown, telemetry};
use workers::config::{ExtractorConfig, OnecSettings};
use workers::erp::check::Metadata;
use workers::erp::{Client, Mapping};

/// Reads 1C on a cron and sends what changed to Kafka.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Prints what the 1C administrator must still publish for the mappings to work.
    Check,
}

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::init();
    let ended = match Args::parse().command {
        None => run().await.map(|()| ExitCode::SUCCESS),
        Some(Command::Check) => check().await,
    };
    ended.unwrap_or_else(|error| {
        tracing::error!("{error:#}");
        ExitCode::FAILURE
    })
}

async fn run() -> anyhow::Result<()> {
    let config = ExtractorConfig::from_env()?;
    workers::extract::run(config, shutdown::on_signal().context("listen for signals")?).await
}

/// Needs the `ONEC_` variables only; datasets that are `off` are not looked at.
async fn check() -> anyhow::Result<ExitCode> {
    let client = Client::new(OnecSettings::from_env()?)?;
    let metadata = Metadata::parse(&client.metadata().await?)?;
    let site = env::optional("MAPPINGS_DIR").map(std::path::PathBuf::from);
    let mut problems = Vec::new();
    for dataset in workers::config::datasets_asked()? {
        problems.extend(metadata.problems(&Mapping::load(dataset, site.as_deref())?));
    }
    let mut out = std::io::stdout().lock();
    for problem in &problems {
        writeln!(out, "{problem}")?;
    }
    if problems.is_empty() {
        writeln!(out, "Everything that the mappings name is published, with types that fit.")?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
