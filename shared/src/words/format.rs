//! Money, quantities, shares and dates as a dealer reads them: thin spaces, a true minus, `—` for what is unknown.
//! Decimals stay text until here, so nothing passes through a float but shares.

use super::text::Text;
use crate::language::Language;
use crate::report::currency::Currency;
use crate::report::kind::Kind;
use crate::report::table::Cell;
use chrono::{Datelike as _, NaiveDate};

pub const UNKNOWN: &str = "—";
const THIN: char = '\u{202f}';
const MINUS: char = '−';

/// A value of the table or the strip. Money without kopecks, quantities with up to three places.
pub fn value(language: Language, kind: Kind, cell: &Cell) -> String {
    match cell {
        Cell::Unknown => UNKNOWN.to_owned(),
        Cell::Number(amount) => number(language, amount.as_str(), if kind == Kind::Money { 0 } else { 3 }),
        Cell::Count(count) => self::count(language, *count),
        Cell::Ratio(ratio) => percent(language, *ratio),
        Cell::Day(day) => date(language, *day),
        Cell::Text(text) => text.clone().into(),
    }
}

/// `1 234 ₽`; of an unknown currency without a sign.
pub fn money(language: Language, currency: &Currency, cell: &Cell) -> String {
    let shown = value(language, Kind::Money, cell);
    match currency.sign() {
        "" => shown,
        _ if cell.is_unknown() => shown,
        sign => format!("{shown}\u{a0}{sign}"),
    }
}

/// `Выручка, ₽`: a title with the unit of what stands below.
pub fn headed(title: &str, unit: &str) -> String {
    if unit.is_empty() { title.to_owned() } else { format!("{title}, {unit}") }
}

/// A decimal's text rounded half away from zero to at most `places`, grouped by thousands.
pub fn number(language: Language, text: &str, places: usize) -> String {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return UNKNOWN.to_owned();
    }
    let kept = &fraction[..fraction.len().min(places)];
    let mut digits: Vec<u8> = whole.bytes().chain(kept.bytes()).collect();
    if fraction.as_bytes().get(places).is_some_and(|next| *next >= b'5') {
        round_up(&mut digits);
    }
    let split = digits.len() - kept.len();
    let (whole, fraction) = digits.split_at(split);
    let fraction = String::from_utf8_lossy(fraction);
    let fraction = fraction.trim_end_matches('0');
    let mut shown = String::with_capacity(digits.len() * 2);
    if is_negative && digits.iter().any(|digit| *digit != b'0') {
        shown.push(MINUS);
    }
    let (thousands, point) = match language {
        Language::Ru => (THIN, ','),
        Language::En => (',', '.'),
    };
    for (index, digit) in whole.iter().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            shown.push(thousands);
        }
        shown.push(char::from(*digit));
    }
    if !fraction.is_empty() {
        shown.push(point);
        shown.push_str(fraction);
    }
    shown
}

fn round_up(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

pub fn count(language: Language, count: u64) -> String {
    number(language, &count.to_string(), 0)
}

/// `8,2 %`, from 0.082.
pub fn percent(language: Language, ratio: f64) -> String {
    let percent = tenths(language, ratio * 100.0);
    match language {
        Language::Ru => format!("{percent}{THIN}%"),
        Language::En => format!("{percent}%"),
    }
}

/// One decimal place, always shown.
fn tenths(language: Language, value: f64) -> String {
    if !value.is_finite() {
        return UNKNOWN.to_owned();
    }
    let text = format!("{value:.1}");
    let text = if text == "-0.0" { "0.0".to_owned() } else { text };
    let (whole, tenth) = text.split_once('.').unwrap_or((&text, "0"));
    let point = if language == Language::Ru { ',' } else { '.' };
    let is_small_negative = whole == "-0";
    let sign = if is_small_negative { "−" } else { "" };
    let whole = number(language, whole, 0);
    format!("{sign}{whole}{point}{tenth}")
}

/// A change: its text with its sign, and whether it is up (`Some(true)`), down or neither.
pub fn change(language: Language, ratio: Option<f64>) -> (String, Option<bool>) {
    let Some(ratio) = ratio.filter(|ratio| ratio.is_finite()) else { return (UNKNOWN.to_owned(), None) };
    signed(ratio, percent(language, ratio))
}

/// A change of a share, in percentage points.
pub fn points(text: Text, difference: Option<f64>) -> (String, Option<bool>) {
    let Some(difference) = difference.filter(|difference| difference.is_finite()) else {
        return (UNKNOWN.to_owned(), None);
    };
    let language = text.language();
    signed(difference, format!("{}\u{a0}{}", tenths(language, difference * 100.0), text.get("points")))
}

fn signed(value: f64, shown: String) -> (String, Option<bool>) {
    let is_shown_as_zero = !shown.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    match () {
        () if is_shown_as_zero => (shown.trim_start_matches(MINUS).to_owned(), None),
        () if value > 0.0 => (format!("+{shown}"), Some(true)),
        () => (shown, Some(false)),
    }
}

/// `23.11.2026`, `23 Nov 2026`.
pub fn date(language: Language, day: NaiveDate) -> String {
    match language {
        Language::Ru => day.format("%d.%m.%Y").to_string(),
        Language::En => format!("{} {} {}", day.day(), month(Text::of(language), day), day.year()),
    }
}

pub fn month(text: Text, day: NaiveDate) -> &'static str {
    const NAMES: [&str; 12] = [
        "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8", "month-9", "month-10",
        "month-11", "month-12",
    ];
    text.get(NAMES[day.month0() as usize])
}

/// `ноябрь`: in full, alone or in a title.
pub fn full_month(text: Text, day: NaiveDate) -> &'static str {
    const NAMES: [&str; 12] = [
        "full-month-1",
        "full-month-2",
        "full-month-3",
        "full-month-4",
        "full-month-5",
        "full-month-6",
        "full-month-7",
        "full-month-8",
        "full-month-9",
        "full-month-10",
        "full-month-11",
        "full-month-12",
    ];
    text.get(NAMES[day.month0() as usize])
}

#[cfg(test)]
mod tests {
    use super::{change, count, date, number, percent, points, value};
    use crate::language::Language::{En, Ru};
    use crate::report::kind::Kind;
    use crate::report::table::{Cell, Number};
    use crate::words::Text;

    #[test]
    fn numbers_are_grouped_and_rounded_exactly() {
        for (text, places, in_russian, in_english) in [
            ("58914370", 0, "58\u{202f}914\u{202f}370", "58,914,370"),
            ("0", 0, "0", "0"),
            ("-0.4", 0, "0", "0"),
            ("-1234.5", 0, "−1\u{202f}235", "−1,235"),
            ("999.5", 0, "1\u{202f}000", "1,000"),
            (
                "99999999999999999.4999",
                0,
                "99\u{202f}999\u{202f}999\u{202f}999\u{202f}999\u{202f}999",
                "99,999,999,999,999,999",
            ),
            ("2.5", 3, "2,5", "2.5"),
            ("2.5000", 3, "2,5", "2.5"),
            ("1.9996", 3, "2", "2"),
            ("abc", 0, "—", "—"),
        ] {
            assert_eq!(number(Ru, text, places), in_russian);
            assert_eq!(number(En, text, places), in_english);
        }
        assert_eq!(count(Ru, 1284), "1\u{202f}284");
        assert_eq!(value(Ru, Kind::Money, &Cell::Unknown), "—");
        assert_eq!(value(Ru, Kind::Code, &Cell::Text("007".into())), "007");
        assert_eq!(value(Ru, Kind::Quantity, &Cell::Number(Number::read("2.5000").unwrap())), "2,5");
        assert_eq!(value(Ru, Kind::Money, &Cell::Number(Number::read("2.5000").unwrap())), "3");
    }

    #[test]
    fn a_change_carries_its_sign_and_never_colour_alone() {
        assert_eq!(change(Ru, Some(0.068)), ("+6,8\u{202f}%".to_owned(), Some(true)));
        assert_eq!(change(En, Some(-0.118)), ("−11.8%".to_owned(), Some(false)));
        assert_eq!(change(Ru, Some(-0.0001)), ("0,0\u{202f}%".to_owned(), None));
        assert_eq!(change(Ru, None), ("—".to_owned(), None));
        assert_eq!(points(Text::of(Ru), Some(-0.006)), ("−0,6\u{a0}п. п.".to_owned(), Some(false)));
        assert_eq!(percent(Ru, 12.345), "1\u{202f}234,5\u{202f}%");
    }

    #[test]
    fn dates_follow_the_language() {
        let day = "2026-11-03".parse().unwrap();
        assert_eq!((date(Ru, day).as_str(), date(En, day).as_str()), ("03.11.2026", "3 Nov 2026"));
    }
}
