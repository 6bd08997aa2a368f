//! Kafka to ClickHouse, batch after batch. Offsets move last: a crash repeats work and loses none.

pub mod batch;
pub mod dead_letters;
pub mod decode;
pub mod insert;
mod lanes;
pub mod source;
pub mod store;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rdkafka::consumer::CommitMode;
use rdkafka::error::KafkaError;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::dead_letters::DeadLetters;
use self::lanes::Lanes;
use self::source::{Assignment, Source};
use self::store::{Ended, Stores};
use crate::config::LoaderConfig;
use crate::health::Health;
use crate::waiting::Needs;

/// After so long without room for another message, the partitions are paused and polling goes on.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long batches under way may take after SIGTERM.
const DRAIN: Duration = Duration::from_secs(20);

/// Why a session with Kafka ended before its end.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// Joined again: nothing uncommitted is lost.
    #[error("{0}")]
    Again(String),
    #[error("{0}")]
    Lasting(String),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Again(format!("PostgreSQL does not answer as it should: {error}"))
    }
}

impl From<KafkaError> for Trouble {
    fn from(error: KafkaError) -> Self {
        Self::Again(format!("Kafka does not answer as it should: {error}"))
    }
}

/// Waits for stores, schemas and topics, then runs until the token is cancelled and finishes the batches under way. Fails
/// over what a person must mend: rights or types in ClickHouse.
pub async fn run(config: LoaderConfig, shutdown: CancellationToken) -> anyhow::Result<()> {
    let health = Health::default();
    health.serve(config.health, shutdown.clone()).await?;
    let pool = shared::postgres::pool(&config.database);
    let dead_letters = Arc::new(DeadLetters::new(config.kafka.clone()).context("make the Kafka producer")?);
    let asked = Arc::clone(&dead_letters);
    let needs = Needs { pool: pool.clone(), check_topics: move || asked.check_topics() };
    if !needs.awaited(&health, &shutdown).await {
        return Ok(());
    }
    let stores = Arc::new(Stores::new(pool, &config.clickhouse.client(), dead_letters, shutdown.child_token()));
    loop {
        match session(&config, &stores, &health, &shutdown).await {
            Ok(()) => return Ok(()),
            Err(Trouble::Lasting(reason)) => anyhow::bail!(reason),
            Err(Trouble::Again(reason)) => {
                tracing::warn!("{reason}. The group is joined again.");
                health.not_ready(format!("{reason}."));
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// From joining the group to leaving it.
async fn session(
    config: &LoaderConfig,
    stores: &Arc<Stores>,
    health: &Health,
    shutdown: &CancellationToken,
) -> Result<(), Trouble> {
    sqlx::query("SELECT 1").execute(&stores.pool).await?;
    let mut source = Source::join(&config.kafka)?;
    health.ready();
    let mut lanes = Lanes::new(config.kafka.clone(), config.cut.clone());
    let mut under_way: JoinSet<Ended> = JoinSet::new();
    let mut full_since: Option<Instant> = None;
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        lanes.dispatch(stores, &mut under_way);
        // Room for messages unless some partition holds a full batch while its last one is still going in.
        let has_room = lanes.has_room();
        match (has_room, full_since) {
            (true, _) => {
                full_since = None;
                source.resume()?;
            }
            (false, None) => full_since = Some(Instant::now()),
            (false, Some(since)) if since.elapsed() > PATIENCE && !source.is_paused() => {
                tracing::warn!("ClickHouse does not keep up: reading from Kafka is paused until it does");
                source.pause()?;
            }
            _ => {}
        }
        let polls = has_room || source.is_paused();
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return drain(&source, &mut lanes, &mut under_way).await,
            Some(ended) = under_way.join_next() => {
                let ended = ended.map_err(|error| Trouble::Again(format!("A batch ended abnormally: {error}")))?;
                settle(&source, &mut lanes, ended, CommitMode::Async)?;
            }
            _ = tick.tick() => health.turned(),
            message = source.next(), if polls => {
                let message = match message {
                    Ok(message) => message.detach(),
                    Err(error) => {
                        report(&error)?;
                        continue;
                    }
                };
                follow(&mut source, &mut lanes, stores).await?;
                lanes.take(&message, &source, stores).await?;
            }
        }
        follow(&mut source, &mut lanes, stores).await?;
    }
}

/// Partitions gained and lost, in the order in which that happened.
async fn follow(source: &mut Source, lanes: &mut Lanes, stores: &Stores) -> Result<(), Trouble> {
    while let Some(change) = source.change() {
        match change {
            Assignment::Lost(partitions) => {
                partitions.iter().for_each(|(topic, partition)| lanes.drop_lane(topic, *partition))
            }
            Assignment::Gained(partitions) => {
                source.gained(&partitions)?;
                for (topic, partition) in partitions {
                    let (epoch, stored) = batch::take_over(&stores.pool, &topic, partition).await?;
                    lanes.open(topic, partition, epoch, stored);
                }
            }
        }
    }
    Ok(())
}

fn settle(source: &Source, lanes: &mut Lanes, ended: Ended, mode: CommitMode) -> Result<(), Trouble> {
    match ended {
        Ended::Stored { topic, partition, epoch, max, state } => {
            if lanes.settled(&topic, partition, epoch, state)
                && let Err(error) = source.commit(&topic, partition, max, mode)
            {
                // Read again after a restart, and known again then.
                tracing::warn!(kafka.topic = topic, "The offset could not be committed: {error}");
            }
            Ok(())
        }
        // Ours again meanwhile, under a new epoch: that lane reads it once more.
        Ended::Fenced { topic, partition, epoch } if !lanes.is_open(&topic, partition, epoch) => Ok(()),
        Ended::Fenced { topic, partition, .. } => {
            tracing::warn!(
                kafka.topic = topic,
                kafka.partition = partition,
                "Another loader has the partition; what we held of it is dropped"
            );
            Err(Trouble::Again("A partition has another writer".to_owned()))
        }
        Ended::Dropped => Ok(()),
        Ended::Failed(reason) => Err(Trouble::Lasting(reason)),
    }
}

async fn drain(source: &Source, lanes: &mut Lanes, under_way: &mut JoinSet<Ended>) -> Result<(), Trouble> {
    let finished = tokio::time::timeout(DRAIN, async {
        while let Some(ended) = under_way.join_next().await {
            if let Ok(ended) = ended {
                settle(source, lanes, ended, CommitMode::Sync)?;
            }
        }
        Ok(())
    });
    finished.await.unwrap_or(Ok(()))
}

/// Errors of the consumer that pass by themselves are told; the others end the session.
fn report(error: &KafkaError) -> Result<(), Trouble> {
    use rdkafka::error::RDKafkaErrorCode as Code;
    match error.rdkafka_error_code() {
        Some(Code::Fatal | Code::PollExceeded) => Err(Trouble::Again(format!("The consumer cannot go on: {error}"))),
        _ => {
            tracing::warn!("Kafka does not answer as it should: {error}. Reading goes on when it does.");
            Ok(())
        }
    }
}
