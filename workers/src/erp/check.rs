//! `$metadata` against the mappings: what the 1C administrator must still publish, and what has another type.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::mapping::{Kind, Mapped, Mapping};

/// What a base publishes, as far as mappings ask for it.
#[derive(Debug, Default)]
pub struct Metadata {
    /// Entity set → its type.
    sets: HashMap<String, String>,
    /// Entity or complex type → property → type.
    types: HashMap<String, HashMap<String, String>>,
}

#[derive(Debug, thiserror::Error)]
#[error("$metadata is not readable XML: {0}")]
pub struct MetadataError(String);

impl Metadata {
    /// Streams through the text: a fully published base has 17 MB of it.
    pub fn parse(xml: &str) -> Result<Self, MetadataError> {
        let broken = |error: &dyn std::fmt::Display| MetadataError(error.to_string());
        let mut reader = Reader::from_str(xml);
        let mut found = Self::default();
        let mut current: Option<String> = None;
        loop {
            match reader.read_event().map_err(|error| broken(&error))? {
                Event::Start(tag) | Event::Empty(tag) => found.take(&tag, &mut current),
                Event::End(tag) if matches!(tag.local_name().as_ref(), b"EntityType" | b"ComplexType") => {
                    current = None
                }
                Event::Eof => break,
                _ => {}
            }
        }
        if found.types.is_empty() && found.sets.is_empty() && !xml.contains("Edmx") {
            return Err(MetadataError("it has no Edmx element".to_owned()));
        }
        Ok(found)
    }

    fn take(&mut self, tag: &BytesStart<'_>, current: &mut Option<String>) {
        let Some(name) = attribute(tag, "Name") else { return };
        match tag.local_name().as_ref() {
            b"EntityType" | b"ComplexType" => {
                self.types.entry(name.clone()).or_default();
                *current = Some(name);
            }
            b"Property" => {
                let properties = current.as_ref().and_then(|current| self.types.get_mut(current));
                if let (Some(properties), Some(kind)) = (properties, attribute(tag, "Type")) {
                    properties.insert(name, kind);
                }
            }
            b"EntitySet" => {
                let kind = attribute(tag, "EntityType").unwrap_or_default();
                self.sets.insert(name, bare(&kind).to_owned());
            }
            _ => {}
        }
    }

    /// One sentence per thing to mend; empty: the mapping fits.
    pub fn problems(&self, mapping: &Mapping) -> Vec<String> {
        let entity = &mapping.entity;
        let Some(properties) = self.sets.get(entity).and_then(|kind| self.types.get(kind)) else {
            return vec![format!("{entity} is not published: add it to the standard OData composition of the base.")];
        };
        let mut problems = fields(entity, &mapping.header, properties);
        if let Some(section) = &mapping.lines {
            match properties.get(&section.name).and_then(|kind| collection(kind)).and_then(|row| self.types.get(row)) {
                Some(row) => problems.extend(fields(&format!("{entity}/{}", section.name), &section.fields, row)),
                None => problems.push(format!(
                    "{entity} has no tabular section {}: mend the mapping {}.toml.",
                    section.name, mapping.dataset
                )),
            }
        }
        problems
    }
}

fn fields(of: &str, mapped: &[Mapped], properties: &HashMap<String, String>) -> Vec<String> {
    mapped
        .iter()
        .filter_map(|Mapped { erp_name, kind, .. }| match properties.get(erp_name) {
            None => Some(format!("{of} has no property {erp_name}: mend the mapping, or ask for the right release.")),
            Some(declared) if !fits(*kind, declared) => {
                Some(format!("{of} declares {erp_name} as {declared}, which cannot be read as {kind:?}."))
            }
            Some(_) => None,
        })
        .collect()
}

fn fits(kind: Kind, declared: &str) -> bool {
    match kind {
        Kind::Reference => declared == "Edm.Guid",
        Kind::Text => declared == "Edm.String",
        Kind::Flag => declared == "Edm.Boolean",
        Kind::Moment => declared == "Edm.DateTime",
        Kind::Amount => matches!(declared, "Edm.Double" | "Edm.Decimal" | "Edm.Int16" | "Edm.Int32" | "Edm.Int64"),
        Kind::Ordinal => matches!(declared, "Edm.Int16" | "Edm.Int32" | "Edm.Int64"),
    }
}

/// `StandardODATA.X` → `X`.
fn bare(kind: &str) -> &str {
    kind.strip_prefix("StandardODATA.").unwrap_or(kind)
}

/// `Collection(StandardODATA.X)` → `X`.
fn collection(kind: &str) -> Option<&str> {
    kind.strip_prefix("Collection(")?.strip_suffix(')').map(bare)
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(name).ok().flatten()?;
    Some(String::from_utf8_lossy(&attribute.value).into_owned())
}

#[cfg(test)]
mod tests;
