//! Where a document's rows lie in the warehouse, and which rows it leaves. Dealer and day are part of the sorting key
//! there, so a new version does not replace a row under a former key: a tombstone must.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::record::Leave;

/// Rows 1 to `lines` of a dealer's day. Catalog items lie at no day and have one row, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    pub dealer_id: Option<Uuid>,
    pub day: Option<NaiveDate>,
    pub lines: u32,
}

impl Place {
    pub const NOWHERE: Self = Self { dealer_id: None, day: None, lines: 0 };
}

/// What must be taken away when a document that may stand at `former` places comes to stand at `now`.
pub fn leaves(former: &[Place], now: Place) -> Vec<Leave> {
    let mut left: Vec<Leave> = Vec::new();
    for place in former {
        let is_same = (place.dealer_id, place.day) == (now.dealer_id, now.day);
        let from_line = if is_same { now.lines + 1 } else { 1 };
        if place.lines < from_line {
            continue;
        }
        let day = place.day.unwrap_or_default();
        match left.iter_mut().find(|leave| leave.dealer_id == place.dealer_id && leave.day == day) {
            Some(known) => known.to_line = known.to_line.max(place.lines),
            None => left.push(Leave { dealer_id: place.dealer_id, day, from_line, to_line: place.lines }),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// What `FINAL` shows: per sorting key the highest version, and nothing where that one is a tombstone.
    type Warehouse = BTreeMap<(u8, u8, u32), (u64, bool)>;

    fn day(number: u8) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 1, 1 + u32::from(number)).unwrap()
    }

    fn place(dealer: u8, on: u8, lines: u32) -> Place {
        Place { dealer_id: Some(Uuid::from_u128(dealer.into())), day: Some(day(on)), lines }
    }

    fn store(warehouse: &mut Warehouse, version: u64, now: (u8, u8, u32), left: &[Leave]) {
        let mut put = |key, is_deleted| {
            let row = warehouse.entry(key).or_insert((version, is_deleted));
            if version >= row.0 {
                *row = (version, is_deleted);
            }
        };
        for leave in left {
            let dealer = u8::try_from(leave.dealer_id.unwrap().as_u128()).unwrap();
            let on = u8::try_from((leave.day - day(0)).num_days()).unwrap();
            (leave.from_line..=leave.to_line).for_each(|line| put((dealer, on, line), true));
        }
        (1..=now.2).for_each(|line| put((now.0, now.1, line), false));
    }

    proptest! {
        /// Every edit draws a new version. A confirmed message is in the log for certain, one that was never confirmed
        /// may be there or not; any arrives in any order, and twice. What stands at the end is the last edit, whole.
        #[test]
        fn whatever_is_replayed_only_the_last_state_of_a_document_stands(
            edits in prop::collection::vec((0u8..3, 0u8..3, 0u32..4, any::<bool>()), 1..12),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let (mut standing, mut messages) = (Vec::<Place>::new(), Vec::new());
            let last = edits.len() - 1;
            for (at, (dealer, on, lines, is_confirmed)) in edits.iter().copied().enumerate() {
                let now = place(dealer, on, lines);
                let left = leaves(&standing, now);
                let is_confirmed = is_confirmed || at == last;
                messages.push((at as u64 + 1, (dealer, on, lines), left, is_confirmed));
                if is_confirmed {
                    standing.clear();
                }
                standing.push(now);
            }
            let mut warehouse = Warehouse::new();
            for index in order {
                let (version, now, left, _) = &messages[index.index(messages.len())];
                store(&mut warehouse, *version, *now, left);
            }
            for (version, now, left, is_confirmed) in &messages {
                if *is_confirmed {
                    store(&mut warehouse, *version, *now, left);
                }
            }
            let (_, now, ..) = &messages[last];
            let shown: Vec<_> = warehouse.iter().filter(|(_, (_, is_deleted))| !is_deleted).map(|(key, _)| *key).collect();
            let wanted: Vec<_> = (1..=now.2).map(|line| (now.0, now.1, line)).collect();
            prop_assert_eq!(shown, wanted);
        }
    }

    #[test]
    fn a_removed_line_leaves_one_row_and_a_new_dealer_leaves_them_all() {
        let left = leaves(&[place(1, 1, 5)], place(1, 1, 4));
        assert_eq!(left.iter().map(|leave| (leave.from_line, leave.to_line)).collect::<Vec<_>>(), [(5, 5)]);
        let left = leaves(&[place(1, 1, 5)], place(2, 1, 5));
        assert_eq!(left.iter().map(|leave| (leave.from_line, leave.to_line)).collect::<Vec<_>>(), [(1, 5)]);
        assert!(leaves(&[place(1, 1, 5)], place(1, 1, 7)).is_empty());
    }
}
