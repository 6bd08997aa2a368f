//! One question to ClickHouse, and its whole answer in time.

use std::time::Duration;

use bytes::Bytes;
use clickhouse::query::Query;

use super::error::RunError;
use super::tsv;

/// Longer than ClickHouse's own limit for the portal (15 s), shorter than a request's (30 s).
pub const DEADLINE: Duration = Duration::from_secs(18);
/// Of a job's question: longer than ClickHouse's own limit for exports (600 s).
pub const DEADLINE_OF_JOB: Duration = Duration::from_secs(630);

/// The answer with the names of its columns, see `tsv`.
pub async fn text(query: Query) -> Result<String, RunError> {
    String::from_utf8(bytes(query, tsv::FORMAT).await?.into())
        .map_err(|_| RunError::Refused("the answer is no UTF-8 text".to_owned()))
}

pub async fn bytes(query: Query, format: &str) -> Result<Bytes, RunError> {
    within(DEADLINE, query, format).await
}

/// The same for a question that may take longer than a request.
pub async fn within(patience: Duration, query: Query, format: &str) -> Result<Bytes, RunError> {
    let answer = async { query.fetch_bytes(format)?.collect().await };
    Ok(tokio::time::timeout(patience, answer).await.map_err(|_| RunError::TimedOut)??)
}
