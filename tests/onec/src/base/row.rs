//! One row of an entity set, and what it shows in each column.

use uuid::Uuid;

use super::{
    Amount, Balance, Column, Document, Item, LegalEntity, Line, LineTerms, Named, Overrides, Partner, Product, Terms,
    Value, characteristics,
};

/// Wherever it lies.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    Product(&'a Product),
    Partner(&'a Partner),
    LegalEntity(&'a LegalEntity),
    Named(&'a Named),
    Document(&'a Document),
    /// A line with its document and its number.
    Line(&'a Document, &'a Line, usize),
    Item(&'a Item),
    /// Of a virtual table, and so without a reference.
    Balance(&'a Balance),
}

/// The item of a small catalog that a row names: one in `of` names none.
fn one_of(group: u128, row: Uuid, of: u128) -> Uuid {
    match (row.as_u128() & 0xffff_ffff) % of {
        0 => Uuid::nil(),
        n => Uuid::from_u128(0x5b0d6f0e_0000_11ee_8a01_000000000000 | (group << 80) | n),
    }
}

/// The main manager of a dealer, who also signs its orders.
pub fn manager_of(partner: Uuid) -> Uuid {
    let n = (partner.as_u128() & 0xffff_ffff) % 5 + 1;
    Uuid::from_u128(0x5b0d6f0e_0000_11ee_8a01_000000000000 | (0x3a3a << 80) | n)
}

/// The region a dealer lies in; some in none.
pub fn region_of(partner: Uuid) -> Uuid {
    one_of(0xb12e, partner, 5)
}

static NO_OVERRIDES: Overrides = None;

impl<'a> Row<'a> {
    pub fn reference(self) -> Uuid {
        match self {
            Self::Product(row) => row.reference,
            Self::Partner(row) => row.reference,
            Self::LegalEntity(row) => row.reference,
            Self::Named(row) => row.reference,
            Self::Document(row) | Self::Line(row, ..) => row.reference,
            Self::Item(row) => row.reference,
            Self::Balance(_) => Uuid::nil(),
        }
    }

    /// What 1C shows for the reference, and sorts it by.
    pub fn presentation(self) -> &'a str {
        match self {
            Self::Product(row) => &row.name,
            Self::Partner(row) => &row.name,
            Self::LegalEntity(row) => &row.name,
            Self::Named(row) => &row.name,
            Self::Document(row) | Self::Line(row, ..) => &row.number,
            Self::Item(row) => &row.name,
            Self::Balance(_) => "",
        }
    }

    pub fn overrides(self) -> &'a Overrides {
        match self {
            Self::Product(row) => &row.overrides,
            Self::Partner(row) => &row.overrides,
            Self::LegalEntity(row) => &row.overrides,
            Self::Named(row) => &row.overrides,
            Self::Document(row) | Self::Line(row, ..) => &row.overrides,
            Self::Item(row) => &row.overrides,
            Self::Balance(_) => &NO_OVERRIDES,
        }
    }

    /// The line's number where this row is a line.
    pub fn line(self) -> Option<usize> {
        match self {
            Self::Line(.., number) => Some(number),
            _ => None,
        }
    }

    pub fn value(self, column: Column) -> Value<'a> {
        match self {
            Self::Line(document, line, number) => line_value(document, line, number, column),
            Self::Document(row) => document_value(row, column),
            Self::Product(row) => product_value(row, column),
            Self::Item(row) => item_value(row, column),
            Self::Balance(row) => balance_value(row, column),
            Self::Partner(row) => match column {
                Column::Reference => Value::Guid(row.reference),
                Column::DataVersion => Value::Version(row.version),
                Column::IsDeleted => Value::Bool(row.is_deleted),
                Column::Code => Value::Text(&row.code),
                Column::Name => Value::Text(&row.name),
                Column::IsClient => Value::Bool(row.is_client),
                Column::IsSupplier => Value::Bool(!row.is_client),
                Column::Manager if row.is_client => Value::Guid(manager_of(row.reference)),
                Column::Region if row.is_client => Value::Guid(region_of(row.reference)),
                Column::Manager | Column::Region => Value::Guid(Uuid::nil()),
                _ => Value::Null,
            },
            Self::Named(row) => match column {
                Column::Reference => Value::Guid(row.reference),
                Column::DataVersion => Value::Version(row.version),
                Column::IsDeleted => Value::Bool(row.is_deleted),
                Column::Code => Value::Text(&row.code),
                Column::Name => Value::Text(&row.name),
                Column::FullName => Value::Text(&row.full_name),
                _ => Value::Null,
            },
            Self::LegalEntity(row) => match column {
                Column::Reference => Value::Guid(row.reference),
                Column::DataVersion => Value::Version(row.version),
                Column::IsDeleted => Value::Bool(row.is_deleted),
                Column::Name => Value::Text(&row.name),
                Column::FullName => Value::Text(&row.full_name),
                Column::TaxNumber => Value::Text(&row.tax_number),
                Column::TaxReason if row.full_name.starts_with("ИП ") => Value::Text(""),
                Column::TaxReason => Value::Text("770101001"),
                Column::Partner => Value::Guid(row.partner),
                _ => Value::Null,
            },
        }
    }
}

/// Fields that only items have are null in a folder.
fn product_value(row: &Product, column: Column) -> Value<'_> {
    match column {
        Column::Reference => Value::Guid(row.reference),
        Column::DataVersion => Value::Version(row.version),
        Column::IsDeleted => Value::Bool(row.is_deleted),
        Column::Code => Value::Text(&row.code),
        Column::Name => Value::Text(&row.name),
        Column::Parent => Value::Guid(row.parent),
        Column::IsFolder => Value::Bool(row.is_folder),
        _ if row.is_folder => Value::Null,
        Column::FullName => Value::Text(&row.name),
        Column::Article => Value::Text(&row.article),
        Column::ProductKind => Value::Text("Товар"),
        Column::Unit => Value::Guid(row.unit),
        Column::Brand => Value::Guid(one_of(0xb4a0, row.reference, 7)),
        Column::PriceGroup => Value::Guid(one_of(0x9609, row.reference, 5)),
        Column::CharacteristicUse if characteristics(row.reference).next().is_some() => {
            Value::Text("ИндивидуальныеДляНоменклатуры")
        }
        Column::CharacteristicUse => Value::Text("НеИспользовать"),
        _ => Value::Null,
    }
}

fn item_value(row: &Item, column: Column) -> Value<'_> {
    match column {
        Column::Reference => Value::Guid(row.reference),
        Column::DataVersion => Value::Version(row.version),
        Column::IsDeleted => Value::Bool(row.is_deleted),
        Column::Name => Value::Text(&row.name),
        Column::Field(place) => row.cell(place),
        _ => Value::Null,
    }
}

fn balance_value(row: &Balance, column: Column) -> Value<'_> {
    let amount = |amount: Option<Amount>| amount.map_or(Value::Null, Value::Amount);
    match column {
        Column::Product => Value::Guid(row.dimensions.product),
        Column::Characteristic => Value::Guid(row.dimensions.characteristic),
        Column::Purpose => Value::Guid(row.dimensions.purpose),
        Column::Warehouse => Value::Guid(row.dimensions.warehouse),
        Column::Room => Value::Guid(row.dimensions.room),
        Column::Series => Value::Guid(row.dimensions.series),
        Column::OnHand => amount(row.resources.on_hand),
        Column::ToShip => amount(row.resources.to_ship),
        _ => Value::Null,
    }
}

fn document_value(row: &Document, column: Column) -> Value<'_> {
    match column {
        Column::Reference => Value::Guid(row.reference),
        Column::DataVersion => Value::Version(row.version),
        Column::IsDeleted => Value::Bool(row.is_deleted),
        Column::Number => Value::Text(&row.number),
        Column::Date => Value::Date(row.date),
        Column::IsPosted => Value::Bool(row.is_posted),
        Column::Partner => Value::Guid(row.partner),
        Column::LegalEntity => Value::Guid(row.legal_entity),
        Column::Currency => Value::Guid(row.currency),
        Column::Operation => Value::Text(&row.operation),
        Column::Total => Value::Amount(row.total()),
        Column::Comment => Value::Text(&row.comment),
        Column::Order | Column::OrderType => order_of(row, column),
        _ => row.terms.as_ref().map_or(Value::Null, |terms| terms_value(terms, column)),
    }
}

/// A composite field travels as text beside its type.
fn order_of(sale: &Document, column: Column) -> Value<'_> {
    match (column, sale.order.is_nil()) {
        (Column::Order, true) => Value::Text(""),
        (Column::Order, false) => Value::Guid(sale.order),
        (_, true) => Value::Text("StandardODATA.Undefined"),
        (_, false) => Value::Text("StandardODATA.Document_ЗаказКлиента"),
    }
}

fn terms_value(terms: &Terms, column: Column) -> Value<'_> {
    match column {
        Column::Status => Value::Text(&terms.status),
        Column::ShipOn => Value::Date(terms.ship_on),
        Column::CustomerNumber => Value::Text(&terms.customer_number),
        Column::Warehouse => Value::Guid(terms.warehouse),
        Column::Manager => Value::Guid(terms.manager),
        Column::Agreement => Value::Guid(terms.agreement),
        Column::Contract => Value::Guid(terms.contract),
        Column::LastCode => Value::Whole(terms.lines.iter().map(|line| i64::from(line.code)).max().unwrap_or(0)),
        _ => Value::Null,
    }
}

fn line_terms_value(terms: &Terms, line: &LineTerms, column: Column) -> Value<'static> {
    match column {
        Column::Characteristic => Value::Guid(line.characteristic),
        Column::ShipOn => Value::Date(line.ship_on.unwrap_or(terms.ship_on)),
        Column::LineCode => Value::Whole(line.code.into()),
        Column::IsCancelled => Value::Bool(line.is_cancelled),
        Column::CancelReason => Value::Guid(line.reason),
        Column::Warehouse => Value::Guid(terms.warehouse),
        Column::Supply if line.is_cancelled => Value::Text("НеТребуется"),
        Column::Supply => Value::Text("Отгрузить"),
        _ => Value::Null,
    }
}

#[inline]
fn line_value<'a>(document: &'a Document, line: &'a Line, number: usize, column: Column) -> Value<'a> {
    match column {
        Column::LineNumber => Value::Whole(number as i64),
        Column::Product => Value::Guid(line.product),
        Column::Quantity => Value::Amount(line.quantity),
        Column::Price => Value::Amount(line.price),
        Column::Revenue => Value::Amount(line.revenue),
        Column::Vat => Value::Amount(line.vat),
        Column::ManualDiscount => Value::Amount(line.manual_discount),
        Column::AutomaticDiscount => Value::Amount(line.automatic_discount),
        Column::Reference => Value::Guid(document.reference),
        Column::Order | Column::OrderType => order_of(document, column),
        _ => match (&document.terms, document.line_terms(number)) {
            (Some(terms), Some(line)) => line_terms_value(terms, line, column),
            _ => Value::Null,
        },
    }
}
