//! The age of the data, beside the title. Late is said in words: how late, and how late it usually is.

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use shared::report::run::Freshness;

use shared::words::Text;
use shared::words::format;

/// Named once: fragments renew it beside the results.
pub const PLACE: &str = "report-age";

/// A pass may be missed, two may not.
const LATE_AFTER: i64 = 3;

pub fn is_late(freshness: Freshness, now: DateTime<Utc>) -> bool {
    freshness.as_of.is_none_or(|as_of| {
        freshness.interval_s > 0 && (now - as_of).num_seconds() > LATE_AFTER * i64::from(freshness.interval_s)
    })
}

/// `here`: the address that shows the same anew. The time stands in full: a page outlives the day it was opened on. What
/// grows while it is open, `portal.js` renews: the age, whether that is late, and the link to a newer page.
pub fn freshness(text: Text, freshness: Freshness, now: DateTime<Utc>, timezone: Tz, here: &str) -> Markup {
    let is_late = is_late(freshness, now);
    html! {
        span #(PLACE) .age.late[is_late] data-drawn=(moment(now)) data-interval=(freshness.interval_s)
            data-late=(LATE_AFTER * i64::from(freshness.interval_s)) {
            span.dot aria-hidden="true" {}
            @if let Some(as_of) = freshness.as_of {
                (text.get("as-of")) " "
                time datetime=(moment(as_of)) { (time(text, as_of, timezone)) }
                " — " span.ago data-now=(text.get("ago-now")) { (age(text, (now - as_of).num_seconds())) }
                span.usual hidden[!is_late] {
                    "; " (text.with("as-of-usual", &[("interval", interval(text, freshness.interval_s).into())]))
                }
                " " a.again href=(here) hidden { (text.get("again")) }
            } @else { (text.get("as-of-loading")) }
        }
    }
}

/// `3 minutes ago` of one dataset, without the time of day; renewed in the same way.
pub fn age_alone(text: Text, freshness: Freshness, now: DateTime<Utc>) -> Markup {
    html! {
        span.age.late[is_late(freshness, now)] data-drawn=(moment(now)) data-late=(LATE_AFTER * i64::from(freshness.interval_s)) {
            @if let Some(as_of) = freshness.as_of {
                time datetime=(moment(as_of)) {
                    span.ago data-now=(text.get("ago-now")) { (age(text, (now - as_of).num_seconds())) }
                }
            } @else { (text.get("as-of-loading")) }
        }
    }
}

/// `23.11.2026, 14:05`: the absolute time, as of the infobase's clock.
pub fn time(text: Text, at: DateTime<Utc>, timezone: Tz) -> String {
    let here = at.with_timezone(&timezone);
    format!("{}, {}", format::date(text.language(), here.date_naive()), here.format("%H:%M"))
}

/// As machines read it.
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
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
            freshness(Text::of(Language::Ru), age, now, chrono_tz::Europe::Moscow, "/").into_string()
        };
        let fresh = drawn(Some("2026-11-23T11:05:00Z"));
        assert!(fresh.contains("datetime=\"2026-11-23T11:05:00Z\">23.11.2026, 14:05</time>"), "{fresh}");
        assert!(fresh.contains(">3 минуты назад<") && !fresh.contains("age late"), "{fresh}");
        let late = drawn(Some("2026-11-22T20:30:00Z"));
        assert!(late.contains("age late") && late.contains("14 часов назад"), "{late}");
        assert!(late.contains("<span class=\"usual\">; обычно раз в минуту"), "{late}");
        assert!(drawn(None).contains("age late"));
        assert!(!is_late(Freshness { as_of: Some(at("2026-11-23T12:08:00Z")), interval_s: 60 }, now));
    }
}
