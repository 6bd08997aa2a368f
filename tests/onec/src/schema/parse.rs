//! Reads `ut11.txt`. The file is compiled in and under test, so a mistake in it is a bug and stops the start.

use super::{Function, Kind, Navigation, Property, Schema, Type};

pub fn read(text: &str) -> Schema {
    let mut schema = Schema { types: Vec::new(), enums: Vec::new(), functions: Vec::new() };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        if let Some(members) = line.strip_prefix("  ") {
            let current = schema.types.last_mut().expect("a type stands before its properties");
            match members.strip_prefix("> ") {
                Some(navigation) => current.navigations.push(self::navigation(navigation)),
                None => current.properties.extend(words.map(property)),
            }
            continue;
        }
        match words.next() {
            Some("entity" | "complex") => schema.types.push(head(words)),
            Some("enum") => {
                let name = words.next().expect("an enum has a name").to_owned();
                schema.enums.push((name, words.map(str::to_owned).collect()));
            }
            Some("function") => schema.functions.push(function(words)),
            other => panic!("ut11.txt: {other:?} opens no line"),
        }
    }
    schema
}

fn head<'a>(mut words: impl Iterator<Item = &'a str>) -> Type {
    let name = words.next().expect("a type has a name").to_owned();
    let (mut is_open, mut key) = (false, Vec::new());
    for word in words {
        match word {
            "open" => is_open = true,
            "key" => {}
            part => key.push(part.to_owned()),
        }
    }
    Type { name, is_open, key, properties: Vec::new(), navigations: Vec::new() }
}

fn navigation(text: &str) -> Navigation {
    let (name, target) = text.split_once(' ').expect("a navigation is NAME TARGET");
    Navigation { name: name.into(), target: target.into() }
}

fn property(text: &str) -> Property {
    let (name, kind) = text.split_once(':').expect("a property is NAME:TYPE");
    let bare = kind.trim_end_matches('!');
    Property { name: name.into(), origin: name.into(), kind: self::kind(bare), is_nullable: bare.len() == kind.len() }
}

fn kind(text: &str) -> Kind {
    match text {
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
            _ => panic!("ut11.txt: unknown type {other}"),
        },
    }
}

fn function<'a>(mut words: impl Iterator<Item = &'a str>) -> Function {
    let name = words.next().expect("a function has a name").to_owned();
    let (mut set, mut returns, mut parameters, mut part) = (String::new(), None, Vec::new(), "");
    for word in words {
        match (word, part) {
            ("on" | "returns" | "with", _) => part = word,
            (_, "on") => set = word.into(),
            (_, "returns") => returns = Some(word.to_owned()),
            _ => {
                let parameter = property(word);
                parameters.push((parameter.name, parameter.kind));
            }
        }
    }
    Function { name, set, returns, parameters }
}
