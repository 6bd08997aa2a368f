//! What an order says beyond a sale, and the variants of products that it may name.

use std::borrow::Cow;

use uuid::Uuid;

use super::{Document, Line, Moment};

/// The statuses of `Document_ЗаказКлиента`, as the enumeration names them.
pub const NOT_AGREED: &str = "НеСогласован";
pub const TO_SUPPLY: &str = "КОбеспечению";
pub const TO_SHIP: &str = "КОтгрузке";
pub const CLOSED: &str = "Закрыт";

/// Of an order alone: the rest of its header, and of each line.
#[derive(Debug, Clone)]
pub struct Terms {
    pub status: Cow<'static, str>,
    /// Without a time of day; the empty date where nobody said.
    pub ship_on: Moment,
    pub customer_number: Box<str>,
    pub warehouse: Uuid,
    pub manager: Uuid,
    pub agreement: Uuid,
    pub contract: Uuid,
    /// In step with the document's lines.
    pub lines: Vec<LineTerms>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineTerms {
    pub characteristic: Uuid,
    pub ship_on: Option<Moment>,
    /// Stays with the line when those before it go, unlike `LineNumber`.
    pub code: u32,
    pub is_cancelled: bool,
    pub reason: Uuid,
}

impl Terms {
    /// What is needed for an order that somebody writes down now.
    pub fn new(lines: usize, warehouse: Uuid) -> Self {
        let codes = 1..=u32::try_from(lines).unwrap_or(u32::MAX);
        Self {
            status: TO_SUPPLY.into(),
            ship_on: Moment::EMPTY,
            customer_number: "".into(),
            warehouse,
            manager: Uuid::nil(),
            agreement: Uuid::nil(),
            contract: Uuid::nil(),
            lines: codes.map(|code| LineTerms { code, ..LineTerms::default() }).collect(),
        }
    }
}

impl Document {
    /// The terms of a line, from 1; none in a sale or a return.
    pub fn line_terms(&self, number: usize) -> Option<&LineTerms> {
        self.terms.as_ref()?.lines.get(number.checked_sub(1)?)
    }

    /// Whether the line, from 1, was called off.
    pub fn is_cancelled(&self, number: usize) -> bool {
        self.line_terms(number).is_some_and(|terms| terms.is_cancelled)
    }

    /// Lines with their numbers, those called off left out.
    pub fn standing_lines(&self) -> impl Iterator<Item = (usize, &Line)> {
        (1..).zip(&self.lines).filter(|(number, _)| !self.is_cancelled(*number))
    }
}

const ITEM: u128 = 0x1111;
const VARIANT: u128 = 0xc4a0;
/// Where the second group of a GUID stands: what tells the kinds of references of this base apart.
const KIND_AT: u32 = 80;

/// The variants of a product, by its reference alone: two or three for one item in twelve.
pub fn characteristics(product: Uuid) -> impl Iterator<Item = Uuid> {
    let id = product.as_u128();
    let (kind, n) = (id >> KIND_AT & 0xffff, id & 0xffff_ffff_ffff);
    let count = if kind == ITEM && n % 12 == 5 { 2 + n % 24 / 12 } else { 0 };
    (0..count).map(move |variant| Uuid::from_u128(id ^ ((ITEM ^ (VARIANT + variant)) << KIND_AT)))
}
