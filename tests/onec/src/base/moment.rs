//! Wall-clock time of the infobase: seconds since 1970 as if there were no zones.

use std::time::{SystemTime, UNIX_EPOCH};

/// A date and time without a zone, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

const DAY: i64 = 86_400;

impl Moment {
    /// 1C's "no date".
    pub const EMPTY: Self = Self(-62_135_596_800);

    /// The present moment on a clock three hours ahead of UTC, as in Moscow.
    pub fn now_in_moscow() -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self(i64::try_from(seconds).unwrap_or(0) + 3 * 3600)
    }

    pub const fn of(year: i64, month: i64, day: i64) -> Self {
        // Days from the civil calendar: years begin in March, so that the leap day comes last.
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let yoe = y - era * 400;
        let shifted = if month > 2 { month - 3 } else { month + 9 };
        let doy = (153 * shifted + 2) / 5 + day - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        Self((era * 146_097 + doe - 719_468) * DAY)
    }

    pub const fn at(self, seconds_of_day: i64) -> Self {
        Self(self.0.div_euclid(DAY) * DAY + seconds_of_day)
    }

    pub const fn days_later(self, days: i64) -> Self {
        Self(self.0 + days * DAY)
    }

    /// Year, month, day.
    pub const fn civil(self) -> (i64, i64, i64) {
        let z = self.0.div_euclid(DAY) + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z - era * 146_097;
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let shifted = (5 * doy + 2) / 153;
        let day = doy - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }

    pub const fn seconds_of_day(self) -> i64 {
        self.0.rem_euclid(DAY)
    }

    /// 0 is Monday.
    pub const fn weekday(self) -> i64 {
        (self.0.div_euclid(DAY) + 3).rem_euclid(7)
    }

    /// Exactly `YYYY-MM-DDThh:mm:ss`, and a date that exists.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shape_fits = bytes.len() == 19
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                10 => *byte == b'T',
                13 | 16 => *byte == b':',
                _ => byte.is_ascii_digit(),
            });
        if !shape_fits {
            return None;
        }
        let number = |from: usize, to: usize| text[from..to].parse::<i64>().ok();
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let date = Self::of(year, month, day);
        let exists = year >= 1 && (1..=12).contains(&month) && date.civil() == (year, month, day);
        (exists && hour < 24 && minute < 60 && second < 60).then(|| date.at(hour * 3600 + minute * 60 + second))
    }

    /// `2024-03-05T11:42:10`
    pub fn write(self, out: &mut Vec<u8>) {
        self.write_day(out);
        let second = self.seconds_of_day();
        out.push(b'T');
        two(out, second / 3600);
        out.push(b':');
        two(out, second / 60 % 60);
        out.push(b':');
        two(out, second % 60);
    }

    /// `2024-03-05`
    pub fn write_day(self, out: &mut Vec<u8>) {
        let (year, month, day) = self.civil();
        two(out, year / 100);
        two(out, year % 100);
        out.push(b'-');
        two(out, month);
        out.push(b'-');
        two(out, day);
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = Vec::with_capacity(19);
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

fn two(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(&[b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]);
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn a_moment_reads_and_prints_the_same_text() {
        for text in ["2024-02-29T23:59:59", "0001-01-01T00:00:00", "0209-03-05T11:42:10", "2106-12-31T00:00:01"] {
            assert_eq!(Moment::parse(text).map(|moment| moment.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Moment::parse("0001-01-01T00:00:00"), Some(Moment::EMPTY));
    }

    #[test]
    fn a_date_that_does_not_exist_is_refused() {
        for text in
            ["2023-02-29T00:00:00", "2024-13-01T00:00:00", "2024-01-01", "2024-01-01T24:00:00", "0000-01-01T00:00:00"]
        {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
