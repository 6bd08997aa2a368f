//! A document and its lines. The values of an object are held until it ends: only then it is known which one is the last
//! of its name.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::mapping::{Mapped, Mapping};
use super::super::scalar::{Problem, Scalar};
use super::Sink;

/// What is read of every document of a page.
pub struct Reading<'a, 'de> {
    header: Values<'a, 'de>,
    section: Option<Section<'a, 'de>>,
}

struct Section<'a, 'de> {
    name: &'a str,
    line: Values<'a, 'de>,
}

impl<'a> Reading<'a, '_> {
    pub fn of(mapping: &'a Mapping) -> Self {
        let section = mapping.lines.as_ref();
        let section = section.map(|section| Section { name: &section.name, line: Values::of(&section.fields) });
        Self { header: Values::of(&mapping.header), section }
    }
}

/// The mapped names of an object, each with the fields that it fills and with the last value that stood under it.
struct Values<'a, 'de> {
    names: Vec<(&'a str, Vec<usize>)>,
    found: Vec<Option<&'de RawValue>>,
    /// Where the last name's successor stands: servers keep their order.
    next: usize,
}

impl<'a, 'de> Values<'a, 'de> {
    fn of(fields: &'a [Mapped]) -> Self {
        let mut names: Vec<(&str, Vec<usize>)> = Vec::new();
        for mapped in fields {
            match names.iter_mut().find(|(name, _)| *name == mapped.erp_name) {
                Some((_, fields)) => fields.push(mapped.field),
                None => names.push((&mapped.erp_name, vec![mapped.field])),
            }
        }
        Self { found: vec![None; names.len()], names, next: 0 }
    }

    fn clear(&mut self) {
        self.found.fill(None);
        self.next = 0;
    }

    fn position(&mut self, name: &str) -> Option<usize> {
        let count = self.names.len();
        let at = (0..count).map(|step| (self.next + step) % count).find(|at| self.names[*at].0 == name)?;
        self.next = at + 1;
        Some(at)
    }

    /// To every field its value; returns the first problem.
    fn hand_over(&self, mut take: impl FnMut(usize, Scalar<'_>) -> Result<(), Problem>) -> Option<String> {
        let mut problem = None;
        for ((name, fields), value) in self.names.iter().zip(&self.found) {
            let Some(value) = value else { continue };
            for field in fields {
                if let Err(why) = take(*field, Scalar::of(value)) {
                    problem.get_or_insert_with(|| format!("{name} {why}"));
                }
            }
        }
        problem
    }

    fn missing(&self) -> Option<String> {
        let missing = self.names.iter().zip(&self.found).find(|(_, value)| value.is_none());
        missing.map(|((name, _), _)| format!("{name} is missing"))
    }
}

/// A name of an object.
enum Key {
    Value(usize),
    Lines,
    Other,
}

struct KeyOf<'s, 'a, 'de> {
    values: &'s mut Values<'a, 'de>,
    section: Option<&'a str>,
}

impl<'de> DeserializeSeed<'de> for KeyOf<'_, '_, '_> {
    type Value = Key;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeyOf<'_, '_, '_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        Ok(match self.values.position(name) {
            Some(at) => Key::Value(at),
            None if self.section == Some(name) => Key::Lines,
            None => Key::Other,
        })
    }
}

/// Hands a document over to the sink; its value is the first problem.
pub struct Document<'s, 'a, 'de, S> {
    pub reading: &'s mut Reading<'a, 'de>,
    pub sink: &'s mut S,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Document<'_, '_, 'de, S> {
    type Value = Option<String>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Document<'_, '_, 'de, S> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<String>, A::Error> {
        let Self { reading: Reading { header, section }, sink } = self;
        header.clear();
        let name = section.as_ref().map(|section| section.name);
        let mut in_lines = None;
        while let Some(key) = map.next_key_seed(KeyOf { values: header, section: name })? {
            match (key, section.as_mut()) {
                (Key::Value(at), _) => header.found[at] = Some(map.next_value()?),
                (Key::Lines, Some(section)) => {
                    sink.begin_lines();
                    in_lines = Some(map.next_value_seed(Lines { section, sink: &mut *sink })?);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let problem = header.hand_over(|field, value| sink.header(field, value));
        let lacks_lines = name.filter(|_| in_lines.is_none()).map(|name| format!("{name} is missing"));
        Ok(problem.or(in_lines.flatten()).or_else(|| header.missing()).or(lacks_lines))
    }
}

struct Lines<'s, 'a, 'de, S> {
    section: &'s mut Section<'a, 'de>,
    sink: &'s mut S,
}

impl<S> Lines<'_, '_, '_, S> {
    fn refuse(self, shown: &str) -> Option<String> {
        Some(format!("{} is {shown}, not a list of lines", self.section.name))
    }
}

impl<'de, S: Sink> DeserializeSeed<'de> for Lines<'_, '_, 'de, S> {
    type Value = Option<String>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Lines<'_, '_, 'de, S> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of lines")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<String>, A::Error> {
        let Self { section: Section { name, line }, sink } = self;
        let mut first = None;
        while let Some(problem) = seq.next_element_seed(Line { values: &mut *line, sink: &mut *sink })? {
            first = first.or_else(|| problem.map(|problem| format!("{name}/{problem}")));
        }
        Ok(first)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<String>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.refuse("an object"))
    }

    fn visit_unit<E>(self) -> Result<Option<String>, E> {
        Ok(self.refuse("null"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<String>, E> {
        Ok(self.refuse("a flag"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<String>, E> {
        Ok(self.refuse("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Option<String>, E> {
        Ok(self.refuse("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Option<String>, E> {
        Ok(self.refuse("a number"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Option<String>, E> {
        Ok(self.refuse("text"))
    }
}

struct Line<'s, 'a, 'de, S> {
    values: &'s mut Values<'a, 'de>,
    sink: &'s mut S,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Line<'_, '_, 'de, S> {
    type Value = Option<String>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Line<'_, '_, 'de, S> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<String>, A::Error> {
        let Self { values, sink } = self;
        values.clear();
        sink.begin_line();
        while let Some(key) = map.next_key_seed(KeyOf { values, section: None })? {
            match key {
                Key::Value(at) => values.found[at] = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(values.hand_over(|field, value| sink.line(field, value)).or_else(|| values.missing()))
    }
}
