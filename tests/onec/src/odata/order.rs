//! `$orderby`, with what makes paging hard: a reference sorts by its presentation, and rows that the keys do not part
//! come in another order each time.

use std::cmp::Ordering;

use super::error::Refusal;
use crate::{
    base::{Base, Column, Row, Set, Source, Value, source},
    schema::{Kind, Schema, Type},
};

/// Keys, most significant first.
#[derive(Debug, Clone, Default)]
pub struct Order {
    keys: Vec<Key>,
}

#[derive(Debug, Clone)]
struct Key {
    by: By,
    is_descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Column(Column),
    /// A reference, by what 1C shows for the row it names; the row itself has `Set::Empty`.
    Reference(Column, Set),
    /// The same in every row.
    Nothing,
}

impl Order {
    pub fn parse(text: &str, schema: &Schema, of: &Type) -> Result<Self, Refusal> {
        let mut keys = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, direction) = part.split_once(' ').unwrap_or((part, "asc"));
            let is_descending = match direction.trim() {
                "asc" => false,
                "desc" => true,
                other => return Err(Refusal::option("$orderby", format!("неизвестное направление \"{other}\""))),
            };
            keys.push(Key { by: by(schema, of, name)?, is_descending });
        }
        Ok(Self { keys })
    }

    /// Whether the keys give each row one place: only then do pages not overlap.
    pub fn is_total(&self, set: Set) -> bool {
        self.names(Column::Reference) && (!set.is_lines() || self.names(Column::LineNumber))
    }

    /// The same of rows that only these columns together tell apart.
    pub fn names_all(&self, columns: &[Column]) -> bool {
        columns.iter().all(|column| self.names(*column))
    }

    fn names(&self, column: Column) -> bool {
        self.keys.iter().any(|key| matches!(key.by, By::Column(c) | By::Reference(c, _) if c == column))
    }

    /// The order that documents lie in anyway.
    pub fn is_natural(&self, set: Set) -> bool {
        let expected = match set {
            Set::Documents | Set::Returns | Set::Orders => {
                [By::Column(Column::Date), By::Reference(Column::Reference, Set::Empty)].as_slice()
            }
            Set::Products | Set::Partners | Set::LegalEntities | Set::Currencies | Set::Units | Set::List(_) => {
                &[By::Reference(Column::Reference, Set::Empty)]
            }
            Set::Lines | Set::ReturnLines | Set::OrderLines | Set::Empty => return false,
        };
        self.keys.len() == expected.len()
            && self.keys.iter().zip(expected).all(|(key, by)| key.by == *by && !key.is_descending)
    }

    pub fn compare(&self, base: &Base, a: Row<'_>, b: Row<'_>) -> Ordering {
        let by_key = |key: &Key| {
            let order = match key.by {
                By::Nothing => Ordering::Equal,
                By::Column(column) => compare(a.value(column), b.value(column)),
                By::Reference(Column::Reference, _) => {
                    (a.presentation(), date(a), a.reference()).cmp(&(b.presentation(), date(b), b.reference()))
                }
                By::Reference(column, set) => shown(base, a, column, set).cmp(shown(base, b, column, set)),
            };
            if key.is_descending { order.reverse() } else { order }
        };
        self.keys.iter().map(by_key).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

fn by(schema: &Schema, of: &Type, name: &str) -> Result<By, Refusal> {
    let first = name.split('/').next().unwrap_or(name);
    let (name, through) = match of.navigation(first) {
        Some(_) => (format!("{first}_Key"), true),
        None => (name.to_owned(), false),
    };
    let property = of.property(&name).ok_or_else(|| Refusal::no_property(first))?;
    if matches!(property.kind, Kind::Rows(_)) {
        return Err(Refusal::option("$orderby", format!("\"{first}\" - табличная часть")));
    }
    Ok(match source(of, property) {
        Source::Fixed(_) => By::Nothing,
        Source::Column(Column::Reference) if name == "Ref_Key" => By::Reference(Column::Reference, Set::Empty),
        Source::Column(column) if property.kind == Kind::Guid || through => {
            By::Reference(column, schema.target(of, name.trim_end_matches("_Key")).map_or(Set::Empty, Set::of))
        }
        Source::Column(column) => By::Column(column),
    })
}

fn date(row: Row<'_>) -> Option<crate::base::Moment> {
    match row {
        Row::Document(document) | Row::Line(document, ..) => Some(document.date),
        _ => None,
    }
}

fn shown<'a>(base: &'a Base, row: Row<'a>, column: Column, set: Set) -> &'a str {
    let Value::Guid(id) = row.value(column) else { return "" };
    base.find(set, id).and_then(|place| base.row(set, place)).map_or("", Row::presentation)
}

fn compare(a: Value<'_>, b: Value<'_>) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(&b),
        (Value::Whole(a), Value::Whole(b)) => a.cmp(&b),
        (Value::Amount(a), Value::Amount(b)) => a.cmp(&b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Guid(a), Value::Guid(b)) => a.cmp(&b),
        (Value::Date(a), Value::Date(b)) => a.cmp(&b),
        (Value::Version(a), Value::Version(b)) => a.cmp(&b),
        (Value::Null, Value::Null) => Ordering::Equal,
        // Values of different kinds stand in one column only where it is composite, or holds nothing.
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(value: Value<'_>) -> u8 {
    match value {
        Value::Null => 0,
        Value::Text(_) => 1,
        Value::Guid(_) => 2,
        _ => 3,
    }
}
