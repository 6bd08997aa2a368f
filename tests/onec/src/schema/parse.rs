//! Reads the language of `ut11.txt`. That file is compiled in and under test; a text given at run time may be anything, so
//! every mistake is told by its line.

use super::{Function, Kind, Navigation, Property, Schema, Type};

/// Adds what the text describes. Nothing is added of a text with a mistake.
pub fn read_into(schema: &mut Schema, text: &str) -> Result<(), String> {
    let mut grown = schema.clone();
    for (line, number) in text.lines().zip(1..) {
        if !line.starts_with('#') && !line.trim().is_empty() {
            read_line(&mut grown, line).map_err(|reason| format!("line {number} of the schema: {reason}"))?;
        }
    }
    let (old, new) = grown.types.split_at(schema.types.len());
    for (at, one) in new.iter().enumerate() {
        if old.iter().chain(&new[..at]).any(|other| other.name == one.name) {
            return Err(format!("{} is declared twice", one.name));
        }
    }
    *schema = grown;
    Ok(())
}

fn read_line(schema: &mut Schema, line: &str) -> Result<(), String> {
    let mut words = line.split_whitespace();
    if let Some(members) = line.strip_prefix("  ") {
        let current = schema.types.last_mut().ok_or("a type stands before its properties")?;
        if let Some(navigation) = members.strip_prefix("> ") {
            current.navigations.push(self::navigation(navigation)?);
            return Ok(());
        }
        for word in words {
            let place = u16::try_from(current.properties.len()).map_err(|_| "too many properties")?;
            current.properties.push(Property { place, ..property(word)? });
        }
        return Ok(());
    }
    match words.next() {
        Some(word @ ("entity" | "complex")) => {
            let lists = schema.types.iter().filter(|one| one.list.is_some()).count();
            let new = head(words, u16::try_from(lists).map_err(|_| "too many lists")?)?;
            if (word == "entity") != new.is_entity() {
                return Err("an entity has a key, and nothing else has one".into());
            }
            schema.types.push(new);
        }
        Some("enum") => {
            let name = words.next().ok_or("an enum has a name")?.to_owned();
            schema.enums.push((name, words.map(str::to_owned).collect()));
        }
        Some("function") => schema.functions.push(function(words)?),
        other => return Err(format!("{} opens no line", other.unwrap_or(""))),
    }
    Ok(())
}

/// `list` says that the rows lie in the list of this number.
fn head<'a>(mut words: impl Iterator<Item = &'a str>, next_list: u16) -> Result<Type, String> {
    let name = words.next().ok_or("a type has a name")?.to_owned();
    let (mut is_open, mut list, mut key) = (false, None, Vec::new());
    for word in words {
        match word {
            "open" => is_open = true,
            "list" => list = Some(next_list),
            "key" => {}
            part => key.push(part.to_owned()),
        }
    }
    Ok(Type { name, is_open, list, key, properties: Vec::new(), navigations: Vec::new() })
}

fn navigation(text: &str) -> Result<Navigation, String> {
    let (name, target) = text.split_once(' ').ok_or_else(|| format!("{text} is no navigation NAME TARGET"))?;
    Ok(Navigation { name: name.into(), target: target.trim().into() })
}

fn property(text: &str) -> Result<Property, String> {
    let (name, kind) = text.split_once(':').ok_or_else(|| format!("{text} is no property NAME:TYPE"))?;
    let bare = kind.trim_end_matches('!');
    let is_nullable = bare.len() == kind.len();
    Ok(Property { name: name.into(), origin: name.into(), kind: self::kind(bare)?, is_nullable, place: Property::NEW })
}

fn kind(text: &str) -> Result<Kind, String> {
    Ok(match text {
        "guid" => Kind::Guid,
        "text" => Kind::Text,
        "num" => Kind::Number,
        "bool" => Kind::Bool,
        "date" => Kind::Date,
        "i16" => Kind::Int16,
        "i32" => Kind::Int32,
        "i64" => Kind::Int64,
        "texts" => Kind::Texts,
        other => match (other.strip_prefix('*'), other.strip_prefix('=')) {
            (Some(rows), _) => Kind::Rows(rows.into()),
            (_, Some(complex)) => Kind::Complex(complex.into()),
            _ => return Err(format!("{other} is no type")),
        },
    })
}

fn function<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<Function, String> {
    let name = words.next().ok_or("a function has a name")?.to_owned();
    let (mut set, mut returns, mut parameters, mut part) = (String::new(), None, Vec::new(), "");
    for word in words {
        match (word, part) {
            ("on" | "returns" | "with", _) => part = word,
            (_, "on") => set = word.into(),
            (_, "returns") => returns = Some(word.to_owned()),
            _ => {
                let parameter = property(word)?;
                parameters.push((parameter.name, parameter.kind));
            }
        }
    }
    Ok(Function { name, set, returns, parameters })
}
