//! The nightly comparison of figures: what 1C says of each document's place, lines and total against what was sent. It finds what no
//! version tells, such as a base that was restored from a backup, and what was lost on the way however that may have happened.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Datelike as _, NaiveDate};
use uuid::Uuid;

use super::missing::Missing;
use super::{BY_KEY, Reader, spans};
use crate::erp::pages::Span;
use crate::erp::read::Rejected;
use crate::erp::records::{Document, Key, Records};
use crate::extract::audit::source::Source;
use crate::extract::audit::span_of;
use crate::extract::ledger::Known;
use crate::extract::outgoing;
use crate::extract::place::Place;
use crate::extract::{Stop, audit};

/// Months of which some day is younger than this have their turn every night.
const RECENT_DAYS: i64 = 62;
/// Each of the others has it once in so many nights: lines cost 1C more than keys do.
const NIGHTS: i32 = 7;

/// Whether figures are asked for in the night of this day, in place of keys. A base that is one span has few documents.
pub(super) fn is_their_turn(span: &Span, today: NaiveDate) -> bool {
    let Some(from) = span.from else { return true };
    let is_recent = span.to.is_none_or(|to| (today - to.date()).num_days() < RECENT_DAYS);
    let month = from.year() * 12 + from.month0().cast_signed();
    is_recent || month.rem_euclid(NIGHTS) == today.num_days_from_ce().rem_euclid(NIGHTS)
}

impl Reader {
    /// As `diff`, by figures: a document with others than were sent under its version is forgotten first, and so read again.
    pub(super) async fn compare(&self, span: Span, missing: &mut Missing, source: &mut Source) -> Result<(), Stop> {
        let known = self.known_of(span).await?;
        for known in known.values().filter(|known| known.stands) {
            known.places.iter().for_each(|place| source.covers(span_of(place.day)));
        }
        if let Some(from) = span.from.filter(|_| span.to.is_some()) {
            source.covers(span_of(Some(from.date())));
        }
        let (found, rejected) = self.figures(span).await?;
        let elsewhere: Vec<Uuid> =
            found.iter().map(|found| found.key.id).filter(|key| !known.contains_key(key)).collect();
        let elsewhere = self.ledger().of_keys(&self.pass, &elsewhere).await?;
        let mut forgotten = Vec::new();
        let mut missed: HashMap<Uuid, &Known> = known.iter().map(|(key, known)| (*key, known)).collect();
        let mut keys = Vec::with_capacity(found.len());
        for Figures { key, place, total } in found {
            missed.remove(&key.id);
            let month = span_of(place.day);
            if place.lines > 0 {
                source.add(month, place.lines, total);
            }
            let known = known.get(&key.id).or_else(|| elsewhere.get(&key.id));
            let is_silent = known.is_some_and(|known| {
                known.is_as(&key.data_version, &self.pass)
                    && (known.places != [place] || known.amount.is_some_and(|amount| amount != total))
            });
            if is_silent {
                source.add_silent(month);
                forgotten.push(key.id);
            }
            keys.push(key);
        }
        // What lies elsewhere now is asked for by name, and is to be sent under a version that was sent before, too.
        if missed.len() <= BY_KEY {
            forgotten.extend(missed.into_keys());
        }
        if !forgotten.is_empty() {
            self.ledger().forget(&self.pass, &forgotten).await?;
        }
        self.diff_keys(span, &spans::name(&span), (keys, rejected), missing).await
    }

    /// Months that still differ are read once more, for documents were edited meanwhile; then both sides are written down.
    pub(super) async fn settle(&self, mut source: Source) -> Result<(), Stop> {
        let mut again = Source::default();
        let mut missing = Missing::default();
        for month in source.differing(self.ledger().pool(), &self.pass).await? {
            let Some(first) = audit::first_day(month) else { continue };
            for part in self.parts(spans::month(first)).await? {
                self.compare(part, &mut missing, &mut again).await?;
            }
        }
        self.remove(missing).await?;
        source.renew(again);
        Ok(source.write(self.ledger().pool(), &self.pass).await?)
    }

    async fn figures(&self, span: Span) -> Result<(Vec<Figures>, Vec<Rejected>), Stop> {
        let mut figures = Vec::new();
        let take = |page: Records, fresh: Vec<bool>| {
            let documents = page.documents.iter().zip(fresh).filter(|(_, is_fresh)| *is_fresh);
            figures.extend(documents.map(|(document, _)| Figures::of(&page, document)));
        };
        let rejected = self.walk(Arc::new(self.mapping.figures_only()), span, Records::dated, take).await?;
        Ok((figures, rejected))
    }
}

/// What 1C says of a document.
struct Figures {
    key: Key,
    place: Place,
    /// The dataset's total over its lines, in ten-thousandths, wrapping.
    total: i64,
}

impl Figures {
    fn of(page: &Records, document: &Document) -> Self {
        let (id, data_version) = (document.id, document.data_version.clone());
        let key = Key { id, data_version, dated: document.dated.unwrap_or_default() };
        Self { key, place: outgoing::place(page, document), total: document.total }
    }
}

#[cfg(test)]
mod tests {
    use super::{NIGHTS, is_their_turn, spans};
    use chrono::{Days, NaiveDate};

    #[test]
    fn recent_months_have_their_turn_every_night_and_each_other_once_a_week() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        let nights = || (0..u64::try_from(NIGHTS).unwrap()).map(|night| today + Days::new(night));
        let turns = |day: NaiveDate| nights().filter(|night| is_their_turn(&spans::month(day), *night)).count();
        for (day, count) in [((2026, 11, 5), 7), ((2026, 10, 1), 7), ((2026, 6, 30), 1), ((2019, 1, 1), 1)] {
            let day = NaiveDate::from_ymd_opt(day.0, day.1, day.2).unwrap();
            assert_eq!(turns(day), count, "{day}");
        }
        assert!(nights().all(|night| is_their_turn(&spans::ALL, night)));
    }
}
