//! The days that a viewer looks at, and the days that they are compared with. Business dates: never converted between
//! zones.

use chrono::{Datelike as _, Days, Months, NaiveDate};
use serde::Deserialize;

/// How the period was chosen. The named ones move with the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// From the first of this month.
    Month,
    /// From the first of this quarter.
    Quarter,
    /// This month and the eleven before it.
    Year,
    /// Days of the viewer's own.
    Own,
}

impl Choice {
    pub const ALL: [Self; 4] = [Self::Month, Self::Quarter, Self::Year, Self::Own];

    /// The word in the address.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Own => "own",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.code() == code)
    }
}

/// What the figures of a period stand beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum Compare {
    #[default]
    #[serde(rename = "none")]
    Nothing,
    /// The same days a year before.
    #[serde(rename = "last year")]
    LastYear,
    /// Of a month so far the same days of the month before; of a quarter and of twelve months likewise.
    #[serde(rename = "previous period")]
    PreviousPeriod,
}

impl Compare {
    /// The day that this day of a report is compared with.
    pub fn day_before(self, day: NaiveDate) -> NaiveDate {
        back(day, if self == Self::PreviousPeriod { 1 } else { 12 })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub choice: Choice,
    pub first: NaiveDate,
    /// Included: to a dealer, "to 31 May" counts the 31st.
    pub last: NaiveDate,
}

/// Ten years, with their leap days.
pub const MOST_DAYS: i64 = 3653;

impl Period {
    /// A named period that ends today; `Own` begins as this month.
    pub fn named(choice: Choice, today: NaiveDate) -> Self {
        let month = today.with_day(1).unwrap_or(today);
        let first = match choice {
            Choice::Month | Choice::Own => month,
            Choice::Quarter => back(month, today.month0() % 3),
            Choice::Year => back(month, 11),
        };
        Self { choice, first, last: today }
    }

    /// First and last of the days compared; 29 February becomes the 28th.
    pub fn before(&self, compare: Compare) -> (NaiveDate, NaiveDate) {
        if compare != Compare::PreviousPeriod {
            return (back(self.first, 12), back(self.last, 12));
        }
        let next_day = self.last.checked_add_days(Days::new(1)).unwrap_or(self.last);
        let months = match self.choice {
            Choice::Month => 1,
            Choice::Quarter => 3,
            Choice::Year => 12,
            // Whole months are compared with as many whole months.
            Choice::Own if self.first.day() == 1 && next_day.day() == 1 => months_between(self.first, next_day),
            Choice::Own => {
                let days = Days::new(u64::try_from((next_day - self.first).num_days()).unwrap_or_default());
                let back = |day: NaiveDate| day.checked_sub_days(days).unwrap_or(day);
                return (back(self.first), back(self.last));
            }
        };
        let last = back(next_day, months).pred_opt().unwrap_or(self.last);
        // Of a month so far, the days up to the same one.
        let last = if self.choice == Choice::Own { last } else { back(self.last, months) };
        (back(self.first, months), last)
    }

    /// Months from the days compared to those of the period: where a month's bar finds the one beside it.
    pub fn months_since(&self, compare: Compare) -> u32 {
        months_between(self.before(compare).0, self.first)
    }

    /// The first days of its months.
    pub fn months(&self) -> Vec<NaiveDate> {
        let mut month = self.first.with_day(1).unwrap_or(self.first);
        let mut months = Vec::new();
        while month <= self.last {
            months.push(month);
            let Some(next) = month.checked_add_months(Months::new(1)) else { break };
            month = next;
        }
        months
    }
}

fn back(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_sub_months(Months::new(months)).unwrap_or(day)
}

fn months_between(first: NaiveDate, last: NaiveDate) -> u32 {
    let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
    u32::try_from(months(last) - months(first)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Choice, Compare, Period};
    use chrono::NaiveDate;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn named_periods_end_today() {
        for (choice, today, first, first_before, last_before) in [
            (Choice::Month, "2026-11-23", "2026-11-01", "2025-11-01", "2025-11-23"),
            (Choice::Quarter, "2026-11-23", "2026-10-01", "2025-10-01", "2025-11-23"),
            (Choice::Quarter, "2026-01-31", "2026-01-01", "2025-01-01", "2025-01-31"),
            (Choice::Year, "2026-11-23", "2025-12-01", "2024-12-01", "2025-11-23"),
            (Choice::Year, "2024-02-29", "2023-03-01", "2022-03-01", "2023-02-28"),
        ] {
            let period = Period::named(choice, day(today));
            assert_eq!((period.first, period.last), (day(first), day(today)));
            assert_eq!(period.before(Compare::LastYear), (day(first_before), day(last_before)));
        }
        assert_eq!(Period::named(Choice::Year, day("2026-11-23")).months().len(), 12);
    }

    #[test]
    fn the_previous_period_is_as_long_and_ends_before_this_one() {
        for (choice, today, first, last) in [
            (Choice::Month, "2026-11-23", "2026-10-01", "2026-10-23"),
            (Choice::Month, "2026-03-31", "2026-02-01", "2026-02-28"),
            (Choice::Quarter, "2026-11-23", "2026-07-01", "2026-08-23"),
            (Choice::Year, "2026-11-23", "2024-12-01", "2025-11-23"),
        ] {
            let before = Period::named(choice, day(today)).before(Compare::PreviousPeriod);
            assert_eq!(before, (day(first), day(last)), "{choice:?} of {today}");
        }
        for (first, last, first_before, last_before) in [
            ("2026-11-10", "2026-11-20", "2026-10-30", "2026-11-09"),
            ("2026-02-01", "2026-02-28", "2026-01-01", "2026-01-31"),
            ("2026-03-01", "2026-04-30", "2026-01-01", "2026-02-28"),
            ("2026-05-05", "2026-05-05", "2026-05-04", "2026-05-04"),
        ] {
            let period = Period { choice: Choice::Own, first: day(first), last: day(last) };
            assert_eq!(period.before(Compare::PreviousPeriod), (day(first_before), day(last_before)));
        }
    }
}
