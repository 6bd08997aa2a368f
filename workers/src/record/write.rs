//! Messages of any dataset, out of the members that were written while 1C's page was read.

use shared::dataset::Definition;
use uuid::Uuid;

use super::{Leave, json};

/// The lines that one message carries.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The document's fields, each with a comma behind it.
    pub fields: &'a [u8],
    /// The number of its first line, from 1.
    pub first_line: u32,
    /// The lines with commas between them.
    pub lines: &'a [u8],
    /// This part's number and how many there are, from 1. A large document goes in several.
    pub part: (u32, u32),
}

/// Writes a catalog's item over what `out` held; without its fields it is gone from 1C, or none of ours any more.
pub fn item(out: &mut Vec<u8>, dataset: &Definition, version: u64, key: Uuid, fields: Option<&[u8]>) {
    open(out, dataset, version, key);
    match fields {
        None => out.extend_from_slice(b"null"),
        Some(fields) => {
            out.push(b'{');
            out.extend_from_slice(fields.strip_suffix(b",").unwrap_or(fields));
            out.push(b'}');
        }
    }
    out.push(b'}');
}

/// Writes a document over what `out` held. Without a part: it is gone and only leaves rows behind.
pub fn document(
    out: &mut Vec<u8>,
    dataset: &Definition,
    version: u64,
    key: Uuid,
    part: Option<Part<'_>>,
    leaves: &[Leave],
) {
    open(out, dataset, version, key);
    match part {
        None => out.extend_from_slice(b"null"),
        Some(Part { fields, first_line, lines, part }) => {
            out.push(b'{');
            out.extend_from_slice(fields);
            out.extend_from_slice(b"\"part\":");
            json::integer(out, part.0.into());
            out.extend_from_slice(b",\"parts\":");
            json::integer(out, part.1.into());
            out.push(b',');
            list(out, first_line, lines);
        }
    }
    out.extend_from_slice(b",\"leaves\":[");
    let (dealer, day) = names(dataset);
    for (index, leave) in leaves.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{" } else { b",{" });
        json::name(out, dealer);
        json::uuid(out, leave.dealer_id);
        out.push(b',');
        json::name(out, day);
        json::day(out, leave.day);
        out.extend_from_slice(b",\"from_line\":");
        json::integer(out, leave.from_line.into());
        out.extend_from_slice(b",\"to_line\":");
        json::integer(out, leave.to_line.into());
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
}

/// Writes rows of a snapshot over what `out` held.
pub fn snapshot(out: &mut Vec<u8>, dataset: &Definition, version: u64, slot: u8, first_line: u32, lines: &[u8]) {
    json::open(out, version);
    out.push(b',');
    json::name(out, &dataset.table);
    out.extend_from_slice(b"{\"slot\":");
    json::integer(out, slot.into());
    out.push(b',');
    list(out, first_line, lines);
    out.push(b'}');
}

/// What a document's dealer and day are called.
pub fn names(dataset: &Definition) -> (&str, &str) {
    let place = dataset.place.as_ref();
    place.map_or(("", ""), |place| (dataset.fields[place.dealer].name.as_str(), place.day.as_str()))
}

fn open(out: &mut Vec<u8>, dataset: &Definition, version: u64, key: Uuid) {
    json::open(out, version);
    out.push(b',');
    json::name(out, &dataset.key);
    json::uuid(out, Some(key));
    out.push(b',');
    json::name(out, &dataset.table);
}

/// Ends the object that it stands in.
fn list(out: &mut Vec<u8>, first_line: u32, lines: &[u8]) {
    out.extend_from_slice(b"\"first_line\":");
    json::integer(out, first_line.into());
    out.extend_from_slice(b",\"lines\":[");
    out.extend_from_slice(lines);
    out.extend_from_slice(b"]}");
}
