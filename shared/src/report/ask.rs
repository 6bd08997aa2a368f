//! One question to ClickHouse, and its whole answer in time.

use std::time::Duration;

use clickhouse::query::Query;

use super::error::RunError;
use super::tsv;

/// Longer than ClickHouse's own limit for the portal (15 s), shorter than a request's (30 s).
pub const DEADLINE: Duration = Duration::from_secs(18);

/// The answer with the names of its columns, see `tsv`.
pub async fn text(query: Query) -> Result<String, RunError> {
    let answer = async { query.fetch_bytes(tsv::FORMAT)?.collect().await };
    let bytes = tokio::time::timeout(DEADLINE, answer).await.map_err(|_| RunError::TimedOut)??;
    String::from_utf8(bytes.into()).map_err(|_| RunError::Refused("the answer is no UTF-8 text".to_owned()))
}
