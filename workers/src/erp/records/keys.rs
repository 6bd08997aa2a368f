//! Keys only: what a scan asks for.

use chrono::{NaiveDate, NaiveDateTime};
use uuid::Uuid;

use super::super::given::Given;
use super::super::mapping::{Mapping, Target};
use super::super::read::{Misfit, Salvage, Sink};

/// A key with the version that 1C gave it, and for documents its date (year one where it is empty).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key {
    pub id: Uuid,
    pub data_version: String,
    pub dated: NaiveDateTime,
}

/// A page of a scan of keys.
#[derive(Debug, Default)]
pub struct Keys {
    pub keys: Vec<Key>,
    draft: Key,
}

impl Sink for Keys {
    fn of(_: &Mapping) -> Self {
        Self::default()
    }

    fn begin(&mut self) {
        self.draft = Key { dated: NaiveDateTime::MIN, ..Key::default() };
    }

    fn header(&mut self, given: Given<'_>) -> Result<(), String> {
        match given.rule.target {
            Target::Id => self.draft.id = given.key()?,
            Target::DataVersion => self.draft.data_version = given.text()?.into_owned(),
            Target::Field(_) => self.draft.dated = given.moment()?.unwrap_or_else(year_one),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, problem: Option<String>) -> Option<Misfit> {
        let draft = std::mem::take(&mut self.draft);
        let misfit = problem.map(|reason| Misfit { reason, salvage: Salvage::default() });
        if misfit.is_none() {
            self.keys.push(draft);
        }
        misfit
    }
}

/// 1C's empty date.
pub fn year_one() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default().into()
}
