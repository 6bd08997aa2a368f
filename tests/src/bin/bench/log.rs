//! What ClickHouse itself says a query has cost: `system.query_log`, as the auditor may read it.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use clickhouse::Client;

/// The log is written once a second.
const FLUSHED_AFTER: Duration = Duration::from_millis(2_500);

/// Spans of time in which one kind of request was made.
#[derive(Debug, Default)]
pub struct Spans(Vec<(i64, i64)>);

impl Spans {
    /// Runs `work` and remembers when.
    pub async fn during<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let begun = now();
        let done = work.await?;
        self.0.push((begun, now()));
        Ok(done)
    }
}

/// Microseconds since 1970, on the clock that ClickHouse on this machine has, too.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// CPU (user and system, all threads) of the portal's queries in these spans whose text holds `part`, in milliseconds. The text
/// is ClickHouse's own of the query, with names in backticks.
pub async fn cpu_ms(auditor: &Client, spans: &Spans, part: &str) -> Result<f64> {
    tokio::time::sleep(FLUSHED_AFTER).await;
    let spans: Vec<String> = spans.0.iter().map(|(from, to)| format!("({from},{to})")).collect();
    let sql = "SELECT sum(ProfileEvents['UserTimeMicroseconds'] + ProfileEvents['SystemTimeMicroseconds']) / 1e3
        FROM system.query_log
        WHERE type = 'QueryFinish' AND user = 'portal_ro' AND position(query, {part:String}) > 0
          AND arrayExists(span -> toUnixTimestamp64Micro(query_start_time_microseconds) BETWEEN span.1 AND span.2,
            {spans:Array(Tuple(Int64, Int64))})";
    let query = auditor.query_raw(sql).with_setting("param_part", part);
    let query = query.with_setting("param_spans", format!("[{}]", spans.join(",")));
    query.fetch_one().await.context("read what the queries have cost")
}
