//! The age of the data, beside the title. Late is said in words: how late, and how late it usually is.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use shared::report::run::Freshness;

use super::format;
use super::text::Text;

/// Named once: fragments renew it beside the results.
pub const PLACE: &str = "report-age";

/// A pass may be missed, two may not.
const LATE_AFTER: i64 = 3;

pub fn is_late(freshness: Freshness, now: DateTime<Utc>) -> bool {
    freshness.as_of.is_none_or(|as_of| {
        freshness.interval_s > 0 && (now - as_of).num_seconds() > LATE_AFTER * i64::from(freshness.interval_s)
    })
}

pub fn freshness(text: Text, freshness: Freshness, now: DateTime<Utc>, timezone: Tz) -> Markup {
    let is_late = is_late(freshness, now);
    html! {
        span #(PLACE) .age.late[is_late] {
            span.dot aria-hidden="true" {}
            (sentence(text, freshness, now, timezone))
            @if is_late && freshness.as_of.is_some() {
                "; " (text.with("as-of-usual", &[("interval", interval(text, freshness.interval_s).into())]))
            }
        }
    }
}

/// Without the usual interval: also the words of a file.
pub fn sentence(text: Text, freshness: Freshness, now: DateTime<Utc>, timezone: Tz) -> String {
    let Some(as_of) = freshness.as_of else { return text.get("as-of-loading").to_owned() };
    let (here, today) = (as_of.with_timezone(&timezone), now.with_timezone(&timezone));
    let time = here.format("%H:%M").to_string();
    let age = age(text, (now - as_of).num_seconds());
    if here.date_naive() == today.date_naive() {
        text.with("as-of-today", &[("time", time.into()), ("age", age.into())])
    } else {
        let day = format::date(text.language(), here.date_naive());
        text.with("as-of-day", &[("day", day.into()), ("time", time.into()), ("age", age.into())])
    }
}

/// `3 minutes ago`, without the time of day.
pub fn age_alone(text: Text, freshness: Freshness, now: DateTime<Utc>) -> String {
    freshness.as_of.map_or_else(|| text.get("as-of-loading").to_owned(), |as_of| age(text, (now - as_of).num_seconds()))
}

fn age(text: Text, seconds: i64) -> String {
    match seconds {
        ..60 => text.get("ago-now").to_owned(),
        60..3600 => text.with("ago-minutes", &[("n", (seconds / 60).into())]),
        3600..86400 => text.with("ago-hours", &[("n", (seconds / 3600).into())]),
        _ => text.with("ago-days", &[("n", (seconds / 86400).into())]),
    }
}

fn interval(text: Text, seconds: u32) -> String {
    match seconds {
        ..60 => text.with("every-seconds", &[("n", seconds.into())]),
        60..3600 => text.with("every-minutes", &[("n", (seconds / 60).into())]),
        _ => text.with("every-hours", &[("n", (seconds / 3600).into())]),
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, freshness, is_late};
    use chrono::{DateTime, Utc};
    use shared::language::Language;
    use shared::report::run::Freshness;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn late_data_says_so_in_words() {
        let now = at("2026-11-23T11:08:00Z");
        let drawn = |as_of: Option<&str>| {
            let age = Freshness { as_of: as_of.map(at), interval_s: 60 };
            freshness(Text::of(Language::Ru), age, now, chrono_tz::Europe::Moscow).into_string()
        };
        let fresh = drawn(Some("2026-11-23T11:05:00Z"));
        assert!(fresh.contains("данные на сегодня, 14:05 — 3 минуты назад") && !fresh.contains("late"), "{fresh}");
        let late = drawn(Some("2026-11-22T20:30:00Z"));
        assert!(late.contains("late") && late.contains("14 часов назад; обычно раз в минуту"), "{late}");
        assert!(drawn(None).contains("late"));
        assert!(!is_late(Freshness { as_of: Some(at("2026-11-23T12:08:00Z")), interval_s: 60 }, now));
    }
}
