//! The topics of the product in Kafka, by its datasets.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shared::dataset::Catalogue;
use shared::telemetry;
use workers::config::KafkaSettings;
use workers::kafka::topics;

/// Makes the topics of the product that are missing, and changes none. Waits for the brokers.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Prints them for Strimzi, as `KafkaTopic` with three replicas.
    Strimzi,
}

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::init();
    let ended = match Args::parse().command {
        None => make().await,
        Some(Command::Strimzi) => strimzi(),
    };
    workers::exit::code(ended)
}

async fn make() -> anyhow::Result<()> {
    let (settings, datasets) = (KafkaSettings::from_env()?, Catalogue::from_env()?);
    let made = topics::make_once_reachable(&settings, &datasets).await?;
    tracing::info!("Made {} topics: {}", made.len(), made.join(", "));
    Ok(())
}

fn strimzi() -> anyhow::Result<()> {
    let datasets = Catalogue::from_env()?;
    let prefix = shared::env::or("KAFKA_TOPIC_PREFIX", "erp");
    std::io::stdout().write_all(topics::strimzi(&prefix, &datasets).as_bytes())?;
    Ok(())
}
