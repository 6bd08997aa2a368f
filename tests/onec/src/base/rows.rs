//! The truth: what lies in the infobase, in the smallest form that answers can be drawn from.

use std::borrow::Cow;

use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Amount, Moment, Terms};

#[derive(Debug, Clone)]
pub struct Product {
    pub reference: Uuid,
    pub version: u64,
    pub is_deleted: bool,
    /// All zeros at the top.
    pub parent: Uuid,
    pub is_folder: bool,
    /// Fixed length, padded with spaces.
    pub code: Box<str>,
    pub name: Box<str>,
    pub article: Box<str>,
    /// List price with VAT.
    pub price: Amount,
    pub unit: Uuid,
    pub overrides: Overrides,
}

#[derive(Debug, Clone)]
pub struct Partner {
    pub reference: Uuid,
    pub version: u64,
    pub is_deleted: bool,
    pub code: Box<str>,
    pub name: Box<str>,
    pub is_client: bool,
    pub overrides: Overrides,
}

#[derive(Debug, Clone)]
pub struct LegalEntity {
    pub reference: Uuid,
    pub version: u64,
    pub is_deleted: bool,
    pub name: Box<str>,
    pub full_name: Box<str>,
    pub tax_number: Box<str>,
    pub partner: Uuid,
    pub overrides: Overrides,
}

/// A currency, or a unit of measure.
#[derive(Debug, Clone)]
pub struct Named {
    pub reference: Uuid,
    pub version: u64,
    pub is_deleted: bool,
    pub code: Box<str>,
    pub name: Box<str>,
    pub full_name: Box<str>,
    pub overrides: Overrides,
}

/// What a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    #[default]
    Sale,
    Return,
    Order,
}

pub const SOLD: &str = "РеализацияКлиенту";
/// What a customer paid.
pub const FROM_A_CUSTOMER: &str = "ПоступлениеОплатыОтКлиента";
pub const GIVEN_BACK: &str = "ВозвратТоваровОтКлиента";
/// Goods given to an agent, or back from one: posted, and neither a sale nor a return.
pub const TO_AN_AGENT: &str = "ПередачаНаКомиссию";
pub const FROM_AN_AGENT: &str = "ВозвратОтКомиссионера";

/// The operations that do not count. This is the stand-in's one rule; the mappings of the product state the same.
const NOT_COUNTED: [&str; 4] = [TO_AN_AGENT, "ПередачаНаХранениеСПравомПродажи", FROM_AN_AGENT, "ВозвратОтХранителя"];

#[derive(Debug, Clone)]
pub struct Document {
    pub deed: Deed,
    pub operation: Cow<'static, str>,
    pub currency: Uuid,
    pub reference: Uuid,
    pub version: u64,
    pub is_deleted: bool,
    pub is_posted: bool,
    pub number: Box<str>,
    pub date: Moment,
    pub partner: Uuid,
    pub legal_entity: Uuid,
    pub comment: Box<str>,
    /// `LineNumber` is the place in this list, from 1.
    pub lines: Vec<Line>,
    /// Of a sale: the order it ships; all zeros without one.
    pub order: Uuid,
    /// Of an order.
    pub terms: Option<Box<Terms>>,
    pub overrides: Overrides,
}

#[derive(Debug, Clone)]
pub struct Line {
    pub product: Uuid,
    pub quantity: Amount,
    pub price: Amount,
    /// With VAT, after discounts.
    pub revenue: Amount,
    pub vat: Amount,
    pub manual_discount: Amount,
    pub automatic_discount: Amount,
}

impl Line {
    /// A line at a price for its whole: VAT of 20 % is inside, no discounts.
    pub fn priced(product: Uuid, quantity: Amount, revenue: Amount) -> Self {
        let none = Amount::default();
        let vat = included_vat(revenue);
        let price = if quantity.0 == 0 { none } else { to_kopecks(i128::from(revenue.0) * 10_000, quantity.0.into()) };
        Self { product, quantity, price, revenue, vat, manual_discount: none, automatic_discount: none }
    }
}

/// 20/120 of a sum with VAT, to the kopeck.
pub fn included_vat(revenue: Amount) -> Amount {
    to_kopecks(revenue.0.into(), 6)
}

/// `number / by`, rounded half up to two places.
pub fn to_kopecks(number: i128, by: i128) -> Amount {
    let kopecks = (number * 2 + by * 100).div_euclid(by * 200);
    Amount(i64::try_from(kopecks * 100).unwrap_or(i64::MAX))
}

impl Document {
    /// What was called off is no part of it.
    pub fn total(&self) -> Amount {
        match self.terms {
            None => Amount(self.lines.iter().map(|line| line.revenue.0).sum()),
            Some(_) => Amount(self.standing_lines().map(|(_, line)| line.revenue.0).sum()),
        }
    }

    /// Counts as a sale, a return or an order: posted, not marked for deletion, and of an operation that counts.
    pub fn counts(&self) -> bool {
        self.is_posted && !self.is_deleted && !NOT_COUNTED.contains(&&*self.operation)
    }
}

/// Values that are served instead of the truth. Almost every row has none.
pub type Overrides = Option<Box<Vec<Override>>>;

#[derive(Debug, Clone)]
pub struct Override {
    /// `LineNumber`; `None` for the header.
    pub line: Option<usize>,
    pub field: Box<str>,
    /// The JSON text to send; `None` leaves the field out.
    pub value: Option<Box<RawValue>>,
}

/// Puts an override in place of an older one for the same field, or takes it away.
pub fn set_override(overrides: &mut Overrides, line: Option<usize>, field: &str, value: Option<Option<Box<RawValue>>>) {
    let list = overrides.get_or_insert_default();
    list.retain(|one| one.line != line || &*one.field != field);
    if let Some(value) = value {
        list.push(Override { line, field: field.into(), value });
    }
    if list.is_empty() {
        *overrides = None;
    }
}
