//! Ends a job's queries in ClickHouse. Hanging up ends a query only while it reads; in a sort nobody looks at the connection,
//! so a second user ends it by its name.

use std::time::Duration;

use clickhouse::Client;
use shared::clickhouse::Settings;
use tokio::time::Instant;
use uuid::Uuid;

const PAUSE: Duration = Duration::from_millis(100);
/// Past that ClickHouse ends it by itself, at its limit for exports.
const PATIENCE: Duration = Duration::from_secs(10);

/// The name of a question of a job: the job, the fence of its attempt, and what is asked.
pub fn query_id(job: Uuid, fence: i64, what: &str) -> String {
    format!("{}{fence}-{what}", prefix(job))
}

fn prefix(job: Uuid) -> String {
    format!("export-{job}-")
}

#[derive(Clone)]
pub struct Canceller(Client);

impl Canceller {
    pub fn new(settings: &Settings) -> Self {
        Self(settings.client())
    }

    /// Ends every query of this job, whichever attempt began it, and waits until they are gone: `PATIENCE` at most.
    pub async fn end(&self, job: Uuid) {
        let until = Instant::now() + PATIENCE;
        loop {
            match tokio::time::timeout(PATIENCE, self.once(job)).await {
                Ok(Ok(0)) => return,
                // A ClickHouse that is away runs nothing.
                Ok(Err(cause)) => return tracing::warn!(%cause, job.id = %job, "A query could not be ended"),
                _ if Instant::now() > until => {
                    return tracing::warn!(job.id = %job, "A query does not end, though it was told to");
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// How many there still are, each told to end.
    async fn once(&self, job: Uuid) -> Result<u64, clickhouse::error::Error> {
        const COUNT: &str = "SELECT count() FROM system.processes WHERE startsWith(query_id, {prefix:String})";
        let prefix = prefix(job);
        let left = self.0.query_raw(COUNT).param("prefix", &prefix).fetch_one().await?;
        if left > 0 {
            const KILL: &str = "KILL QUERY WHERE startsWith(query_id, {prefix:String}) ASYNC";
            self.0.query_raw(KILL).param("prefix", &prefix).execute().await?;
        }
        Ok(left)
    }
}
