//! JSON entries at the speed of memory: the members of a select become one run of literal pieces and values, prepared once
//! for each select.
//!
//! Turned down: keeping each document's finished bytes. Drawing from the truth costs 0.3 s of CPU for a million lines, while
//! the bytes would cost 350 MB and go stale with every write.

mod write;

use uuid::Uuid;

use write::{in_quotes, write_guid, write_link, write_name, write_text, write_value};
pub use write::{version_text, write_link_url};

use super::select::{Content, Member};
use crate::{
    base::{Base, Column, Row, Set, Source, Value},
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
                    if linked(row, *key).is_some() {
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
            opening.extend_from_slice(b"\"Ref_Key\":\"");
            write_guid(&mut opening, document.reference);
            opening.extend_from_slice(b"\",");
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

/// The value as an answer has it, for those who look at it from outside.
pub fn value(held: Value<'_>, kind: &Kind) -> serde_json::Value {
    let mut text = Vec::new();
    write_value(&mut text, held, in_quotes(kind));
    serde_json::from_slice(&text).unwrap_or_default()
}
