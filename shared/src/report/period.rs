//! The days that a viewer looks at, and the same days a year before. Business dates: never converted between zones.

use chrono::{Datelike as _, Months, NaiveDate};

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
        let back = |months| month.checked_sub_months(Months::new(months)).unwrap_or(month);
        let first = match choice {
            Choice::Month | Choice::Own => month,
            Choice::Quarter => back(today.month0() % 3),
            Choice::Year => back(11),
        };
        Self { choice, first, last: today }
    }

    /// The same days a year before; 29 February becomes the 28th.
    pub fn year_before(&self) -> (NaiveDate, NaiveDate) {
        let back = |day: NaiveDate| day.checked_sub_months(Months::new(12)).unwrap_or(day);
        (back(self.first), back(self.last))
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

#[cfg(test)]
mod tests {
    use super::{Choice, Period};
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
            assert_eq!(period.year_before(), (day(first_before), day(last_before)));
        }
        assert_eq!(Period::named(Choice::Year, day("2026-11-23")).months().len(), 12);
    }
}
