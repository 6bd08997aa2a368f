use super::{Filter, Value, Wrong};
use crate::ids::DealerId;
use crate::report::catalogue::Catalogue;
use crate::report::scope::DealerScope;
use chrono::NaiveDate;
use uuid::Uuid;

const GROUP: &str = "80000000-d0d0-11ee-8a01-000000000002";

fn read(query: &str) -> Result<Filter, Vec<(String, Wrong)>> {
    let catalogue = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
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
    let catalogue = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
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
    assert_eq!(read("page=2").unwrap().file_url(report, "csv"), "/reports/sales?format=csv");
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
    let catalogue = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
    let report = catalogue.get("sales").unwrap();
    let filter = read("group=&search=&page=&utm_source=mail&dealers=%5B%5D").unwrap();
    assert_eq!(filter, read("").unwrap());
    assert!(matches!(&filter.values[1], Value::Choice(None)));
    assert!(!filter.is_narrowed(report) && read("search=x").unwrap().is_narrowed(report));
}
