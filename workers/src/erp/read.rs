//! A page of 1C's JSON into records: one walk over the borrowed text, which reads the mapped fields only and builds no
//! tree. A document that does not fit is set aside whole; the others of its page go on.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::mapping::{Mapped, Mapping, Section};
use super::scalar::{Problem, Scalar};

/// Takes the values of a page in the order in which they stand there.
pub trait Sink {
    /// An empty one, for pages of this mapping.
    fn of(_: &Mapping) -> Self
    where
        Self: Sized + Default,
    {
        Self::default()
    }
    fn begin(&mut self);
    fn header(&mut self, field: usize, value: Scalar<'_>) -> Result<(), Problem>;
    fn begin_line(&mut self);
    fn line(&mut self, field: usize, value: Scalar<'_>) -> Result<(), Problem>;
    /// The document is complete, or has this problem: then nothing of it may remain in the sink.
    fn end(&mut self, problem: Option<String>) -> Option<String>;
}

/// A document or item that does not fit: set aside whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub reason: String,
    /// Its JSON, to the byte.
    pub raw: String,
}

#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error("is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("is JSON without the list \"value\"")]
    NoList,
}

/// What a page held beside that which its sink took.
#[derive(Debug, Default)]
pub struct Count {
    /// Documents in all, the rejected ones included.
    pub documents: usize,
    pub rejected: Vec<Rejected>,
}

/// Reads the page; what does not fit comes back as rejected, with its raw text.
pub fn page<S: Sink>(body: &str, mapping: &Mapping, sink: &mut S) -> Result<Count, PageError> {
    let mut problems = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(body);
    let seen = Top { mapping, sink, problems: &mut problems }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    let documents = seen.ok_or(PageError::NoList)?;
    if problems.is_empty() {
        return Ok(Count { documents, rejected: Vec::new() });
    }
    // Only a page with a bad document is walked twice.
    #[derive(serde::Deserialize)]
    struct Raw<'a> {
        #[serde(borrow)]
        value: Vec<&'a RawValue>,
    }
    let raw: Raw<'_> = serde_json::from_str(body)?;
    let rejected = problems
        .into_iter()
        .filter_map(|(index, reason)| Some(Rejected { reason, raw: raw.value.get(index)?.get().to_owned() }))
        .collect();
    Ok(Count { documents, rejected })
}

struct Top<'a, S> {
    mapping: &'a Mapping,
    sink: &'a mut S,
    problems: &'a mut Vec<(usize, String)>,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Top<'_, S> {
    type Value = Option<usize>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Top<'_, S> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an OData answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<usize>, A::Error> {
        let mut seen = None;
        while let Some(is_list) = map.next_key_seed(IsName("value"))? {
            if is_list {
                let documents =
                    Documents { mapping: self.mapping, sink: &mut *self.sink, problems: &mut *self.problems };
                seen = Some(map.next_value_seed(documents)?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(seen)
    }
}

struct Documents<'a, S> {
    mapping: &'a Mapping,
    sink: &'a mut S,
    problems: &'a mut Vec<(usize, String)>,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Documents<'_, S> {
    type Value = usize;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Documents<'_, S> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<usize, A::Error> {
        let mut index = 0;
        loop {
            self.sink.begin();
            let mut problem = None;
            let document = Object {
                fields: &self.mapping.header,
                lines: self.mapping.lines.as_ref(),
                sink: &mut *self.sink,
                problem: &mut problem,
            };
            if seq.next_element_seed(document)?.is_none() {
                return Ok(index);
            }
            if let Some(reason) = self.sink.end(problem) {
                self.problems.push((index, reason));
            }
            index += 1;
        }
    }
}

/// A document's header (`lines` may name its section), or one line of it.
struct Object<'a, S> {
    fields: &'a [Mapped],
    lines: Option<&'a Section>,
    sink: &'a mut S,
    problem: &'a mut Option<String>,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Object<'_, S> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Object<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { fields, lines, sink, problem } = self;
        let mut keys = Keys::new(fields, lines);
        while let Some(key) = map.next_key_seed(&mut keys)? {
            match key {
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
                Key::Field(at) => {
                    let value = Scalar::of(map.next_value::<&'de RawValue>()?);
                    if let Err(why) = sink.header(fields[at].field, value) {
                        problem.get_or_insert_with(|| format!("{} {why}", fields[at].erp_name));
                    }
                }
                Key::Lines(section) => {
                    map.next_value_seed(Lines { section, sink: &mut *sink, problem: &mut *problem })?
                }
            }
        }
        if let Some(name) = keys.missing() {
            problem.get_or_insert_with(|| format!("{name} is missing"));
        }
        Ok(())
    }
}

struct Lines<'a, S> {
    section: &'a Section,
    sink: &'a mut S,
    problem: &'a mut Option<String>,
}

impl<S> Lines<'_, S> {
    fn refuse(self, shown: &str) {
        self.problem.get_or_insert_with(|| format!("{} is {shown}, not a list of lines", self.section.name));
    }
}

impl<'de, S: Sink> DeserializeSeed<'de> for Lines<'_, S> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Lines<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of lines")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        loop {
            let line = Line { section: self.section, sink: &mut *self.sink, problem: &mut *self.problem };
            if seq.next_element_seed(line)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.refuse("an object");
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.refuse("null");
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.refuse("a flag");
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.refuse("a number");
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.refuse("a number");
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.refuse("a number");
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.refuse("text");
        Ok(())
    }
}

struct Line<'a, S> {
    section: &'a Section,
    sink: &'a mut S,
    problem: &'a mut Option<String>,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Line<'_, S> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Line<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { section, sink, problem } = self;
        let fields = &section.fields;
        sink.begin_line();
        let mut keys = Keys::new(fields, None);
        while let Some(key) = map.next_key_seed(&mut keys)? {
            let Key::Field(at) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = Scalar::of(map.next_value::<&'de RawValue>()?);
            if let Err(why) = sink.line(fields[at].field, value) {
                problem.get_or_insert_with(|| format!("{}/{} {why}", section.name, fields[at].erp_name));
            }
        }
        if let Some(name) = keys.missing() {
            problem.get_or_insert_with(|| format!("{}/{name} is missing", section.name));
        }
        Ok(())
    }
}

/// Which names an object has shown. Looks first where the last name's successor stands: servers keep their order.
struct Keys<'a> {
    fields: &'a [Mapped],
    lines: Option<&'a Section>,
    seen: u64,
    lines_seen: bool,
    next: usize,
}

enum Key<'a> {
    Field(usize),
    Lines(&'a Section),
    Other,
}

impl<'a> Keys<'a> {
    fn new(fields: &'a [Mapped], lines: Option<&'a Section>) -> Self {
        Self { fields, lines, seen: 0, lines_seen: false, next: 0 }
    }

    fn find(&mut self, name: &str) -> Key<'a> {
        let count = self.fields.len();
        for step in 0..count {
            let at = (self.next + step) % count;
            if self.fields[at].erp_name == name {
                self.next = at + 1;
                self.seen |= 1 << at;
                return Key::Field(at);
            }
        }
        match self.lines {
            Some(section) if section.name == name => {
                self.lines_seen = true;
                Key::Lines(section)
            }
            _ => Key::Other,
        }
    }

    fn missing(&self) -> Option<&'a str> {
        let field = self.fields.iter().enumerate().find(|(at, _)| self.seen & (1 << at) == 0);
        let lines = self.lines.filter(|_| !self.lines_seen).map(|section| section.name.as_str());
        field.map(|(_, mapped)| mapped.erp_name.as_str()).or(lines)
    }
}

impl<'de, 'a> DeserializeSeed<'de> for &mut Keys<'a> {
    type Value = Key<'a>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key<'a>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'a> Visitor<'_> for &mut Keys<'a> {
    type Value = Key<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Key<'a>, E> {
        Ok(self.find(name))
    }
}

struct IsName(&'static str);

impl<'de> DeserializeSeed<'de> for IsName {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for IsName {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}
