//! Money, quantities, shares and dates as a dealer reads them: thin spaces, a true minus, `—` for what is unknown.
//! Decimals stay text until here, so nothing passes through a float but shares.

use std::sync::LazyLock;

use super::text::Text;
use crate::language::Language;
use crate::report::currency::Currency;
use crate::report::kind::Kind;
use crate::report::table::Cell;
use chrono::{Datelike as _, NaiveDate};
use fixed_decimal::{Decimal, Sign, SignedRoundingMode, UnsignedRoundingMode};
use icu_datetime::{FixedCalendarDateTimeFormatter, fieldsets::M, input::Date};
use icu_locale_core::Locale;

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
pub fn number(language: Language, text: &str, places: i16) -> String {
    let Ok(mut decimal) = Decimal::try_from_str(text) else { return UNKNOWN.to_owned() };
    decimal.round_with_mode(-places, SignedRoundingMode::Unsigned(UnsignedRoundingMode::HalfExpand));
    decimal.trim_end();
    grouped(language, &decimal)
}

/// A decimal's text to its last place, grouped by thousands, with at least so many places.
pub fn exact(language: Language, text: &str, least_places: i16) -> String {
    let Ok(mut decimal) = Decimal::try_from_str(text) else { return UNKNOWN.to_owned() };
    decimal.trim_end();
    decimal.pad_end(-least_places);
    grouped(language, &decimal)
}

pub fn count(language: Language, count: u64) -> String {
    grouped(language, &Decimal::from(count))
}

/// Not by `icu`: its Russian has wide spaces and a hyphen, and takes thrice as long.
fn grouped(language: Language, decimal: &Decimal) -> String {
    let (thousands, point) = match language {
        Language::Ru => (THIN, ','),
        Language::En => (',', '.'),
    };
    let places = decimal.magnitude_range();
    let has_fraction = *places.start() < 0;
    let mut shown = String::with_capacity(places.len() * 2);
    if decimal.sign() == Sign::Negative && !decimal.is_zero() {
        shown.push(MINUS);
    }
    for place in places.rev() {
        shown.push(char::from(b'0' + decimal.digit_at(place)));
        match place {
            0 if has_fraction => shown.push(point),
            1.. if place % 3 == 0 => shown.push(thousands),
            _ => {}
        }
    }
    shown
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
    let decimal = Decimal::try_from_str(&format!("{value:.1}"));
    decimal.map_or_else(|_| UNKNOWN.to_owned(), |decimal| grouped(language, &decimal))
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

/// `1,2 MB`
pub fn size(text: Text, bytes: i64) -> String {
    let bytes = bytes.max(0) as f64;
    let (name, size) =
        if bytes < 1_000_000.0 { ("size-kilobytes", bytes / 1e3) } else { ("size-megabytes", bytes / 1e6) };
    let shown = number(text.language(), &format!("{:.1}", size.max(0.1)), 1);
    text.with(name, &[("n", shown.into())])
}

/// `23.11.2026`, `23 Nov 2026`.
pub fn date(language: Language, day: NaiveDate) -> String {
    let pattern = match language {
        Language::Ru => "%d.%m.%Y",
        Language::En => "%-d %b %Y",
    };
    day.format(pattern).to_string()
}

/// `ноя`: as much as an axis has room for.
pub fn month(language: Language, day: NaiveDate) -> &'static str {
    let name = full_month(language, day);
    name.char_indices().nth(3).map_or(name, |(end, _)| &name[..end])
}

/// `ноябрь`: in full, alone or in a title.
pub fn full_month(language: Language, day: NaiveDate) -> &'static str {
    static NAMES: LazyLock<[[String; 12]; 2]> = LazyLock::new(|| Language::ALL.map(month_names));
    let [ru, en] = &*NAMES;
    let names = match language {
        Language::Ru => ru,
        Language::En => en,
    };
    &names[day.month0() as usize]
}

fn month_names(language: Language) -> [String; 12] {
    let locale = language.code().parse::<Locale>().unwrap_or(Locale::UNKNOWN);
    let names = FixedCalendarDateTimeFormatter::try_new(locale.into(), M::long()).ok();
    std::array::from_fn(|month| {
        let first = Date::try_new_gregorian(2026, month as u8 + 1, 1).ok();
        names.as_ref().zip(first).map(|(names, first)| names.format(&first).to_string()).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::{change, count, date, exact, full_month, month, number, percent, points, value};
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
            (
                "-12345678901234567890123456789012345678.9995",
                3,
                "−12\u{202f}345\u{202f}678\u{202f}901\u{202f}234\u{202f}567\u{202f}890\u{202f}123\u{202f}456\u{202f}789\u{202f}012\u{202f}345\u{202f}679",
                "−12,345,678,901,234,567,890,123,456,789,012,345,679",
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
    fn what_is_exact_loses_no_place_and_money_has_its_kopecks() {
        for (text, least, in_russian, in_english) in [
            ("1234567.5", 2, "1\u{202f}234\u{202f}567,50", "1,234,567.50"),
            ("-0.125000", 2, "−0,125", "−0.125"),
            ("7", 2, "7,00", "7.00"),
            ("7.500", 0, "7,5", "7.5"),
            ("100", 0, "100", "100"),
            ("abc", 2, "—", "—"),
        ] {
            assert_eq!((exact(Ru, text, least).as_str(), exact(En, text, least).as_str()), (in_russian, in_english));
        }
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

    #[test]
    fn months_are_called_as_in_a_title_and_on_an_axis() {
        for (number, ru, full_ru, en, full_en) in [
            (1, "янв", "январь", "Jan", "January"),
            (2, "фев", "февраль", "Feb", "February"),
            (3, "мар", "март", "Mar", "March"),
            (4, "апр", "апрель", "Apr", "April"),
            (5, "май", "май", "May", "May"),
            (6, "июн", "июнь", "Jun", "June"),
            (7, "июл", "июль", "Jul", "July"),
            (8, "авг", "август", "Aug", "August"),
            (9, "сен", "сентябрь", "Sep", "September"),
            (10, "окт", "октябрь", "Oct", "October"),
            (11, "ноя", "ноябрь", "Nov", "November"),
            (12, "дек", "декабрь", "Dec", "December"),
        ] {
            let day = chrono::NaiveDate::from_ymd_opt(2026, number, 28).unwrap();
            assert_eq!((month(Ru, day), full_month(Ru, day)), (ru, full_ru));
            assert_eq!((month(En, day), full_month(En, day)), (en, full_en));
        }
    }
}
