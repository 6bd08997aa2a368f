//! The end of a pass, written into every partition of its topic after the rows: the loader stores it after them, and
//! the reports know from it how old their rows are.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::row;

/// The Kafka key of a marker; every other key is the reference of a document or an item.
pub const KEY: &[u8] = b"pass";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    pub revision: u32,
    pub dataset: String,
    pub pass: u64,
    /// When the pass began to read 1C.
    pub read_at: DateTime<Utc>,
    /// The usual seconds between passes of this dataset.
    pub interval_s: u32,
    pub partition: u16,
    /// How many partitions this pass wrote its marker to.
    pub partitions: u16,
}

impl Marker {
    pub const TABLE: &'static str = "pass";
    pub const COLUMNS: &'static str = "dataset, partition, partitions, pass, read_at, interval_s";

    pub fn decode(payload: &[u8]) -> Result<Self, String> {
        let marker: Self = serde_json::from_slice(payload).map_err(|error| super::problem(payload, &error))?;
        super::check_revision(marker.revision).map(|()| marker)
    }

    pub fn write_row(&self, rows: &mut Vec<u8>) {
        row::text(rows, &self.dataset);
        row::u16(rows, self.partition);
        row::u16(rows, self.partitions);
        row::u64(rows, self.pass);
        row::i64(rows, self.read_at.timestamp_millis());
        row::u32(rows, self.interval_s);
    }
}
