//! `$metadata` against the mappings: what the 1C administrator must still publish, and what has another type.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::mapping::{Literal, Mapping, Name, Object};

/// What a base publishes, as far as mappings ask for it.
#[derive(Debug, Default)]
pub struct Metadata {
    /// Entity set → its type.
    sets: HashMap<String, String>,
    /// Entity or complex type → property → type.
    types: HashMap<String, HashMap<String, String>>,
    /// Type that a function is bound to, and its name → type of the rows that it returns.
    functions: HashMap<(String, String), String>,
}

/// Where the reader of the text is.
#[derive(Default)]
struct Within {
    /// The type whose properties follow.
    of_type: Option<String>,
    /// The function whose parameters follow, and what it returns.
    function: Option<(String, String)>,
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
        let mut within = Within::default();
        loop {
            match reader.read_event().map_err(|error| broken(&error))? {
                Event::Start(tag) | Event::Empty(tag) => found.take(&tag, &mut within),
                Event::End(tag) if matches!(tag.local_name().as_ref(), b"EntityType" | b"ComplexType") => {
                    within.of_type = None
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

    fn take(&mut self, tag: &BytesStart<'_>, within: &mut Within) {
        let Some(name) = attribute(tag, "Name") else { return };
        match tag.local_name().as_ref() {
            b"EntityType" | b"ComplexType" => {
                self.types.entry(name.clone()).or_default();
                within.of_type = Some(name);
            }
            b"Property" => {
                let properties = within.of_type.as_ref().and_then(|of_type| self.types.get_mut(of_type));
                if let (Some(properties), Some(kind)) = (properties, attribute(tag, "Type")) {
                    properties.insert(name, kind);
                }
            }
            b"EntitySet" => {
                let kind = attribute(tag, "EntityType").unwrap_or_default();
                self.sets.insert(name, bare(&kind).to_owned());
            }
            b"FunctionImport" => {
                let returns = attribute(tag, "ReturnType");
                within.function = returns.and_then(|kind| Some((name, collection(&kind)?.to_owned())));
            }
            b"Parameter" if name == "bindingParameter" => {
                if let (Some((function, returns)), Some(kind)) = (within.function.take(), attribute(tag, "Type")) {
                    self.functions.insert((bare(&kind).to_owned(), function), returns);
                }
            }
            _ => {}
        }
    }

    /// The names of all entity sets.
    pub fn sets(&self) -> impl Iterator<Item = &str> {
        self.sets.keys().map(String::as_str)
    }

    /// The properties of an entity set with their types.
    pub fn properties(&self, set: &str) -> Option<&HashMap<String, String>> {
        self.types.get(self.sets.get(set)?)
    }

    /// The tabular sections of an entity set with the properties of their rows.
    pub fn sections(&self, set: &str) -> HashMap<&str, &HashMap<String, String>> {
        let properties = self.properties(set).into_iter().flatten();
        let rows = properties.filter_map(|(name, kind)| Some((name.as_str(), self.types.get(collection(kind)?)?)));
        rows.collect()
    }

    /// Of the choices of a mapping those whose set is published, in their order: the first is read.
    pub fn published<'a>(&self, mapping: &'a Mapping) -> Vec<&'a Mapping> {
        mapping.choices().filter(|choice| self.sets.contains_key(choice.set())).collect()
    }

    /// What a person should know of a mapping that has several choices: which of them is read.
    pub fn note(&self, mapping: &Mapping) -> Option<String> {
        let published = self.published(mapping);
        let (read, others) = published.split_first().filter(|_| !mapping.alternatives.is_empty())?;
        let mut note = format!("{} is read from {}.", mapping.dataset, read.set());
        for other in others {
            note += &format!(
                " {} is published too: if the base fills that one, take {} out of the standard OData composition.",
                other.set(),
                read.set()
            );
        }
        Some(note)
    }

    /// One sentence per thing to mend; empty: the mapping fits, or the first of its choices that is published.
    pub fn problems(&self, mapping: &Mapping) -> Vec<String> {
        let published = self.published(mapping);
        let Some((mapping, kind)) = published.first().and_then(|found| Some((*found, self.sets.get(found.set())?)))
        else {
            let sets: Vec<&str> = mapping.choices().map(Mapping::set).collect();
            let it = if sets.len() == 1 { "it" } else { "one of them" };
            return vec![format!(
                "{} is not published: add {it} to the standard OData composition of the base.",
                sets.join(" or ")
            )];
        };
        let (entity, set) = (&mapping.entity, mapping.set());
        let function = entity.split_once('/').map(|(_, function)| function);
        let of_rows = match function {
            None => Some(kind),
            Some(function) => self.functions.get(&(kind.clone(), function.to_owned())),
        };
        let Some(properties) = of_rows.and_then(|of_rows| self.types.get(of_rows)) else {
            let what = function.map_or_else(|| "has no type".to_owned(), |name| format!("has no virtual table {name}"));
            return vec![format!("{set} {what}: mend the mapping of {}.", mapping.dataset)];
        };
        let mut problems = fields(entity, &mapping.header, properties);
        for section in &mapping.sections {
            match properties.get(&section.name).and_then(|kind| collection(kind)).and_then(|row| self.types.get(row)) {
                Some(row) => problems.extend(fields(&format!("{entity}/{}", section.name), &section.object, row)),
                None => problems.push(format!(
                    "{entity} has no tabular section {}: mend the mapping of {}.",
                    section.name, mapping.dataset
                )),
            }
        }
        problems
    }
}

fn fields(of: &str, object: &Object, properties: &HashMap<String, String>) -> Vec<String> {
    object
        .names
        .iter()
        .filter_map(|Name { erp_name, literal }| match properties.get(erp_name) {
            None => Some(format!("{of} has no property {erp_name}: mend the mapping, or ask for the right release.")),
            // A composite field: text, with its type beside it.
            Some(declared)
                if *literal == Literal::Reference
                    && declared == "Edm.String"
                    && properties.contains_key(&format!("{erp_name}_Type")) =>
            {
                None
            }
            Some(declared) if !fits(*literal, declared) => {
                Some(format!("{of} declares {erp_name} as {declared}, which cannot be read as {literal:?}."))
            }
            Some(_) => None,
        })
        .collect()
}

fn fits(literal: Literal, declared: &str) -> bool {
    match literal {
        Literal::Reference => declared == "Edm.Guid",
        Literal::Text => declared == "Edm.String",
        Literal::Flag => declared == "Edm.Boolean",
        Literal::Moment => declared == "Edm.DateTime",
        Literal::Amount => {
            matches!(declared, "Edm.Double" | "Edm.Decimal" | "Edm.Int16" | "Edm.Int32" | "Edm.Int64")
        }
        Literal::Ordinal => matches!(declared, "Edm.Int16" | "Edm.Int32" | "Edm.Int64"),
        Literal::Word => matches!(declared, "Edm.String" | "Edm.Boolean"),
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
pub(super) mod tests;
