//! The end of a pass, written into every partition of its topic after the rows: the loader stores it after them, and
//! the reports know from it how old their rows are.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::dataset::ColumnType;

use super::block::Block;
use super::raw;

/// The Kafka key of a marker; every other key is the reference of a document or an item.
pub const KEY: &[u8] = b"pass";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    pub revision: u32,
    pub dataset: String,
    pub pass: u64,
    /// When the pass began to read 1C.
    pub read_at: DateTime<Utc>,
    /// The usual seconds between passes of this dataset.
    #[serde(default)]
    pub interval_s: u32,
    pub partition: u16,
    /// How many partitions this pass wrote its marker to.
    pub partitions: u16,
    /// Of the last message of rows that was sent before, by whichever pass: none has been sent since where it is the same. 0: the
    /// extractor does not say.
    #[serde(default)]
    pub rows_version: u64,
}

impl Marker {
    pub const TABLE: &'static str = "pass";
    /// With their types.
    pub const COLUMNS: [(&'static str, ColumnType); 7] = [
        ("dataset", ColumnType::LowCardinality),
        ("partition", ColumnType::UInt16),
        ("partitions", ColumnType::UInt16),
        ("pass", ColumnType::UInt64),
        ("read_at", ColumnType::Milliseconds),
        ("interval_s", ColumnType::UInt32),
        ("rows_version", ColumnType::UInt64),
    ];

    pub fn decode(payload: &[u8]) -> Result<Self, String> {
        let marker: Self = serde_json::from_slice(payload).map_err(|error| super::problem(payload, &error))?;
        super::check_revision(marker.revision).map(|()| marker)
    }

    /// Appends its row, of these columns.
    pub fn write_row(&self, rows: &mut Block) {
        let written = rows.append(|columns| {
            let [dataset, partition, partitions, pass, read_at, interval_s, rows_version] = columns else {
                return Ok(0);
            };
            dataset.put(|out| raw::text(out, &self.dataset));
            partition.put(|out| raw::u16(out, self.partition));
            partitions.put(|out| raw::u16(out, self.partitions));
            pass.put(|out| raw::u64(out, self.pass));
            read_at.put(|out| raw::i64(out, self.read_at.timestamp_millis()));
            interval_s.put(|out| raw::u32(out, self.interval_s));
            rows_version.put(|out| raw::u64(out, self.rows_version));
            Ok::<_, std::convert::Infallible>(1)
        });
        let Ok(_) = written;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_of_another_release_is_read_and_one_that_does_not_say_what_it_marks_is_not() {
        let text = r#"{"revision":1,"dataset":"sales","pass":7,"read_at":"2024-03-05T00:00:00Z","interval_s":60,"partition":0,"partitions":3,"rows_version":30064771073}"#;
        let marker = Marker::decode(text.as_bytes()).unwrap();
        let newer = text.replace("\"pass\"", "\"rows\":{},\"pass\"");
        assert_eq!(Marker::decode(newer.as_bytes()), Ok(marker.clone()));
        let older = text.replace("\"interval_s\":60,", "");
        assert_eq!(Marker::decode(older.as_bytes()), Ok(Marker { interval_s: 0, ..marker.clone() }));
        let older = text.replace(",\"rows_version\":30064771073", "");
        assert_eq!(Marker::decode(older.as_bytes()), Ok(Marker { rows_version: 0, ..marker }));
        for needed in ["revision", "dataset", "pass", "read_at", "partition", "partitions"] {
            let without = text.replace(&format!("\"{needed}\""), "\"another\"");
            assert!(Marker::decode(without.as_bytes()).is_err(), "{needed} must be there");
        }
    }
}
