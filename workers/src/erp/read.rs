//! A page of 1C's JSON into records: one walk over the borrowed text, which reads the mapped fields only and builds no
//! tree. A document that does not fit is set aside whole; the others of its page go on.

mod narrow;
mod object;

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::given::Given;
use super::mapping::Mapping;
use super::scalar::Scalar;
use object::{Document, Reading};

/// Takes the values of a page. A field that stands twice in an object is handed over once, with its last value.
pub trait Sink {
    /// An empty one, for pages of this mapping.
    fn of(mapping: &Mapping) -> Self;
    fn begin(&mut self);
    fn header(&mut self, given: Given<'_>) -> Result<(), String>;
    /// The list of a section begins; one that stood before it in the same document does not count.
    fn begin_lines(&mut self, _section: usize) {}
    fn begin_line(&mut self) {}
    fn line(&mut self, _given: Given<'_>) -> Result<(), String> {
        Ok(())
    }
    fn end_line(&mut self) {}
    /// The document is complete, or has this problem: then nothing of it may remain in the sink.
    fn end(&mut self, problem: Option<String>) -> Option<Misfit>;
}

/// Why a document does not fit, and what could be read of it nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    pub reason: String,
    pub salvage: Salvage,
}

/// What decides whether the former version of a document that does not fit may go on standing. None: that was not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Salvage {
    pub stands: Option<bool>,
    /// The dealer, or that it has none.
    pub dealer_id: Option<Option<Uuid>>,
}

/// A document or item that does not fit: set aside whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub reason: String,
    pub salvage: Salvage,
    /// Its key and version, where they could be read.
    pub id: Option<Uuid>,
    pub data_version: Option<String>,
    /// Its JSON, to the byte.
    pub raw: Vec<u8>,
}

impl Rejected {
    fn of(raw: &[u8], Misfit { reason, salvage }: Misfit, mapping: &Mapping) -> Self {
        let value = |name| narrow::member(raw, name).map(Scalar::literal);
        let id = value(mapping.id()).and_then(|value| value.key().ok());
        let data_version = value(mapping.data_version()).and_then(|value| value.text().ok()).map(String::from);
        // PostgreSQL holds no zero byte in a text.
        let data_version = data_version.filter(|version| !version.contains('\0'));
        Self { reason, salvage, id, data_version, raw: raw.to_owned() }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error("is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("is not JSON: {0}")]
    NotText(#[from] simdutf8::compat::Utf8Error),
    #[error("is JSON without the list \"value\"")]
    NoList,
    #[error("has the list \"value\" twice")]
    TwoLists,
}

/// What a page held beside that which its sink took.
#[derive(Debug, Default)]
pub struct Count {
    /// Documents in all, the rejected ones included.
    pub documents: usize,
    pub rejected: Vec<Rejected>,
}

/// Reads an answer as it came. Where a byte makes it no JSON, the item that holds it is rejected and the others are read.
pub fn answer<S: Sink>(body: &[u8], mapping: &Mapping) -> Result<(S, Count), PageError> {
    let whole = simdutf8::compat::from_utf8(body).map_err(PageError::from).and_then(|text| {
        let mut sink = S::of(mapping);
        page(text, mapping, &mut sink).map(|count| (sink, count))
    });
    match whole {
        Err(error @ (PageError::NotJson(_) | PageError::NotText(_))) => narrow::page(body, mapping).ok_or(error),
        read => read,
    }
}

/// Reads the page; what does not fit comes back as rejected, with its raw text.
pub fn page<S: Sink>(body: &str, mapping: &Mapping, sink: &mut S) -> Result<Count, PageError> {
    let mut problems = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(body);
    let seen = Top { mapping, sink, problems: &mut problems }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    let documents = match seen[..] {
        [] => return Err(PageError::NoList),
        [documents] => documents,
        // Nobody knows which of them is the answer.
        _ => return Err(PageError::TwoLists),
    };
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
        .filter_map(|(index, misfit)| Some(Rejected::of(raw.value.get(index)?.get().as_bytes(), misfit, mapping)))
        .collect();
    Ok(Count { documents, rejected })
}

/// The documents of each list "value" that stands in the answer.
struct Top<'a, S> {
    mapping: &'a Mapping,
    sink: &'a mut S,
    problems: &'a mut Vec<(usize, Misfit)>,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Top<'_, S> {
    type Value = Vec<usize>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<usize>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Top<'_, S> {
    type Value = Vec<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an OData answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<usize>, A::Error> {
        let mut seen = Vec::new();
        while let Some(is_list) = map.next_key_seed(IsName("value"))? {
            if is_list {
                let documents =
                    Documents { mapping: self.mapping, sink: &mut *self.sink, problems: &mut *self.problems };
                seen.push(map.next_value_seed(documents)?);
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
    problems: &'a mut Vec<(usize, Misfit)>,
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
        let mut reading = Reading::of(self.mapping);
        let mut index = 0;
        loop {
            self.sink.begin();
            let document = Document { reading: &mut reading, sink: &mut *self.sink };
            let Some(problem) = seq.next_element_seed(document)? else { return Ok(index) };
            if let Some(misfit) = self.sink.end(problem) {
                self.problems.push((index, misfit));
            }
            index += 1;
        }
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

#[cfg(test)]
mod tests;
