//! Which rows a request gets, and in which order: by reference, by a window of dates, or by looking at all.

use super::{
    filter::{Bound, holds},
    order::Order,
};
use crate::{
    base::{Base, Place, Set},
    generate::Dice,
};

/// What to find. Without an order the rows come shuffled, differently each time.
pub struct Search<'a> {
    pub set: Set,
    pub filter: Option<&'a Bound>,
    pub order: Option<&'a Order>,
    /// The server's own order is the same each time: on the sets of a recorder.
    pub is_stable: bool,
    pub skip: usize,
    pub top: Option<usize>,
}

/// The rows of the page, and how many the filter leaves in all.
pub struct Found {
    pub places: Vec<Place>,
    pub total: usize,
}

pub fn find(base: &Base, search: &Search<'_>, dice: &mut Dice) -> Found {
    let slots = candidates(base, search);
    let (skip, top) = (search.skip, search.top.unwrap_or(usize::MAX));
    let is_natural = search.order.is_some_and(|order| order.is_natural(search.set));
    if let (Candidates::Ordered(slots), None, true) = (&slots, search.filter_left(), is_natural) {
        let page = slots.iter().skip(skip).take(top).map(|slot| Place { slot: *slot, line: 0 });
        return Found { places: page.collect(), total: slots.len() };
    }
    let is_ordered = matches!(slots, Candidates::Ordered(_)) && is_natural;
    let mut places = Vec::new();
    for slot in slots.as_slice() {
        if search.set.is_lines() {
            let count = base.papers(search.set).get(*slot).map_or(0, |document| document.lines.len());
            places.extend((1..=count).map(|line| Place { slot: *slot, line: line as u32 }));
        } else {
            places.push(Place { slot: *slot, line: 0 });
        }
    }
    if let Some(filter) = search.filter {
        places.retain(|place| base.row(search.set, *place).is_some_and(|row| holds(filter, base, row)));
    }
    if !is_ordered && !search.is_stable {
        arrange(base, search, &mut places, dice);
    }
    let total = places.len();
    let page = places.into_iter().skip(skip).take(top).collect();
    Found { places: page, total }
}

fn arrange(base: &Base, search: &Search<'_>, places: &mut [Place], dice: &mut Dice) {
    if !search.order.is_some_and(|order| order.is_total(search.set)) {
        dice.shuffle(places);
    }
    let Some(order) = search.order else { return };
    places.sort_by(|a, b| match (base.row(search.set, *a), base.row(search.set, *b)) {
        (Some(a), Some(b)) => order.compare(base, a, b),
        _ => std::cmp::Ordering::Equal,
    });
}

enum Candidates<'a> {
    /// In the set's own order.
    Ordered(&'a [u32]),
    /// Named by reference, in any order.
    Named(Vec<u32>),
}

impl Candidates<'_> {
    fn as_slice(&self) -> &[u32] {
        match self {
            Self::Ordered(slots) => slots,
            Self::Named(slots) => slots,
        }
    }
}

fn candidates<'a>(base: &'a Base, search: &Search<'_>) -> Candidates<'a> {
    if let Some(references) = search.filter.and_then(Bound::references) {
        let mut slots: Vec<u32> =
            references.iter().filter_map(|id| base.find(search.set, *id)).map(|place| place.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        return Candidates::Named(slots);
    }
    if search.set.is_documents() {
        let (from, to) = search.filter.map(Bound::dates).unwrap_or_default();
        let slots = base.papers(search.set).range(
            |document| from.is_some_and(|from| document.date < from),
            |document| to.is_some_and(|to| document.date >= to),
        );
        return Candidates::Ordered(slots);
    }
    Candidates::Ordered(base.slots(search.set))
}

impl Search<'_> {
    /// The filter, unless the window of dates already says all of it.
    fn filter_left(&self) -> Option<&Bound> {
        self.filter.filter(|filter| !self.set.is_documents() || !filter.is_only_dates())
    }
}
