//! What a viewer chose: query string to `Filter`, or a sentence per field; and back to a URL. No query runs for a
//! filter that does not fit.

use chrono::{Datelike as _, NaiveDate};
use uuid::Uuid;

use super::definition::{Definition, FilterKind, Sort};
use super::period::{Choice, MOST_DAYS, Period};
use super::scope::DealerScope;
use crate::ids::DealerId;

pub const ROWS_PER_PAGE: u32 = 50;
const LAST_PAGE: u32 = 100_000;
/// Letters, not bytes.
const LONGEST_SEARCH: usize = 200;
const LONGEST_QUERY: usize = 8 * 1024;

/// The value of one filter of the definition, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Period(Period),
    Choice(Option<Uuid>),
    Search(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// One per filter of the definition.
    pub values: Vec<Value>,
    /// One of the viewer's dealers; none: all of them together.
    pub dealer: Option<DealerId>,
    pub sort: Sort,
    /// From 1.
    pub page: u32,
    /// The page stood in the address: its rows are what the viewer went for.
    pub is_paged: bool,
    /// Also the rows of the days compared only.
    pub with_former: bool,
}

/// What is wrong with a field, in facts; the page finds the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    Doubled,
    NoSuchPeriod,
    NoDate,
    Reversed,
    TooManyDays,
    NotInList,
    TooLong,
    NoSuchFormat,
}

/// A query string that fits no filter: what is wrong with which field, and what was asked, to be shown again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub errors: Vec<(String, Wrong)>,
    pub asked: Vec<(String, String)>,
}

impl Refused {
    pub fn of(&self, field: &str) -> Option<Wrong> {
        self.errors.iter().find(|(name, _)| name == field).map(|(_, wrong)| *wrong)
    }

    pub fn asked(&self, field: &str) -> &str {
        self.asked.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value)
    }
}

impl Filter {
    /// What a report shows at first.
    pub fn default_of(report: &Definition, today: NaiveDate) -> Self {
        let values = report
            .filters
            .iter()
            .map(|filter| match filter.kind {
                FilterKind::Period { default } => Value::Period(Period::named(default, today)),
                FilterKind::Choice { .. } => Value::Choice(None),
                FilterKind::Search { .. } => Value::Search(String::new()),
            })
            .collect();
        Self { values, dealer: None, sort: report.sort, page: 1, is_paged: false, with_former: false }
    }

    /// Reads decoded pairs. Words that no filter knows are left alone; an empty value is as none. So is a column or a page
    /// that is none: the rows are the same, in the report's own order, from the first on.
    pub fn read(
        report: &Definition,
        scope: &DealerScope,
        today: NaiveDate,
        pairs: &[(String, String)],
    ) -> Result<Self, Refused> {
        let mut filter = Self::default_of(report, today);
        let mut errors: Vec<(String, Wrong)> = Vec::new();
        let mut wrong = |field: &str, wrong: Wrong| {
            if !errors.iter().any(|(name, _)| name == field) {
                errors.push((field.to_owned(), wrong));
            }
        };
        let asked = |name: &str| {
            pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim()).filter(|v| !v.is_empty())
        };
        let is_known = |name: &str| {
            ["from", "to", "sort", "page", "dealer", "format", "former"].contains(&name)
                || report.filters.iter().any(|filter| filter.name == name)
        };
        for (index, (name, _)) in pairs.iter().enumerate() {
            if is_known(name) && pairs[..index].iter().any(|(other, _)| other == name) {
                wrong(name, Wrong::Doubled);
            }
        }
        if pairs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > LONGEST_QUERY {
            wrong("search", Wrong::TooLong);
        }
        for (spec, value) in report.filters.iter().zip(&mut filter.values) {
            match value {
                Value::Period(period) => match self::period(*period, today, &asked) {
                    Ok(read) => *period = read,
                    Err((field, problem)) => wrong(field, problem),
                },
                Value::Choice(chosen) => match asked(&spec.name).map(hyphenated) {
                    Some(None) => wrong(&spec.name, Wrong::NotInList),
                    Some(read) => *chosen = read,
                    None => {}
                },
                Value::Search(text) => {
                    let read = asked(&spec.name).unwrap_or_default();
                    if read.chars().count() > LONGEST_SEARCH || read.contains('\0') {
                        wrong(&spec.name, Wrong::TooLong);
                    }
                    read.clone_into(text);
                }
            }
        }
        if let Some(text) = asked("dealer") {
            // One answer for a foreign dealer and for one that is nowhere.
            match hyphenated(text).map(DealerId).filter(|dealer| scope.narrowed_to(*dealer).is_some()) {
                Some(dealer) => filter.dealer = Some(dealer),
                None => wrong("dealer", Wrong::NotInList),
            }
        }
        if let Some(text) = asked("sort") {
            let (descending, name) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
            if let Some(column) = report.columns.iter().position(|column| column.name == name) {
                filter.sort = Sort { column, descending };
            }
        }
        if let Some(text) = asked("page") {
            let page = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
            filter.page = page.filter(|page| (1..=LAST_PAGE).contains(page)).unwrap_or(1);
            filter.is_paged = true;
        }
        filter.with_former = report.lines.is_some() && asked("former") == Some("1");
        if asked("format").is_some_and(|format| format != "csv") {
            wrong("format", Wrong::NoSuchFormat);
        }
        if errors.is_empty() { Ok(filter) } else { Err(Refused { errors, asked: pairs.to_vec() }) }
    }

    pub fn period(&self) -> Option<&Period> {
        self.values.iter().find_map(|value| match value {
            Value::Period(period) => Some(period),
            _ => None,
        })
    }

    /// The address of this filter, without what a report shows anyway.
    pub fn url(&self, report: &Definition) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (spec, value) in report.filters.iter().zip(&self.values) {
            match (value, &spec.kind) {
                (Value::Period(period), FilterKind::Period { default }) => {
                    if period.choice == Choice::Own {
                        query.append_pair("period", "own");
                        query.append_pair("from", &period.first.to_string());
                        query.append_pair("to", &period.last.to_string());
                    } else if period.choice != *default {
                        query.append_pair("period", period.choice.code());
                    }
                }
                (Value::Choice(Some(chosen)), _) => drop(query.append_pair(&spec.name, &chosen.to_string())),
                (Value::Search(text), _) if !text.is_empty() => drop(query.append_pair(&spec.name, text)),
                _ => {}
            }
        }
        if let Some(dealer) = self.dealer {
            query.append_pair("dealer", &dealer.to_string());
        }
        if self.with_former {
            query.append_pair("former", "1");
        }
        if self.sort != report.sort {
            query.append_pair("sort", &self.sort_word(report));
        }
        if self.is_paged || self.page > 1 {
            query.append_pair("page", &self.page.to_string());
        }
        let query = query.finish();
        if query.is_empty() { report.path() } else { format!("{}?{query}", report.path()) }
    }

    pub fn csv_url(&self, report: &Definition) -> String {
        let url = self.first_page().url(report);
        let mark = if url.contains('?') { '&' } else { '?' };
        format!("{url}{mark}format=csv")
    }

    /// `-revenue`: as it stands in the address.
    pub fn sort_word(&self, report: &Definition) -> String {
        let sign = if self.sort.descending { "-" } else { "" };
        format!("{sign}{}", report.columns[self.sort.column].name)
    }

    pub fn first_page(&self) -> Self {
        Self { page: 1, is_paged: false, ..self.clone() }
    }

    pub fn on_page(&self, page: u32) -> Self {
        Self { page, is_paged: true, ..self.clone() }
    }

    pub fn sorted_by(&self, sort: Sort) -> Self {
        Self { sort, ..self.first_page() }
    }

    pub fn with_former(&self, with_former: bool) -> Self {
        Self { with_former, ..self.first_page() }
    }

    pub fn in_period(&self, period: Period) -> Self {
        let mut other = self.first_page();
        for value in &mut other.values {
            if let Value::Period(old) = value {
                *old = period;
            }
        }
        other
    }

    /// Without its choices and its search: the widening link of an empty report.
    pub fn widened(&self) -> Self {
        let mut other = self.first_page();
        other.dealer = None;
        for value in &mut other.values {
            match value {
                Value::Choice(chosen) => *chosen = None,
                Value::Search(text) => text.clear(),
                Value::Period(_) => {}
            }
        }
        other
    }

    pub fn is_narrowed(&self) -> bool {
        *self != self.widened()
    }
}

fn period<'a>(
    default: Period,
    today: NaiveDate,
    asked: &impl Fn(&str) -> Option<&'a str>,
) -> Result<Period, (&'static str, Wrong)> {
    let choice = match asked("period") {
        None => default.choice,
        Some(code) => Choice::from_code(code).ok_or(("period", Wrong::NoSuchPeriod))?,
    };
    if choice != Choice::Own {
        return Ok(Period::named(choice, today));
    }
    let month = Period::named(choice, today);
    let day = |field: &'static str, otherwise: NaiveDate| match asked(field) {
        None => Ok(otherwise),
        Some(text) => date(text).ok_or((field, Wrong::NoDate)),
    };
    let (first, last) = (day("from", month.first)?, day("to", month.last)?);
    if first > last {
        return Err(("to", Wrong::Reversed));
    }
    if (last - first).num_days() >= MOST_DAYS {
        return Err(("from", Wrong::TooManyDays));
    }
    Ok(Period { choice, first, last })
}

/// `2026-11-23` and nothing else, within what ClickHouse's `Date32` and its year before can hold.
fn date(text: &str) -> Option<NaiveDate> {
    let date: NaiveDate = text.parse().ok()?;
    (text.len() == 10 && (1902..=2298).contains(&date.year())).then_some(date)
}

/// The one form that we write: no braces, no `urn:`, no bare digits.
fn hyphenated(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Filter, Value, Wrong};
    use crate::ids::DealerId;
    use crate::report::catalogue::Catalogue;
    use crate::report::scope::DealerScope;
    use chrono::NaiveDate;
    use uuid::Uuid;

    const GROUP: &str = "80000000-d0d0-11ee-8a01-000000000002";

    fn read(query: &str) -> Result<Filter, Vec<(String, Wrong)>> {
        let catalogue = Catalogue::read(None).unwrap();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let scope = DealerScope::granted([DealerId(Uuid::from_u128(7)), DealerId(Uuid::from_u128(8))]);
        Filter::read(catalogue.get("sales").unwrap(), &scope, today(), &pairs).map_err(|refused| refused.errors)
    }

    fn today() -> NaiveDate {
        "2026-11-23".parse().unwrap()
    }

    #[test]
    fn what_does_not_fit_names_its_field() {
        let long = format!("search={}", "ж".repeat(201));
        let huge: String = (0..10_000).map(|n| format!("group={n}&")).collect();
        for (query, field, wrong) in [
            ("period=decade", "period", Wrong::NoSuchPeriod),
            ("period=own&from=2026-02-30", "from", Wrong::NoDate),
            ("period=own&from=01.02.2026", "from", Wrong::NoDate),
            ("period=own&to=%C0%80", "to", Wrong::NoDate),
            ("period=own&from=2026-03-02&to=2026-03-01", "to", Wrong::Reversed),
            ("period=own&from=1926-01-01&to=2126-01-01", "from", Wrong::TooManyDays),
            ("group=1", "group", Wrong::NotInList),
            ("group=1%20OR%201=1", "group", Wrong::NotInList),
            ("group=%7B80000000d0d011ee8a010000000000%7D", "group", Wrong::NotInList),
            (&long, "search", Wrong::TooLong),
            ("page=1&page=2", "page", Wrong::Doubled),
            ("format=xlsm", "format", Wrong::NoSuchFormat),
            ("dealer=00000000-0000-0000-0000-000000000009", "dealer", Wrong::NotInList),
            ("dealer=*", "dealer", Wrong::NotInList),
            (&huge, "group", Wrong::Doubled),
        ] {
            assert_eq!(read(query).unwrap_err().first(), Some(&(field.to_owned(), wrong)), "{query:.60}");
        }
    }

    #[test]
    fn what_fits_survives_the_way_to_the_address_and_back() {
        let catalogue = Catalogue::read(None).unwrap();
        let report = catalogue.get("sales").unwrap();
        for query in [
            String::new(),
            "period=month".to_owned(),
            "period=own&from=2024-02-29&to=2024-03-31".to_owned(),
            format!(
                "group={GROUP}&search=%D0%BD%D0%B0%D1%81%D0%BE%D1%81+%22%26%25&dealer=00000000-0000-0000-0000-000000000007"
            ),
            "sort=product&page=3".to_owned(),
            "former=1".to_owned(),
            "search=%27%20OR%201%3D1%20--%20%7Bx%3AString%7D".to_owned(),
        ] {
            let filter = read(&query).unwrap();
            let url = filter.url(report);
            let again = read(url.split_once('?').map_or("", |(_, query)| query)).unwrap();
            assert_eq!(filter, again, "{url}");
        }
        assert_eq!(read("").unwrap().url(report), "/reports/sales");
        assert_eq!(read("page=2").unwrap().csv_url(report), "/reports/sales?format=csv");
    }

    #[test]
    fn a_column_or_page_that_is_none_is_as_if_not_asked_for() {
        for sort in ["sort=password", "sort=revenue%20DESC", "sort=-"] {
            assert_eq!(read(sort).unwrap(), read("").unwrap());
        }
        for page in ["page=0", "page=-1", "page=%2B1", "page=1000000000", "page=x"] {
            assert_eq!(read(page).unwrap().page, 1);
        }
    }

    #[test]
    fn an_empty_value_is_as_none_and_unknown_words_change_nothing() {
        let filter = read("group=&search=&page=&utm_source=mail&dealers=%5B%5D").unwrap();
        assert_eq!(filter, read("").unwrap());
        assert!(matches!(&filter.values[1], Value::Choice(None)));
        assert!(!filter.is_narrowed() && read("search=x").unwrap().is_narrowed());
    }
}
