//! What lies in the warehouses, now and before: the accumulation register ТоварыНаСкладах as its virtual table shows it.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Amount, Moment};

/// What tells one balance from another. All zeros where a dimension is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Dimensions {
    pub product: Uuid,
    pub characteristic: Uuid,
    pub purpose: Uuid,
    pub warehouse: Uuid,
    pub room: Uuid,
    pub series: Uuid,
}

/// The resources; null where nothing was ever written, which counts as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    pub on_hand: Option<Amount>,
    pub to_ship: Option<Amount>,
}

/// A row of the virtual table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub dimensions: Dimensions,
    pub resources: Resources,
}

impl Resources {
    /// Such a row is not in the virtual table.
    pub fn is_nothing(self) -> bool {
        let is_none = |amount: Option<Amount>| amount.is_none_or(|amount| amount.0 == 0);
        is_none(self.on_hand) && is_none(self.to_ship)
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |a: Option<Amount>, b: Option<Amount>| match (a, b) {
            (Some(a), Some(b)) => Some(Amount(a.0 + b.0)),
            (a, b) => a.or(b),
        };
        Self { on_hand: sum(self.on_hand, other.on_hand), to_ship: sum(self.to_ship, other.to_ship) }
    }
}

/// Every balance with the moments it changed at, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Stock(BTreeMap<Dimensions, Vec<(Moment, Resources)>>);

impl Stock {
    /// Holds from this moment on. A moment before the last change is taken for that one: the past stays as it was.
    pub fn set(&mut self, dimensions: Dimensions, since: Moment, resources: Resources) {
        let steps = self.0.entry(dimensions).or_default();
        let since = steps.last().map_or(since, |(last, _)| since.max(*last));
        steps.push((since, resources));
    }

    /// What there is; or what there was before a moment, as 1C reads `Period`.
    pub fn at(&self, before: Option<Moment>) -> impl Iterator<Item = Balance> {
        self.0.iter().filter_map(move |(dimensions, steps)| {
            let standing = steps.iter().rev().find(|(since, _)| before.is_none_or(|before| *since < before));
            let resources = standing.map(|(_, resources)| *resources).filter(|one| !one.is_nothing())?;
            Some(Balance { dimensions: *dimensions, resources })
        })
    }

    /// Nothing is left of these balances. How many there were.
    pub fn empty(&mut self, warehouse: Option<Uuid>, since: Moment) -> usize {
        let gone: Vec<_> =
            self.at(None).filter(|row| warehouse.is_none_or(|id| row.dimensions.warehouse == id)).collect();
        for row in &gone {
            self.set(row.dimensions, since, Resources::default());
        }
        gone.len()
    }

    /// Every balance becomes another by so much. How many there were.
    pub fn shift(&mut self, by: Amount, since: Moment) -> usize {
        let all: Vec<_> = self.at(None).collect();
        for row in &all {
            let moved = Resources { on_hand: Some(by), to_ship: None };
            self.set(row.dimensions, since, row.resources.plus(moved));
        }
        all.len()
    }
}

/// Rows with only some dimensions, the others summed over and all zeros.
pub fn summed(rows: impl Iterator<Item = Balance>, kept: impl Fn(Dimensions) -> Dimensions) -> Vec<Balance> {
    let mut sums: BTreeMap<Dimensions, Resources> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry(kept(row.dimensions)).or_default();
        *sum = sum.plus(row.resources);
    }
    let row = |(dimensions, resources)| Balance { dimensions, resources };
    sums.into_iter().map(row).filter(|row| !row.resources.is_nothing()).collect()
}
