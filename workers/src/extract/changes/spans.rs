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

/// The month of this day.
pub fn month(day: NaiveDate) -> Span {
    let from = month_of(day);
    Span { from: Some(from), to: from.checked_add_months(Months::new(1)) }
}

/// A span of whole days in parts of whole days, so many that `documents`, were each day like the other, are `most` at most in each.
/// One that is open at an end stays whole.
pub fn parts(span: Span, documents: i64, most: i64) -> Vec<Span> {
    let Span { from: Some(from), to: Some(to) } = span else { return vec![span] };
    let days = (to - from).num_days().max(1);
    let parts = (documents / most.max(1) + 1).min(days);
    let edge = |part: i64| from + chrono::Duration::days(days * part / parts);
    (0..parts).map(|part| Span { from: Some(edge(part)), to: Some(edge(part + 1)) }).collect()
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
    fn a_busy_month_is_cut_into_whole_days_without_gap_or_overlap() {
        let february = month(at("2024-02-10T00:00:00").date());
        assert_eq!(parts(february, 4_999, 5_000), [february]);
        for (documents, count) in [(5_000, 2), (40_000, 9), (1_000_000, 29)] {
            let parts = parts(february, documents, 5_000);
            assert_eq!(parts.len(), count);
            assert_eq!((parts[0].from, parts[count - 1].to), (february.from, february.to));
            assert!(parts.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].from < pair[0].to));
            assert!(
                parts
                    .iter()
                    .all(|part| part.from.is_some_and(|from| from.date().and_time(chrono::NaiveTime::MIN) == from))
            );
        }
        let open = Span { from: None, to: february.to };
        assert_eq!(parts(open, 1_000_000, 5_000), [open]);
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
