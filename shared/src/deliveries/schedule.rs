//! When a delivery goes out: once on each of its days, by the clock of a zone. Pure: whoever asks says what time it is.

use std::fmt;

use chrono::{DateTime, Datelike as _, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday};
use chrono_tz::Tz;

/// Every rhythm has a day within so many.
const FAR: i64 = 64;

/// On which days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Days {
    Daily,
    /// Monday to Friday.
    Weekdays,
    /// At least one.
    Weekly(Vec<Weekday>),
    /// 1 to 31; the last day of a month that is shorter.
    Monthly(u8),
}

impl Days {
    /// As `Display` writes it.
    pub fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let days = match (words.next()?, words) {
            ("daily", _) => Self::Daily,
            ("weekdays", _) => Self::Weekdays,
            ("weekly", words) => Self::Weekly(words.map(|word| word.parse().ok()).collect::<Option<_>>()?),
            ("monthly", mut words) => Self::Monthly(words.next()?.parse().ok()?),
            _ => return None,
        };
        (days != Self::Weekly(Vec::new()) && !matches!(days, Self::Monthly(day) if !(1..=31).contains(&day)))
            .then_some(days)
    }

    fn hold(&self, day: NaiveDate) -> bool {
        match self {
            Self::Daily => true,
            Self::Weekdays => !matches!(day.weekday(), Weekday::Sat | Weekday::Sun),
            Self::Weekly(days) => days.contains(&day.weekday()),
            Self::Monthly(number) => day.day() == u32::from(*number.min(&day.num_days_in_month())),
        }
    }
}

/// As the table has it: `daily`, `weekdays`, `weekly Mon Thu`, `monthly 31`.
impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Daily => f.write_str("daily"),
            Self::Weekdays => f.write_str("weekdays"),
            Self::Weekly(days) => {
                f.write_str("weekly")?;
                days.iter().try_for_each(|day| write!(f, " {day}"))
            }
            Self::Monthly(day) => write!(f, "monthly {day}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub days: Days,
    pub at: NaiveTime,
    pub timezone: Tz,
}

impl Schedule {
    /// Of the columns of the table; none where a later release wrote them.
    pub fn read(days: &str, at: NaiveTime, timezone: &str) -> Option<Self> {
        Some(Self { days: Days::read(days)?, at, timezone: timezone.parse().ok()? })
    }

    /// The first time after this moment.
    pub fn next_after(&self, moment: DateTime<Utc>) -> DateTime<Utc> {
        let from = moment.with_timezone(&self.timezone).date_naive() - TimeDelta::days(1);
        let days = (0..FAR).filter_map(|ahead| from.checked_add_signed(TimeDelta::days(ahead)));
        let times = days.filter(|day| self.days.hold(*day)).filter_map(|day| self.time_on(day));
        times.into_iter().find(|time| *time > moment).unwrap_or(moment + TimeDelta::days(FAR))
    }

    /// The last time that has come by `now`, of `due` and those behind it: what was missed before that is missed.
    pub fn last_until(&self, due: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let mut last = due;
        loop {
            match self.next_after(last) {
                next if next <= now => last = next,
                _ => return last,
            }
        }
    }

    /// The day that such a moment is of.
    pub fn day_of(&self, moment: DateTime<Utc>) -> NaiveDate {
        moment.with_timezone(&self.timezone).date_naive()
    }

    /// A time that the clock skips is the next one that it shows; of one that it shows twice the first counts.
    fn time_on(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let wanted = day.and_time(self.at);
        (0..=24 * 60).find_map(|minutes| {
            match self.timezone.from_local_datetime(&(wanted + TimeDelta::minutes(minutes))) {
                LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.to_utc()),
                LocalResult::None => None,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Days, Schedule};
    use chrono::{DateTime, Utc, Weekday};

    fn schedule(days: &str, at: &str, timezone: &str) -> Schedule {
        Schedule::read(days, at.parse().unwrap(), timezone).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// The next times, each after the one before.
    fn times(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
        let mut moment = at(from);
        let mut all = Vec::new();
        for _ in 0..count {
            moment = schedule.next_after(moment);
            all.push(moment.format("%m-%dT%H:%M").to_string());
        }
        all
    }

    #[test]
    fn each_rhythm_has_its_days() {
        let moscow = |days| schedule(days, "08:30:00", "Europe/Moscow");
        // A Friday.
        let from = "2026-11-27T05:30:00Z";
        assert_eq!(times(&moscow("daily"), from, 2), ["11-28T05:30", "11-29T05:30"]);
        assert_eq!(times(&moscow("weekdays"), from, 2), ["11-30T05:30", "12-01T05:30"]);
        assert_eq!(times(&moscow("weekly Mon Thu"), from, 3), ["11-30T05:30", "12-03T05:30", "12-07T05:30"]);
        assert_eq!(times(&moscow("monthly 31"), from, 4), ["11-30T05:30", "12-31T05:30", "01-31T05:30", "02-28T05:30"]);
        assert_eq!(times(&moscow("monthly 29"), "2028-02-01T00:00:00Z", 1), ["02-29T05:30"]);
        assert_eq!(times(&moscow("daily"), "2026-11-27T05:29:59Z", 1), ["11-27T05:30"]);
    }

    #[test]
    fn the_day_is_that_of_the_zone() {
        let far_east = schedule("weekly Mon", "08:00:00", "Asia/Kamchatka");
        assert_eq!(times(&far_east, "2026-11-27T00:00:00Z", 1), ["11-29T20:00"], "Monday there, Sunday in Greenwich");
        assert_eq!(far_east.day_of(at("2026-11-29T20:00:00Z")).to_string(), "2026-11-30");
    }

    #[test]
    fn a_time_that_the_clock_skips_comes_at_the_next_that_it_shows() {
        let berlin = schedule("daily", "02:30:00", "Europe/Berlin");
        // 29 March 2026: 02:00 is 03:00.
        let spring = times(&berlin, "2026-03-27T12:00:00Z", 3);
        assert_eq!(spring, ["03-28T01:30", "03-29T01:00", "03-30T00:30"]);
    }

    #[test]
    fn a_time_that_the_clock_shows_twice_comes_once() {
        let berlin = schedule("daily", "02:30:00", "Europe/Berlin");
        // 25 October 2026: 03:00 is 02:00 again.
        let autumn = times(&berlin, "2026-10-23T12:00:00Z", 3);
        assert_eq!(autumn, ["10-24T00:30", "10-25T00:30", "10-26T01:30"]);
        // Asked between the two, it is over for that day.
        assert_eq!(times(&berlin, "2026-10-25T01:00:00Z", 1), ["10-26T01:30"]);
    }

    #[test]
    fn of_what_was_missed_the_last_counts() {
        let daily = schedule("daily", "08:00:00", "UTC");
        let last = |due: &str, now: &str| daily.last_until(at(due), at(now)).to_rfc3339();
        assert_eq!(last("2026-11-20T08:00:00Z", "2026-11-30T07:59:00Z"), "2026-11-29T08:00:00+00:00");
        assert_eq!(last("2026-11-20T08:00:00Z", "2026-11-20T08:00:01Z"), "2026-11-20T08:00:00+00:00");
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else() {
        for days in [Days::Daily, Days::Weekdays, Days::Weekly(vec![Weekday::Mon, Weekday::Sun]), Days::Monthly(31)] {
            assert_eq!(Days::read(&days.to_string()), Some(days));
        }
        for wrong in ["", "hourly", "weekly", "weekly Foo", "monthly", "monthly 0", "monthly 32"] {
            assert_eq!(Days::read(wrong), None, "{wrong}");
        }
    }
}
