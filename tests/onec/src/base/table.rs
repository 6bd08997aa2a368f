//! Rows by slot, by reference, and in the order of their presentation.

use std::collections::HashMap;

use uuid::Uuid;

/// A row that a reference names.
pub trait Keyed {
    fn reference(&self) -> Uuid;
    fn order(&self, other: &Self) -> std::cmp::Ordering;
}

/// Slots stay put for the life of the base; a removed row leaves its slot empty.
#[derive(Debug)]
pub struct Table<T> {
    slots: Vec<Option<T>>,
    by_reference: HashMap<Uuid, u32>,
    ordered: Vec<u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), by_reference: HashMap::new(), ordered: Vec::new() }
    }
}

impl<T: Keyed> Table<T> {
    pub fn new(rows: Vec<T>) -> Self {
        let by_reference = rows.iter().zip(0..).map(|(row, slot)| (row.reference(), slot)).collect();
        let mut ordered: Vec<u32> = (0..u32::try_from(rows.len()).unwrap_or(u32::MAX)).collect();
        ordered.sort_by(|a, b| rows[*a as usize].order(&rows[*b as usize]));
        Self { slots: rows.into_iter().map(Some).collect(), by_reference, ordered }
    }

    pub fn len(&self) -> usize {
        self.ordered.len()
    }

    /// Slots in the table's own order.
    pub fn ordered(&self) -> &[u32] {
        &self.ordered
    }

    pub fn find(&self, reference: Uuid) -> Option<u32> {
        self.by_reference.get(&reference).copied()
    }

    pub fn get(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub fn by_reference(&self, reference: Uuid) -> Option<&T> {
        self.get(self.find(reference)?)
    }

    /// Rows in the table's own order.
    pub fn rows(&self) -> impl Iterator<Item = &T> {
        self.ordered.iter().filter_map(|slot| self.get(*slot))
    }

    /// The slots between the first row that is not before and the first row that is after.
    pub fn range(&self, is_before: impl Fn(&T) -> bool, is_after: impl Fn(&T) -> bool) -> &[u32] {
        let row = |slot: &u32| self.get(*slot);
        let from = self.ordered.partition_point(|slot| row(slot).is_some_and(&is_before));
        let to = self.ordered.partition_point(|slot| row(slot).is_some_and(|row| !is_after(row)));
        &self.ordered[from..to.max(from)]
    }

    pub fn insert(&mut self, row: T) {
        let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.by_reference.insert(row.reference(), slot);
        self.slots.push(Some(row));
        self.place(slot);
    }

    /// Changes a row and puts it where it now belongs.
    pub fn change<R>(&mut self, slot: u32, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.displace(slot);
        let result = self.slots.get_mut(slot as usize)?.as_mut().map(change);
        self.place(slot);
        result
    }

    pub fn remove(&mut self, slot: u32) -> Option<T> {
        self.displace(slot);
        let row = self.slots.get_mut(slot as usize)?.take()?;
        self.by_reference.remove(&row.reference());
        Some(row)
    }

    fn place(&mut self, slot: u32) {
        let Some(row) = self.get(slot) else { return };
        let at = self.ordered.partition_point(|other| self.get(*other).is_some_and(|other| other.order(row).is_lt()));
        self.ordered.insert(at, slot);
    }

    fn displace(&mut self, slot: u32) {
        let Some(row) = self.get(slot) else { return };
        let at = self.ordered.partition_point(|other| self.get(*other).is_some_and(|other| other.order(row).is_lt()));
        if self.ordered.get(at) == Some(&slot) {
            self.ordered.remove(at);
        } else {
            self.ordered.retain(|other| *other != slot);
        }
    }
}
