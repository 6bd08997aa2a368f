//! Makes an infobase from a seed: the same plan gives the same base, byte for byte.

mod dealers;
mod dice;
mod lists;
mod orders;
mod plans;
mod prices;
mod products;
mod returns;
mod sales;
mod second;
mod settlements;
mod stock;
mod terms;

#[cfg(test)]
mod tests;

pub use dealers::{canary, dealer_name, dealer_reference};
pub use dice::Dice;

pub use lists::ROUBLE;
pub use orders::orders;

use lists::{WAREHOUSES, cancel_reason};

use std::sync::OnceLock;

use uuid::Uuid;

use crate::{
    base::{Base, Document, LegalEntity, Moment, Named, Partner, Product, Table},
    schema::Schema,
};

/// How large the base is and what is in it.
#[derive(Debug, Clone)]
pub struct Plan {
    pub dealers: usize,
    pub products: usize,
    /// Lines of all documents together, exactly.
    pub lines: usize,
    pub years: u32,
    pub seed: u64,
    /// Puts [`canary`] into every text that belongs to a dealer.
    pub canaries: bool,
    /// Three documents get the years 1, 209 and 2106.
    pub junk_dates: bool,
    /// The last moment anything is sold at, on the clock of the infobase.
    pub now: Moment,
}

pub fn base(plan: &Plan) -> Base {
    rows(plan).into_base(plan)
}

/// The same configuration elsewhere: nothing in it has a reference of the first.
pub fn second(plan: &Plan) -> Base {
    let plan = Plan { seed: plan.seed + 1_000, ..plan.clone() };
    second::moved(rows(&plan)).into_base(&plan)
}

pub fn empty(plan: &Plan) -> Base {
    let mut base = Rows::default().into_base(plan);
    base.lists.iter_mut().for_each(|list| *list = Table::default());
    base
}

/// What the rows of lists follow from.
struct Known<'a> {
    plan: &'a Plan,
    products: &'a [Product],
    partners: &'a [Partner],
    legal_entities: &'a [LegalEntity],
}

impl<'a> Known<'a> {
    fn dealers(&self) -> impl Iterator<Item = &'a Partner> {
        self.partners.iter().filter(|partner| partner.is_client)
    }

    fn legal_entity_of(&self, dealer: Uuid) -> Uuid {
        self.legal_entities.iter().find(|row| row.partner == dealer).map_or(Uuid::nil(), |row| row.reference)
    }

    /// With a space before it; nothing in a base without canaries.
    fn canary_of(&self, dealer: Uuid) -> String {
        if self.plan.canaries { format!(" {}", canary(terms::number_of(dealer))) } else { String::new() }
    }
}

/// A base before it is put in order.
#[derive(Default)]
struct Rows {
    products: Vec<Product>,
    partners: Vec<Partner>,
    legal_entities: Vec<LegalEntity>,
    currencies: Vec<Named>,
    units: Vec<Named>,
    documents: Vec<Document>,
    returns: Vec<Document>,
}

fn rows(plan: &Plan) -> Rows {
    let mut dice = Dice::new(plan.seed);
    let canaries: Vec<String> =
        if plan.canaries { (1..=plan.dealers as u64).map(canary).collect() } else { Vec::new() };
    let catalog = products::catalog(plan.products, &canaries, &mut dice);
    let (partners, legal_entities) = dealers::partners(plan.dealers, &canaries);
    let (documents, returns) = if catalog.items.is_empty() || plan.dealers == 0 {
        Default::default()
    } else {
        sales::documents(plan, &canaries, &catalog, &mut dice)
    };
    Rows {
        products: catalog.rows,
        partners,
        legal_entities,
        currencies: lists::currencies(),
        units: lists::units(),
        documents,
        returns,
    }
}

impl Rows {
    fn into_base(mut self, plan: &Plan) -> Base {
        for row in &mut self.products {
            row.version = version(&(&row.name, &row.code, row.parent, row.is_deleted, row.price.0, row.unit));
        }
        for row in &mut self.partners {
            row.version = version(&(&row.name, &row.code));
        }
        for row in &mut self.legal_entities {
            row.version = version(&(&row.name, &row.tax_number));
        }
        for row in self.currencies.iter_mut().chain(&mut self.units) {
            row.version = version(&(&row.name, &row.code));
        }
        let known =
            Known { plan, products: &self.products, partners: &self.partners, legal_entities: &self.legal_entities };
        let mut lists = lists::items(&Schema::ut11(), &known);
        for row in lists.iter_mut().flatten() {
            row.version = version(&(&row.name, row.is_deleted, &row.cells));
        }
        for row in self.documents.iter_mut().chain(&mut self.returns) {
            let lines: Vec<_> = row.lines.iter().map(|line| (line.product, line.quantity.0, line.revenue.0)).collect();
            let kind = (&row.operation, row.currency);
            row.version = version(&(row.date, &row.number, row.partner, row.is_posted, row.is_deleted, kind, lines));
        }
        Base {
            stock: stock::stock(plan.seed, plan.now, &self.products),
            products: Table::new(self.products),
            partners: Table::new(self.partners),
            legal_entities: Table::new(self.legal_entities),
            currencies: Table::new(self.currencies),
            units: Table::new(self.units),
            documents: Table::new(self.documents),
            returns: Table::new(self.returns),
            orders: OnceLock::new(),
            lists: lists.into_iter().map(Table::new).collect(),
            made_at: plan.now,
            last_version: 1 << 40,
            written: 0,
        }
    }
}

/// A version that follows from the content: a base made anew shows an unchanged row under the same version, and a changed
/// one under another. Writes count up from beyond the largest of these.
fn version(content: &impl std::hash::Hash) -> u64 {
    let mut hasher = xxhash_rust::xxh64::Xxh64::new(0);
    content.hash(&mut hasher);
    std::hash::Hasher::finish(&hasher) >> 24
}
