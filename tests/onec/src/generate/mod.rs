//! Makes an infobase from a seed: the same plan gives the same base, byte for byte.

mod dealers;
mod dice;
mod products;
mod sales;

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
    let versions = catalog
        .rows
        .iter_mut()
        .map(|row| &mut row.version)
        .chain(partners.iter_mut().map(|row| &mut row.version))
        .chain(legal_entities.iter_mut().map(|row| &mut row.version))
        .chain(documents.iter_mut().map(|row| &mut row.version));
    let mut last_version = 0x1000;
    for version in versions {
        last_version += 1;
        *version = last_version;
    }
    Base {
        products: Table::new(catalog.rows),
        partners: Table::new(partners),
        legal_entities: Table::new(legal_entities),
        documents: Table::new(documents),
        last_version,
        written: 0,
    }
}
