//! Single values as ClickHouse's binary formats have them: the same value is the same bytes.

use chrono::{NaiveDate, NaiveDateTime};
use shared::money::Amount;
use uuid::Uuid;

pub fn uuid(out: &mut Vec<u8>, id: Uuid) {
    let (high, low) = id.as_u64_pair();
    out.extend_from_slice(&high.to_le_bytes());
    out.extend_from_slice(&low.to_le_bytes());
}

/// `Date32`: days since 1970.
pub fn day(out: &mut Vec<u8>, day: NaiveDate) {
    let days = day.signed_duration_since(NaiveDate::default()).num_days();
    out.extend_from_slice(&i32::try_from(days).unwrap_or(0).to_le_bytes());
}

/// `DateTime64(0)`: seconds of the wall clock since 1970.
pub fn moment(out: &mut Vec<u8>, moment: NaiveDateTime) {
    out.extend_from_slice(&moment.and_utc().timestamp().to_le_bytes());
}

pub fn text(out: &mut Vec<u8>, text: &str) {
    length(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// How many bytes, or columns, follow.
pub fn length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push(0x80 | (length & 0x7f) as u8);
        length >>= 7;
    }
    out.push(length as u8);
}

/// `Decimal(18, 4)`.
pub fn amount(out: &mut Vec<u8>, amount: Amount) {
    out.extend_from_slice(&amount.raw().to_le_bytes());
}

pub fn u8(out: &mut Vec<u8>, value: u8) {
    out.push(value);
}

pub fn u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub fn u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub fn u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub fn i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&value.to_le_bytes());
}
