//! From joining the group to leaving it: messages into lanes, batches on their way, partitions that come and go.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::Message as _;
use rdkafka::error::KafkaError;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::batch;
use super::group::Committed;
use super::lanes::{Ended, Lanes};
use super::source::{Assignment, Source};
use super::store::{Outcome, Stores};
use crate::config::LoaderConfig;
use crate::health::Health;

/// After so long without room for another message, the partitions are paused and polling goes on.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many messages, or bytes of them, are taken before anything else gets its turn: to ask all lanes after each message costs more
/// than to read it.
const AT_ONCE: (usize, usize) = (1_000, 1 << 20);

/// How long batches under way may take after SIGTERM.
const DRAIN: Duration = Duration::from_secs(20);

/// Why a session with Kafka ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Joined again: nothing uncommitted is lost.
    #[error("{0}")]
    Again(String),
    /// The same, from the earliest message on: the group has forgotten a topic that was deleted.
    #[error("The topic {0} was deleted and made anew")]
    MadeAnew(String),
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

/// Runs until asked to stop.
pub async fn run(
    config: &LoaderConfig,
    stores: &Arc<Stores>,
    health: &Health,
    shutdown: &CancellationToken,
) -> Result<(), Trouble> {
    sqlx::query_scalar!("SELECT 1").fetch_one(&stores.pool).await?;
    let mut source = Source::join(&config.kafka, &config.datasets)?;
    let messages = source.messages();
    health.ready();
    let mut lanes = Lanes::new(config.kafka.clone(), config.datasets.clone(), config.cut.clone());
    let mut under_way: JoinSet<Vec<Ended>> = JoinSet::new();
    let mut full_since: Option<Instant> = None;
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        lanes.dispatch(stores, &source, &mut under_way);
        // Room for messages unless some dataset holds enough for an insert while its last one is still going in.
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
            () = shutdown.cancelled() => return drain(&mut source, &mut lanes, &mut under_way).await,
            Some(ended) = under_way.join_next() => {
                let ended = ended.map_err(|error| Trouble::Again(format!("A batch ended abnormally: {error}")))?;
                settle_all(&mut source, &mut lanes, ended)?;
                tell(&lanes, health);
            }
            _ = tick.tick() => {
                health.turned();
                for partition in lanes.refuse_newer() {
                    source.hold(partition)?;
                    tell(&lanes, health);
                }
                try_again(&mut source, &mut lanes, stores).await?;
            }
            first = messages.next(), if polls => {
                let (mut next, mut count, mut bytes) = (Some(first), 0, 0);
                while let Some(message) = next {
                    let message = match message {
                        Ok(message) => message,
                        Err(error) => {
                            report(&error)?;
                            break;
                        }
                    };
                    follow(&mut source, &mut lanes, stores).await?;
                    let has_more = lanes.take(&message, &source)? && has_room;
                    (count, bytes) = (count + 1, bytes + message.payload().map_or(0, <[u8]>::len));
                    next = if has_more && count < AT_ONCE.0 && bytes < AT_ONCE.1 { messages.next_at_once() } else { None };
                }
            }
        }
        follow(&mut source, &mut lanes, stores).await?;
    }
}

/// Ready while nothing is refused.
fn tell(lanes: &Lanes, health: &Health) {
    match lanes.refusals.tell() {
        None => health.ready(),
        Some(refused) => health.not_ready(refused),
    }
}

/// Partitions gained and lost, in the order in which that happened.
async fn follow(source: &mut Source, lanes: &mut Lanes, stores: &Stores) -> Result<(), Trouble> {
    while let Some(change) = source.change() {
        match change {
            Assignment::Lost(partitions) => {
                source.lost(&partitions);
                partitions.iter().for_each(|partition| lanes.drop_lane(partition));
            }
            Assignment::Gained(partitions) => {
                source.gained(&partitions)?;
                let known = source.group().known(partitions.clone()).await?;
                for partition in partitions {
                    let taken = batch::take_over(&stores.pool, &partition.0, partition.1).await?;
                    let is_known = known.contains(&partition);
                    lanes.open(partition, taken, is_known, stores);
                }
            }
        }
    }
    Ok(())
}

/// Of each, whatever became of the others.
fn settle_all(source: &mut Source, lanes: &mut Lanes, ended: Vec<Ended>) -> Result<(), Trouble> {
    ended.into_iter().map(|ended| settle(source, lanes, ended)).fold(Ok(()), Result::and)
}

fn settle(source: &mut Source, lanes: &mut Lanes, ended: Ended) -> Result<(), Trouble> {
    let Ended { partition, epoch, min, outcome, committed } = ended;
    match outcome {
        Outcome::Stored(_) if committed == Committed::Forgotten => Err(Trouble::MadeAnew(partition.0)),
        Outcome::Stored(state) => {
            lanes.settled(&partition, epoch, state, committed);
            Ok(())
        }
        // Ours again meanwhile, under a new epoch: that lane reads it once more.
        Outcome::Fenced if !lanes.is_open(&partition, epoch) => Ok(()),
        Outcome::Fenced => {
            tracing::warn!(
                kafka.topic = partition.0,
                kafka.partition = partition.1,
                "Another loader has the partition; what we held of it is dropped"
            );
            Err(Trouble::Again("A partition has another writer".to_owned()))
        }
        Outcome::Dropped => Ok(()),
        Outcome::Refused(reason) => {
            if lanes.refused(&partition, epoch, min, &reason) {
                source.hold(partition)?;
            }
            Ok(())
        }
        Outcome::Locked(reason) => Err(Trouble::Lasting(reason)),
    }
}

/// Refused partitions whose time has come are read again from where they stood, as if we had just been given them.
async fn try_again(source: &mut Source, lanes: &mut Lanes, stores: &Stores) -> Result<(), Trouble> {
    for (partition, from, is_known) in lanes.due_again() {
        let taken = batch::take_over(&stores.pool, &partition.0, partition.1).await?;
        source.release(&partition, from)?;
        lanes.open(partition, taken, is_known, stores);
    }
    Ok(())
}

async fn drain(source: &mut Source, lanes: &mut Lanes, under_way: &mut JoinSet<Vec<Ended>>) -> Result<(), Trouble> {
    let finished = tokio::time::timeout(DRAIN, async {
        while let Some(ended) = under_way.join_next().await {
            if let Ok(ended) = ended {
                settle_all(source, lanes, ended)?;
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
