//! A message of any dataset into the rows of its table: one walk over the borrowed text, in whatever order its members stand. What
//! the lines say goes into their columns at once; what the document says follows, once for each of them.

mod message;

use chrono::{NaiveDate, NaiveDateTime};
use serde::de::DeserializeSeed as _;
use shared::dataset::{Definition, Field, Kind, Place, What, YEARS};
use shared::money::Amount;
use uuid::Uuid;

use self::message::{Cell, Message, MessageOf, Record};
use super::block::{Block, Column};
use super::{Leave, raw};

/// Beyond it a message is broken, not large: more lines than a document can have.
const MOST_LINES: u32 = 10_000_000;
/// Rows that one message may become, those that it leaves included, and their bytes. The extractor stays far below both.
const MOST_ROWS: u64 = 200_000;
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Appends the rows of a message and tells how many, or why it is no such message: then nothing is appended. The columns
/// are those of `Table::inserted`, in their order.
pub fn rows(dataset: &Definition, payload: &[u8], block: &mut Block) -> Result<usize, String> {
    block.append(|columns| written(dataset, payload, columns))
}

fn written(dataset: &Definition, payload: &[u8], columns: &mut [Column]) -> Result<usize, String> {
    let own = columns.len().checked_sub(dataset.lines.len() + 2).ok_or("has a table of other columns")?;
    let text = simdutf8::basic::from_utf8(payload).map_err(|_| "is no UTF-8 text".to_owned())?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let lines = &mut columns[own..own + dataset.lines.len()];
    let read = MessageOf { dataset, lines }
        .deserialize(&mut deserializer)
        .and_then(|message| deserializer.end().map(|()| message));
    let message = read.map_err(|error| super::problem(payload, &error))?;
    super::check_revision(message.revision)?;
    let mut count = within_bounds(dataset, &message, payload.len() as u64)?;
    if dataset.what == What::Catalog {
        write_item(dataset, &message, columns)?;
        return Ok(1);
    }
    match &message.record {
        Some(record) if dataset.is_snapshot() && record.lines == 0 => {
            write_nothing(dataset, &message, record, columns);
            count = 1;
        }
        Some(record) => write_lines(dataset, &message, record, columns, own)?,
        None => {}
    }
    for leave in &message.leaves {
        write_tombstones(dataset, &message, leave, columns)?;
    }
    Ok(count)
}

/// How many rows the message becomes, told before they multiply: a few bytes can name millions.
fn within_bounds(dataset: &Definition, message: &Message<'_>, payload: u64) -> Result<usize, String> {
    let (mut count, mut bytes) = (0u64, 0u64);
    let mut own = 64;
    if let Some(record) = &message.record {
        for (field, cell) in dataset.fields.iter().zip(&record.cells) {
            let Cell::Text(text) = cell else {
                own += 16;
                continue;
            };
            own += text.len() as u64;
            let most = super::most_letters(&field.kind);
            if dataset.what == What::Document && text.len() > most && text.chars().nth(most).is_some() {
                return Err(format!("has a {} of more than {most} letters", field.name));
            }
        }
    }
    if let Some(record) = message.record.as_ref().filter(|_| dataset.has_lines()) {
        if record.first_line == 0 || record.first_line > MOST_LINES || record.part > record.parts {
            return Err("has line or part numbers that cannot be".to_owned());
        }
        count += record.lines as u64;
        bytes += count * own + payload;
    }
    for leave in &message.leaves {
        if leave.from_line == 0 || leave.from_line > leave.to_line || leave.to_line > MOST_LINES {
            return Err(format!("leaves lines {} to {}, which cannot be", leave.from_line, leave.to_line));
        }
        let left = u64::from(leave.to_line - leave.from_line) + 1;
        count += left;
        bytes = bytes.saturating_add(left.saturating_mul(own.max(256)));
    }
    match usize::try_from(count) {
        Ok(rows) if count <= MOST_ROWS && bytes <= MOST_BYTES => Ok(rows),
        _ => Err(format!(
            "would become {count} rows of {bytes} bytes; {MOST_ROWS} rows and {MOST_BYTES} bytes are the most"
        )),
    }
}

/// Columns that are filled one after the other, each with a value that stands in so many rows.
struct Filling<'c> {
    columns: std::slice::IterMut<'c, Column>,
    rows: usize,
}

impl<'c> Filling<'c> {
    fn of(columns: &'c mut [Column], rows: usize) -> Self {
        Self { columns: columns.iter_mut(), rows }
    }

    /// The next one, with what `fill` appends to it.
    fn next(&mut self, fill: impl FnOnce(&mut Column)) {
        if let Some(column) = self.columns.next() {
            fill(column);
            column.repeat(self.rows);
        }
    }

    fn put(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.next(|column| column.put(write));
    }

    fn field(&mut self, field: &Field, cell: &Cell<'_>) -> Result<(), String> {
        let Some(column) = self.columns.next() else { return Ok(()) };
        encode(field, cell, column)?;
        column.repeat(self.rows);
        Ok(())
    }

    /// Whose rows they are, their document, and their numbers.
    fn lead(&mut self, (dealer, day): (Uuid, NaiveDate), document: Uuid, first_line: u32) {
        self.put(|out| raw::uuid(out, dealer));
        self.put(|out| raw::day(out, day));
        self.put(|out| raw::uuid(out, document));
        self.number(first_line);
    }

    fn number(&mut self, first_line: u32) {
        let Some(column) = self.columns.next() else { return };
        (first_line..).take(self.rows).for_each(|number| column.put(|out| raw::u32(out, number)));
    }

    fn end(&mut self, version: u64, is_deleted: bool) {
        self.put(|out| raw::u64(out, version));
        self.put(|out| raw::u8(out, is_deleted.into()));
    }
}

fn write_item(dataset: &Definition, message: &Message<'_>, columns: &mut [Column]) -> Result<(), String> {
    let mut row = Filling::of(columns, 1);
    row.put(|out| raw::uuid(out, message.key));
    match &message.record {
        Some(record) => encode_all(dataset, record, &mut row)?,
        None => dataset.fields.iter().for_each(|field| row.next(|column| empty(field, column))),
    }
    row.end(message.version, message.record.is_none());
    Ok(())
}

/// The document's own columns; those of its lines are written already.
fn write_lines(
    dataset: &Definition,
    message: &Message<'_>,
    record: &Record<'_>,
    columns: &mut [Column],
    own: usize,
) -> Result<(), String> {
    let mut rows = Filling::of(columns, record.lines);
    match &dataset.place {
        Some(place) => rows.lead(placed(dataset, place, record)?, message.key, record.first_line),
        None => {
            match dataset.is_snapshot() {
                true => rows.put(|out| raw::u8(out, record.slot)),
                false => rows.put(|out| raw::uuid(out, message.key)),
            }
            rows.number(record.first_line);
        }
    }
    encode_all(dataset, record, &mut rows)?;
    Filling::of(&mut columns[own + dataset.lines.len()..], record.lines).end(message.version, false);
    Ok(())
}

/// A snapshot without a row is one, too: a deleted row has its version.
fn write_nothing(dataset: &Definition, message: &Message<'_>, record: &Record<'_>, columns: &mut [Column]) {
    let mut row = Filling::of(columns, 1);
    row.put(|out| raw::u8(out, record.slot));
    row.number(record.first_line);
    dataset.lines.iter().for_each(|field| row.next(|column| empty(field, column)));
    row.end(message.version, true);
}

fn placed(dataset: &Definition, place: &Place, record: &Record<'_>) -> Result<(Uuid, NaiveDate), String> {
    let missing = |at: usize| missing(&dataset.fields[at]);
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
    columns: &mut [Column],
) -> Result<(), String> {
    in_range(leave.day)?;
    let mut rows = Filling::of(columns, (leave.to_line - leave.from_line) as usize + 1);
    rows.lead((leave.dealer_id.unwrap_or_default(), leave.day), message.key, leave.from_line);
    let dated = dataset.place.as_ref().map(|place| place.dated);
    for (at, field) in dataset.fields.iter().enumerate().filter(|(at, _)| !dataset.leads(*at)) {
        match field.kind {
            Kind::Moment if Some(at) == dated => rows.put(|out| raw::moment(out, leave.day.into())),
            _ => rows.next(|column| empty(field, column)),
        }
    }
    dataset.lines.iter().for_each(|field| rows.next(|column| empty(field, column)));
    rows.end(message.version, true);
    Ok(())
}

fn in_range(day: NaiveDate) -> Result<(), String> {
    if super::is_in_range(day) {
        return Ok(());
    }
    Err(format!("is dated {day}, outside the years {} to {}", YEARS.start(), YEARS.end()))
}

fn missing(field: &Field) -> String {
    format!("is no message of this topic: missing field `{}`", field.name)
}

/// What the document says, but for what leads its rows.
fn encode_all(dataset: &Definition, record: &Record<'_>, rows: &mut Filling<'_>) -> Result<(), String> {
    let fields = dataset.fields.iter().zip(&record.cells).enumerate().filter(|(at, _)| !dataset.leads(*at));
    for (_, (field, cell)) in fields {
        rows.field(field, cell)?;
    }
    Ok(())
}

/// Appends the value; what is missing takes its default, unless it is required.
fn encode(field: &Field, cell: &Cell<'_>, column: &mut Column) -> Result<(), String> {
    let is_nullable = matches!(field.kind, Kind::Day | Kind::Moment) && !field.is_required;
    match cell {
        Cell::Missing if field.is_required => return Err(missing(field)),
        Cell::Missing => empty(field, column),
        Cell::Reference(id) => column.put(|out| raw::uuid(out, *id)),
        Cell::Text(text) => column.put(|out| raw::text(out, text)),
        Cell::Figure(amount) => column.put(|out| raw::amount(out, *amount)),
        Cell::Flag(flag) => column.put(|out| raw::u8(out, (*flag).into())),
        Cell::Day(None) | Cell::Moment(None) if is_nullable => column.put_null(),
        Cell::Day(None) | Cell::Moment(None) => return Err(missing(field)),
        Cell::Day(Some(day)) => {
            in_range(*day)?;
            column.put(|out| raw::day(out, *day));
        }
        Cell::Moment(Some(moment)) => {
            in_range(moment.date())?;
            column.put(|out| raw::moment(out, *moment));
        }
    }
    Ok(())
}

/// What a field holds where there is nothing.
fn empty(field: &Field, column: &mut Column) {
    match field.kind {
        Kind::Reference => column.put(|out| raw::uuid(out, Uuid::nil())),
        Kind::Code | Kind::Text | Kind::OneOf(_) => column.put(|out| raw::text(out, "")),
        Kind::Quantity | Kind::Money { .. } => column.put(|out| raw::amount(out, Amount::default())),
        Kind::Flag => column.put(|out| raw::u8(out, 0)),
        Kind::Day | Kind::Moment if !field.is_required => column.put_null(),
        Kind::Day => column.put(|out| raw::day(out, NaiveDate::default())),
        Kind::Moment => column.put(|out| raw::moment(out, NaiveDateTime::default())),
    }
}

#[cfg(test)]
mod tests;
