//! A document and its lines. The values of an object are held until it ends: only then it is known which one is the last
//! of its name.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::given::Given;
use super::super::mapping::{Mapping, Object};
use super::Sink;

/// What is read of every document of a page.
pub struct Reading<'a, 'de> {
    header: Values<'a, 'de>,
    sections: Vec<Section<'a, 'de>>,
}

struct Section<'a, 'de> {
    name: &'a str,
    line: Values<'a, 'de>,
    is_met: bool,
}

impl<'a> Reading<'a, '_> {
    pub fn of(mapping: &'a Mapping) -> Self {
        let sections = mapping.sections.iter().map(|section| Section {
            name: &section.name,
            line: Values::of(&section.object),
            is_met: false,
        });
        Self { header: Values::of(&mapping.header), sections: sections.collect() }
    }
}

/// The mapped names of an object, each with the last value that stood under it.
struct Values<'a, 'de> {
    object: &'a Object,
    found: Vec<Option<&'de RawValue>>,
    /// Where the last name's successor stands: servers keep their order.
    next: usize,
}

impl<'a> Values<'a, '_> {
    fn of(object: &'a Object) -> Self {
        Self { found: vec![None; object.names.len()], object, next: 0 }
    }

    fn clear(&mut self) {
        self.found.fill(None);
        self.next = 0;
    }

    fn position(&mut self, name: &str) -> Option<usize> {
        let names = &self.object.names;
        let is_at = |at: &usize| names.get(*at).is_some_and(|known| known.erp_name == name);
        let at = if is_at(&self.next) { self.next } else { (0..names.len()).find(is_at)? };
        self.next = at + 1;
        Some(at)
    }

    /// To every rule what it needs; returns the first problem.
    fn hand_over(&self, mut take: impl FnMut(Given<'_>) -> Result<(), String>) -> Option<String> {
        let mut problem = None;
        for rule in &self.object.rules {
            let Some(given) = Given::of(rule, self.object, &self.found) else { continue };
            if let Err(why) = take(given) {
                problem.get_or_insert(why);
            }
        }
        problem
    }

    fn missing(&self) -> Option<String> {
        let missing = self.object.names.iter().zip(&self.found).find(|(_, value)| value.is_none());
        missing.map(|(name, _)| format!("{} is missing", name.erp_name))
    }
}

/// A name of an object.
enum Key {
    Value(usize),
    /// Of the section with this number.
    Lines(usize),
    Other,
}

struct KeyOf<'s, 'a, 'de> {
    values: &'s mut Values<'a, 'de>,
    sections: &'s [Section<'a, 'de>],
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
            None => {
                let section = self.sections.iter().position(|section| section.name == name);
                section.map_or(Key::Other, Key::Lines)
            }
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
        let Self { reading: Reading { header, sections }, sink } = self;
        header.clear();
        sections.iter_mut().for_each(|section| section.is_met = false);
        let mut in_lines = vec![None; sections.len()];
        while let Some(key) = map.next_key_seed(KeyOf { values: header, sections })? {
            match key {
                Key::Value(at) => header.found[at] = Some(map.next_value()?),
                Key::Lines(at) => {
                    sink.begin_lines(at);
                    let section = &mut sections[at];
                    section.is_met = true;
                    in_lines[at] = map.next_value_seed(Lines { section, sink: &mut *sink })?;
                }
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let problem = header.hand_over(|given| sink.header(given));
        let lacks_lines = sections.iter().find(|section| !section.is_met);
        Ok(problem
            .or_else(|| in_lines.into_iter().flatten().next())
            .or_else(|| header.missing())
            .or_else(|| lacks_lines.map(|section| format!("{} is missing", section.name))))
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
        let Self { section: Section { name, line, .. }, sink } = self;
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
        while let Some(key) = map.next_key_seed(KeyOf { values, sections: &[] })? {
            match key {
                Key::Value(at) => values.found[at] = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let problem = values.hand_over(|given| sink.line(given)).or_else(|| values.missing());
        sink.end_line();
        Ok(problem)
    }
}
