//! What the ledger knows and 1C does not show. A key that a list lacks is asked for by name; what is gone is removed at the
//! end of the comparison, unless it is so much that the source must be doubted: then nothing is.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{BY_KEY, Reader};
use crate::erp::records::Records;
use crate::extract::Stop;
use crate::extract::held::{self, Held};
use crate::extract::ledger::Known;

/// Up to so many may vanish from a span, whatever share of it they are.
const FEW: usize = 10;

/// Beyond them, one in so many.
const SHARE: usize = 10;

/// What a comparison has found missing so far. Nothing of it is removed before everything has been compared.
#[derive(Debug, Default)]
pub struct Missing {
    gone: HashSet<Uuid>,
    spans: Vec<String>,
    held: Vec<Held>,
    /// One of the spans was the whole dataset, or they are together.
    is_all: bool,
}

impl Missing {
    /// For spans that together are the whole dataset.
    pub fn of_all() -> Self {
        Self { is_all: true, ..Self::default() }
    }
}

/// A span as it was compared.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    pub span: &'a str,
    /// It is the whole dataset.
    pub is_all: bool,
    pub known: &'a HashMap<Uuid, Known>,
    pub seen: &'a HashSet<Uuid>,
}

impl Reader {
    /// Asks by name for keys that a list has not shown: moved ones come back, the others are gone.
    pub(super) async fn look_for(&self, compared: Compared<'_>, missing: &mut Missing) -> Result<(), Stop> {
        let Compared { span, is_all, known, seen } = compared;
        missing.spans.push(span.to_owned());
        missing.is_all |= is_all;
        let keys: Vec<Uuid> = known.keys().filter(|key| !seen.contains(*key)).copied().collect();
        let stands = |key: &Uuid| known.get(key).is_some_and(|known| known.stands);
        let standing = known.values().filter(|known| known.stands).count();
        let mut missed = keys.iter().filter(|key| stands(key)).count();
        let released = self.released.get(span).and_then(|missing| usize::try_from(*missing).ok());
        let (mut gone, mut gone_standing) = (Vec::new(), 0);
        for keys in keys.chunks(BY_KEY) {
            let found = self.read_by_key(keys).await?;
            missed -= keys.iter().filter(|key| found.contains(*key) && stands(key)).count();
            gone.extend(keys.iter().filter(|key| !found.contains(*key)));
            gone_standing = gone.iter().filter(|key| stands(key)).count();
            // An empty base need not be asked for every key that it lacks.
            if is_too_much(gone_standing, standing, is_all, released) {
                break;
            }
        }
        if is_too_much(gone_standing, standing, is_all, released) {
            let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            missing.held.push(Held { span: span.to_owned(), known: count(standing), missing: count(missed) });
        } else {
            missing.gone.extend(gone);
        }
        Ok(())
    }

    /// What an earlier pass recorded and never confirmed is asked for by name: it may have been re-dated since.
    pub(super) async fn finish_unconfirmed(&self, missing: &mut Missing) -> Result<(), Stop> {
        let keys = self.ledger().unconfirmed(&self.pass).await?;
        self.ask_for(&keys, "unconfirmed", missing).await
    }

    /// These of the ledger's keys, which no list has shown, are asked for by name.
    pub(super) async fn ask_for(&self, keys: &[Uuid], span: &str, missing: &mut Missing) -> Result<(), Stop> {
        if keys.is_empty() {
            return Ok(());
        }
        let known = self.ledger().of_keys(&self.pass, keys).await?;
        let compared = Compared { span, is_all: false, known: &known, seen: &HashSet::new() };
        self.look_for(compared, missing).await
    }

    /// Removes what is gone; or nothing, where it is too much of any span.
    pub(super) async fn remove(&self, missing: Missing) -> Result<(), Stop> {
        let dataset = self.pass.dataset;
        let Missing { gone, spans, held, is_all } = missing;
        if !held.is_empty() {
            held::hold(self.ledger().pool(), &self.pass, &held).await?;
            let known = held.iter().map(|held| held.known).sum();
            let missing = held.iter().map(|held| held.missing).sum();
            return Err(Stop::Held(held::sentence(dataset.name(), known, missing)));
        }
        if !gone.is_empty() {
            let count = gone.len();
            tracing::info!(dataset.name = dataset.name(), pass.gone = count, "1C has {count} of {dataset} no more");
        }
        let gone: Vec<Uuid> = gone.into_iter().collect();
        for keys in gone.chunks(5_000) {
            self.publisher.publish(&self.pass, &Records::gone(dataset, keys.to_vec())).await?;
        }
        held::over(self.ledger().pool(), &self.pass, &spans, is_all).await
    }
}

/// Whether so many cannot have vanished by anyone's work: `gone` of `standing`, where an operator has let `released` through.
pub(super) fn is_too_much(gone: usize, standing: usize, is_all: bool, released: Option<usize>) -> bool {
    let usual = FEW.max(standing / SHARE);
    match released {
        Some(released) => gone > released.saturating_add(usual),
        // A small catalog of which nothing is left is another base, too.
        None => gone > usual || is_all && standing > 1 && gone == standing,
    }
}

#[cfg(test)]
mod tests {
    use super::is_too_much;

    #[test]
    fn ten_may_vanish_or_a_tenth_but_never_the_whole_of_a_dataset_and_no_more_than_was_let_through() {
        for (gone, standing, is_all, released, is_held) in [
            (10, 12, false, None, false),
            (10, 10, false, None, false),
            (11, 12, false, None, true),
            (100, 1_000, true, None, false),
            (101, 1_000, true, None, true),
            (5, 5, true, None, true),
            (4, 5, true, None, false),
            (1, 1, true, None, false),
            (0, 0, true, None, false),
            (500, 1_000, true, Some(500), false),
            (1_000, 1_000, true, Some(500), true),
            (5, 5, true, Some(5), false),
        ] {
            assert_eq!(is_too_much(gone, standing, is_all, released), is_held, "{gone} of {standing}, {released:?}");
        }
    }
}
