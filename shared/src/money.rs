//! Money and quantities: decimals from the literal text to the last cell, never through a float.

use std::fmt;

/// Digits after the point, as in ClickHouse's `Decimal(18, 4)`.
pub const SCALE: u32 = 4;

/// A decimal with four places. The raw number is what ClickHouse's `Decimal(18, 4)` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("is not a number")]
    NotANumber,
    #[error("has more than four digits after the point")]
    TooFine,
    #[error("has more than 14 digits before the point")]
    TooLarge,
}

impl Amount {
    /// 18 digits in all: the bound of `Decimal(18, 4)`, not that of `i64`.
    const BOUND: i128 = 999_999_999_999_999_999;

    pub const fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    pub const fn raw(self) -> i64 {
        self.0
    }

    /// Reads a JSON number's literal text: sign, digits, fraction, exponent. Zeros beyond the fourth place are fine.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        Self::usual(text.as_bytes()).map_or_else(|| Self::any(text), Ok)
    }

    /// As nearly every amount is written: 14 digits at most and four behind the point at most. None: it is written otherwise.
    fn usual(text: &[u8]) -> Option<Self> {
        let (sign, digits) = text.strip_prefix(b"-").map_or((1, text), |digits| (-1, digits));
        let point = digits.iter().position(|byte| *byte == b'.');
        let (whole, part) = point.map_or((digits, None), |at| (&digits[..at], Some(&digits[at + 1..])));
        if whole.is_empty() || whole.len() > 14 || part.is_some_and(|part| part.is_empty() || part.len() > 4) {
            return None;
        }
        let part = part.unwrap_or_default();
        let mut raw = 0_i64;
        for digits in [whole, part] {
            for byte in digits {
                let digit = byte.wrapping_sub(b'0');
                if digit > 9 {
                    return None;
                }
                raw = raw * 10 + i64::from(digit);
            }
        }
        Some(Self(sign * raw * [10_000, 1_000, 100, 10, 1][part.len()]))
    }

    fn any(text: &str) -> Result<Self, AmountError> {
        let bytes = text.as_bytes();
        let (negative, mut rest) = match bytes.split_first() {
            Some((b'-', rest)) => (true, rest),
            _ => (false, bytes),
        };
        let mut digits: i128 = 0;
        let mut seen = 0u32;
        let mut places: i64 = 0;
        let mut after_point = false;
        let mut exponent: i64 = 0;
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            match byte {
                b'0'..=b'9' => {
                    seen += 1;
                    if seen > 37 {
                        return Err(if after_point { AmountError::TooFine } else { AmountError::TooLarge });
                    }
                    digits = digits * 10 + i128::from(byte - b'0');
                    places += i64::from(after_point);
                }
                b'.' if !after_point && seen > 0 => after_point = true,
                b'e' | b'E' if seen > 0 => {
                    exponent = std::str::from_utf8(rest)
                        .ok()
                        .and_then(|text| text.parse().ok())
                        .filter(|exponent: &i64| exponent.abs() <= 40)
                        .ok_or(AmountError::NotANumber)?;
                    rest = &[];
                }
                _ => return Err(AmountError::NotANumber),
            }
        }
        if seen == 0 || (after_point && places == 0) {
            return Err(AmountError::NotANumber);
        }
        let mut shift = i64::from(SCALE) - places + exponent;
        while shift > 0 && digits != 0 {
            digits *= 10;
            shift -= 1;
            if digits > Self::BOUND {
                return Err(AmountError::TooLarge);
            }
        }
        while shift < 0 && digits != 0 {
            if digits % 10 != 0 {
                return Err(AmountError::TooFine);
            }
            digits /= 10;
            shift += 1;
        }
        if digits > Self::BOUND {
            return Err(AmountError::TooLarge);
        }
        let raw = i64::try_from(digits).map_err(|_| AmountError::TooLarge)?;
        Ok(Self(if negative { -raw } else { raw }))
    }
}

impl fmt::Display for Amount {
    /// The shortest exact text: `20000`, `3333.33`, `-0.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10u64.pow(SCALE);
        let magnitude = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        write!(f, "{}", magnitude / unit)?;
        let fraction = magnitude % unit;
        if fraction != 0 {
            let text = format!("{fraction:04}");
            write!(f, ".{}", text.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, AmountError};

    #[test]
    fn literals_of_a_1c_server_are_read_exactly() {
        for (text, shown) in [
            ("20000", "20000"),
            ("3333.33", "3333.33"),
            ("-0.0", "0"),
            ("1E2", "100"),
            ("0.3", "0.3"),
            ("99999999999.99", "99999999999.99"),
            ("123456789012.3456", "123456789012.3456"),
            ("1.50000000", "1.5"),
            ("25e-2", "0.25"),
        ] {
            assert_eq!(Amount::parse(text).map(|amount| amount.to_string()), Ok(shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_usual_way_reads_what_the_other_reads() {
        for text in [
            "0",
            "-0",
            "7",
            "-7.5",
            "0.0001",
            "10.01",
            "007.50",
            "99999999999999.9999",
            "-99999999999999",
            "1.2345",
            "",
            "-",
            ".5",
            "1.",
            "--1",
            "1.2.3",
            "1,5",
            "+1",
            "12345678901234.5",
            "123456789012345",
            "1.23450",
            "1e2",
            "\u{661}",
        ] {
            if let Some(usual) = Amount::usual(text.as_bytes()) {
                assert_eq!(Amount::any(text), Ok(usual), "{text}");
            }
        }
        assert!(
            ["0", "-7.5", "10.01", "99999999999999.9999"].iter().all(|text| Amount::usual(text.as_bytes()).is_some())
        );
    }

    #[test]
    fn what_does_not_fit_is_refused_and_never_rounded() {
        for (text, error) in [
            ("0.30000000000000004", AmountError::TooFine),
            ("1000000000000000", AmountError::TooLarge),
            ("", AmountError::NotANumber),
            ("-", AmountError::NotANumber),
            ("1.", AmountError::NotANumber),
            ("1,5", AmountError::NotANumber),
            ("NaN", AmountError::NotANumber),
        ] {
            assert_eq!(Amount::parse(text), Err(error), "{text}");
        }
    }
}
