//! What a page becomes: records of its dataset, or keys only.

use std::ops::Range;
use std::sync::Arc;

use chrono::{Datelike, NaiveDateTime};
use shared::money::Amount;
use uuid::Uuid;

use super::mapping::{Filter, Mapping, named, product, sale};
use super::read::Sink;
use super::scalar::{Problem, Scalar};
use crate::records::named::Named;
use crate::records::product::Product;
use crate::records::sale::{Header, Line, MOST_LETTERS};

/// A document of 1C as the mapping read it.
#[derive(Debug, Clone)]
pub struct Document {
    pub id: Uuid,
    pub data_version: String,
    /// Posted, not marked for deletion and, by the mapping's filter, one that counts: only then its rows stand in the reports.
    pub stands: bool,
    /// What it counts by, where the mapping does not name it.
    pub unknown_operation: Option<String>,
    pub header: Header,
    pub lines: Range<usize>,
}

/// A page of sales, or of returns with negative lines; the lines of all documents lie in one list.
#[derive(Debug, Default)]
pub struct Sales {
    pub documents: Vec<Document>,
    pub lines: Vec<Line>,
    line_nos: Vec<u32>,
    draft: Draft,
    is_negative: bool,
    filter: Option<Arc<Filter>>,
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
    operation: String,
    first_line: usize,
}

impl Sink for Sales {
    fn of(mapping: &Mapping) -> Self {
        Self { is_negative: mapping.is_negative, filter: mapping.filter.clone(), ..Self::default() }
    }

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
            sale::OPERATION => draft.operation = value.text()?,
            _ => {}
        }
        Ok(())
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
        let filter = self.filter.as_deref();
        let stands =
            draft.is_posted && !draft.is_marked_deleted && filter.is_none_or(|filter| filter.counts(&draft.operation));
        let is_unknown = stands && filter.is_some_and(|filter| !filter.knows(&draft.operation));
        let problem = problem.or_else(|| undated(draft.sold_at, stands)).or_else(|| too_long(&draft.number));
        if problem.is_some() {
            self.lines.truncate(draft.first_line);
            return problem;
        }
        self.sort_lines(draft.first_line);
        if self.is_negative {
            self.lines[draft.first_line..].iter_mut().for_each(negate);
        }
        self.documents.push(Document {
            id: draft.id,
            data_version: draft.data_version,
            stands,
            unknown_operation: is_unknown.then_some(draft.operation),
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

/// Every row repeats the number.
fn too_long(number: &str) -> Option<String> {
    let is_too_long = number.chars().nth(MOST_LETTERS).is_some();
    is_too_long.then(|| format!("the document's number has more than {MOST_LETTERS} letters"))
}

/// Amounts have 18 digits, far from where a sign would overflow.
fn negate(line: &mut Line) {
    for amount in [&mut line.quantity, &mut line.revenue, &mut line.vat, &mut line.discount] {
        *amount = Amount::from_raw(amount.raw().saturating_neg());
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
            product::UNIT_ID => record.unit_id = value.reference()?,
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

impl<N> Sink for Catalog<Named<N>> {
    fn begin(&mut self) {
        self.start();
    }

    fn header(&mut self, field: usize, value: Scalar<'_>) -> Result<(), Problem> {
        let Item { id, data_version, stands, record } = &mut self.draft;
        match field {
            named::ID => *id = value.key()?,
            named::DATA_VERSION => *data_version = value.text()?,
            named::CODE => record.code = value.text()?,
            named::NAME => record.name = value.text()?,
            named::IS_CLIENT => *stands = value.flag()?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datasets::Dataset;

    /// A posted document of one line with this operation, read by the mapping of the dataset.
    fn read(dataset: Dataset, operation: &str) -> Sales {
        let body = format!(
            r#"{{"value":[{{"Ref_Key":"00000000-0000-4000-8000-000000000001","DataVersion":"1","DeletionMark":false,"Posted":true,
                "Number":"1","Date":"2024-03-05T00:00:00","Партнер_Key":null,"Контрагент_Key":null,"Валюта_Key":null,
                "ХозяйственнаяОперация":"{operation}","Товары":[{{"LineNumber":"1","Номенклатура_Key":null,"Количество":2,
                "СуммаСНДС":120,"СуммаНДС":20,"СуммаРучнойСкидки":3,"СуммаАвтоматическойСкидки":4}}]}}]}}"#
        );
        let mapping = Mapping::load(dataset, None).unwrap();
        let mut sales = Sales::of(&mapping);
        let count = super::super::read::page(&body, &mapping, &mut sales).unwrap();
        assert!(count.rejected.is_empty(), "{:?}", count.rejected);
        sales
    }

    #[test]
    fn the_filter_says_which_documents_stand_and_one_it_does_not_name_stands_and_is_told() {
        for (dataset, operation, stands, is_unknown) in [
            (Dataset::Sales, "РеализацияКлиенту", true, false),
            (Dataset::Sales, "", true, false),
            (Dataset::Sales, "ПередачаНаКомиссию", false, false),
            (Dataset::Sales, "ПередачаПоНовомуЗакону", true, true),
            (Dataset::Returns, "ВозвратТоваровОтКлиента", true, false),
            (Dataset::Returns, "ВозвратОтКомиссионера", false, false),
        ] {
            let sales = read(dataset, operation);
            let document = &sales.documents[0];
            assert_eq!((document.stands, document.unknown_operation.is_some()), (stands, is_unknown), "{operation}");
        }
    }

    #[test]
    fn the_lines_of_a_return_are_those_of_a_sale_with_the_other_sign() {
        let raw = |dataset| {
            let line = read(dataset, "").lines[0];
            [line.quantity, line.revenue, line.vat, line.discount].map(Amount::raw)
        };
        assert_eq!(raw(Dataset::Sales), [20_000, 1_200_000, 200_000, 70_000]);
        assert_eq!(raw(Dataset::Returns), raw(Dataset::Sales).map(|amount| -amount));
    }
}
