//! Rows of the catalogs that only their schema knows: small ones of UT 11, and those that a test publishes.

use serde_json::{Map, Value as Json, value::RawValue};
use uuid::Uuid;

use super::{Amount, Base, ChangeError, Moment, Overrides, Value, rows};
use crate::schema::{Kind, Property, Type};

/// One item; what every catalog has, and the rest field by field.
#[derive(Debug, Clone)]
pub struct Item {
    pub reference: Uuid,
    pub version: u64,
    pub is_deleted: bool,
    pub name: Box<str>,
    /// By [`Property::place`].
    pub cells: Vec<Cell>,
    pub overrides: Overrides,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cell {
    Null,
    Bool(bool),
    Whole(i64),
    Amount(Amount),
    Text(Box<str>),
    Guid(Uuid),
    Date(Moment),
    /// A tabular section or another structure, as it was given.
    Json(Box<str>),
}

impl Item {
    /// An item of the type with every field unset.
    pub fn new(of: &Type, reference: Uuid) -> Self {
        let mut cells = vec![Cell::Null; of.properties.len()];
        for property in of.properties.iter().filter(|property| property.place != Property::NEW) {
            if let Some(cell) = cells.get_mut(property.place as usize) {
                *cell = unset(&property.kind, &property.origin);
            }
        }
        Self { reference, version: 0, is_deleted: false, name: "".into(), cells, overrides: None }
    }

    /// An item as a test writes it: `Ref_Key` and whatever else is not unset. A value that its field cannot hold is only
    /// served.
    pub fn read(of: &Type, row: &Map<String, Json>, new_reference: Uuid) -> Result<Self, String> {
        let reference = match row.get("Ref_Key") {
            None => new_reference,
            Some(key) => key.as_str().and_then(|key| key.parse().ok()).ok_or(format!("Ref_Key {key} is no GUID"))?,
        };
        let mut item = Self::new(of, reference);
        for (field, value) in row.iter().filter(|(field, _)| *field != "Ref_Key") {
            let value = serde_json::value::to_raw_value(value).map_err(|error| error.to_string())?;
            item.set(of, field, Some(value))?;
        }
        Ok(item)
    }

    /// Sets a field to any JSON value; without one the field is left out of answers. Whether it became the truth.
    pub fn set(&mut self, of: &Type, field: &str, value: Option<Box<RawValue>>) -> Result<bool, String> {
        let property = of.properties.iter().find(|one| one.origin == field);
        let property = property.ok_or_else(|| format!("{} has no field {field}", of.name))?;
        let held = value.as_ref().and_then(|value| fit(property, value.get()));
        let is_held = held.is_some();
        let is_shown = held.as_ref().is_some_and(|cell| prints_alike(cell, value.as_deref().map_or("", RawValue::get)));
        match (field, held) {
            ("Description", Some(Cell::Text(name))) => self.name = name,
            ("DeletionMark", Some(Cell::Bool(flag))) => self.is_deleted = flag,
            ("Ref_Key" | "DataVersion", _) => return Err(format!("{field} is not set by hand")),
            (_, Some(cell)) => {
                if let Some(place) = self.cells.get_mut(property.place as usize) {
                    *place = cell;
                }
            }
            (_, None) => {}
        }
        rows::set_override(&mut self.overrides, None, field, (!is_shown).then_some(value));
        Ok(is_held)
    }

    pub fn cell(&self, place: u16) -> Value<'_> {
        match self.cells.get(place as usize) {
            None | Some(Cell::Null) => Value::Null,
            Some(Cell::Bool(flag)) => Value::Bool(*flag),
            Some(Cell::Whole(number)) => Value::Whole(*number),
            Some(Cell::Amount(amount)) => Value::Amount(*amount),
            Some(Cell::Text(text)) => Value::Text(text),
            Some(Cell::Guid(id)) => Value::Guid(*id),
            Some(Cell::Date(date)) => Value::Date(*date),
            Some(Cell::Json(json)) => Value::Json(json),
        }
    }
}

/// What 1C shows for a field that nobody filled.
fn unset(kind: &Kind, name: &str) -> Cell {
    match kind {
        Kind::Guid => Cell::Guid(Uuid::nil()),
        Kind::Text if name.ends_with("_Type") => Cell::Text("StandardODATA.Undefined".into()),
        Kind::Text => Cell::Text("".into()),
        Kind::Number => Cell::Amount(Amount::default()),
        Kind::Int16 | Kind::Int32 | Kind::Int64 => Cell::Whole(0),
        Kind::Bool => Cell::Bool(false),
        Kind::Date => Cell::Date(Moment::EMPTY),
        Kind::Texts | Kind::Rows(_) => Cell::Json("[]".into()),
        Kind::Complex(_) => Cell::Null,
    }
}

/// The value as the field holds it, if it can.
fn fit(property: &Property, json: &str) -> Option<Cell> {
    if json == "null" {
        return property.is_nullable.then_some(Cell::Null);
    }
    let text = serde_json::from_str::<String>(json).ok();
    match &property.kind {
        Kind::Guid => text?.parse().ok().map(Cell::Guid),
        Kind::Text => text.map(|text| Cell::Text(text.into())),
        Kind::Number => Amount::parse(text.as_deref().unwrap_or(json)).map(Cell::Amount),
        Kind::Int16 | Kind::Int32 | Kind::Int64 => text.as_deref().unwrap_or(json).parse().ok().map(Cell::Whole),
        Kind::Bool => json.parse().ok().map(Cell::Bool),
        Kind::Date => Moment::parse(&text?).map(Cell::Date),
        Kind::Texts | Kind::Rows(_) => json.starts_with('[').then(|| Cell::Json(json.into())),
        Kind::Complex(_) => json.starts_with('{').then(|| Cell::Json(json.into())),
    }
}

/// Whether the cell is served as the same text; a number written as `1E2` is not.
fn prints_alike(cell: &Cell, json: &str) -> bool {
    match cell {
        Cell::Amount(amount) => amount.to_string() == json,
        _ => true,
    }
}

impl Base {
    /// Writes an item: a new one, or another in place of the one with its reference.
    pub fn put_item(&mut self, list: u16, mut item: Item) -> Result<(), ChangeError> {
        item.version = self.next_version();
        let unknown = ChangeError::Unknown(item.reference);
        let list = self.lists.get_mut(list as usize).ok_or(unknown)?;
        match list.find(item.reference) {
            Some(slot) => _ = list.change(slot, |former| *former = item),
            None => list.insert(item),
        }
        Ok(())
    }

    /// Changes an item under a new version.
    pub fn write_item<R>(
        &mut self,
        list: u16,
        reference: Uuid,
        change: impl FnOnce(&mut Item) -> R,
    ) -> Result<R, ChangeError> {
        let version = self.next_version();
        let changed = self.lists.get_mut(list as usize).and_then(|list| {
            let slot = list.find(reference)?;
            list.change(slot, |item| {
                item.version = version;
                change(item)
            })
        });
        changed.ok_or(ChangeError::Unknown(reference))
    }

    /// Takes the item out of the database.
    pub fn delete_item(&mut self, list: u16, reference: Uuid) -> Result<(), ChangeError> {
        let gone = self.lists.get_mut(list as usize).and_then(|list| list.remove(list.find(reference)?));
        gone.map(|_| ()).ok_or(ChangeError::Unknown(reference))
    }
}
