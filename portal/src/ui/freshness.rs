//! The age of the data, beside the title. Late is said in words: how late, and how late it usually is.

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use shared::report::freshness::Freshness;

use shared::words::{Text, age};

/// Named once: fragments renew it beside the results.
pub const PLACE: &str = "report-age";

/// `here`: the address that shows the same anew. The time stands in full: a page outlives the day it was opened on. What
/// grows while it is open, `portal.js` renews: the age, whether that is late, and the link to a newer page.
pub fn freshness(text: Text, freshness: Freshness, now: DateTime<Utc>, timezone: Tz, here: &str) -> Markup {
    let is_late = age::is_late(freshness, now);
    html! {
        span #(PLACE) .age.late[is_late] data-drawn=(moment(now)) data-interval=(freshness.interval_s)
            data-late=(age::late_after(freshness)) {
            span.dot aria-hidden="true" {}
            @if let Some(as_of) = freshness.as_of {
                (text.get("as-of")) " "
                time datetime=(moment(as_of)) { (age::time(text, as_of, timezone)) }
                " — " span.ago data-now=(text.get("ago-now")) { (age::ago(text, (now - as_of).num_seconds())) }
                span.usual hidden[!is_late] {
                    "; " (age::usual(text, freshness))
                }
                " " a.again href=(here) hidden { (text.get("again")) }
            } @else { (text.get("as-of-loading")) }
        }
    }
}

/// `3 minutes ago` of one dataset, without the time of day; renewed in the same way.
pub fn age_alone(text: Text, freshness: Freshness, now: DateTime<Utc>) -> Markup {
    html! {
        span.age.late[age::is_late(freshness, now)] data-drawn=(moment(now)) data-late=(age::late_after(freshness)) {
            @if let Some(as_of) = freshness.as_of {
                time datetime=(moment(as_of)) {
                    span.ago data-now=(text.get("ago-now")) { (age::ago(text, (now - as_of).num_seconds())) }
                }
            } @else { (text.get("as-of-loading")) }
        }
    }
}

/// As machines read it.
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::{Text, freshness};
    use chrono::{DateTime, Utc};
    use shared::language::Language;
    use shared::report::freshness::Freshness;

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
    }
}
