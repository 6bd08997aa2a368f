use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx as Read};

use super::Xlsx;
use crate::language::Language;
use crate::report::table::Line;
use crate::report::table::tests::line;
use crate::report::write::tests::sales;
use crate::report::write::writer::{Contents, Writer};

type Workbook = Read<Cursor<Vec<u8>>>;

/// What a reader sees of these rows, in sheets of so many.
fn workbook(mut contents: Contents, rows: &[Line], most_rows: usize) -> Workbook {
    contents.count = rows.len() as u64;
    let mut writer = Xlsx::of(contents, most_rows);
    let mut file = writer.head().unwrap();
    for some in rows.chunks(3) {
        file.extend(writer.rows(some.to_vec()).unwrap());
    }
    file.extend(writer.end().unwrap());
    Read::new(Cursor::new(file)).unwrap()
}

fn rows(workbook: &mut Workbook, sheet: &str) -> Vec<Vec<Data>> {
    workbook.worksheet_range(sheet).unwrap().rows().map(<[Data]>::to_vec).collect()
}

fn texts(row: &[Data]) -> Vec<String> {
    row.iter().map(ToString::to_string).collect()
}

#[test]
fn identifiers_stay_texts_and_numbers_numbers_and_what_is_unknown_is_empty() {
    let contents = sales(Language::Ru, &[("Период", "=1+1")], &[("revenue", "12345.60"), ("revenue_net", "1")]);
    let report = contents.report.clone();
    let codes = ["00000000042", "4601234567890123", "3-5", "1E5", "007"];
    let names = ["=1+1", "a\nb ", "_x0041_ <b>&", "😀", ""];
    let lines: Vec<Line> = codes
        .iter()
        .zip(names)
        .map(|(code, name)| {
            let name = name.replace('\n', "\\n");
            line(&report, &[("product", &name), ("code", code), ("quantity", "2.5000"), ("revenue", "-1234.50")])
        })
        .collect();
    let mut read = workbook(contents, &lines, 100);
    assert_eq!(read.sheet_names(), ["Продажи", "О файле"]);
    let data = rows(&mut read, "Продажи");
    assert_eq!([&texts(&data[0])[0], &texts(&data[0])[5]], ["Итого", "12345.6"], "totals stand above");
    assert_eq!(data[1][0], Data::String("Товар".to_owned()));
    assert_eq!(data[1].last(), Some(&Data::String("Валюта".to_owned())));
    for (at, row) in data[2..].iter().enumerate() {
        assert_eq!(row[0], Data::String(names[at].to_owned()));
        assert_eq!(row[1], Data::String(codes[at].to_owned()));
        assert_eq!((&row[3], &row[5]), (&Data::Float(2.5), &Data::Float(-1234.5)));
        assert_eq!(
            (&row[8], &row[9]),
            (&Data::Empty, &Data::String("USD".to_owned())),
            "nothing was sold a year before"
        );
    }
    assert_eq!(data.len(), 7);
    assert_eq!(texts(&rows(&mut read, "О файле")[0]), ["Период", "=1+1"]);
    let formulas = read.worksheet_formula("Продажи").unwrap();
    assert_eq!(formulas.get_value((0, 5)).unwrap(), "SUBTOTAL(109,F3:F7)");
    assert!(formulas.rows().skip(1).flatten().all(String::is_empty), "no text has become a formula");
}

#[test]
fn rows_beyond_a_sheet_go_on_in_the_next_and_totals_are_of_all_of_them() {
    let contents = sales(Language::En, &[], &[("revenue", "28")]);
    let report = contents.report.clone();
    let lines: Vec<Line> = (1..=7).map(|number| line(&report, &[("revenue", &number.to_string())])).collect();
    let mut read = workbook(contents, &lines, 5);
    assert_eq!(read.sheet_names(), ["Sales", "Sales 2", "О файле"]);
    let revenue = |rows: &[Vec<Data>]| rows.iter().map(|row| row[5].to_string()).collect::<Vec<_>>();
    assert_eq!(revenue(&rows(&mut read, "Sales")), ["28", "Revenue", "1", "2", "3"]);
    assert_eq!(revenue(&rows(&mut read, "Sales 2")), ["Revenue", "4", "5", "6", "7"]);
    let formulas = read.worksheet_formula("Sales").unwrap();
    assert_eq!(formulas.get_value((0, 5)).unwrap(), "SUBTOTAL(109,F3:F5)+SUBTOTAL(109,'Sales 2'!F2:F5)");
}

#[test]
fn each_currency_has_its_total_by_the_column_that_names_it() {
    let mut contents = sales(Language::En, &[], &[("revenue", "3")]);
    let report = contents.report.clone();
    let rouble =
        [("money_key", "r"), ("money_code", "643"), ("money_name", "RUB"), ("is_total", "1"), ("revenue", "4")];
    contents.totals.push(line(&report, &rouble));
    contents.total_labels.push("Total, ₽".to_owned());
    let lines = [line(&report, &[("revenue", "3")]), line(&report, &[&rouble[..3], &[("revenue", "4")]].concat())];
    let formula = |contents: &Contents| {
        let formulas = workbook(contents.clone(), &lines, 100).worksheet_formula("Sales").unwrap();
        (formulas.get_value((0, 5)).cloned(), formulas.get_value((1, 5)).cloned())
    };
    let of = |row: usize| Some(format!("SUMIF(J4:J5,J{row},F4:F5)"));
    assert_eq!(formula(&contents), (of(1), of(2)));
    // Currencies that nothing tells apart have totals, but no formula could add them up.
    contents.totals[1] =
        line(&report, &[("money_key", "r"), ("money_name", "USD"), ("is_total", "1"), ("revenue", "4")]);
    let mut read = workbook(contents, &lines, 100);
    assert!(read.worksheet_formula("Sales").unwrap().is_empty());
    let sheet = read.worksheet_range("Sales").unwrap();
    assert_eq!([sheet.get((0, 5)), sheet.get((1, 5))], [Some(&Data::Float(3.0)), Some(&Data::Float(4.0))]);
}

#[test]
fn without_rows_there_are_heads_and_what_is_told_and_bytes_come_before_the_end() {
    let mut contents = sales(Language::Ru, &[("Дилер", "Волга")], &[]);
    contents.totals.clear();
    let mut read = workbook(contents.clone(), &[], 100);
    assert_eq!(rows(&mut read, "Продажи").len(), 1);
    let report = contents.report.clone();
    contents.count = 100_000;
    let mut writer = Xlsx::of(contents, super::MOST_ROWS);
    assert!(!writer.head().unwrap().is_empty(), "a download begins at once");
    let some: Vec<Line> =
        (0..20_000).map(|n| line(&report, &[("code", &n.to_string()), ("revenue", "7.25")])).collect();
    assert!(writer.rows(some).unwrap().len() > 100_000, "rows are sent as they come");
}
