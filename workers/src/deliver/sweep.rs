//! Files past their time, and what killed workers left behind.

use std::time::Duration;

use shared::file_store::{FileStore, StoreError};
use shared::jobs::Queue;

const EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("PostgreSQL: {0}")]
    Queue(#[from] sqlx::Error),
}

/// Sweeps until it is dropped. Several workers may do it at once: what one removes, another finds removed.
pub async fn sweep(queue: Queue, files: FileStore) {
    let mut turns = tokio::time::interval(EVERY);
    loop {
        turns.tick().await;
        if let Err(cause) = once(&queue, &files).await {
            tracing::warn!(%cause, "Old files could not be removed: tried again in a minute");
        }
    }
}

async fn once(queue: &Queue, files: &FileStore) -> Result<(), SweepError> {
    for (job, key) in queue.expired().await? {
        files.remove(&key).await?;
        queue.forget_file(job).await?;
        tracing::info!(job.id = %job, "Removed a file past its time");
    }
    for key in queue.nobodys(&files.old().await?).await? {
        files.remove(&key).await?;
        tracing::info!("Removed a file that belongs to no job");
    }
    files.clear_halves().await?;
    queue.forget_old().await?;
    Ok(())
}
