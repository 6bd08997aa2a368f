//! A workbook: what it is of, its sheets and their names.

use super::xml;
use crate::report::definition::{FieldId, Source};
use crate::report::write::writer::Contents;

/// Letters of a sheet's name.
const MOST_LETTERS: usize = 31;

pub struct Book {
    pub contents: Contents,
    /// The last row of each sheet of rows.
    pub sheets: Vec<usize>,
    /// The field that says what quantities are counted in, where no column shows it.
    pub hidden_unit: Option<FieldId>,
}

impl Book {
    pub fn new(contents: Contents) -> Self {
        let report = &contents.report;
        let is_shown = |unit: &FieldId| report.columns.iter().any(|column| column.source == Source::Field(*unit));
        let hidden_unit = report.unit.filter(|unit| !is_shown(unit));
        Self { contents, sheets: Vec::new(), hidden_unit }
    }

    /// The number of the next sheet of rows.
    pub fn add_sheet(&mut self) -> usize {
        self.sheets.push(0);
        self.sheets.len() - 1
    }

    pub fn ended(&mut self, sheet: usize, last_row: usize) {
        self.sheets[sheet] = last_row;
    }

    /// `Продажи`, `Продажи 2`, …
    pub fn sheet_name(&self, number: usize) -> String {
        let title = self.contents.report.title.get(self.contents.language);
        let number = if number == 0 { String::new() } else { format!(" {}", number + 1) };
        format!("{}{number}", sheet_word(title, MOST_LETTERS - number.len()))
    }

    pub fn cover_name(&self) -> String {
        let name = sheet_word(&self.contents.facts_title, MOST_LETTERS);
        // Excel tells names apart without regard to case.
        let is_taken = (0..self.sheets.len()).any(|sheet| self.sheet_name(sheet).to_lowercase() == name.to_lowercase());
        if is_taken { format!("{} …", sheet_word(&name, MOST_LETTERS - 2)) } else { name }
    }

    pub fn last_column(&self) -> String {
        let columns = self.contents.report.columns.len() + usize::from(self.contents.report.currency.is_some());
        letters(columns - 1)
    }

    /// What stands at the head and foot of each printed page: the report and whose it is, and the page's number.
    pub fn margins(&self) -> String {
        let values: Vec<&str> = self.contents.facts.iter().take(3).map(|fact| fact.value.as_str()).collect();
        let line: String = values.join(" · ").replace('&', "&&").chars().take(200).collect();
        format!(
            "<headerFooter><oddHeader>&amp;L{}</oddHeader><oddFooter>&amp;R&amp;P / &amp;N</oddFooter></headerFooter>",
            xml::escaped(&line)
        )
    }
}

/// `A`, …, `Z`, `AA`, … of a column, counted from 0.
pub fn letters(index: usize) -> String {
    let (mut rest, mut name) = (index + 1, String::new());
    while rest > 0 {
        name.insert(0, char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    name
}

/// What Excel takes for a sheet's name, or a part of one.
fn sheet_word(text: &str, letters: usize) -> String {
    let fine =
        text.chars().map(|letter| if letter.is_control() || "[]:*?/\\'".contains(letter) { ' ' } else { letter });
    let name: String = fine.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = name.chars().take(letters).collect();
    if name.is_empty() { "1".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::{letters, sheet_word};

    #[test]
    fn columns_and_sheets_are_called_as_excel_calls_them() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
        assert_eq!(sheet_word("Остатки: склад/цех [1]", 31), "Остатки склад цех 1");
        assert_eq!((sheet_word("'", 31), sheet_word(&"я".repeat(40), 31).chars().count()), ("1".to_owned(), 31));
    }
}
