//! Rows into ClickHouse: gathered first, then streamed whole. A repetition is a copy, which versions absorb.

use std::time::Duration;

use bytes::Bytes;
use clickhouse::{Client, Compression};
use shared::dataset::{self, ColumnType};
use uuid::Uuid;

use crate::record::block::Block;

/// Sending a chunk; the whole insert, as the server sees it.
const SEND: Duration = Duration::from_secs(10);
const END: Duration = Duration::from_secs(60);

/// Codes that no repetition mends, of one table: read-only, rights, names and types of the schema. A database or a table
/// that is not there (81, 60) is awaited: a warehouse made anew gets its schema by migrate.
const OF_THE_TABLE: [u32; 13] = [6, 16, 27, 41, 46, 47, 53, 62, 70, 72, 164, 242, 497];

/// The same, of the user and its password.
const OF_THE_USER: [u32; 3] = [192, 194, 516];

#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// A bad day: the same batch again.
    #[error("ClickHouse does not take the batch now: {0}")]
    Again(String),
    /// Someone must mend this table first.
    #[error("ClickHouse refuses the batch, and will again: {0}")]
    Refused(String),
    /// Nothing is taken from us: a start with the right user and password is needed.
    #[error("ClickHouse does not let the loader in: {0}")]
    Locked(String),
}

/// A table of `dw`.
#[derive(Clone)]
pub struct Table {
    client: Client,
    sql: String,
    empty: Block,
}

impl Table {
    pub fn new(client: &Client, table: &dataset::Table) -> Self {
        Self::of_columns(client, &table.name, &table.inserted().collect::<Vec<_>>())
    }

    pub fn of_columns(client: &Client, table: &str, columns: &[(&str, ColumnType)]) -> Self {
        let client = client.clone().with_database("dw").with_compression(Compression::None);
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let sql = format!("INSERT INTO dw.{table} ({}) FORMAT Native", names.join(", "));
        Self { client, sql, empty: Block::of(columns.iter().copied()) }
    }

    /// A block of its columns, without rows yet.
    pub fn empty(&self) -> Block {
        self.empty.clone()
    }

    /// Inserts a block; synchronous, so that an answer means stored. A type that is not the table's own is refused: it
    /// would be converted, with digits cut off.
    ///
    /// No two inserts have the same token, not even two tries of one batch. ClickHouse writes a token down before the part
    /// is in place: killed in between, it keeps the token, forgets the part, and answers 200 to the repetition without
    /// storing it. Without any token it does the same by the hash of the rows.
    pub async fn insert(&self, pieces: &[Bytes]) -> Result<(), InsertError> {
        let mut insert = self
            .client
            .insert_formatted_with(self.sql.clone())
            .with_timeouts(Some(SEND), Some(END))
            .with_setting("async_insert", "0")
            .with_setting("insert_deduplication_token", Uuid::new_v4().to_string())
            .with_setting("max_insert_block_size", "1048449")
            // Two versions of a key in one block are told apart when they are read, as two of different blocks are: to look
            // for them here is a third of what an insert costs.
            .with_setting("optimize_on_insert", "0")
            .with_setting("input_format_native_allow_types_conversion", "0");
        for piece in pieces {
            insert.send(piece.clone()).await.map_err(classify)?;
        }
        insert.end().await.map_err(classify)
    }
}

fn classify(error: clickhouse::error::Error) -> InsertError {
    let text: String = error.to_string().chars().take(500).collect();
    match code(&text) {
        Some(code) if OF_THE_TABLE.contains(&code) => InsertError::Refused(text),
        Some(code) if OF_THE_USER.contains(&code) => InsertError::Locked(text),
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
    fn memory_network_and_a_missing_schema_are_tried_again_and_rights_types_and_passwords_are_not() {
        let bad = |text: &str| classify(clickhouse::error::Error::BadResponse(text.to_owned()));
        for code in [241, 252, 202, 159, 999, 60, 81] {
            assert!(matches!(bad(&format!("Code: {code}. DB::Exception: x")), InsertError::Again(_)), "{code}");
        }
        for code in [164, 242, 497, 53, 16] {
            assert!(matches!(bad(&format!("Code: {code}. DB::Exception: x")), InsertError::Refused(_)), "{code}");
        }
        for code in [192, 516] {
            assert!(matches!(bad(&format!("Code: {code}. DB::Exception: x")), InsertError::Locked(_)), "{code}");
        }
        assert!(matches!(classify(clickhouse::error::Error::TimedOut), InsertError::Again(_)));
    }
}
