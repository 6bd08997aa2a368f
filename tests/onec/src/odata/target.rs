//! The path of a request: a set, how many it has, one of its entities, what an entity refers to, or a virtual table.

use uuid::Uuid;

use super::error::Refusal;
use crate::schema::{Function, Schema, Type};

/// What a path names.
pub enum Target<'a> {
    Set(&'a Type),
    Count(&'a Type),
    /// By reference and, in a flat tabular section, line number.
    Entity(&'a Type, Uuid, Option<u32>),
    Navigation(&'a Type, Uuid, &'a str),
    /// With what stands between its parentheses, and whether only its size is asked for.
    Table(&'a Function, &'a str, bool),
}

/// Reads a decoded path below the OData root.
pub fn target<'a>(schema: &'a Schema, path: &'a str) -> Result<Target<'a>, Refusal> {
    let (name, rest) = path.split_at(path.find(['(', '/']).unwrap_or(path.len()));
    let of = schema.sets().find(|set| set.name == name).ok_or_else(|| Refusal::no_set(name))?;
    if let Some(key) = rest.strip_prefix('(') {
        let (key, rest) = key.split_once(')').unwrap_or((key, ""));
        let (reference, line) = read_key(key)?;
        return Ok(match rest.trim_start_matches('/') {
            "" => Target::Entity(of, reference, line),
            navigation => Target::Navigation(of, reference, navigation),
        });
    }
    match rest.trim_start_matches('/') {
        "" => Ok(Target::Set(of)),
        "$count" => Ok(Target::Count(of)),
        other => table(schema, of, other),
    }
}

/// `Balance`, `Balance()` or `Balance(…)`, and maybe `/$count`. Arguments may hold parentheses and slashes of their own.
fn table<'a>(schema: &'a Schema, of: &Type, text: &'a str) -> Result<Target<'a>, Refusal> {
    let (text, is_count) = text.strip_suffix("/$count").map_or((text, false), |text| (text, true));
    let (name, arguments) = text.split_once('(').unwrap_or((text, ")"));
    let unknown = || Refusal::new(400, 6, format!("Сегмент пути \"{text}\" не найден!"));
    let arguments = arguments.strip_suffix(')').ok_or_else(unknown)?;
    let mut functions = schema.functions.iter().filter(|function| function.set == of.name && function.name == name);
    functions.next().map(|function| Target::Table(function, arguments, is_count)).ok_or_else(unknown)
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
