//! `$select` against the schema: which members an entry has, in which order, and where each takes its value from.

use super::{error::Refusal, query::Level};
use crate::{
    base::{Column, Set, Source, source},
    generate::Dice,
    schema::{Kind, Property, Schema, Type},
};

/// One member of an entry, ready to be drawn.
#[derive(Debug, Clone)]
pub struct Member {
    pub name: String,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub enum Content {
    Value {
        source: Source,
        kind: Kind,
    },
    /// The rows of the tabular section: their type and members.
    Lines {
        type_name: String,
        members: Vec<Member>,
    },
    /// A link to the row that the reference in this column names.
    Link {
        key: Source,
    },
    /// The text that 1C shows: of the entry itself, or of what a reference names.
    Presentation {
        of: Option<(Source, Set)>,
    },
}

/// The members that `$select` asks for; all of them without it.
pub fn members(
    schema: &Schema,
    of: &Type,
    select: Option<&str>,
    level: Level,
    options: Linking,
) -> Result<Vec<Member>, Refusal> {
    let wanted = Wanted::read(select.unwrap_or("*"));
    let is_chosen =
        select.is_some_and(|select| !select.split(',').any(|part| part.trim() == "*" || part.trim() == "**"));
    let mut members = Vec::new();
    for property in &of.properties {
        let columns = wanted.of(&property.name, matches!(property.kind, Kind::Rows(_)));
        if let Some(columns) = columns {
            members.push(member(schema, of, property, columns.as_deref(), level, options)?);
        }
    }
    for name in wanted.presentations() {
        members.push(presentation(schema, of, name)?);
    }
    wanted.all_exist(schema, of)?;
    if level != Level::None {
        for navigation in &of.navigations {
            let key = of.property(&format!("{}_Key", navigation.name)).filter(|key| {
                !is_chosen || wanted.names(&navigation.name) || options.with_select && wanted.names(&key.name)
            });
            if let Some(key) = key {
                let key = source(of, key);
                members.push(Member { name: navigation.name.clone(), content: Content::Link { key } });
            }
        }
    }
    Ok(members)
}

/// Whether navigation links also accompany references that `$select` names. Servers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linking {
    pub with_select: bool,
}

/// The order of fields is not stable: a tabular section may stand before its document's reference. Links come last.
pub fn disorder(members: &mut [Member], dice: &mut Dice) {
    dice.shuffle(members);
    members.sort_by_key(|member| matches!(member.content, Content::Link { .. }));
    for member in members {
        if let Content::Lines { members, .. } = &mut member.content {
            disorder(members, dice);
        }
    }
}

fn member(
    schema: &Schema,
    of: &Type,
    property: &Property,
    columns: Option<&str>,
    level: Level,
    options: Linking,
) -> Result<Member, Refusal> {
    let source = source(of, property);
    let content = match (&property.kind, source) {
        (Kind::Rows(rows), Source::Column(Column::Lines)) => {
            let rows_type = schema.named(rows).ok_or_else(|| Refusal::no_property(rows))?;
            // A row's type declares its document's reference; whether a row shows it depends on where it stands.
            let mut members = members(schema, rows_type, columns, level, options)?;
            members.retain(|member| member.name != "Ref_Key");
            if columns.is_none() && level != Level::None {
                members.extend(line_links(schema, of, property));
            }
            Content::Lines { type_name: rows.clone(), members }
        }
        (kind, source) => Content::Value { source, kind: kind.clone() },
    };
    Ok(Member { name: property.name.clone(), content })
}

/// Navigations of a line are declared on the flat set of the tabular section.
fn line_links(schema: &Schema, of: &Type, section: &Property) -> Vec<Member> {
    let Some(flat) = schema.named(&format!("{}_{}", of.name, section.origin)) else { return Vec::new() };
    let link = |navigation: &crate::schema::Navigation| {
        let key = source(flat, flat.property(&format!("{}_Key", navigation.name))?);
        Some(Member { name: navigation.name.clone(), content: Content::Link { key } })
    };
    flat.navigations.iter().filter_map(link).collect()
}

fn presentation(schema: &Schema, of: &Type, name: &str) -> Result<Member, Refusal> {
    let of_reference = match name.strip_suffix("____Presentation") {
        None => None,
        Some(field) => {
            let key = of.property(&format!("{field}_Key")).or_else(|| of.property(field));
            let key = key.ok_or_else(|| Refusal::no_property(name))?;
            let target = schema.target(of, field.trim_end_matches("_Key")).map_or(Set::Empty, Set::of);
            Some((source(of, key), target))
        }
    };
    Ok(Member { name: name.to_owned(), content: Content::Presentation { of: of_reference } })
}

/// The parts of a `$select`, unresolved.
struct Wanted<'a> {
    parts: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    fn read(select: &'a str) -> Self {
        Self { parts: select.split(',').map(str::trim).filter(|part| !part.is_empty()).collect() }
    }

    fn names(&self, name: &str) -> bool {
        self.parts.contains(&name)
    }

    /// Whether a property is wanted and, for a tabular section, which of its fields (`None` for all).
    fn of(&self, name: &str, is_section: bool) -> Option<Option<String>> {
        if self.names("*") || self.names(name) || (self.names("**") && !is_section) {
            return Some(None);
        }
        let fields: Vec<&str> =
            self.parts.iter().filter_map(|part| part.strip_prefix(name)?.strip_prefix('/')).collect();
        if fields.is_empty() {
            return None;
        }
        Some(Some(fields.join(",")))
    }

    fn presentations(&self) -> impl Iterator<Item = &'a str> {
        self.parts.iter().copied().filter(|part| *part == "Presentation" || part.ends_with("____Presentation"))
    }

    fn all_exist(&self, schema: &Schema, of: &Type) -> Result<(), Refusal> {
        for part in &self.parts {
            let first = part.split('/').next().unwrap_or(part);
            let is_known = matches!(*part, "*" | "**" | "Presentation")
                || part.ends_with("____Presentation")
                || of.property(first).is_some()
                || of.navigation(first).is_some()
                || schema.named(first).is_some() && first == of.name;
            if !is_known {
                return Err(Refusal::no_property(first));
            }
        }
        Ok(())
    }
}
