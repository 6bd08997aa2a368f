//! JSON entries at the speed of memory: the members of a select become one run of literal pieces and values.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uuid::Uuid;

use super::select::{Content, Member};
use crate::{
    base::{Base, Column, Row, Set, Source, Value, write_int},
    schema::Kind,
};

/// Members prepared for drawing many rows.
#[derive(Debug)]
pub struct Drawing {
    /// Everything between the braces, neighbouring constants joined.
    pieces: Vec<Piece>,
    /// The same, one by one: for rows where some value is served in place of the truth.
    members: Vec<Member>,
    set_name: String,
}

#[derive(Debug)]
enum Piece {
    Literal(Box<[u8]>),
    Value { column: Column, in_quotes: bool },
    Lines(Box<Drawing>),
    Link { name: Box<str>, key: Source },
    Presentation { of: Option<(Source, Set)> },
}

/// Where the entry stands: a list's rows repeat the reference of their document, a single entity's do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    List,
    Single,
}

impl Drawing {
    pub fn new(set_name: &str, members: Vec<Member>) -> Self {
        let mut pieces = Pieces::default();
        for (at, member) in members.iter().enumerate() {
            pieces.add(set_name, member, at == 0);
        }
        Self { pieces: pieces.finish(), members, set_name: set_name.to_owned() }
    }

    /// `{…}`
    pub fn draw(&self, out: &mut Vec<u8>, base: &Base, row: Row<'_>, place: Place) {
        out.push(b'{');
        self.draw_inside(out, base, row, place);
        out.push(b'}');
    }

    /// What stands between the braces of an entry.
    pub fn draw_inside(&self, out: &mut Vec<u8>, base: &Base, row: Row<'_>, place: Place) {
        if row.overrides().is_some() || matches!(self.pieces.first(), Some(Piece::Link { .. })) {
            return self.draw_one_by_one(out, base, row, place);
        }
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text),
                Piece::Value { column, in_quotes } => write_value(out, row.value(*column), *in_quotes),
                Piece::Lines(lines) => lines.draw_lines(out, base, row, place),
                Piece::Link { name, key } => {
                    if let Some(target) = linked(row, *key) {
                        _ = target;
                        out.push(b',');
                        write_link(out, &self.set_name, name, row);
                    }
                }
                Piece::Presentation { of } => write_text(out, presentation(base, row, *of)),
            }
        }
    }

    fn draw_lines(&self, out: &mut Vec<u8>, base: &Base, row: Row<'_>, place: Place) {
        let Row::Document(document) = row else { return out.extend_from_slice(b"[]") };
        let mut opening = Vec::with_capacity(52);
        opening.push(b'{');
        if place == Place::List {
            opening.extend_from_slice(b"\"Ref_Key\":");
            write_value(&mut opening, Value::Guid(document.reference), false);
            opening.push(b',');
        }
        out.push(b'[');
        for (line, number) in document.lines.iter().zip(1..) {
            if number > 1 {
                out.push(b',');
            }
            out.extend_from_slice(&opening);
            self.draw_inside(out, base, Row::Line(document, line, number), place);
            out.push(b'}');
        }
        out.push(b']');
    }

    /// The slow way, which looks for a value in place of the truth before each member.
    fn draw_one_by_one(&self, out: &mut Vec<u8>, base: &Base, row: Row<'_>, place: Place) {
        let overrides = row.overrides().as_deref().map_or(&[][..], Vec::as_slice);
        let mut is_first = true;
        let mut comma = |out: &mut Vec<u8>| {
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
        };
        for member in &self.members {
            let replaced = overrides.iter().find(|one| one.line == row.line() && *one.field == *member.name);
            match (replaced, &member.content) {
                (Some(one), _) => {
                    if let Some(value) = &one.value {
                        comma(out);
                        write_name(out, &member.name);
                        out.extend_from_slice(value.get().as_bytes());
                    }
                }
                (None, Content::Link { key }) => {
                    if linked(row, *key).is_some() {
                        comma(out);
                        write_link(out, &self.set_name, &member.name, row);
                    }
                }
                (None, content) => {
                    comma(out);
                    write_name(out, &member.name);
                    match content {
                        Content::Value { source, kind } => write_value(out, resolve(row, *source), in_quotes(kind)),
                        Content::Lines { members, .. } => {
                            Self::new(&self.set_name, members.clone()).draw_lines(out, base, row, place);
                        }
                        Content::Presentation { of } => write_text(out, presentation(base, row, *of)),
                        Content::Link { .. } => {}
                    }
                }
            }
        }
    }
}

#[derive(Default)]
struct Pieces {
    done: Vec<Piece>,
    literal: Vec<u8>,
}

impl Pieces {
    fn add(&mut self, set_name: &str, member: &Member, is_first: bool) {
        if !is_first && !matches!(member.content, Content::Link { .. }) {
            self.literal.push(b',');
        }
        match &member.content {
            Content::Link { key } => self.push(Piece::Link { name: member.name.as_str().into(), key: *key }),
            Content::Value { source: Source::Fixed(value), kind } => {
                write_name(&mut self.literal, &member.name);
                write_value(&mut self.literal, *value, in_quotes(kind));
            }
            Content::Value { source: Source::Column(column), kind } => {
                write_name(&mut self.literal, &member.name);
                self.push(Piece::Value { column: *column, in_quotes: in_quotes(kind) });
            }
            Content::Lines { members, .. } => {
                write_name(&mut self.literal, &member.name);
                self.push(Piece::Lines(Box::new(Drawing::new(set_name, members.clone()))));
            }
            Content::Presentation { of } => {
                write_name(&mut self.literal, &member.name);
                self.push(Piece::Presentation { of: *of });
            }
        }
    }

    fn push(&mut self, piece: Piece) {
        self.flush();
        self.done.push(piece);
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.done.push(Piece::Literal(std::mem::take(&mut self.literal).into_boxed_slice()));
        }
    }

    fn finish(mut self) -> Vec<Piece> {
        self.flush();
        self.done
    }
}

pub fn resolve<'a>(row: Row<'a>, source: Source) -> Value<'a> {
    match source {
        Source::Column(column) => row.value(column),
        Source::Fixed(value) => value,
    }
}

/// What a link would lead to; an empty reference has none.
pub fn linked(row: Row<'_>, key: Source) -> Option<Uuid> {
    match resolve(row, key) {
        Value::Guid(id) if !id.is_nil() => Some(id),
        _ => None,
    }
}

pub fn presentation<'a>(base: &'a Base, row: Row<'a>, of: Option<(Source, Set)>) -> &'a str {
    let Some((key, set)) = of else { return row.presentation() };
    let target = linked(row, key).and_then(|id| base.find(set, id)).and_then(|place| base.row(set, place));
    target.map_or("", Row::presentation)
}

/// Int64 travels as a string; so does anything that a fault declares as text.
pub fn in_quotes(kind: &Kind) -> bool {
    matches!(kind, Kind::Int64 | Kind::Text)
}

fn write_name(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn write_link(out: &mut Vec<u8>, set_name: &str, name: &str, row: Row<'_>) {
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
