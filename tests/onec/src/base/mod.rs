//! The infobase behind the server: catalogs, documents, balances, and every way they change.

mod amount;
mod balance;
mod change;
mod columns;
mod ledger;
mod list;
mod moment;
mod order;
mod row;
mod rows;
mod table;

use std::{cmp::Ordering, sync::OnceLock};

use uuid::Uuid;

pub use amount::{Amount, write_int};
pub use balance::{Balance, Dimensions, Resources, Stock, summed};
pub use change::{ChangeError, Lookup};
pub use columns::{Column, ORGANISATION, Source, VAT_RATE, Value, WAREHOUSE, source};
pub use ledger::{Ledger, Month};
pub use list::{Cell, Item};
pub use moment::Moment;
pub use order::{CLOSED, LineTerms, NOT_AGREED, TO_SHIP, TO_SUPPLY, Terms, characteristics};
pub use row::{Row, manager_of};
pub use rows::{
    Deed, Document, FROM_A_CUSTOMER, FROM_AN_AGENT, GIVEN_BACK, LegalEntity, Line, Named, Overrides, Partner, Product,
    SOLD, TO_AN_AGENT, included_vat, to_kopecks,
};
pub use table::{Keyed, Table};

use crate::{generate, schema::Type};

/// All rows, and the counter that gives every write a new version.
#[derive(Debug)]
pub struct Base {
    pub products: Table<Product>,
    pub partners: Table<Partner>,
    pub legal_entities: Table<LegalEntity>,
    pub currencies: Table<Named>,
    pub units: Table<Named>,
    /// Sales. Ordered by date, then by what 1C shows for the document.
    pub documents: Table<Document>,
    /// In the same order.
    pub returns: Table<Document>,
    /// Follow from the sales as they were made, and are made when first asked for: a reader of sales alone never waits for
    /// them, nor gives them room.
    pub orders: OnceLock<Table<Document>>,
    /// By [`Type::list`].
    pub lists: Vec<Table<Item>>,
    pub stock: Stock,
    /// The last moment of what was made.
    pub made_at: Moment,
    pub last_version: u64,
    /// Makes references and numbers of documents that are written later.
    pub written: u64,
}

/// The entity sets that hold rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    Products,
    Partners,
    LegalEntities,
    Currencies,
    Units,
    Documents,
    /// The flat tabular section of the documents.
    Lines,
    Returns,
    ReturnLines,
    Orders,
    OrderLines,
    /// Of the number in [`Type::list`].
    List(u16),
    /// Published, and without a row.
    Empty,
}

/// Where a row lies: its slot, and for a line its number (else 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub slot: u32,
    pub line: u32,
}

impl Set {
    pub fn named(name: &str) -> Self {
        match name {
            "Catalog_Номенклатура" => Self::Products,
            "Catalog_Партнеры" => Self::Partners,
            "Catalog_Контрагенты" => Self::LegalEntities,
            "Catalog_Валюты" => Self::Currencies,
            "Catalog_УпаковкиЕдиницыИзмерения" => Self::Units,
            "Document_РеализацияТоваровУслуг" => Self::Documents,
            "Document_РеализацияТоваровУслуг_Товары" => Self::Lines,
            "Document_ВозвратТоваровОтКлиента" => Self::Returns,
            "Document_ВозвратТоваровОтКлиента_Товары" => Self::ReturnLines,
            "Document_ЗаказКлиента" => Self::Orders,
            "Document_ЗаказКлиента_Товары" => Self::OrderLines,
            _ => Self::Empty,
        }
    }

    pub fn of(published: &Type) -> Self {
        published.list.map_or_else(|| Self::named(&published.name), Self::List)
    }

    pub fn is_documents(self) -> bool {
        matches!(self, Self::Documents | Self::Returns | Self::Orders)
    }

    pub fn is_lines(self) -> bool {
        matches!(self, Self::Lines | Self::ReturnLines | Self::OrderLines)
    }
}

impl Base {
    pub fn next_version(&mut self) -> u64 {
        self.last_version += 1;
        self.last_version
    }

    /// The documents of a set of documents or of their lines.
    pub fn papers(&self, set: Set) -> &Table<Document> {
        match set {
            Set::Returns | Set::ReturnLines => &self.returns,
            Set::Orders | Set::OrderLines => self.orders(),
            _ => &self.documents,
        }
    }

    pub fn orders(&self) -> &Table<Document> {
        self.orders.get_or_init(|| Table::new(generate::orders(self)))
    }

    /// The row of a catalog or document with this reference.
    pub fn find(&self, set: Set, reference: Uuid) -> Option<Place> {
        let slot = match set {
            Set::Products => self.products.find(reference),
            Set::Partners => self.partners.find(reference),
            Set::LegalEntities => self.legal_entities.find(reference),
            Set::Currencies => self.currencies.find(reference),
            Set::Units => self.units.find(reference),
            Set::Documents | Set::Lines | Set::Returns | Set::ReturnLines | Set::Orders | Set::OrderLines => {
                self.papers(set).find(reference)
            }
            Set::List(number) => self.lists.get(number as usize)?.find(reference),
            Set::Empty => None,
        };
        slot.map(|slot| Place { slot, line: 0 })
    }

    pub fn row(&self, set: Set, place: Place) -> Option<Row<'_>> {
        match set {
            Set::Products => self.products.get(place.slot).map(Row::Product),
            Set::Partners => self.partners.get(place.slot).map(Row::Partner),
            Set::LegalEntities => self.legal_entities.get(place.slot).map(Row::LegalEntity),
            Set::Currencies => self.currencies.get(place.slot).map(Row::Named),
            Set::Units => self.units.get(place.slot).map(Row::Named),
            Set::List(number) => self.lists.get(number as usize)?.get(place.slot).map(Row::Item),
            Set::Documents | Set::Returns | Set::Orders => self.papers(set).get(place.slot).map(Row::Document),
            Set::Lines | Set::ReturnLines | Set::OrderLines => {
                let document = self.papers(set).get(place.slot)?;
                let number = place.line as usize;
                document.lines.get(number.checked_sub(1)?).map(|line| Row::Line(document, line, number))
            }
            Set::Empty => None,
        }
    }

    /// All slots of a set in its own order; for lines, those of their documents.
    pub fn slots(&self, set: Set) -> &[u32] {
        match set {
            Set::Products => self.products.ordered(),
            Set::Partners => self.partners.ordered(),
            Set::LegalEntities => self.legal_entities.ordered(),
            Set::Currencies => self.currencies.ordered(),
            Set::Units => self.units.ordered(),
            Set::Documents | Set::Lines | Set::Returns | Set::ReturnLines | Set::Orders | Set::OrderLines => {
                self.papers(set).ordered()
            }
            Set::List(number) => self.lists.get(number as usize).map_or(&[], Table::ordered),
            Set::Empty => &[],
        }
    }
}

impl Keyed for Document {
    fn reference(&self) -> Uuid {
        self.reference
    }
    fn order(&self, other: &Self) -> Ordering {
        (self.date, &self.number, self.reference).cmp(&(other.date, &other.number, other.reference))
    }
}

macro_rules! keyed_by_name {
    ($($row:ty),*) => {$(
        impl Keyed for $row {
            fn reference(&self) -> Uuid {
                self.reference
            }
            fn order(&self, other: &Self) -> Ordering {
                (&self.name, self.reference).cmp(&(&other.name, other.reference))
            }
        }
    )*};
}
keyed_by_name!(Product, Partner, LegalEntity, Named, Item);
