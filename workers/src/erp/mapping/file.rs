//! A mapping file, read and checked against its dataset.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use shared::dataset::{Dataset, Field, Kind, What};
use shared::money::Amount;

use super::{Argument, Expression, Filter, Literal, Mapping, Name, Object, Rule, Section, Target};

#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    #[error(
        "The dataset {dataset} has no mapping for {configuration}: add {configuration}.toml to its folder, or switch it off."
    )]
    Missing { dataset: &'static str, configuration: String },
    #[error("The mapping {file} does not fit: {problem}.")]
    Wrong { file: String, problem: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entity: String,
    function: Option<String>,
    #[serde(default)]
    arguments: BTreeMap<String, String>,
    sign: Option<i64>,
    filter: Option<Filter>,
    #[serde(default)]
    fields: BTreeMap<String, Value>,
    #[serde(default, deserialize_with = "one_or_more")]
    lines: Vec<Lines>,
    /// What is read where the base does not publish that, in this order.
    #[serde(default)]
    or: Vec<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    section: Option<String>,
    fields: BTreeMap<String, Value>,
}

/// What stands to the right of a field.
#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Name(String),
    Sum(Vec<String>),
    Table(Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    from: Option<String>,
    sum: Option<Vec<String>>,
    difference: Option<Vec<String>>,
    product: Option<Vec<String>>,
    constant: Option<toml::Value>,
    words: Option<BTreeMap<String, String>>,
    other: Option<String>,
    null: Option<toml::Value>,
}

/// `[lines]`, or `[[lines]]` for each of several sections.
fn one_or_more<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Lines>, D::Error> {
    use serde::de::Error as _;
    let value = toml::Value::deserialize(deserializer)?;
    let list = match value {
        toml::Value::Array(list) => list,
        one => vec![one],
    };
    list.into_iter().map(|lines| lines.try_into().map_err(D::Error::custom)).collect()
}

/// What the argument of a virtual table says for "as of when the pass began".
const NOW: &str = "now";

/// Bytes of an address's segment that IIS lets through by default.
const SEGMENT: usize = 260;

/// Bytes of the names of a row: it is asked for by them, and ordered by them, beside a page.
const ROW: usize = (crate::erp::url::QUERY_BUDGET - 80) / 2;

pub(super) fn parse(dataset: Dataset, file: &str, text: &str) -> Result<Mapping, MappingError> {
    let wrong = |problem: String| MappingError::Wrong { file: file.to_owned(), problem };
    let broken = |cause: toml::de::Error| wrong(cause.to_string().replace('\n', " ").trim_end().to_owned());
    let mut parsed: File = toml::from_str(text).map_err(broken)?;
    let table: toml::Table = toml::from_str(text).map_err(broken)?;
    let shape = super::shape(dataset, &table);
    let others = std::mem::take(&mut parsed.or);
    if !others.is_empty() && !dataset.is_snapshot() {
        return Err(wrong(
            "[[or]] is for registers and virtual tables, which each pass reads anew: remove it".to_owned(),
        ));
    }
    let mut mapping = one(dataset, parsed, shape).map_err(wrong)?;
    for (other, number) in others.into_iter().zip(1..) {
        let wrong = |problem: String| wrong(format!("in [[or]] number {number}, {problem}"));
        if !other.or.is_empty() {
            return Err(wrong("there is another [[or]]: list them one after another".to_owned()));
        }
        let other = one(dataset, other, shape).map_err(wrong)?;
        if mapping.choices().any(|known| known.set() == other.set()) {
            return Err(wrong(format!("{} is named once more, and the first is read: remove it", other.set())));
        }
        mapping.alternatives.push(other);
    }
    Ok(mapping)
}

/// One way to read the dataset.
fn one(dataset: Dataset, parsed: File, shape: i64) -> Result<Mapping, String> {
    let has_sections = dataset.what == What::Document;
    let (entity, arguments) = entity(&parsed, dataset)?;
    let mut header = if dataset.is_snapshot() {
        if parsed.lines.len() != 1 || !parsed.fields.is_empty() || parsed.lines[0].section.is_some() {
            return Err(
                "a register or a virtual table has rows only: one table [lines.fields], without a section".to_owned()
            );
        }
        let rows = object(&dataset.lines, &[], &parsed.lines[0].fields)?;
        let names = rows.names.iter().map(|name| crate::erp::url::encode(&name.erp_name).len() + 1).sum::<usize>();
        if names > ROW {
            return Err(format!(
                "its names take {names} bytes of the address, where they stand twice, and web servers let {ROW} through"
            ));
        }
        rows
    } else {
        object(&dataset.fields, &own(dataset), &parsed.fields)?
    };
    if let Some(place) = &dataset.place {
        let dated = header.rules.iter().find(|rule| rule.target == Target::Field(place.dated));
        if dated.is_some_and(|rule| !matches!(rule.expression, Expression::Name(_)) || rule.null.is_some()) {
            let name = &dataset.fields[place.dated].name;
            return Err(format!("{name} dates the documents, which are asked for by it: it takes one name"));
        }
    }
    let sections = match (parsed.lines.is_empty(), has_sections) {
        (true, true) => return Err("the table [lines] is missing".to_owned()),
        (false, false) if dataset.what == What::Catalog => return Err("this dataset has no lines".to_owned()),
        (_, true) => sections(dataset, &parsed.lines)?,
        (_, false) => Vec::new(),
    };
    let is_negative = match parsed.sign {
        None | Some(1) => false,
        Some(-1) if has_sections => true,
        Some(-1) => return Err("a sign is for datasets with lines".to_owned()),
        Some(other) => return Err(format!("sign is {other}: it is 1 or -1")),
    };
    if let Some(filter) = &parsed.filter {
        if dataset.is_snapshot() {
            return Err("a filter is for catalogs and documents; a virtual table has a Condition".to_owned());
        }
        if let Some(both) = filter.counted.intersection(&filter.left_out).next() {
            return Err(format!("{both} is both counted and left out"));
        }
        let name = header.number_of(&Name { erp_name: filter.field.clone(), literal: Literal::Word });
        header.rules.push(Rule { target: Target::Counts, expression: Expression::Name(name), null: None });
        header.rules.sort_by_key(|rule| rule.target);
    }
    let (filter, alternatives) = (parsed.filter.map(Arc::new), Vec::new());
    Ok(Mapping { dataset, entity, arguments, header, sections, is_negative, filter, shape, alternatives })
}

/// What the reading itself needs, beside the dataset's fields.
fn own(dataset: Dataset) -> Vec<(&'static str, Target, Literal)> {
    let mut own = vec![("id", Target::Id, Literal::Reference), ("data_version", Target::DataVersion, Literal::Text)];
    if dataset.what == What::Document {
        own.push(("is_marked_deleted", Target::IsMarkedDeleted, Literal::Flag));
        own.push(("is_posted", Target::IsPosted, Literal::Flag));
    }
    own
}

fn entity(file: &File, dataset: Dataset) -> Result<(String, Vec<(String, Argument)>), String> {
    let is_virtual = dataset.what == What::VirtualTable;
    let Some(function) = &file.function else {
        if is_virtual {
            return Err("function is missing: Balance, SliceLast or another of the register".to_owned());
        }
        return if file.arguments.is_empty() {
            Ok((file.entity.clone(), Vec::new()))
        } else {
            Err("arguments are those of a function: remove them".to_owned())
        };
    };
    if !is_virtual {
        return Err("a function is for virtual tables: remove it".to_owned());
    }
    let argument = |(name, value): (&String, &String)| {
        let value = if value == NOW { Argument::Now } else { Argument::Text(value.clone()) };
        (name.clone(), value)
    };
    let length: usize = file
        .arguments
        .iter()
        .map(|(name, value)| crate::erp::url::encode(name).len() + crate::erp::url::encode(value).len() + 24)
        .sum();
    if length > SEGMENT {
        return Err(format!("the arguments take {length} bytes of the address, and web servers let {SEGMENT} through"));
    }
    Ok((format!("{}/{function}", file.entity), file.arguments.iter().map(argument).collect()))
}

fn sections(dataset: Dataset, lines: &[Lines]) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    for lines in lines {
        let name = lines.section.clone().ok_or("section is missing under [lines]")?;
        if sections.iter().any(|section| section.name == name) {
            return Err(format!("the section {name} is named twice"));
        }
        let object = object(&dataset.lines, &[("line_no", Target::LineNo, Literal::Ordinal)], &lines.fields)?;
        sections.push(Section { name, object });
    }
    Ok(sections)
}

/// The rules of an object: `own` are demanded and named plainly, those of the fields that are required are demanded.
fn object(
    fields: &[Field],
    own: &[(&'static str, Target, Literal)],
    given: &BTreeMap<String, Value>,
) -> Result<Object, String> {
    let mut object = Object::default();
    for (ours, value) in given {
        if let Some((_, target, literal)) = own.iter().find(|(name, ..)| name == ours) {
            let Value::Name(erp_name) = value else { return Err(format!("{ours} takes one name")) };
            let name = object.number_of(&Name { erp_name: erp_name.clone(), literal: *literal });
            object.rules.push(Rule { target: *target, expression: Expression::Name(name), null: None });
            continue;
        }
        let found = fields.iter().position(|field| field.name == *ours);
        let at =
            found.ok_or_else(|| format!("{ours} is no field of this dataset, which has {}", listed(fields, own)))?;
        let (expression, null) = made(&fields[at], value, &mut object)?;
        object.rules.push(Rule { target: Target::Field(at), expression, null });
    }
    let is_there = |target: Target| object.rules.iter().any(|rule| rule.target == target);
    let missing = own.iter().find(|(_, target, _)| !is_there(*target)).map(|(name, ..)| *name).or_else(|| {
        let mut numbered = fields.iter().enumerate();
        let lacking = numbered.find(|(at, field)| field.is_required && !is_there(Target::Field(*at)));
        lacking.map(|(_, field)| field.name.as_str())
    });
    if let Some(missing) = missing {
        return Err(format!("the field {missing} is missing"));
    }
    object.rules.sort_by_key(|rule| rule.target);
    Ok(object)
}

/// How the field is made, and what stands in place of null.
fn made(field: &Field, value: &Value, object: &mut Object) -> Result<(Expression, Option<String>), String> {
    let ours = &field.name;
    let literal = super::literal_of(&field.kind);
    let table = match value {
        Value::Name(name) => {
            return Ok((Expression::Name(object.number_of(&Name { erp_name: name.clone(), literal })), None));
        }
        Value::Sum(names) => &Table::summing(names.clone()),
        Value::Table(table) => table,
    };
    let mut numbers = |names: &[String]| -> Result<Vec<usize>, String> {
        if !field.kind.is_figure() {
            return Err(format!("{ours} takes one name: only amounts are summed"));
        }
        if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            return Err(format!("{} is named twice for {ours}", twice.1));
        }
        if names.is_empty() {
            return Err(format!("{ours} is made of nothing"));
        }
        Ok(names.iter().map(|name| object.number_of(&Name { erp_name: name.clone(), literal })).collect())
    };
    let null = table.null.as_ref().map(|null| json(field, null)).transpose()?;
    let expression = match table {
        Table {
            from: Some(from), sum: None, difference: None, product: None, constant: None, words, other, ..
        } => {
            let name = object.number_of(&Name { erp_name: from.clone(), literal });
            match words {
                None if other.is_some() => return Err(format!("{ours} has an other without words")),
                None => Expression::Name(name),
                Some(words) => in_our_words(field, name, words, other.as_ref())?,
            }
        }
        Table { from: None, words: None, other: None, sum, difference, product, constant, .. } => {
            match (sum, difference, product, constant) {
                (Some(names), None, None, None) => Expression::Sum(numbers(names)?),
                (None, Some(names), None, None) => Expression::Difference(numbers(names)?),
                (None, None, Some(names), None) => Expression::Product(numbers(names)?),
                (None, None, None, Some(value)) if null.is_none() => Expression::Constant(json(field, value)?),
                _ => return Err(format!("{ours} takes one of from, sum, difference, product and constant")),
            }
        }
        _ => return Err(format!("{ours} takes one of from, sum, difference, product and constant")),
    };
    Ok((expression, null))
}

impl Table {
    fn summing(names: Vec<String>) -> Self {
        Self {
            from: None,
            sum: Some(names),
            difference: None,
            product: None,
            constant: None,
            words: None,
            other: None,
            null: None,
        }
    }
}

fn in_our_words(
    field: &Field,
    of: usize,
    words: &BTreeMap<String, String>,
    other: Option<&String>,
) -> Result<Expression, String> {
    if !field.kind.is_text() {
        return Err(format!("{} is no text: it has no words", field.name));
    }
    for ours in words.values().chain(other) {
        is_one_of(field, ours)?;
    }
    Ok(Expression::Words { of, words: words.clone(), other: other.cloned() })
}

fn is_one_of(field: &Field, word: &str) -> Result<(), String> {
    match &field.kind {
        Kind::OneOf(values) if !values.iter().any(|value| value == word) => {
            Err(format!("{word:?} is none of the values of {}: {}", field.name, values.join(", ")))
        }
        _ => Ok(()),
    }
}

/// A constant of the file as 1C would write it.
fn json(field: &Field, value: &toml::Value) -> Result<String, String> {
    let wrong = || format!("{value} cannot stand for {}, which is a {}", field.name, field.kind.name());
    let quoted = |text: &str| serde_json::to_string(text).map_err(|_| wrong());
    match (&field.kind, value) {
        (Kind::Quantity | Kind::Money { .. }, toml::Value::Integer(_) | toml::Value::Float(_)) => {
            let text = value.to_string();
            Amount::parse(&text).map(|_| text).map_err(|_| wrong())
        }
        (Kind::Flag, toml::Value::Boolean(flag)) => Ok(flag.to_string()),
        (Kind::Reference, toml::Value::String(text)) if uuid::Uuid::try_parse(text).is_ok() => quoted(text),
        (Kind::Code | Kind::Text, toml::Value::String(text)) => quoted(text),
        (Kind::OneOf(_), toml::Value::String(text)) => is_one_of(field, text).and_then(|()| quoted(text)),
        (Kind::Day | Kind::Moment, toml::Value::String(text)) if crate::record::moment(text).is_some() => quoted(text),
        _ => Err(wrong()),
    }
}

fn listed(fields: &[Field], own: &[(&'static str, Target, Literal)]) -> String {
    let own = own.iter().map(|(name, ..)| *name);
    own.chain(fields.iter().map(|field| field.name.as_str())).collect::<Vec<_>>().join(", ")
}
