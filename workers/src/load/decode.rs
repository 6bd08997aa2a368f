//! Messages into rows: each goes straight into the columns of its batch, or is rejected with a reason.

use shared::dataset::Dataset;
use tokio::time::Instant;
use xxhash_rust::xxh64::Xxh64;

use super::batch::{Phase, Stored};
use super::source::Partition;
use crate::config::Cut;
use crate::record;
use crate::record::block::Block;
use crate::record::marker::{self, Marker};
use crate::record::read;

/// A message that is none: its key, its payload to the byte, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub payload: Option<Vec<u8>>,
    pub reason: String,
}

/// Rows on their way into a table, all of one partition.
#[derive(Debug)]
pub struct Batch {
    pub dataset: Dataset,
    pub topic: String,
    pub partition: i32,
    pub min: i64,
    pub max: i64,
    /// Of the dataset's table.
    pub rows: Block,
    /// Of `dw.pass`; goes in after the rows.
    pub markers: Block,
    pub messages: u64,
    pub rejected: Vec<DeadLetter>,
    /// Keys and payloads of the rejected.
    rejected_bytes: usize,
    pub began: Instant,
}

impl Batch {
    /// Without rows yet: of the dataset's table, and of `dw.pass`.
    pub fn new(dataset: Dataset, (topic, partition): Partition, first: i64, [rows, markers]: [Block; 2]) -> Self {
        Self {
            dataset,
            topic,
            partition,
            min: first,
            max: first,
            rows,
            markers,
            messages: 0,
            rejected: Vec::new(),
            rejected_bytes: 0,
            began: Instant::now(),
        }
    }

    /// Takes a message in, as rows or as one that is none. An error is the revision of one that only a later release can read: it
    /// is not taken.
    pub fn add(&mut self, offset: i64, key: Option<&[u8]>, payload: Option<&[u8]>) -> Result<(), u32> {
        let decoded = self.decode(key, payload);
        if let (Err(_), Some(revision)) = (&decoded, payload.and_then(record::newer_revision)) {
            return Err(revision);
        }
        self.max = offset;
        self.messages += 1;
        if let Err(reason) = decoded {
            self.rejected_bytes += key.map_or(0, <[u8]>::len) + payload.map_or(0, <[u8]>::len);
            self.rejected.push(DeadLetter {
                offset,
                key: key.map(<[u8]>::to_vec),
                payload: payload.map(<[u8]>::to_vec),
                reason,
            });
        }
        Ok(())
    }

    fn decode(&mut self, key: Option<&[u8]>, payload: Option<&[u8]>) -> Result<(), String> {
        let key = key.filter(|key| !key.is_empty()).ok_or("has no key")?;
        let payload = payload.filter(|payload| !payload.is_empty()).ok_or("is empty")?;
        if key == marker::KEY {
            let marker = Marker::decode(payload)?;
            if marker.dataset != self.dataset.name() {
                return Err(format!("marks the end of {:?} in a topic of {}", marker.dataset, self.dataset));
            }
            marker.write_row(&mut self.markers);
            return Ok(());
        }
        read::rows(self.dataset.definition(), payload, &mut self.rows).map(drop)
    }

    /// Whether it takes nothing more. Two passes that have ended while it waited tell that ClickHouse does not keep up.
    pub fn is_full(&self, cut: &Cut) -> bool {
        self.rows.rows() >= cut.rows
            || self.held_bytes() >= cut.bytes
            || self.rejected.len() >= 1_000
            || self.markers.rows() > 1
    }

    /// Whether it waits for nothing more: a pass has ended. Nothing follows soon, and readers wait for it.
    pub fn ends_a_pass(&self) -> bool {
        self.markers.rows() > 0
    }

    /// Bytes of memory that it takes: rows, and what is to be set aside.
    pub fn held_bytes(&self) -> usize {
        self.rows.bytes() + self.markers.bytes() + self.rejected_bytes
    }

    /// Range and hash of the rows. The same messages give the same.
    pub fn state(&self, phase: Phase) -> Stored {
        let mut hasher = Xxh64::new(0);
        self.rows.hash_into(&mut hasher);
        self.markers.hash_into(&mut hasher);
        Stored { min: self.min, max: self.max, phase, row_hash: hasher.digest() }
    }
}

#[cfg(test)]
mod tests {
    use shared::dataset::{Catalogue, Table};

    use super::*;

    fn batch() -> Batch {
        let dealers = Catalogue::compiled_in().unwrap().get("dealers").unwrap();
        let table = Table::of(dealers);
        let rows = Block::of(table.inserted());
        Batch::new(dealers, ("erp.dealers.v1".to_owned(), 0), 5, [rows, Block::of(Marker::COLUMNS)])
    }

    fn dealer(version: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let dealers = Catalogue::compiled_in().unwrap().get("dealers").unwrap();
        let fields = Some("\"code\":\"1\",\"name\":\"Волга\",".as_bytes());
        crate::record::write::item(&mut out, dealers.definition(), version, uuid::Uuid::from_u128(1), fields);
        out
    }

    #[test]
    fn poison_is_rejected_with_its_reason_and_the_rows_around_it_are_stored() {
        let mut batch = batch();
        batch.add(5, Some(b"k"), Some(&dealer(1))).unwrap();
        for (offset, key, payload, reason) in [
            (6, Some(&b"k"[..]), Some(&b"{\"revision\":1,"[..]), "is no message"),
            (7, Some(b"k"), Some(b"{\"revision\":0}"), "revision 0"),
            (8, Some(b"k"), None, "is empty"),
            (9, None, Some(b"{}"), "has no key"),
            (10, Some(b"pass"), Some(b"{}"), "is no message"),
        ] {
            batch.add(offset, key, payload).unwrap();
            let last = batch.rejected.last().unwrap();
            assert!(last.offset == offset && last.reason.contains(reason), "{last:?}");
        }
        batch.add(11, Some(b"k"), Some(&dealer(2))).unwrap();
        assert_eq!((batch.rows.rows(), batch.rejected.len(), batch.min, batch.max), (2, 5, 5, 11));
    }

    #[test]
    fn a_message_of_a_later_release_is_neither_rows_nor_rejected() {
        let mut batch = batch();
        batch.add(5, Some(b"k"), Some(&dealer(1))).unwrap();
        let text = String::from_utf8(dealer(2)).unwrap();
        let newer = text.replace("\"revision\":1", "\"revision\":2");
        assert_ne!(newer, text);
        assert_eq!(batch.add(6, Some(b"k"), Some(newer.as_bytes())), Err(2));
        assert_eq!(batch.add(6, Some(b"pass"), Some(b"{\"revision\":3}")), Err(3));
        assert_eq!((batch.rows.rows(), batch.rejected.len(), batch.max, batch.messages), (1, 0, 5, 1));
    }

    #[test]
    fn a_batch_formed_again_is_known_by_its_rows_and_one_with_other_rows_is_not() {
        let formed = |version| {
            let mut batch = batch();
            batch.add(5, Some(b"k"), Some(&dealer(version))).unwrap();
            batch.state(Phase::Before)
        };
        assert_eq!(formed(1), formed(1));
        assert_ne!(formed(1), formed(2));
    }

    #[test]
    fn large_payloads_that_are_no_messages_fill_a_batch_as_rows_do() {
        let mut batch = batch();
        let cut = Cut { bytes: 3_000, ..Cut::default() };
        for offset in 5..8 {
            assert!(!batch.is_full(&cut), "{offset}");
            batch.add(offset, Some(b"k"), Some(&[b'x'; 1_000])).unwrap();
        }
        assert!(batch.is_full(&cut));
        assert_eq!(batch.held_bytes(), 3 * 1_001);
    }
}
