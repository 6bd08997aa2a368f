//! Values as JSON text, straight into the body.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uuid::Uuid;

use crate::{
    base::{Row, Value, write_int},
    schema::Kind,
};

/// Int64 travels as a string; so does anything that a fault declares as text.
pub fn in_quotes(kind: &Kind) -> bool {
    matches!(kind, Kind::Int64 | Kind::Text)
}

pub fn write_name(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

pub fn write_link(out: &mut Vec<u8>, set_name: &str, name: &str, row: Row<'_>) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"@navigationLinkUrl\":\"");
    write_link_url(out, set_name, name, row);
    out.push(b'"');
}

/// `Document_X(guid'…')/Партнер`; for a line, through the flat set of its tabular section.
pub fn write_link_url(out: &mut Vec<u8>, set_name: &str, name: &str, row: Row<'_>) {
    out.extend_from_slice(set_name.as_bytes());
    match row.line() {
        Some(number) => {
            if !set_name.ends_with("_Товары") {
                out.extend_from_slice("_Товары".as_bytes());
            }
            out.extend_from_slice(b"(Ref_Key=guid'");
            write_guid(out, row.reference());
            out.extend_from_slice(b"',LineNumber=");
            write_int(out, number as u64);
        }
        None => {
            out.extend_from_slice(b"(guid'");
            write_guid(out, row.reference());
            out.push(b'\'');
        }
    }
    out.extend_from_slice(b")/");
    out.extend_from_slice(name.as_bytes());
}

#[inline]
pub fn write_guid(out: &mut Vec<u8>, id: Uuid) {
    let mut text = [0_u8; 36];
    out.extend_from_slice(id.hyphenated().encode_lower(&mut text).as_bytes());
}

/// A JSON value; numbers and flags in quotes where the declared type wants text.
#[inline]
pub fn write_value(out: &mut Vec<u8>, value: Value<'_>, in_quotes: bool) {
    match value {
        Value::Text(text) => write_text(out, text),
        Value::Guid(id) => {
            out.push(b'"');
            write_guid(out, id);
            out.push(b'"');
        }
        Value::Date(date) => {
            out.push(b'"');
            date.write(out);
            out.push(b'"');
        }
        Value::Version(version) => {
            out.push(b'"');
            out.extend_from_slice(version_text(version).as_bytes());
            out.push(b'"');
        }
        Value::Null => out.extend_from_slice(b"null"),
        Value::NoRows => out.extend_from_slice(b"[]"),
        Value::Json(json) => out.extend_from_slice(json.as_bytes()),
        Value::Bool(_) | Value::Whole(_) | Value::Amount(_) => {
            if in_quotes {
                out.push(b'"');
            }
            match value {
                Value::Bool(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
                Value::Amount(amount) => amount.write(out),
                Value::Whole(number) => {
                    if number < 0 {
                        out.push(b'-');
                    }
                    write_int(out, number.unsigned_abs());
                }
                _ => {}
            }
            if in_quotes {
                out.push(b'"');
            }
        }
    }
}

/// Eight bytes as base64: `AAAAAAAAETg=`.
pub fn version_text(version: u64) -> String {
    STANDARD.encode(version.to_be_bytes())
}

/// A JSON string. Runs without anything to escape are copied whole.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => out.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}
