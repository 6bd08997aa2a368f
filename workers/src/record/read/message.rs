//! A message as it stands, its members in whatever order; lines go straight into their columns.

use std::borrow::Cow;
use std::fmt;

use chrono::{NaiveDate, NaiveDateTime};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use shared::dataset::{Definition, Field, Kind};
use shared::money::Amount;
use uuid::Uuid;

use super::super::block::Column;
use super::super::{Leave, moment, write};
use super::encode;

/// A message as it stands.
pub struct Message<'a> {
    pub revision: u32,
    pub version: u64,
    pub key: Uuid,
    pub record: Option<Record<'a>>,
    pub leaves: Vec<Leave>,
}

/// The item, or the part of a document or of a snapshot.
pub struct Record<'a> {
    pub cells: Vec<Cell<'a>>,
    pub part: u32,
    pub parts: u32,
    pub slot: u8,
    pub first_line: u32,
    /// How many there are. Their own columns have them.
    pub lines: usize,
}

/// The value of a field.
#[derive(Debug, Clone)]
pub enum Cell<'a> {
    Missing,
    Reference(Uuid),
    Text(Cow<'a, str>),
    Figure(Amount),
    Flag(bool),
    Day(Option<NaiveDate>),
    Moment(Option<NaiveDateTime>),
}

/// A member of an object.
enum Member {
    Field(usize),
    Named(&'static str),
    Other,
}

/// Finds a member by its name; fields mostly come in their order.
struct MemberOf<'f> {
    fields: &'f [Field],
    next: usize,
    others: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for MemberOf<'_> {
    type Value = Member;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Member, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for MemberOf<'_> {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Member, E> {
        let is_at = |at: &usize| self.fields.get(*at).is_some_and(|field| field.name == name);
        let next = Some(self.next).filter(is_at);
        if let Some(at) = next.or_else(|| (0..self.fields.len()).find(is_at)) {
            return Ok(Member::Field(at));
        }
        Ok(self.others.iter().find(|other| **other == name).map_or(Member::Other, |other| Member::Named(other)))
    }
}

/// A message of this dataset, whose lines go into these columns.
pub struct MessageOf<'d, 'c> {
    pub dataset: &'d Definition,
    pub lines: &'c mut [Column],
}

impl<'de> DeserializeSeed<'de> for MessageOf<'_, '_> {
    type Value = Message<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Message<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageOf<'_, '_> {
    type Value = Message<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message<'de>, A::Error> {
        let Self { dataset, lines } = self;
        let (mut revision, mut version, mut key, mut record, mut leaves) = (None, None, None, None, None);
        while let Some(name) = map.next_key::<Name<'de>>()? {
            match name.0.as_ref() {
                "revision" => revision = Some(map.next_value()?),
                "version" => version = Some(map.next_value()?),
                "leaves" if dataset.place.is_some() => leaves = Some(map.next_value_seed(LeavesOf(dataset))?),
                name if name == dataset.key => key = Some(map.next_value()?),
                name if name == dataset.table => {
                    // One that stands twice is the last.
                    lines.iter_mut().for_each(Column::back_to_mark);
                    record = Some(map.next_value_seed(RecordOf { dataset, lines })?);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let missing = |name: &str| A::Error::custom(format_args!("missing field `{name}`"));
        let key = match key {
            None if dataset.key.is_empty() => Uuid::nil(),
            key => key.ok_or_else(|| missing(&dataset.key))?,
        };
        let leaves = match leaves {
            None if dataset.place.is_none() => Vec::new(),
            leaves => leaves.ok_or_else(|| missing("leaves"))?,
        };
        Ok(Message {
            revision: revision.ok_or_else(|| missing("revision"))?,
            version: version.ok_or_else(|| missing("version"))?,
            key,
            record: record.ok_or_else(|| missing(&dataset.table))?,
            leaves,
        })
    }
}

/// A name or a text, borrowed where it can be.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct RecordOf<'d, 'c> {
    dataset: &'d Definition,
    lines: &'c mut [Column],
}

impl<'de> DeserializeSeed<'de> for RecordOf<'_, '_> {
    type Value = Option<Record<'de>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for RecordOf<'_, '_> {
    type Value = Option<Record<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record, or null")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { dataset, lines } = self;
        let mut record = Record {
            cells: vec![Cell::Missing; dataset.fields.len()],
            part: 0,
            parts: 0,
            slot: 0,
            first_line: 0,
            lines: 0,
        };
        let (mut has_lines, mut has_first, mut next) = (!dataset.has_lines(), !dataset.has_lines(), 0);
        let others = &["part", "parts", "slot", "first_line", "lines"];
        while let Some(member) = map.next_key_seed(MemberOf { fields: &dataset.fields, next, others })? {
            match member {
                Member::Field(at) => {
                    next = at + 1;
                    record.cells[at] = map.next_value_seed(CellOf(&dataset.fields[at].kind))?;
                }
                Member::Named("part") => record.part = map.next_value()?,
                Member::Named("parts") => record.parts = map.next_value()?,
                Member::Named("slot") => record.slot = map.next_value()?,
                Member::Named("first_line") => {
                    record.first_line = map.next_value()?;
                    has_first = true;
                }
                Member::Named("lines") if dataset.has_lines() => {
                    record.lines = map.next_value_seed(LinesOf { fields: &dataset.lines, columns: lines })?;
                    has_lines = true;
                }
                Member::Named(_) | Member::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match (has_first, has_lines) {
            (true, true) => Ok(Some(record)),
            (false, _) => Err(A::Error::custom("missing field `first_line`")),
            (_, false) => Err(A::Error::custom("missing field `lines`")),
        }
    }
}

/// Its value is how many lines there are.
struct LinesOf<'f, 'c> {
    fields: &'f [Field],
    columns: &'c mut [Column],
}

impl<'de> DeserializeSeed<'de> for LinesOf<'_, '_> {
    type Value = usize;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for LinesOf<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of lines")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<usize, A::Error> {
        let Self { fields, columns } = self;
        columns.iter_mut().for_each(Column::back_to_mark);
        let (mut cells, mut lines) = (vec![Cell::Missing; fields.len()], 0);
        while seq.next_element_seed(LineOf { fields, cells: &mut cells })?.is_some() {
            for ((field, cell), column) in fields.iter().zip(&cells).zip(columns.iter_mut()) {
                encode(field, cell, column).map_err(A::Error::custom)?;
            }
            lines += 1;
        }
        Ok(lines)
    }
}

struct LineOf<'f, 's, 'de> {
    fields: &'f [Field],
    cells: &'s mut [Cell<'de>],
}

impl<'de> DeserializeSeed<'de> for LineOf<'_, '_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LineOf<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.cells.fill(Cell::Missing);
        let mut next = 0;
        while let Some(member) = map.next_key_seed(MemberOf { fields: self.fields, next, others: &[] })? {
            match member {
                Member::Field(at) => {
                    next = at + 1;
                    self.cells[at] = map.next_value_seed(CellOf(&self.fields[at].kind))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct CellOf<'f>(&'f Kind);

impl<'de> DeserializeSeed<'de> for CellOf<'_> {
    type Value = Cell<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell<'de>, D::Error> {
        let wrong = |text: &str, what: &str| D::Error::custom(format_args!("{text:?} {what}"));
        Ok(match self.0 {
            Kind::Reference => Cell::Reference(Option::<Uuid>::deserialize(deserializer)?.unwrap_or_default()),
            Kind::Code | Kind::Text | Kind::OneOf(_) => Cell::Text(Name::deserialize(deserializer)?.0),
            Kind::Flag => Cell::Flag(bool::deserialize(deserializer)?),
            Kind::Quantity | Kind::Money { .. } => {
                let text = Name::deserialize(deserializer)?.0;
                Cell::Figure(Amount::parse(&text).map_err(|problem| wrong(&text, &problem.to_string()))?)
            }
            Kind::Day => {
                let day = Option::<Name<'de>>::deserialize(deserializer)?
                    .map(|Name(text)| text.parse().map_err(|_| wrong(&text, "is no day")));
                Cell::Day(day.transpose()?)
            }
            Kind::Moment => {
                let moment = Option::<Name<'de>>::deserialize(deserializer)?
                    .map(|Name(text)| moment(&text).ok_or_else(|| wrong(&text, "is no date and time")));
                Cell::Moment(moment.transpose()?)
            }
        })
    }
}

struct LeavesOf<'d>(&'d Definition);

impl<'de> DeserializeSeed<'de> for LeavesOf<'_> {
    type Value = Vec<Leave>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Leave>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for LeavesOf<'_> {
    type Value = Vec<Leave>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of what is left")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Leave>, A::Error> {
        let mut leaves = Vec::new();
        while let Some(leave) = seq.next_element_seed(LeaveOf(self.0))? {
            leaves.push(leave);
        }
        Ok(leaves)
    }
}

struct LeaveOf<'d>(&'d Definition);

impl<'de> DeserializeSeed<'de> for LeaveOf<'_> {
    type Value = Leave;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Leave, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LeaveOf<'_> {
    type Value = Leave;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lines that are left")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Leave, A::Error> {
        let (dealer, day) = write::names(self.0);
        let (mut dealer_id, mut on, mut from_line, mut to_line) = (None, None, None, None);
        while let Some(name) = map.next_key::<Name<'de>>()? {
            match name.0.as_ref() {
                "from_line" => from_line = Some(map.next_value()?),
                "to_line" => to_line = Some(map.next_value()?),
                name if name == dealer => dealer_id = Some(map.next_value::<Option<Uuid>>()?),
                name if name == day => on = Some(map.next_value::<NaiveDate>()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let missing = |name: &str| A::Error::custom(format_args!("missing field `{name}`"));
        Ok(Leave {
            dealer_id: dealer_id.ok_or_else(|| missing(dealer))?,
            day: on.ok_or_else(|| missing(day))?,
            from_line: from_line.ok_or_else(|| missing("from_line"))?,
            to_line: to_line.ok_or_else(|| missing("to_line"))?,
        })
    }
}
