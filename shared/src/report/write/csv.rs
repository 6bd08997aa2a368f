//! CSV for Excel and for machines: BOM, CRLF, every text quoted, no text that a spreadsheet would run. Numbers stay
//! numbers, in the manner of the viewer's language (Russian: semicolon and decimal comma; English: comma and point).

use crate::language::Language;
use crate::report::definition::{Definition, Kind};
use crate::report::run::value;
use crate::report::table::Line;

#[derive(Debug)]
pub struct Writer<'a> {
    report: &'a Definition,
    language: Language,
    /// Of the whole set, one per currency: for shares, and at the end.
    totals: &'a [Line],
}

impl<'a> Writer<'a> {
    pub fn new(report: &'a Definition, language: Language, totals: &'a [Line]) -> Self {
        Self { report, language, totals }
    }

    /// BOM, the facts (one a line: title, period, filters, as of), an empty line, the heads. `currency` heads the last
    /// column, where there is money.
    pub fn head(&self, facts: &[(String, String)], currency: &str) -> Vec<u8> {
        let mut file = "\u{feff}".to_owned();
        for (name, value) in facts {
            self.text(&mut file, name);
            file.push(self.delimiter());
            self.text(&mut file, value);
            file.push_str("\r\n");
        }
        file.push_str("\r\n");
        for (index, column) in self.report.columns.iter().enumerate() {
            if index > 0 {
                file.push(self.delimiter());
            }
            let unit = if column.kind == Kind::Percent { ", %" } else { "" };
            self.text(&mut file, &format!("{}{unit}", column.title.get(self.language)));
        }
        if self.report.currency.is_some() {
            file.push(self.delimiter());
            self.text(&mut file, currency);
        }
        file.push_str("\r\n");
        file.into_bytes()
    }

    pub fn rows(&self, rows: &[Line]) -> Vec<u8> {
        let mut file = String::with_capacity(rows.len() * 128);
        for row in rows {
            self.line(&mut file, row, None);
        }
        file.into_bytes()
    }

    /// An empty line, then a total per currency, each named by `label`.
    pub fn totals(&self, label: impl Fn(&Line) -> String) -> Vec<u8> {
        let mut file = "\r\n".to_owned();
        for total in self.totals {
            self.line(&mut file, total, Some(&label(total)));
        }
        file.into_bytes()
    }

    fn line(&self, file: &mut String, line: &Line, label: Option<&str>) {
        for (index, column) in self.report.columns.iter().enumerate() {
            if index > 0 {
                file.push(self.delimiter());
            }
            match label {
                Some(label) if index == 0 => self.text(file, label),
                _ => self.cell(file, column.kind, value(self.report, self.totals, line, index).as_deref()),
            }
        }
        if self.report.currency.is_some() {
            file.push(self.delimiter());
            self.text(file, line.currency.word());
        }
        file.push_str("\r\n");
    }

    fn cell(&self, file: &mut String, kind: Kind, cell: Option<&str>) {
        let Some(text) = cell else { return };
        match kind {
            Kind::Percent => {
                // As a figure in percent, two places: 8,21.
                if let Ok(ratio) = text.parse::<f64>() {
                    self.number(file, &format!("{:.2}", ratio * 100.0));
                }
            }
            Kind::Money if is_number(text) => self.number(file, &with_kopecks(text)),
            Kind::Quantity | Kind::Count if is_number(text) => self.number(file, text),
            _ => self.text(file, text),
        }
    }

    fn number(&self, file: &mut String, text: &str) {
        match self.language {
            Language::Ru => file.extend(text.chars().map(|c| if c == '.' { ',' } else { c })),
            Language::En => file.push_str(text),
        }
    }

    fn delimiter(&self) -> char {
        match self.language {
            Language::Ru => ';',
            Language::En => ',',
        }
    }

    fn text(&self, file: &mut String, text: &str) {
        file.push('"');
        if is_formula(text) {
            file.push('\'');
        }
        for c in text.chars() {
            match c {
                '"' => file.push_str("\"\""),
                '\0' => {}
                other => file.push(other),
            }
        }
        file.push('"');
    }
}

/// Two places at least; more where there are more.
fn with_kopecks(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}.{fraction:0<2}")
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Would a spreadsheet run it? Also behind spaces and quotes, and in the full-width twins.
fn is_formula(text: &str) -> bool {
    let first = text.chars().find(|c| !matches!(c, ' ' | '\u{a0}' | '\u{feff}' | '\'' | '"'));
    matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\0' | '＝' | '＋' | '－' | '＠'))
}

#[cfg(test)]
mod tests {
    use super::Writer;
    use crate::language::Language;
    use crate::report::catalogue::Catalogue;
    use crate::report::currency::Currency;
    use crate::report::definition::Definition;
    use crate::report::table::Line;

    /// A line of dollars with these values, and zeros else.
    fn line(report: &Definition, values: &[(&str, &str)]) -> Line {
        let mut cells = vec![Some("0".to_owned()); report.measures.len() + 1];
        for (measure, value) in values {
            cells[report.measure(measure).unwrap()] = Some((*value).to_owned());
        }
        cells[report.measures.len()] = None;
        let currency = Currency { key: "d".to_owned(), code: "840".to_owned(), name: "USD".to_owned() };
        Line { cells, currency, count: 1, former: 0, is_total: false }
    }

    fn file(language: Language, name: &str) -> String {
        let catalogue = Catalogue::read(None).unwrap();
        let report = catalogue.get("sales").unwrap();
        let values =
            [("code", "007"), ("article", "K-24"), ("unit", "шт"), ("quantity", "2.5"), ("revenue", "-1234.5")];
        let row = line(report, &[&values[..], &[("product", name), ("revenue_net", "1000")]].concat());
        let totals = [line(report, &[("revenue", "12345")])];
        String::from_utf8(Writer::new(report, language, &totals).rows(&[row])).unwrap()
    }

    #[test]
    fn numbers_stay_numbers_in_both_manners_and_money_has_its_kopecks_and_its_currency() {
        assert_eq!(
            file(Language::Ru, "Насос"),
            "\"Насос\";\"007\";\"K-24\";2,5;\"шт\";-1234,50;1000,00;-10,00;;\"USD\"\r\n"
        );
        assert_eq!(
            file(Language::En, "Pump"),
            "\"Pump\",\"007\",\"K-24\",2.5,\"шт\",-1234.50,1000.00,-10.00,,\"USD\"\r\n"
        );
    }

    #[test]
    fn no_text_is_run_and_all_of_it_survives() {
        for text in ["=1+1", "+7", "-5", "@x", "\tx", "\r=x", "＝1", "－1", "  =1", "\"=1", "'=1", "\u{a0}@x"] {
            let shown = file(Language::Ru, text);
            assert!(shown.starts_with("\"'"), "{shown}");
        }
        for text in ["a;b,c", "строка\nвторая", "кавычка \" внутри", "😀 Ё", "5-6"] {
            let shown = file(Language::Ru, text);
            let read = csv::ReaderBuilder::new()
                .has_headers(false)
                .delimiter(b';')
                .from_reader(shown.as_bytes())
                .records()
                .next();
            assert_eq!(&read.unwrap().unwrap()[0], text);
        }
    }

    #[test]
    fn a_file_says_what_it_is() {
        let catalogue = Catalogue::read(None).unwrap();
        let report = catalogue.get("sales").unwrap();
        let head = Writer::new(report, Language::Ru, &[]).head(&[("Период".into(), "=x".into())], "Валюта");
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("\u{feff}\"Период\";\"'=x\"\r\n\r\n\"Товар\";\"Код\";"), "{head}");
        assert!(head.ends_with("\"К прошлому году, %\";\"Валюта\"\r\n"));
    }
}
