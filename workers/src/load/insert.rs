//! Rows into ClickHouse: gathered first, then streamed whole, each try under a token of its own.

use std::time::Duration;

use bytes::Bytes;
use clickhouse::{Client, Compression};

/// Sending a chunk; the whole insert, as the server sees it.
const SEND: Duration = Duration::from_secs(10);
const END: Duration = Duration::from_secs(60);

/// Codes that no repetition mends: read-only, rights, password, names and types of the schema. A database or a table that
/// is not there (81, 60) is awaited: a warehouse made anew gets its schema by migrate.
const LASTING: [u32; 16] = [6, 16, 27, 41, 46, 47, 53, 62, 70, 72, 164, 192, 194, 242, 497, 516];

#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// A bad day: the same batch again, under another token.
    #[error("ClickHouse does not take the batch now: {0}")]
    Again(String),
    /// Someone must mend something first.
    #[error("ClickHouse refuses the batch, and will again: {0}")]
    Lasting(String),
}

/// A table of `dw`.
#[derive(Clone)]
pub struct Table {
    client: Client,
    sql: String,
}

impl Table {
    pub fn new(client: &Client, table: &str, columns: &str) -> Self {
        let client = client.clone().with_database("dw").with_compression(Compression::None);
        Self { client, sql: format!("INSERT INTO dw.{table} ({columns}) FORMAT RowBinary") }
    }

    /// Inserts RowBinary rows; synchronous, so that an answer means stored.
    pub async fn insert(&self, rows: Bytes, token: &str) -> Result<(), InsertError> {
        let mut insert = self
            .client
            .insert_formatted_with(self.sql.clone())
            .with_timeouts(Some(SEND), Some(END))
            .with_setting("async_insert", "0")
            .with_setting("insert_deduplicate", "1")
            .with_setting("insert_deduplication_token", token)
            .with_setting("deduplicate_blocks_in_dependent_materialized_views", "1")
            .with_setting("max_insert_block_size", "1048449");
        insert.send(rows).await.map_err(classify)?;
        insert.end().await.map_err(classify)
    }
}

fn classify(error: clickhouse::error::Error) -> InsertError {
    let text: String = error.to_string().chars().take(500).collect();
    match code(&text) {
        Some(code) if LASTING.contains(&code) => InsertError::Lasting(text),
        _ => InsertError::Again(text),
    }
}

/// `… Code: 241. DB::Exception: …` → 241.
fn code(text: &str) -> Option<u32> {
    let rest = text.split("Code: ").nth(1)?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_network_and_a_missing_schema_are_tried_again_and_rights_and_types_stop_the_loader() {
        let bad = |text: &str| classify(clickhouse::error::Error::BadResponse(text.to_owned()));
        for code in [241, 252, 202, 159, 999, 60, 81] {
            assert!(matches!(bad(&format!("Code: {code}. DB::Exception: x")), InsertError::Again(_)), "{code}");
        }
        for code in [164, 242, 497, 516, 53, 16] {
            assert!(matches!(bad(&format!("Code: {code}. DB::Exception: x")), InsertError::Lasting(_)), "{code}");
        }
        assert!(matches!(classify(clickhouse::error::Error::TimedOut), InsertError::Again(_)));
    }
}
