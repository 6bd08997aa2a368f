//! The topics of the product in Kafka, by its datasets.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use shared::dataset::Catalogue;
use shared::telemetry;
use workers::config::KafkaSettings;
use workers::kafka::topics::{self, TopicsError};
use workers::waiting::Teller;

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
    let mut teller = Teller::default();
    let made = loop {
        match topics::make(&settings, &datasets).await {
            Err(error @ TopicsError::Unreachable { .. }) => teller.tell(&error.to_string()),
            ended => break ended?,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    tracing::info!("Made {} topics: {}", made.len(), made.join(", "));
    Ok(())
}

fn strimzi() -> anyhow::Result<()> {
    let datasets = Catalogue::from_env()?;
    let prefix = shared::env::or("KAFKA_TOPIC_PREFIX", "erp");
    std::io::stdout().write_all(topics::strimzi(&prefix, &datasets).as_bytes())?;
    Ok(())
}
