//! CSV for Excel and for machines: BOM, CRLF, every text quoted, no text that a spreadsheet would run. Numbers and days
//! are in the manner of the viewer's language (Russian: semicolon and decimal comma; English: comma and point). Written by
//! hand: the crate `csv` quotes a number with a decimal comma as a text.

use std::io;

use super::writer::{Contents, Fact, Format, Writer};
use crate::language::Language;
use crate::report::kind::Kind;
use crate::report::table::{Cell, Line};

const MEDIA_TYPE: &str = "text/csv; charset=utf-8";

pub const FORMAT: Format = Format {
    code: "csv",
    extension: "csv",
    title: "format-csv",
    media_type: MEDIA_TYPE,
    most_rows: u64::MAX,
    open: Some(|contents| Box::new(Csv::new(contents, false))),
};

/// For programs: heads and rows, nothing else.
pub const DATA: Format = Format {
    code: "csv-data",
    extension: "csv",
    title: "format-csv-data",
    media_type: MEDIA_TYPE,
    most_rows: u64::MAX,
    open: Some(|contents| Box::new(Csv::new(contents, true))),
};

struct Csv {
    contents: Contents,
    is_data_only: bool,
}

impl Writer for Csv {
    /// BOM, the facts, an empty line, the heads; a last column says what money is in, where there is some.
    fn head(&mut self) -> io::Result<Vec<u8>> {
        let mut file = "\u{feff}".to_owned();
        if !self.is_data_only {
            for Fact { name, value, .. } in &self.contents.facts {
                self.text(&mut file, name);
                file.push(self.delimiter());
                self.text(&mut file, value);
                file.push_str("\r\n");
            }
            file.push_str("\r\n");
        }
        for (index, column) in self.contents.report.columns.iter().enumerate() {
            if index > 0 {
                file.push(self.delimiter());
            }
            let unit = if column.kind == Kind::Percent { ", %" } else { "" };
            self.text(&mut file, &format!("{}{unit}", column.title.get(self.contents.language)));
        }
        if self.contents.report.currency.is_some() {
            file.push(self.delimiter());
            self.text(&mut file, &self.contents.currency_title);
        }
        file.push_str("\r\n");
        Ok(file.into_bytes())
    }

    fn rows(&mut self, rows: Vec<Line>) -> io::Result<Vec<u8>> {
        let mut file = String::with_capacity(rows.len() * 128);
        for row in &rows {
            self.line(&mut file, row, None);
        }
        Ok(file.into_bytes())
    }

    /// An empty line, then the totals.
    fn end(&mut self) -> io::Result<Vec<u8>> {
        if self.is_data_only {
            return Ok(Vec::new());
        }
        let mut file = "\r\n".to_owned();
        for (label, total) in self.contents.total_labels.iter().zip(&self.contents.totals) {
            self.line(&mut file, total, Some(label));
        }
        Ok(file.into_bytes())
    }
}

impl Csv {
    fn new(contents: Contents, is_data_only: bool) -> Self {
        Self { contents, is_data_only }
    }

    fn line(&self, file: &mut String, line: &Line, label: Option<&str>) {
        let report = &self.contents.report;
        for (index, column) in report.columns.iter().enumerate() {
            if index > 0 {
                file.push(self.delimiter());
            }
            match label {
                Some(label) if index == 0 => self.text(file, label),
                _ => self.cell(file, column.kind, &line.shown(report, &self.contents.totals, index)),
            }
        }
        if report.currency.is_some() {
            file.push(self.delimiter());
            self.text(file, line.currency.word());
        }
        file.push_str("\r\n");
    }

    fn cell(&self, file: &mut String, kind: Kind, cell: &Cell) {
        match cell {
            Cell::Unknown => {}
            Cell::Number(number) if kind == Kind::Money => self.number(file, &with_kopecks(number.as_str())),
            Cell::Number(number) => self.number(file, number.as_str()),
            Cell::Count(count) => self.number(file, &count.to_string()),
            // As a figure in percent, two places: 8,21.
            Cell::Ratio(ratio) => self.number(file, &format!("{:.2}", ratio * 100.0)),
            Cell::Day(day) => file.push_str(&match self.contents.language {
                Language::Ru => day.format("%d.%m.%Y").to_string(),
                Language::En => day.to_string(),
            }),
            Cell::Text(text) => self.text(file, text),
        }
    }

    fn number(&self, file: &mut String, text: &str) {
        match self.contents.language {
            Language::Ru => file.extend(text.chars().map(|c| if c == '.' { ',' } else { c })),
            Language::En => file.push_str(text),
        }
    }

    fn delimiter(&self) -> char {
        match self.contents.language {
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

/// Would a spreadsheet run it? Also behind spaces and quotes, and in the full-width twins.
fn is_formula(text: &str) -> bool {
    let first = text.chars().find(|c| !matches!(c, ' ' | '\u{a0}' | '\u{feff}' | '\'' | '"'));
    matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\0' | '＝' | '＋' | '－' | '＠'))
}

#[cfg(test)]
mod tests {
    use super::super::tests::sales;
    use super::super::{Format, Writer};
    use super::{DATA, FORMAT};
    use crate::language::Language;
    use crate::report::catalogue::Catalogue;
    use crate::report::table::tests::line;

    fn of(format: &Format, language: Language, facts: &[(&str, &str)]) -> Box<dyn Writer> {
        format.open.unwrap()(sales(language, facts, &[("revenue", "12345")]))
    }

    fn file(language: Language, name: &str) -> String {
        let catalogue = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
        let report = catalogue.get("sales").unwrap();
        let name = name.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r");
        let values = [
            ("product", name.as_str()),
            ("code", "007"),
            ("article", "K-24"),
            ("unit", "шт"),
            ("quantity", "2.5"),
            ("revenue", "-1234.5"),
            ("revenue_net", "1000"),
        ];
        String::from_utf8(of(&FORMAT, language, &[]).rows(vec![line(report, &values)]).unwrap()).unwrap()
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
    fn a_file_says_what_it_is_and_ends_with_its_totals() {
        let mut writer = of(&FORMAT, Language::Ru, &[("Период", "=x")]);
        let head = String::from_utf8(writer.head().unwrap()).unwrap();
        assert!(head.starts_with("\u{feff}\"Период\";\"'=x\"\r\n\r\n\"Товар\";\"Код\";"), "{head}");
        assert!(head.ends_with("\"К прошлому году, %\";\"Валюта\"\r\n"));
        let end = String::from_utf8(writer.end().unwrap()).unwrap();
        assert!(end.starts_with("\r\n\"Итого\";") && end.contains(";12345,00;"), "{end}");
    }

    #[test]
    fn for_programs_there_are_heads_and_rows_and_nothing_else() {
        let mut writer = of(&DATA, Language::En, &[("Period", "x")]);
        let head = String::from_utf8(writer.head().unwrap()).unwrap();
        assert!(head.starts_with("\u{feff}\"Product\",\"Code\","), "{head}");
        assert_eq!(writer.end().unwrap(), b"");
    }
}
