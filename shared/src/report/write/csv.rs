//! CSV for Excel and for machines: BOM, CRLF, every text quoted, no text that a spreadsheet would run. Numbers stay
//! numbers, in the manner of the viewer's language (Russian: semicolon and decimal comma; English: comma and point).

use crate::language::Language;
use crate::report::definition::{Definition, Kind, Source};
use crate::report::run::{change_index, share};
use crate::report::table::Cell;

#[derive(Debug)]
pub struct Writer<'a> {
    report: &'a Definition,
    language: Language,
    /// Of the whole set, for shares.
    totals: Vec<Cell>,
}

impl<'a> Writer<'a> {
    pub fn new(report: &'a Definition, language: Language, totals: Vec<Cell>) -> Self {
        Self { report, language, totals }
    }

    /// BOM, the facts (one a line: title, period, filters, as of), an empty line, the heads.
    pub fn head(&self, facts: &[(String, String)]) -> Vec<u8> {
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
        file.push_str("\r\n");
        file.into_bytes()
    }

    pub fn rows(&self, rows: &[Vec<Cell>]) -> Vec<u8> {
        let mut file = String::with_capacity(rows.len() * 128);
        for row in rows {
            for (index, column) in self.report.columns.iter().enumerate() {
                if index > 0 {
                    file.push(self.delimiter());
                }
                match column.source {
                    Source::Measure(measure) => self.cell(&mut file, column.kind, row.get(measure)),
                    Source::ShareOf(measure) => {
                        self.cell(&mut file, column.kind, Some(&share(row.get(measure), self.totals.get(measure))));
                    }
                    Source::Change { .. } => {
                        self.cell(&mut file, column.kind, row.get(change_index(self.report, index)))
                    }
                }
            }
            file.push_str("\r\n");
        }
        file.into_bytes()
    }

    fn cell(&self, file: &mut String, kind: Kind, cell: Option<&Cell>) {
        let Some(text) = cell.and_then(Option::as_deref) else { return };
        match kind {
            Kind::Percent => {
                // As a figure in percent, two places: 8,21.
                if let Ok(ratio) = text.parse::<f64>() {
                    self.number(file, &format!("{:.2}", ratio * 100.0));
                }
            }
            Kind::Money | Kind::Quantity if is_number(text) => self.number(file, text),
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
    use crate::report::table::Cell;

    fn row(report: &crate::report::definition::Definition, name: &str, quantity: &str) -> Vec<Cell> {
        let mut row: Vec<Cell> = vec![Some("0".to_owned()); report.measures.len() + 1];
        for (measure, value) in [
            ("product", name),
            ("code", "007"),
            ("quantity", quantity),
            ("revenue", "-1234.5"),
            ("revenue_net", "1000"),
        ] {
            row[report.measure(measure).unwrap()] = Some(value.to_owned());
        }
        row[report.measures.len()] = None;
        row
    }

    fn line(language: Language, name: &str) -> String {
        let catalogue = Catalogue::read(None).unwrap();
        let report = catalogue.get("sales").unwrap();
        let mut totals = vec![Some("0".to_owned()); report.measures.len()];
        totals[report.measure("revenue").unwrap()] = Some("12345".to_owned());
        String::from_utf8(Writer::new(report, language, totals).rows(&[row(report, name, "2.5")])).unwrap()
    }

    #[test]
    fn numbers_stay_numbers_in_both_manners() {
        assert_eq!(line(Language::Ru, "Насос"), "\"Насос\";\"007\";2,5;-1234,5;1000;-10,00;\r\n");
        assert_eq!(line(Language::En, "Pump"), "\"Pump\",\"007\",2.5,-1234.5,1000,-10.00,\r\n");
    }

    #[test]
    fn no_text_is_run_and_all_of_it_survives() {
        for text in ["=1+1", "+7", "-5", "@x", "\tx", "\r=x", "＝1", "－1", "  =1", "\"=1", "'=1", "\u{a0}@x"] {
            let shown = line(Language::Ru, text);
            assert!(shown.starts_with("\"'"), "{shown}");
        }
        for text in ["a;b,c", "строка\nвторая", "кавычка \" внутри", "😀 Ё", "5-6"] {
            let shown = line(Language::Ru, text);
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
        let head = Writer::new(report, Language::Ru, Vec::new()).head(&[("Период".into(), "=x".into())]);
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("\u{feff}\"Период\";\"'=x\"\r\n\r\n\"Товар\";\"Код\";"), "{head}");
        assert!(head.ends_with("\"К прошлому году, %\"\r\n"));
    }
}
