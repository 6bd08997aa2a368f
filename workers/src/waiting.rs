//! Before the work: what a worker needs may come up after it. It waits, alive and not ready, for as long as that takes.
//!
//! For its schema ClickHouse is not asked, which is recorded in PostgreSQL.

use std::time::Duration;

use shared::dataset::Catalogue;
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::kafka::TopicsError;

const PAUSE: Duration = Duration::from_secs(1);

/// What the worker needs beside the two schemas.
pub struct Needs<T> {
    pub pool: PgPool,
    pub datasets: Catalogue,
    /// May block.
    pub check_topics: T,
}

impl<T: Fn() -> Result<(), TopicsError> + Clone + Send + 'static> Needs<T> {
    /// Waits until everything is there. False: asked to stop meanwhile.
    pub async fn awaited(&self, health: &Health, shutdown: &CancellationToken) -> bool {
        awaited(async || self.missing().await, health, shutdown).await
    }

    /// The first thing that is not there yet, in a sentence.
    async fn missing(&self) -> Result<(), String> {
        shared::schema::check(&self.pool, &self.datasets).await.map_err(|not_yet| not_yet.to_string())?;
        let asked = tokio::task::spawn_blocking(self.check_topics.clone()).await;
        asked.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}

/// Asks once a second until there is no error, and says which there is. False: asked to stop meanwhile.
pub async fn awaited(ask: impl AsyncFn() -> Result<(), String>, health: &Health, shutdown: &CancellationToken) -> bool {
    let mut teller = Teller::default();
    loop {
        health.turned();
        let missing = tokio::select! {
            () = shutdown.cancelled() => return false,
            missing = ask() => missing,
        };
        let Err(missing) = missing else {
            teller.ended();
            return true;
        };
        teller.tell(&missing);
        health.not_ready(missing);
        tokio::select! {
            () = shutdown.cancelled() => return false,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Logs what is waited for: at once, then every ten seconds at most.
#[derive(Default)]
pub struct Teller {
    told_at: Option<Instant>,
}

impl Teller {
    const EVERY: Duration = Duration::from_secs(10);

    pub fn tell(&mut self, missing: &str) {
        if self.is_due(Instant::now()) {
            tracing::warn!("Waiting: {missing}");
        }
    }

    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.told_at.is_none_or(|at| now - at >= Self::EVERY);
        if is_due {
            self.told_at = Some(now);
        }
        is_due
    }

    pub fn ended(&self) {
        if self.told_at.is_some() {
            tracing::info!("What was waited for is there");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_told_at_once_and_then_every_ten_seconds() {
        let (mut teller, began) = (Teller::default(), Instant::now());
        let told: Vec<u64> = (0..35).filter(|second| teller.is_due(began + Duration::from_secs(*second))).collect();
        assert_eq!(told, [0, 10, 20, 30]);
    }
}
