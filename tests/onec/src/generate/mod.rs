//! Makes an infobase from a seed: the same plan gives the same base, byte for byte.

mod dealers;
mod dice;
mod products;
mod sales;

#[cfg(test)]
mod tests;

pub use dealers::{canary, dealer_name, dealer_reference};
pub use dice::Dice;

use crate::base::{Base, Moment, Table};

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
    let mut dice = Dice::new(plan.seed);
    let canaries: Vec<String> =
        if plan.canaries { (1..=plan.dealers as u64).map(canary).collect() } else { Vec::new() };
    let mut catalog = products::catalog(plan.products, &canaries, &mut dice);
    let (mut partners, mut legal_entities) = dealers::partners(plan.dealers, &canaries);
    let mut documents = if catalog.items.is_empty() || plan.dealers == 0 {
        Vec::new()
    } else {
        sales::documents(plan, &canaries, &catalog, &mut dice)
    };
    for row in &mut catalog.rows {
        row.version = version(&(&row.name, &row.code, row.parent, row.is_deleted, row.price.0));
    }
    for row in &mut partners {
        row.version = version(&(&row.name, &row.code));
    }
    for row in &mut legal_entities {
        row.version = version(&(&row.name, &row.tax_number));
    }
    for row in &mut documents {
        let lines: Vec<_> = row.lines.iter().map(|line| (line.product, line.quantity.0, line.revenue.0)).collect();
        row.version = version(&(row.date, &row.number, row.partner, row.is_posted, row.is_deleted, lines));
    }
    Base {
        products: Table::new(catalog.rows),
        partners: Table::new(partners),
        legal_entities: Table::new(legal_entities),
        documents: Table::new(documents),
        last_version: 1 << 40,
        written: 0,
    }
}

/// A version that follows from the content: a base made anew shows an unchanged row under the same version, and a changed
/// one under another. Writes count up from beyond the largest of these.
fn version(content: &impl std::hash::Hash) -> u64 {
    let mut hasher = xxhash_rust::xxh64::Xxh64::new(0);
    content.hash(&mut hasher);
    std::hash::Hasher::finish(&hasher) >> 24
}
