//! Rows of the ledger as PostgreSQL's binary COPY takes them: of a first load they are as many as documents, and as text they cost
//! PostgreSQL a third more.

use chrono::NaiveDate;
use uuid::Uuid;

use super::audit;
use super::ledger::Entry;
use super::pass::Pass;

/// The statement; `rows` has its columns, in their order.
pub const SENT: &str = "COPY sent (dataset, key, batch, shape, data_version, dealer_id, sold_on, lines, amount, version, hash) \
                        FROM STDIN (FORMAT binary)";
const COLUMNS: i16 = 11;

/// The signature, no flags, no extension.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// In place of a row's number of columns.
const END: i16 = -1;
const NULL: i32 = -1;

pub fn rows(pass: &Pass, batch: i64, entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD.len() + 2 + entries.len() * 180);
    out.extend_from_slice(HEAD);
    for entry in entries {
        let (place, version) = (&entry.place, entry.version);
        let hash = version.map(|version| audit::hash(entry.key, version, place.lines, entry.amount).cast_signed());
        out.extend_from_slice(&COLUMNS.to_be_bytes());
        value(&mut out, pass.dataset.name().as_bytes());
        value(&mut out, entry.key.as_bytes());
        value(&mut out, &batch.to_be_bytes());
        value(&mut out, &pass.shape.to_be_bytes());
        value(&mut out, entry.data_version.as_bytes());
        optional(&mut out, place.dealer_id.map(Uuid::into_bytes));
        optional(&mut out, place.day.map(|day| days(day).to_be_bytes()));
        value(&mut out, &i32::try_from(place.lines).unwrap_or(i32::MAX).to_be_bytes());
        value(&mut out, &entry.amount.to_be_bytes());
        optional(&mut out, version.map(|version| version.cast_signed().to_be_bytes()));
        optional(&mut out, hash.map(i64::to_be_bytes));
    }
    out.extend_from_slice(&END.to_be_bytes());
    out
}

/// Behind its length.
fn value(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&i32::try_from(bytes.len()).unwrap_or(i32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn optional<const BYTES: usize>(out: &mut Vec<u8>, bytes: Option<[u8; BYTES]>) {
    match bytes {
        Some(bytes) => value(out, &bytes),
        None => out.extend_from_slice(&NULL.to_be_bytes()),
    }
}

/// Days since PostgreSQL's own first day, the first of the year 2000.
fn days(day: NaiveDate) -> i32 {
    let first = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
    i32::try_from(day.signed_duration_since(first).num_days()).unwrap_or(i32::MAX)
}
