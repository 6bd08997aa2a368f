//! Cuts time into spans for a walk over documents: a month each, and one before and after them all for junk dates.

use chrono::{Datelike, Months, NaiveDate, NaiveDateTime};

use crate::erp::pages::Span;

/// Whatever the date.
pub const ALL: Span = Span { from: None, to: None };

/// `all`, or from which day to which.
pub fn name(span: &Span) -> String {
    let day = |moment: Option<NaiveDateTime>| moment.map_or_else(String::new, |moment| moment.date().to_string());
    if *span == ALL { "all".to_owned() } else { format!("{}..{}", day(span.from), day(span.to)) }
}

/// Dated before this: junk, or an age that no base of this platform has.
pub fn dawn() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default().into()
}

/// All of time: before `dawn`, the months from `first` to `today`, and what lies beyond them.
pub fn all(first: Option<NaiveDateTime>, today: NaiveDate) -> Vec<Span> {
    let mut spans = vec![Span { from: None, to: Some(dawn()) }];
    let mut from = dawn();
    if let Some(first) = first.filter(|first| first.date() <= today) {
        from = month_of(first.date());
        while from.date() <= today {
            let Some(next) = from.checked_add_months(Months::new(1)) else { break };
            spans.push(Span { from: Some(from), to: Some(next) });
            from = next;
        }
    }
    // Between dawn and the first month there is nothing: `first` is the first.
    spans.push(Span { from: Some(from), to: None });
    spans
}

/// What is left of the spans once everything dated before `reached` has been read.
pub fn after(spans: Vec<Span>, reached: Option<NaiveDateTime>) -> Vec<Span> {
    let Some(reached) = reached else { return spans };
    spans
        .into_iter()
        .filter(|span| span.to.is_none_or(|to| to > reached))
        .map(|span| Span { from: Some(span.from.map_or(reached, |from| from.max(reached))), to: span.to })
        .collect()
}

/// The spans, or the parts of them, that lie before this moment.
pub fn before(spans: Vec<Span>, until: NaiveDateTime) -> Vec<Span> {
    spans
        .into_iter()
        .filter(|span| span.from.is_none_or(|from| from < until))
        .map(|span| Span { from: span.from, to: Some(span.to.map_or(until, |to| to.min(until))) })
        .collect()
}

fn month_of(day: NaiveDate) -> NaiveDateTime {
    day.with_day(1).unwrap_or(day).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        crate::record::moment(text).unwrap()
    }

    #[test]
    fn the_spans_cover_all_of_time_without_gap_or_overlap() {
        let spans = all(Some(at("2024-02-29T23:59:59")), at("2024-05-03T00:00:00").date());
        assert_eq!(spans.len(), 1 + 4 + 1);
        assert_eq!((spans[0].from, spans[5].to), (None, None));
        assert_eq!(spans[1].from, Some(at("2024-02-01T00:00:00")));
        assert!(spans[1..].windows(2).all(|pair| pair[0].to == pair[1].from));
        let empty = all(None, at("2024-05-03T00:00:00").date());
        assert_eq!(empty, [Span { from: None, to: Some(dawn()) }, Span { from: Some(dawn()), to: None }]);
    }

    #[test]
    fn what_is_older_than_the_window_ends_where_the_window_begins() {
        let spans = all(Some(at("2024-02-10T00:00:00")), at("2024-05-03T00:00:00").date());
        let older = before(spans, at("2024-04-10T00:00:00"));
        assert_eq!(older.len(), 4);
        assert_eq!(older[3], Span { from: Some(at("2024-04-01T00:00:00")), to: Some(at("2024-04-10T00:00:00")) });
    }

    #[test]
    fn a_load_goes_on_where_it_stopped() {
        let spans = all(Some(at("2024-02-10T00:00:00")), at("2024-05-03T00:00:00").date());
        let rest = after(spans.clone(), Some(at("2024-03-15T10:00:00")));
        assert_eq!(rest[0], Span { from: Some(at("2024-03-15T10:00:00")), to: Some(at("2024-04-01T00:00:00")) });
        assert_eq!(rest.len(), 4);
        assert_eq!(after(spans.clone(), None), spans);
    }
}
