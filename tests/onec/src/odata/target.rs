//! The path of a request: a set, how many it has, one of its entities, or what an entity refers to.

use uuid::Uuid;

use super::error::Refusal;
use crate::schema::{Schema, Type};

/// What a path names.
pub enum Target<'a> {
    Set(&'a Type),
    Count(&'a Type),
    /// By reference and, in a flat tabular section, line number.
    Entity(&'a Type, Uuid, Option<u32>),
    Navigation(&'a Type, Uuid, &'a str),
}

/// Reads a decoded path below the OData root.
pub fn target<'a>(schema: &'a Schema, path: &'a str) -> Result<Target<'a>, Refusal> {
    let (head, rest) = match path.find(')') {
        Some(at) => path.split_at(at + 1),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    let rest = rest.trim_start_matches('/');
    let (name, key) = match head.split_once('(') {
        Some((name, key)) => (name, Some(key.trim_end_matches(')'))),
        None => (head, None),
    };
    let of = schema.sets().find(|set| set.name == name).ok_or_else(|| Refusal::no_set(name))?;
    match (key, rest) {
        (None, "") => Ok(Target::Set(of)),
        (None, "$count") => Ok(Target::Count(of)),
        (None, other) => {
            match schema.functions.iter().find(|function| function.set == of.name && function.name == other) {
                Some(_) => Err(Refusal::unsupported(other)),
                None => Err(Refusal::new(400, 6, format!("Сегмент пути \"{other}\" не найден!"))),
            }
        }
        (Some(key), rest) => {
            let (reference, line) = read_key(key)?;
            if rest.is_empty() {
                Ok(Target::Entity(of, reference, line))
            } else {
                Ok(Target::Navigation(of, reference, rest))
            }
        }
    }
}

/// `guid'…'`, `Ref_Key=guid'…'`, or with `LineNumber=1` beside it.
fn read_key(text: &str) -> Result<(Uuid, Option<u32>), Refusal> {
    let (mut reference, mut line) = (None, None);
    for part in text.split(',').map(str::trim) {
        let (name, value) = part.split_once('=').unwrap_or(("Ref_Key", part));
        match name {
            "Ref_Key" => {
                let quoted = value.strip_prefix("guid'").and_then(|rest| rest.strip_suffix('\''));
                reference = quoted.and_then(|text| Uuid::parse_str(text).ok());
            }
            "LineNumber" => line = value.trim_end_matches('L').parse().ok(),
            other => return Err(Refusal::no_property(other)),
        }
    }
    match reference {
        Some(reference) => Ok((reference, line)),
        None => Err(Refusal::new(400, 7, "Не указана часть ключа сущности.")),
    }
}
