//! Money and quantities: four decimal places in an integer, never a float. Written independently of the product's own
//! type, because this one is the oracle.

/// A decimal with four places; the number inside is ten thousand times the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Amount(pub i64);

impl Amount {
    /// 18 digits in all, as in ClickHouse's `Decimal(18, 4)`.
    const BOUND: i128 = 999_999_999_999_999_999;

    pub const fn whole(units: i64) -> Self {
        Self(units * 10_000)
    }

    /// Reads a JSON number's literal text; `None` if it is not one or does not fit exactly.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || digits.ends_with('.') || whole.len() + fraction.len() > 30 || exponent.abs() > 40 {
            return None;
        }
        let mut raw: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return None;
            }
            raw = raw * 10 + i128::from(byte - b'0');
        }
        let mut shift = 4 + exponent - i32::try_from(fraction.len()).ok()?;
        while shift > 0 && raw != 0 {
            raw *= 10;
            shift -= 1;
            if raw > Self::BOUND {
                return None;
            }
        }
        while shift < 0 && raw != 0 {
            if raw % 10 != 0 {
                return None;
            }
            raw /= 10;
            shift += 1;
        }
        let raw = i64::try_from(raw).ok().filter(|raw| i128::from(*raw) <= Self::BOUND)?;
        Some(Self(if negative { -raw } else { raw }))
    }

    /// The shortest exact text: `3333.33`, `20000`, `-0.5`. ClickHouse's `toString` prints the same.
    pub fn write(self, out: &mut Vec<u8>) {
        if self.0 < 0 {
            out.push(b'-');
        }
        let raw = self.0.unsigned_abs();
        write_int(out, raw / 10_000);
        let mut fraction = raw % 10_000;
        if fraction == 0 {
            return;
        }
        out.push(b'.');
        let mut unit = 1_000;
        while fraction > 0 {
            out.push(b'0' + u8::try_from(fraction / unit).unwrap_or(0));
            fraction %= unit;
            unit /= 10;
        }
    }

    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 10_000.0
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = Vec::with_capacity(24);
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

/// Decimal digits of a whole number, without the formatting machinery.
pub fn write_int(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn an_amount_prints_the_shortest_exact_text() {
        let printed = |text| Amount::parse(text).map(|amount| amount.to_string());
        assert_eq!(printed("3333.33").as_deref(), Some("3333.33"));
        assert_eq!(printed("20000.0000").as_deref(), Some("20000"));
        assert_eq!(printed("-0.5").as_deref(), Some("-0.5"));
        assert_eq!(printed("1E2").as_deref(), Some("100"));
        assert_eq!(printed("0.0001").as_deref(), Some("0.0001"));
        assert_eq!(printed("99999999999.99").as_deref(), Some("99999999999.99"));
    }

    #[test]
    fn what_does_not_fit_exactly_is_no_amount() {
        for text in ["0.30000000000000004", "abc", "", "1.", "999999999999999", "1e400", "\"5\""] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }
}
