//! Writes compact JSON straight into a reused buffer: no tree, no allocation per value.

use std::io::Write;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use shared::money::{Amount, SCALE};
use uuid::Uuid;

pub fn uuid(out: &mut Vec<u8>, id: Option<Uuid>) {
    match id {
        None => out.extend_from_slice(b"null"),
        Some(id) => {
            let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
            out.push(b'"');
            out.extend_from_slice(id.hyphenated().encode_lower(&mut text).as_bytes());
            out.push(b'"');
        }
    }
}

/// A decimal as text, so that no reader takes it through a float.
pub fn amount(out: &mut Vec<u8>, amount: Amount) {
    let unit = 10u64.pow(SCALE);
    let magnitude = amount.raw().unsigned_abs();
    out.push(b'"');
    if amount.raw() < 0 {
        out.push(b'-');
    }
    integer(out, magnitude / unit);
    let mut fraction = magnitude % unit;
    if fraction != 0 {
        out.push(b'.');
        let mut place = unit / 10;
        while fraction != 0 {
            out.push(digit(fraction / place));
            fraction %= place;
            place /= 10;
        }
    }
    out.push(b'"');
}

pub fn integer(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = digit(value % 10);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn digit(value: u64) -> u8 {
    b'0' + u8::try_from(value % 10).unwrap_or(0)
}

pub fn text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else if serde_json::to_writer(&mut *out, text).is_err() {
        // Writing text into memory does not fail.
        out.extend_from_slice(b"\"\"");
    }
}

/// The name of a field, which is a plain word.
pub fn name(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

pub fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

pub fn flag(out: &mut Vec<u8>, flag: bool) {
    out.extend_from_slice(if flag { b"true" } else { b"false" });
}

fn two(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&[digit(u64::from(value / 10)), digit(u64::from(value))]);
}

fn day_text(out: &mut Vec<u8>, day: NaiveDate) {
    let year = u32::try_from(day.year()).unwrap_or(0);
    two(out, year / 100);
    two(out, year % 100);
    out.push(b'-');
    two(out, day.month());
    out.push(b'-');
    two(out, day.day());
}

pub fn day(out: &mut Vec<u8>, day: NaiveDate) {
    out.push(b'"');
    day_text(out, day);
    out.push(b'"');
}

pub fn moment(out: &mut Vec<u8>, moment: NaiveDateTime) {
    out.push(b'"');
    day_text(out, moment.date());
    out.push(b'T');
    two(out, moment.hour());
    out.push(b':');
    two(out, moment.minute());
    out.push(b':');
    two(out, moment.second());
    out.push(b'"');
}

/// The opening that every message shares.
pub fn open(out: &mut Vec<u8>, version: u64) {
    out.clear();
    // Writing into memory does not fail.
    let _ = write!(out, "{{\"revision\":{},\"version\":{version}", super::REVISION);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn amounts_are_written_as_their_shortest_exact_text() {
        for text in ["0", "20000", "3333.33", "-0.5", "0.0001", "99999999999999.9999", "10.01"] {
            let parsed = Amount::parse(text).unwrap();
            assert_eq!(written(|out| amount(out, parsed)), format!("\"{text}\""));
        }
    }

    #[test]
    fn texts_and_moments_are_read_back_as_they_were() {
        for sample in ["ТД00-000042", "a \"quoted\" \\ word", "line\nbreak\u{1}"] {
            assert_eq!(serde_json::from_str::<String>(&written(|out| text(out, sample))).unwrap(), sample);
        }
        let at = crate::record::moment("0209-03-05T01:02:09").unwrap();
        assert_eq!(written(|out| moment(out, at)), "\"0209-03-05T01:02:09\"");
    }
}
