//! What the usual pass compares: the newest documents each time, the rest of the window and what lies before it in turns. So
//! many keys and no more, however large the base is.

use chrono::NaiveDate;

use super::{Reader, spans};
use crate::erp::pages::Span;
use crate::extract::Stop;
use crate::extract::progress::{self, Progress};

/// Keys of the newest documents, and of each turn.
pub const KEYS: i64 = 5_000;

impl Reader {
    /// From which day on the newest documents of the window are compared in each pass: `keys_at_once` of them, or one day's.
    pub(super) async fn newest_from(&self, window: NaiveDate, today: NaiveDate) -> Result<NaiveDate, Stop> {
        let day = self.ledger().day_behind(&self.pass, self.keys_at_once).await?;
        Ok(day.and_then(|day| day.succ_opt()).map_or(window, |day| day.clamp(window.min(today), today)))
    }

    /// The spans of this pass's turns. They count as taken from now on: one that cannot be read makes one pass fail, not all.
    pub(super) async fn take_turns(
        &self,
        mut turns: Progress,
        window: NaiveDate,
        newest: NaiveDate,
    ) -> Result<Vec<Span>, Stop> {
        let first = self.ledger().first_day(&self.pass, spans::dawn().date()).await?;
        let mut taken = Vec::new();
        if window < newest {
            taken.push(self.take(&mut turns.turn_in_window, Some(window), newest, first).await?);
        }
        taken.push(self.take(&mut turns.turn_before_window, None, window, first).await?);
        progress::set_turns(self.ledger().pool(), &self.pass, &turns).await?;
        Ok(taken)
    }

    /// The span next before `reached`, from `until` backwards to `from`, or to the beginning of time.
    async fn take(
        &self,
        reached: &mut Option<NaiveDate>,
        from: Option<NaiveDate>,
        until: NaiveDate,
        first: Option<NaiveDate>,
    ) -> Result<Span, Stop> {
        let behind = |day: &NaiveDate| *day <= until && from.is_none_or(|from| from < *day);
        let to = reached.filter(behind).unwrap_or(until);
        let (Some(last), Some(_)) = (to.pred_opt(), first.filter(|first| *first < to)) else {
            *reached = None;
            return Ok(Span { from: None, to: Some(to.into()) });
        };
        let month = spans::month(last);
        let parts = self.parts(month).await?;
        let span = parts.into_iter().rfind(|part| part.from < Some(to.into())).unwrap_or(month);
        *reached = span.from.map(|from| from.date());
        Ok(span)
    }

    /// A span in parts of whole days, none of which has more than a turn's keys, days being alike.
    pub(super) async fn parts(&self, span: Span) -> Result<Vec<Span>, Stop> {
        let documents = self.ledger().documents_of(&self.pass, span).await?;
        Ok(spans::parts(span, documents, self.keys_at_once))
    }
}
