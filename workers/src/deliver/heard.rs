//! What PostgreSQL tells at once: a job to claim, a job that was cancelled. What is missed while the connection is away is
//! found by the next look at the table.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shared::jobs::{CANCELLED, QUEUED};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::cancel::Canceller;

const PAUSE: Duration = Duration::from_secs(1);

/// The jobs under way here, each with the word that ends it.
#[derive(Clone, Default)]
pub struct UnderWay(Arc<Mutex<HashMap<Uuid, CancellationToken>>>);

impl UnderWay {
    pub fn begin(&self, job: Uuid) -> CancellationToken {
        let stop = CancellationToken::new();
        self.jobs().insert(job, stop.clone());
        stop
    }

    pub fn end(&self, job: Uuid) {
        self.jobs().remove(&job);
    }

    /// Has it stop, if it runs here.
    fn stop(&self, job: Uuid) {
        if let Some(stop) = self.jobs().get(&job) {
            stop.cancel();
        }
    }

    pub fn stop_all(&self) {
        self.jobs().values().for_each(CancellationToken::cancel);
    }

    fn jobs(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listens until it is dropped.
pub async fn listen(pool: PgPool, queued: Arc<Notify>, under_way: UnderWay, canceller: Canceller) {
    loop {
        if let Err(cause) = heard(&pool, &queued, &under_way, &canceller).await {
            tracing::warn!(%cause, "PostgreSQL cannot be listened to: tried again in a second");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn heard(pool: &PgPool, queued: &Notify, under_way: &UnderWay, canceller: &Canceller) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all([QUEUED, CANCELLED]).await?;
    // Something may have come while nobody listened.
    queued.notify_one();
    while let Some(told) = listener.try_recv().await? {
        match (told.channel(), told.payload().parse::<Uuid>()) {
            (CANCELLED, Ok(job)) => {
                under_way.stop(job);
                // Its worker may be gone, and its query not: whoever hears of it ends it.
                let canceller = canceller.clone();
                tokio::spawn(async move { canceller.end(job).await });
                // A place of its dealer is free.
                queued.notify_one();
            }
            _ => queued.notify_one(),
        }
    }
    Ok(())
}
