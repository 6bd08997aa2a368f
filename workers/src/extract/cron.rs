//! A cron line of six fields in an IANA time zone. A fixed time that a clock change skips runs right after the gap, one
//! that occurs twice runs once, the first time; lines that run every so often just go on.

use std::str::FromStr;

use chrono::{DateTime, Offset as _, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};

/// Seconds, minutes, hours, day of month, month, day of week.
#[derive(Debug, Clone)]
pub struct CronLine {
    cron: Cron,
    /// It runs in every hour: then a clock change is nothing to it.
    is_hourly: bool,
}

impl CronLine {
    pub fn parse(line: &str) -> Result<Self, croner::errors::CronError> {
        let cron = CronParser::builder().seconds(Seconds::Required).build().parse(line)?;
        let is_hourly = line.split_whitespace().nth(2) == Some("*");
        Ok(Self { cron, is_hourly })
    }

    /// The first slot after `after`, if there is one at all.
    pub fn next(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        if self.is_hourly {
            // The offset of the moment, kept: an hour that occurs twice has its slots twice.
            let offset = zone.offset_from_utc_datetime(&after.naive_utc()).fix();
            return self.find(after.with_timezone(&offset));
        }
        self.find(after.with_timezone(&zone))
    }

    fn find<Z: TimeZone>(&self, after: DateTime<Z>) -> Option<DateTime<Utc>> {
        self.cron.find_next_occurrence(&after, false).ok().map(|next| next.with_timezone(&Utc))
    }

    /// The slots in `(after, until]`, oldest first.
    pub fn between(&self, after: DateTime<Utc>, until: DateTime<Utc>, zone: Tz) -> Vec<DateTime<Utc>> {
        let mut slots = Vec::new();
        let mut at = after;
        while let Some(next) = self.next(at, zone).filter(|next| *next <= until && *next > at) {
            slots.push(next);
            at = next;
        }
        slots
    }

    /// Usual seconds between two slots, as seen from `after`.
    pub fn interval_s(&self, after: DateTime<Utc>, zone: Tz) -> u32 {
        let gap = self.next(after, zone).and_then(|first| Some(self.next(first, zone)? - first));
        gap.and_then(|gap| u32::try_from(gap.num_seconds()).ok()).unwrap_or(0)
    }
}

/// As it was given.
impl std::fmt::Display for CronLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.cron.pattern.as_str())
    }
}

impl FromStr for CronLine {
    type Err = croner::errors::CronError;
    fn from_str(line: &str) -> Result<Self, Self::Err> {
        Self::parse(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn slots(line: &str, zone: Tz, from: &str, until: &str) -> Vec<String> {
        let line = CronLine::parse(line).unwrap();
        line.between(utc(from), utc(until), zone).iter().map(|slot| slot.format("%dT%H:%M").to_string()).collect()
    }

    #[test]
    fn the_hour_of_a_nightly_job_follows_the_clock_of_berlin_and_never_moves_in_moscow() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(
            slots("0 0 6 * * *", berlin, "2025-03-29T00:00:00Z", "2025-03-31T12:00:00Z"),
            ["29T05:00", "30T04:00", "31T04:00"]
        );
        let moscow = chrono_tz::Europe::Moscow;
        assert_eq!(
            slots("0 0 6 * * *", moscow, "2025-03-29T00:00:00Z", "2025-03-31T12:00:00Z"),
            ["29T03:00", "30T03:00", "31T03:00"]
        );
    }

    #[test]
    fn a_time_that_a_clock_change_skips_runs_right_after_the_gap() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(slots("0 30 2 * * *", berlin, "2025-03-30T00:00:00Z", "2025-03-30T12:00:00Z"), ["30T01:00"]);
    }

    #[test]
    fn a_time_that_occurs_twice_runs_once_the_first_time() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(slots("0 30 2 * * *", berlin, "2025-10-26T00:00:00Z", "2025-10-26T12:00:00Z"), ["26T00:30"]);
    }

    #[test]
    fn a_job_of_every_minute_goes_on_through_both_clock_changes() {
        let berlin = chrono_tz::Europe::Berlin;
        for day in ["2025-03-30", "2025-10-26"] {
            let count = slots("0 * * * * *", berlin, &format!("{day}T00:00:00Z"), &format!("{day}T03:00:00Z")).len();
            assert_eq!(count, 180, "{day}");
        }
    }

    #[test]
    fn a_line_of_five_fields_is_refused_and_the_usual_interval_is_known() {
        assert!(CronLine::parse("* * * * *").is_err());
        assert!(CronLine::parse("0 61 * * * *").is_err());
        let line = CronLine::parse("0 */5 * * * *").unwrap();
        assert_eq!(line.interval_s(utc("2025-01-01T00:01:00Z"), chrono_tz::Europe::Moscow), 300);
    }
}
