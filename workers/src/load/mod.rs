//! Kafka to ClickHouse, batch after batch. Offsets move last: a crash repeats work and loses none.

pub mod batch;
pub mod dead_letters;
pub mod decode;
mod group;
pub mod insert;
mod lanes;
mod misfits;
mod refusals;
mod session;
pub mod source;
pub mod store;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use self::dead_letters::DeadLetters;
use self::session::Trouble;
use self::store::Stores;
use crate::config::LoaderConfig;
use crate::health::Health;
use crate::waiting::Needs;

/// Waits for stores, schemas and topics, then runs until the token is cancelled and finishes the batches under way. Fails
/// over what a new start must mend: ClickHouse does not know our user or its password.
pub async fn run(config: LoaderConfig, shutdown: CancellationToken) -> anyhow::Result<()> {
    let health = Health::default();
    health.serve(config.health, shutdown.clone()).await?;
    let pool = shared::postgres::pool(&config.database);
    let dead_letters =
        Arc::new(DeadLetters::new(config.kafka.clone(), config.datasets.clone()).context("make the Kafka producer")?);
    let asked = Arc::clone(&dead_letters);
    let needs =
        Needs { pool: pool.clone(), datasets: config.datasets.clone(), check_topics: move || asked.check_topics() };
    if !needs.awaited(&health, &shutdown).await {
        return Ok(());
    }
    let client = config.clickhouse.client();
    let stores = Arc::new(Stores::new(pool, &client, &config.datasets, dead_letters, shutdown.child_token()));
    loop {
        match session::run(&config, &stores, &health, &shutdown).await {
            Ok(()) => return Ok(()),
            Err(Trouble::Lasting(reason)) => anyhow::bail!(reason),
            Err(trouble) => {
                tell(&trouble, &config);
                health.not_ready(format!("{trouble}."));
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// A topic made anew may have taken messages with it that nobody had read.
fn tell(trouble: &Trouble, config: &LoaderConfig) {
    let Trouble::MadeAnew(topic) = trouble else {
        tracing::warn!("{trouble}. The group is joined again.");
        return;
    };
    if let Some(dataset) = config.kafka.dataset(&config.datasets, topic) {
        metrics::counter!("load_alarms_total", "dataset" => dataset.name()).increment(1);
        let mend = lanes::read_again(dataset);
        tracing::error!(
            kafka.topic = topic,
            "{trouble}: it is read from its start. What the former one held and nobody had read is lost: {mend}"
        );
    }
}
