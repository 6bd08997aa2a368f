//! A message of any dataset into the rows of its table, in RowBinary: one walk over the borrowed text, in whatever order its members
//! stand.

mod message;

use chrono::{NaiveDate, NaiveDateTime};
use serde::de::DeserializeSeed as _;
use shared::dataset::{Definition, Field, Kind, What, YEARS};
use shared::money::Amount;
use uuid::Uuid;

use self::message::{Cell, Message, MessageOf, Record};
use super::{Leave, row};

/// Beyond it a message is broken, not large: more lines than a document can have.
const MOST_LINES: u32 = 10_000_000;
/// Rows that one message may become, those that it leaves included, and their bytes. The extractor stays far below both.
const MOST_ROWS: u32 = 200_000;
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Appends the rows of a message and tells how many, or why it is no such message; then `rows` may hold a part, which the
/// caller cuts off. The columns are those of `Table::inserted`, in their order.
pub fn rows(dataset: &Definition, payload: &[u8], rows: &mut Vec<u8>) -> Result<u32, String> {
    let text = std::str::from_utf8(payload).map_err(|_| "is no UTF-8 text".to_owned())?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read =
        MessageOf(dataset).deserialize(&mut deserializer).and_then(|message| deserializer.end().map(|()| message));
    let message = read.map_err(|error| super::problem(payload, &error))?;
    super::check_revision(message.revision)?;
    let encoded = message.record.as_ref().map(|record| Encoded::of(dataset, record)).transpose()?;
    let count = within_bounds(dataset, &message, encoded.as_ref())?;
    if dataset.what == What::Catalog {
        write_item(dataset, &message, encoded.as_ref(), rows)?;
        return Ok(1);
    }
    if let (Some(record), Some(encoded)) = (&message.record, &encoded) {
        if dataset.is_snapshot() && record.ends.is_empty() {
            write_nothing(dataset, &message, record, rows);
            return Ok(1);
        }
        write_lines(dataset, &message, record, encoded, rows)?;
    }
    for leave in &message.leaves {
        write_tombstones(dataset, &message, leave, rows)?;
    }
    Ok(count)
}

/// RowBinary of the document's own columns.
struct Encoded {
    fields: Vec<u8>,
    /// Letters of codes and texts are bounded: the field that has too many.
    too_long: Option<(String, usize)>,
}

impl Encoded {
    fn of(dataset: &Definition, record: &Record<'_>) -> Result<Self, String> {
        let mut fields = Vec::new();
        let mut too_long = None;
        for (at, (field, cell)) in dataset.fields.iter().zip(&record.cells).enumerate() {
            if let Cell::Text(text) = cell
                && dataset.what == What::Document
            {
                let most = super::most_letters(&field.kind);
                if text.chars().nth(most).is_some() {
                    too_long = Some((field.name.clone(), most));
                }
            }
            if !dataset.leads(at) {
                encode(field, cell, &mut fields)
                    .map_err(|missing| format!("is no message of this topic: {missing}"))?;
            }
        }
        Ok(Self { fields, too_long })
    }
}

/// How many rows the message becomes, told before the first is written: a few bytes can name millions.
fn within_bounds(dataset: &Definition, message: &Message<'_>, encoded: Option<&Encoded>) -> Result<u32, String> {
    let mut count = 0u64;
    let mut bytes = 0u64;
    let own = encoded.map_or(0, |encoded| encoded.fields.len()) as u64 + 64;
    if let Some((field, most)) = encoded.and_then(|encoded| encoded.too_long.as_ref()) {
        return Err(format!("has a {field} of more than {most} letters"));
    }
    if let Some(record) = message.record.as_ref().filter(|_| dataset.has_lines()) {
        if record.first_line == 0 || record.first_line > MOST_LINES || record.part > record.parts {
            return Err("has line or part numbers that cannot be".to_owned());
        }
        count += record.ends.len() as u64;
        bytes += count * own + record.lines.len() as u64;
    }
    for leave in &message.leaves {
        if leave.from_line == 0 || leave.from_line > leave.to_line || leave.to_line > MOST_LINES {
            return Err(format!("leaves lines {} to {}, which cannot be", leave.from_line, leave.to_line));
        }
        let left = u64::from(leave.to_line - leave.from_line) + 1;
        count += left;
        bytes = bytes.saturating_add(left.saturating_mul(own.max(256)));
    }
    match u32::try_from(count) {
        Ok(count) if count <= MOST_ROWS && bytes <= MOST_BYTES as u64 => Ok(count),
        _ => Err(format!(
            "would become {count} rows of {bytes} bytes; {MOST_ROWS} rows and {MOST_BYTES} bytes are the most"
        )),
    }
}

fn write_item(
    dataset: &Definition,
    message: &Message<'_>,
    encoded: Option<&Encoded>,
    rows: &mut Vec<u8>,
) -> Result<(), String> {
    row::uuid(rows, message.key);
    match encoded {
        Some(encoded) => rows.extend_from_slice(&encoded.fields),
        None => dataset.fields.iter().for_each(|field| empty(field, rows)),
    }
    row::u64(rows, message.version);
    row::u8(rows, encoded.is_none().into());
    Ok(())
}

fn write_lines(
    dataset: &Definition,
    message: &Message<'_>,
    record: &Record<'_>,
    encoded: &Encoded,
    rows: &mut Vec<u8>,
) -> Result<(), String> {
    let mut leading = Vec::with_capacity(64);
    match &dataset.place {
        Some(place) => {
            let (dealer, day) = placed(dataset, place, record)?;
            row::uuid(&mut leading, dealer);
            row::day(&mut leading, day);
            row::uuid(&mut leading, message.key);
        }
        None if dataset.is_snapshot() => row::u8(&mut leading, record.slot),
        None => row::uuid(&mut leading, message.key),
    }
    let mut start = 0;
    rows.reserve(record.ends.len() * (leading.len() + encoded.fields.len() + 13) + record.lines.len());
    for (end, line_no) in record.ends.iter().zip(record.first_line..) {
        rows.extend_from_slice(&leading);
        row::u32(rows, line_no);
        rows.extend_from_slice(&encoded.fields);
        rows.extend_from_slice(&record.lines[start..*end]);
        row::u64(rows, message.version);
        row::u8(rows, 0);
        start = *end;
    }
    Ok(())
}

/// A snapshot without a row is one, too: a deleted row has its version.
fn write_nothing(dataset: &Definition, message: &Message<'_>, record: &Record<'_>, rows: &mut Vec<u8>) {
    row::u8(rows, record.slot);
    row::u32(rows, record.first_line);
    dataset.lines.iter().for_each(|field| empty(field, rows));
    row::u64(rows, message.version);
    row::u8(rows, 1);
}

fn placed(
    dataset: &Definition,
    place: &shared::dataset::Place,
    record: &Record<'_>,
) -> Result<(Uuid, NaiveDate), String> {
    let missing = |at: usize| format!("is no message of this topic: missing field `{}`", dataset.fields[at].name);
    let Cell::Reference(dealer) = record.cells[place.dealer] else { return Err(missing(place.dealer)) };
    let day = match record.cells[place.dated] {
        Cell::Day(Some(day)) => day,
        Cell::Moment(Some(moment)) => moment.date(),
        _ => return Err(missing(place.dated)),
    };
    in_range(day).map(|()| (dealer, day))
}

fn write_tombstones(
    dataset: &Definition,
    message: &Message<'_>,
    leave: &Leave,
    rows: &mut Vec<u8>,
) -> Result<(), String> {
    in_range(leave.day)?;
    let (mut leading, mut rest) = (Vec::with_capacity(64), Vec::with_capacity(256));
    row::uuid(&mut leading, leave.dealer_id.unwrap_or_default());
    row::day(&mut leading, leave.day);
    row::uuid(&mut leading, message.key);
    let dated = dataset.place.as_ref().map(|place| place.dated);
    for (at, field) in dataset.fields.iter().enumerate().filter(|(at, _)| !dataset.leads(*at)) {
        match field.kind {
            Kind::Moment if Some(at) == dated => row::moment(&mut rest, leave.day.into()),
            _ => empty(field, &mut rest),
        }
    }
    dataset.lines.iter().for_each(|field| empty(field, &mut rest));
    row::u64(&mut rest, message.version);
    row::u8(&mut rest, 1);
    for line_no in leave.from_line..=leave.to_line {
        rows.extend_from_slice(&leading);
        row::u32(rows, line_no);
        rows.extend_from_slice(&rest);
    }
    Ok(())
}

fn in_range(day: NaiveDate) -> Result<(), String> {
    if super::is_in_range(day) {
        return Ok(());
    }
    Err(format!("is dated {day}, outside the years {} to {}", YEARS.start(), YEARS.end()))
}

/// The value in RowBinary; what is missing takes its default, unless it is required.
fn encode(field: &Field, cell: &Cell<'_>, out: &mut Vec<u8>) -> Result<(), String> {
    let is_nullable = matches!(field.kind, Kind::Day | Kind::Moment) && !field.is_required;
    match cell {
        Cell::Missing if field.is_required => return Err(format!("missing field `{}`", field.name)),
        Cell::Missing => empty(field, out),
        Cell::Reference(id) => row::uuid(out, *id),
        Cell::Text(text) => row::text(out, text),
        Cell::Figure(amount) => row::amount(out, *amount),
        Cell::Flag(flag) => row::u8(out, (*flag).into()),
        Cell::Day(None) | Cell::Moment(None) if is_nullable => row::u8(out, 1),
        Cell::Day(None) | Cell::Moment(None) => return Err(format!("missing field `{}`", field.name)),
        Cell::Day(Some(day)) => {
            in_range(*day)?;
            if is_nullable {
                row::u8(out, 0);
            }
            row::day(out, *day);
        }
        Cell::Moment(Some(moment)) => {
            in_range(moment.date())?;
            if is_nullable {
                row::u8(out, 0);
            }
            row::moment(out, *moment);
        }
    }
    Ok(())
}

/// What a field holds where there is nothing.
fn empty(field: &Field, out: &mut Vec<u8>) {
    match field.kind {
        Kind::Reference => row::uuid(out, Uuid::nil()),
        Kind::Code | Kind::Text | Kind::OneOf(_) => row::text(out, ""),
        Kind::Quantity | Kind::Money { .. } => row::amount(out, Amount::default()),
        Kind::Flag => row::u8(out, 0),
        Kind::Day | Kind::Moment if !field.is_required => row::u8(out, 1),
        Kind::Day => row::day(out, NaiveDate::default()),
        Kind::Moment => row::moment(out, NaiveDateTime::default()),
    }
}

#[cfg(test)]
mod tests;
