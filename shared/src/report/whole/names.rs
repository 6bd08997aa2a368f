//! What keys and currencies are called.

use rustc_hash::FxHashMap;

use super::binary::{uuid_of, uuid_text};
use crate::report::answers::Kept;
use crate::report::currency::Currency;
use crate::report::definition::{Definition, FieldId};
use crate::report::tsv::{self, Misread};

/// The texts of each key.
#[derive(Debug, Default)]
pub struct Names {
    fields: Vec<FieldId>,
    places: FxHashMap<u128, Named>,
    texts: Vec<Box<[Box<str>]>>,
    bytes: usize,
}

/// A key that has names: looked up once, for a view asks for thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named(u32);

impl Kept for Names {
    fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Names {
    pub fn read(report: &Definition, answer: &str) -> Result<Self, Misread> {
        let fields: Vec<FieldId> =
            report.fields.iter().filter(|(_, field)| field.kind.is_text()).map(|(id, _)| id).collect();
        let header: Vec<&str> = answer.lines().next().unwrap_or_default().split('\t').collect();
        let place = |name: &str| {
            let found = header.iter().position(|found| *found == name);
            found.ok_or_else(|| Misread(format!("no column {name} in {header:?}")))
        };
        let key = place(report.key.first().map_or("", |key| key))?;
        let places =
            fields.iter().map(|field| place(&report.fields.get(*field).name)).collect::<Result<Vec<_>, _>>()?;
        let mut names = Self { fields, ..Self::default() };
        for line in answer.lines().skip(1) {
            let cells: Vec<_> = tsv::cells(line).collect();
            let cell = |place: usize| cells.get(place).and_then(|cell| cell.as_deref());
            let key =
                cell(key).and_then(uuid_of).ok_or_else(|| Misread(format!("a name without its key: {line:?}")))?;
            let texts: Box<[Box<str>]> = places.iter().map(|place| cell(*place).unwrap_or_default().into()).collect();
            names.bytes += 80 + texts.iter().map(|text| text.len() + size_of::<Box<str>>()).sum::<usize>();
            let place = u32::try_from(names.texts.len()).map_err(|_| Misread("more names than can be".to_owned()))?;
            names.places.insert(key, Named(place));
            names.texts.push(texts);
        }
        Ok(names)
    }

    pub fn of(&self, key: u128) -> Option<Named> {
        self.places.get(&key).copied()
    }

    pub fn text(&self, Named(place): Named, field: FieldId) -> &str {
        let index = self.fields.iter().position(|known| *known == field);
        index.and_then(|index| self.texts.get(place as usize)?.get(index)).map_or("", |text| text)
    }
}

/// Each currency by its key.
pub fn currencies(report: &Definition, answer: &str) -> Result<Vec<(u128, Currency)>, Misread> {
    let Some(columns) = &report.currency else { return Ok(Vec::new()) };
    let rows = tsv::rows(answer, [columns.key.as_str(), columns.code.as_str(), columns.name.as_str()])?;
    rows.into_iter()
        .map(|[key, code, name]| {
            let key =
                key.as_deref().and_then(uuid_of).ok_or_else(|| Misread("a currency without its key".to_owned()))?;
            let (code, name) = (code.unwrap_or_default().into_owned(), name.unwrap_or_default().into_owned());
            Ok((key, Currency { key: uuid_text(key), code, name }))
        })
        .collect()
}
