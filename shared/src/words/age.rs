//! The age of the data. Late is said in words: how late, and how late it usually is.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::format;
use super::text::Text;
use crate::report::freshness::Freshness;

/// A pass may be missed, two may not.
const PASSES: i64 = 3;

/// Seconds after which the data is late; 0 where nothing is known of its passes.
pub fn late_after(freshness: Freshness) -> i64 {
    PASSES * i64::from(freshness.interval_s)
}

pub fn is_late(freshness: Freshness, now: DateTime<Utc>) -> bool {
    let late_after = late_after(freshness);
    freshness.as_of.is_none_or(|as_of| late_after > 0 && (now - as_of).num_seconds() > late_after)
}

/// `23.11.2026, 14:05`: the absolute time, as of the infobase's clock.
pub fn time(text: Text, at: DateTime<Utc>, timezone: Tz) -> String {
    let here = at.with_timezone(&timezone);
    format!("{}, {}", format::date(text.language(), here.date_naive()), here.format("%H:%M"))
}

/// `3 minutes ago`
pub fn ago(text: Text, seconds: i64) -> String {
    match seconds {
        ..60 => text.get("ago-now").to_owned(),
        60..3600 => text.with("ago-minutes", &[("n", (seconds / 60).into())]),
        3600..86400 => text.with("ago-hours", &[("n", (seconds / 3600).into())]),
        _ => text.with("ago-days", &[("n", (seconds / 86400).into())]),
    }
}

/// `usually every minute`
pub fn usual(text: Text, freshness: Freshness) -> String {
    let seconds = freshness.interval_s;
    let interval = match seconds {
        ..60 => text.with("every-seconds", &[("n", seconds.into())]),
        60..3600 => text.with("every-minutes", &[("n", (seconds / 60).into())]),
        _ => text.with("every-hours", &[("n", (seconds / 3600).into())]),
    };
    text.with("as-of-usual", &[("interval", interval.into())])
}

/// In a file: the time, and whether that is late.
pub fn as_of(text: Text, freshness: Freshness, now: DateTime<Utc>, timezone: Tz) -> String {
    let Some(as_of) = freshness.as_of else { return text.get("as-of-loading").to_owned() };
    let time = time(text, as_of, timezone);
    if is_late(freshness, now) { format!("{time} ({})", text.get("as-of-late")) } else { time }
}

#[cfg(test)]
mod tests {
    use super::{Freshness, as_of, is_late};
    use crate::language::Language;
    use crate::words::Text;
    use chrono::{DateTime, Utc};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn late_data_says_so_and_data_of_the_future_does_not() {
        let now = at("2026-11-23T11:08:00Z");
        let said = |as_of_day: Option<&str>| {
            let age = Freshness { as_of: as_of_day.map(at), interval_s: 60 };
            (as_of(Text::of(Language::Ru), age, now, chrono_tz::Europe::Moscow), is_late(age, now))
        };
        assert_eq!(said(Some("2026-11-23T11:05:00Z")), ("23.11.2026, 14:05".to_owned(), false));
        assert_eq!(said(Some("2026-11-23T11:04:00Z")), ("23.11.2026, 14:04 (позже обычного)".to_owned(), true));
        assert!(!said(Some("2026-11-23T12:08:00Z")).1);
        assert_eq!(said(None), ("данные ещё загружаются".to_owned(), true));
    }
}
