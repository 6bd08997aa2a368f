//! The Kafka messages: a catalog item, or a document with its lines, as compact JSON with its revision. What `extract`
//! writes and `load` reads; the rows they become.
//!
//! Extractor and loader are rolled out one after the other, so each reads what the other's release writes: a field that a
//! reader does not know is passed over, one that it misses takes its default. Only what names a record, gives its place,
//! or would make a wrong figure of nothing must be there.

pub mod json;
pub mod marker;
pub mod named;
pub mod product;
pub mod row;
pub mod sale;

use chrono::{NaiveDate, NaiveDateTime};
use uuid::Uuid;

/// Raised when a message's meaning changes; a loader rejects those it does not know.
pub const REVISION: u32 = 1;

/// Years that the warehouse's `Date32` holds.
pub const YEARS: std::ops::RangeInclusive<i32> = 1900..=2299;

/// How the messages of a dataset become rows of its table.
pub trait Record {
    /// In database `dw`.
    const TABLE: &'static str;
    /// In the order in which `decode` writes them.
    const COLUMNS: &'static str;

    /// Appends the rows of a message in RowBinary and tells how many, or why it is no such message; then `rows` may
    /// hold a part, which the caller cuts off.
    fn decode(payload: &[u8], rows: &mut Vec<u8>) -> Result<u32, String>;
}

/// A catalog's item, as the extractor sends it.
pub trait Item: Sized {
    /// Writes a message over what `out` held; without an item it is gone from 1C, or none of ours any more.
    fn write(out: &mut Vec<u8>, version: u64, id: Uuid, item: Option<&Self>);
}

/// Rows that a document had and has no more: lines `from_line` to `to_line` of a dealer's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub struct Leave {
    #[serde(deserialize_with = "or_null")]
    pub dealer_id: Option<Uuid>,
    pub sold_on: NaiveDate,
    pub from_line: u32,
    pub to_line: u32,
}

/// `2024-03-05T11:42:10`: the wall clock of the infobase, never converted.
pub fn moment(text: &str) -> Option<NaiveDateTime> {
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        bytes
            .get(range)?
            .iter()
            .try_fold(0u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let marks = bytes.len() == 19
        && [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')].iter().all(|(at, mark)| bytes[*at] == *mark);
    if !marks {
        return None;
    }
    let year = i32::try_from(number(0..4)?).ok()?;
    NaiveDate::from_ymd_opt(year, number(5..7)?, number(8..10)?)?.and_hms_opt(
        number(11..13)?,
        number(14..16)?,
        number(17..19)?,
    )
}

/// A field that may be null, but not be missing: nothing must not be read out of silence.
pub(crate) fn or_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    serde::Deserialize::deserialize(deserializer)
}

/// Why serde refused a message; an unknown revision is told first, since its shape may differ.
pub(crate) fn problem(payload: &[u8], error: &serde_json::Error) -> String {
    #[derive(serde::Deserialize)]
    struct Probe {
        revision: u32,
    }
    match serde_json::from_slice::<Probe>(payload) {
        Ok(Probe { revision }) if revision != REVISION => {
            format!("revision {revision} is not known here: this loader reads revision {REVISION}")
        }
        _ => format!("is no message of this topic: {error}"),
    }
}

pub(crate) fn check_revision(revision: u32) -> Result<(), String> {
    if revision == REVISION {
        return Ok(());
    }
    Err(format!("revision {revision} is not known here: this loader reads revision {REVISION}"))
}
