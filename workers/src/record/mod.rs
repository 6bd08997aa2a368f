//! The Kafka messages: a catalog item, a document with its lines, or a part of a snapshot, as compact JSON with its revision. What
//! `extract` writes and `load` reads, and the rows they become; all names in them are those of the dataset.
//!
//! ```text
//! {"revision":1,"version":V,"<key>":"…","<table>":{<fields>},…}                                        an item
//! {"revision":1,"version":V,"<key>":"…","<table>":{<fields>,"part":1,"parts":1,"first_line":1,"lines":[{…},…]},"leaves":[…]}   a document
//! {"revision":1,"version":V,"<table>":{"slot":0,"first_line":1,"lines":[{…},…]}}                       of a snapshot
//! ```
//!
//! Extractor and loader are rolled out one after the other, so each reads what the other's release writes: a field that a
//! reader does not know is passed over, one that it misses takes its default. Only what names a record, gives its place,
//! or is required by its dataset must be there.

pub mod block;
pub mod json;
pub mod marker;
mod raw;
pub mod read;
pub mod write;

use chrono::{NaiveDate, NaiveDateTime};
use shared::dataset::{Kind, YEARS};
use uuid::Uuid;

/// Raised when a message's meaning changes. A loader waits before those of a newer release, and rejects those that never were.
pub const REVISION: u32 = 1;

/// Letters of a document's text at most, for every row repeats them: of a code, of which 1C has 50, or of another.
pub fn most_letters(kind: &Kind) -> usize {
    if *kind == Kind::Code { 100 } else { 1_000 }
}

/// Rows that a document had and has no more: lines `from_line` to `to_line` of a dealer's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    pub dealer_id: Option<Uuid>,
    pub day: NaiveDate,
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

/// Whether the warehouse can hold it.
pub fn is_in_range(day: NaiveDate) -> bool {
    YEARS.contains(&chrono::Datelike::year(&day))
}

/// What every message says, whatever else its revision has it say.
#[derive(serde::Deserialize)]
struct Probe {
    revision: u32,
}

/// The revision of a message that only a later release can read.
pub fn newer_revision(payload: &[u8]) -> Option<u32> {
    let revision = serde_json::from_slice::<Probe>(payload).ok()?.revision;
    (revision > REVISION).then_some(revision)
}

/// Why serde refused a message; an unknown revision is told first, since its shape may differ.
pub(crate) fn problem(payload: &[u8], error: &serde_json::Error) -> String {
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
