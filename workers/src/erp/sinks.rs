//! What a page becomes: records of its dataset, or keys only.

use std::ops::Range;

use chrono::{Datelike, NaiveDateTime};
use shared::money::Amount;
use uuid::Uuid;

use super::mapping::{dealer, product, sale};
use super::read::Sink;
use super::scalar::{Problem, Scalar};
use crate::records::dealer::Dealer;
use crate::records::product::Product;
use crate::records::sale::{Header, Line};

/// A document of 1C as the mapping read it.
#[derive(Debug, Clone)]
pub struct Document {
    pub id: Uuid,
    pub data_version: String,
    pub is_marked_deleted: bool,
    pub is_posted: bool,
    pub header: Header,
    pub lines: Range<usize>,
}

impl Document {
    /// Posted and not marked for deletion: only then its rows stand in the reports.
    pub fn stands(&self) -> bool {
        self.is_posted && !self.is_marked_deleted
    }
}

/// A page of sales; the lines of all documents lie in one list.
#[derive(Debug, Default)]
pub struct Sales {
    pub documents: Vec<Document>,
    pub lines: Vec<Line>,
    line_nos: Vec<u32>,
    draft: Draft,
}

#[derive(Debug, Default)]
struct Draft {
    id: Uuid,
    data_version: String,
    is_marked_deleted: bool,
    is_posted: bool,
    number: String,
    sold_at: Option<NaiveDateTime>,
    dealer_id: Option<Uuid>,
    legal_entity_id: Option<Uuid>,
    currency_id: Option<Uuid>,
    first_line: usize,
}

impl Sink for Sales {
    fn begin(&mut self) {
        self.draft = Draft { first_line: self.lines.len(), ..Draft::default() };
        self.line_nos.clear();
    }

    fn header(&mut self, field: usize, value: Scalar<'_>) -> Result<(), Problem> {
        let draft = &mut self.draft;
        match field {
            sale::ID => draft.id = value.key()?,
            sale::DATA_VERSION => draft.data_version = value.text()?,
            sale::IS_MARKED_DELETED => draft.is_marked_deleted = value.flag()?,
            sale::IS_POSTED => draft.is_posted = value.flag()?,
            sale::NUMBER => draft.number = value.text()?,
            sale::SOLD_AT => draft.sold_at = value.moment()?,
            sale::DEALER_ID => draft.dealer_id = value.reference()?,
            sale::LEGAL_ENTITY_ID => draft.legal_entity_id = value.reference()?,
            sale::CURRENCY_ID => draft.currency_id = value.reference()?,
            _ => {}
        }
        Ok(())
    }

    fn begin_lines(&mut self) {
        self.lines.truncate(self.draft.first_line);
        self.line_nos.clear();
    }

    fn begin_line(&mut self) {
        self.lines.push(Line::default());
        self.line_nos.push(0);
    }

    fn line(&mut self, field: usize, value: Scalar<'_>) -> Result<(), Problem> {
        let (Some(line), Some(line_no)) = (self.lines.last_mut(), self.line_nos.last_mut()) else { return Ok(()) };
        match field {
            sale::LINE_NO => *line_no = value.ordinal()?,
            sale::PRODUCT_ID => line.product_id = value.reference()?,
            sale::QUANTITY => line.quantity = sum(line.quantity, value)?,
            sale::REVENUE => line.revenue = sum(line.revenue, value)?,
            sale::VAT => line.vat = sum(line.vat, value)?,
            sale::DISCOUNT => line.discount = sum(line.discount, value)?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, problem: Option<String>) -> Option<String> {
        let draft = std::mem::take(&mut self.draft);
        let stands = draft.is_posted && !draft.is_marked_deleted;
        let problem = problem.or_else(|| undated(draft.sold_at, stands));
        if problem.is_some() {
            self.lines.truncate(draft.first_line);
            return problem;
        }
        self.sort_lines(draft.first_line);
        self.documents.push(Document {
            id: draft.id,
            data_version: draft.data_version,
            is_marked_deleted: draft.is_marked_deleted,
            is_posted: draft.is_posted,
            header: Header {
                number: draft.number,
                sold_at: draft.sold_at.unwrap_or_default(),
                dealer_id: draft.dealer_id,
                legal_entity_id: draft.legal_entity_id,
                currency_id: draft.currency_id,
            },
            lines: draft.first_line..self.lines.len(),
        });
        None
    }
}

impl Sales {
    /// By line number; servers send them so, and mostly nothing moves.
    fn sort_lines(&mut self, first: usize) {
        if self.line_nos.is_sorted() {
            return;
        }
        let mut order: Vec<usize> = (0..self.line_nos.len()).collect();
        order.sort_by_key(|at| self.line_nos[*at]);
        let sorted: Vec<Line> = order.into_iter().map(|at| self.lines[first + at]).collect();
        self.lines[first..].copy_from_slice(&sorted);
    }
}

/// A sale must have a day that the warehouse can hold; one that does not stand needs none.
fn undated(sold_at: Option<NaiveDateTime>, stands: bool) -> Option<String> {
    let years = crate::records::YEARS;
    match sold_at {
        _ if !stands => None,
        None => Some("the date of the document is empty".to_owned()),
        Some(at) if years.contains(&at.year()) => None,
        Some(at) => Some(format!("the document is dated {at}, outside the years {} to {}", years.start(), years.end())),
    }
}

/// Several 1C fields may fill one amount.
fn sum(so_far: Amount, value: Scalar<'_>) -> Result<Amount, Problem> {
    let sum = so_far.raw().checked_add(value.amount()?.raw());
    sum.map(Amount::from_raw).ok_or(Problem::Borrowed("is too large"))
}

/// An item of a catalog with its record.
#[derive(Debug, Clone, Default)]
pub struct Item<R> {
    pub id: Uuid,
    pub data_version: String,
    /// Ours; others are skipped.
    pub stands: bool,
    pub record: R,
}

/// A page of a catalog.
#[derive(Debug, Default)]
pub struct Catalog<R> {
    pub items: Vec<Item<R>>,
    draft: Item<R>,
}

impl<R: Default> Catalog<R> {
    fn take(&mut self, problem: Option<String>) -> Option<String> {
        let draft = std::mem::take(&mut self.draft);
        if problem.is_none() {
            self.items.push(draft);
        }
        problem
    }

    fn start(&mut self) {
        self.draft = Item { stands: true, ..Item::default() };
    }
}

impl Sink for Catalog<Product> {
    fn begin(&mut self) {
        self.start();
    }

    fn header(&mut self, field: usize, value: Scalar<'_>) -> Result<(), Problem> {
        let Item { id, data_version, record, .. } = &mut self.draft;
        match field {
            product::ID => *id = value.key()?,
            product::DATA_VERSION => *data_version = value.text()?,
            product::PARENT_ID => record.parent_id = value.reference()?,
            product::IS_GROUP => record.is_group = value.flag()?,
            product::CODE => record.code = value.text()?,
            product::ARTICLE => record.article = value.text()?,
            product::NAME => record.name = value.text()?,
            _ => {}
        }
        Ok(())
    }

    fn begin_line(&mut self) {}

    fn line(&mut self, _: usize, _: Scalar<'_>) -> Result<(), Problem> {
        Ok(())
    }

    fn end(&mut self, problem: Option<String>) -> Option<String> {
        self.take(problem)
    }
}

impl Sink for Catalog<Dealer> {
    fn begin(&mut self) {
        self.start();
    }

    fn header(&mut self, field: usize, value: Scalar<'_>) -> Result<(), Problem> {
        let Item { id, data_version, stands, record } = &mut self.draft;
        match field {
            dealer::ID => *id = value.key()?,
            dealer::DATA_VERSION => *data_version = value.text()?,
            dealer::IS_CLIENT => *stands = value.flag()?,
            dealer::CODE => record.code = value.text()?,
            dealer::NAME => record.name = value.text()?,
            _ => {}
        }
        Ok(())
    }

    fn begin_line(&mut self) {}

    fn line(&mut self, _: usize, _: Scalar<'_>) -> Result<(), Problem> {
        Ok(())
    }

    fn end(&mut self, problem: Option<String>) -> Option<String> {
        self.take(problem)
    }
}

/// A key with the version that 1C gave it, and for documents its date (year one where it is empty).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key {
    pub id: Uuid,
    pub data_version: String,
    pub dated: NaiveDateTime,
}

/// A page of a scan. `id`, `data_version` and the date have the same numbers in every dataset that has them.
#[derive(Debug, Default)]
pub struct Keys {
    pub keys: Vec<Key>,
    draft: Key,
}

impl Sink for Keys {
    fn begin(&mut self) {
        self.draft = Key { dated: NaiveDateTime::MIN, ..Key::default() };
    }

    fn header(&mut self, field: usize, value: Scalar<'_>) -> Result<(), Problem> {
        match field {
            sale::ID => self.draft.id = value.key()?,
            sale::DATA_VERSION => self.draft.data_version = value.text()?,
            sale::SOLD_AT => self.draft.dated = value.moment()?.unwrap_or_else(year_one),
            _ => {}
        }
        Ok(())
    }

    fn begin_line(&mut self) {}

    fn line(&mut self, _: usize, _: Scalar<'_>) -> Result<(), Problem> {
        Ok(())
    }

    fn end(&mut self, problem: Option<String>) -> Option<String> {
        let draft = std::mem::take(&mut self.draft);
        if problem.is_none() {
            self.keys.push(draft);
        }
        problem
    }
}

/// 1C's empty date.
pub fn year_one() -> NaiveDateTime {
    chrono::NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default().into()
}
