//! What a workbook has besides its rows: names, the sheet that tells of the file, the table of contents.

use std::fmt::Write as _;

use super::sheet::{Layout, letters};
use super::{styles, xml};
use crate::report::definition::{FieldId, Source};
use crate::report::write::writer::{Contents, Fact};

pub const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OF_OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const OF_PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
/// Letters of a sheet's name.
const MOST_LETTERS: usize = 31;

pub struct Book {
    pub contents: Contents,
    /// The last row of each sheet of rows.
    pub sheets: Vec<usize>,
    /// The field that says what quantities are counted in, where no column shows it.
    pub hidden_unit: Option<FieldId>,
}

pub fn sheet_path(number: usize) -> String {
    format!("xl/worksheets/sheet{}.xml", number + 1)
}

pub fn package_relations() -> String {
    format!(
        "{XML}<Relationships xmlns=\"{OF_PACKAGE}/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{OF_OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/>\
         <Relationship Id=\"rId2\" Type=\"{OF_PACKAGE}/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>\
         </Relationships>"
    )
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

    fn cover_name(&self) -> String {
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

    pub fn cover(&self) -> String {
        let mut rows = Vec::new();
        let facts = &self.contents.facts;
        for (at, Fact { name, value, .. }) in facts.iter().enumerate() {
            let row = at + 1;
            rows.extend_from_slice(format!("<row r=\"{row}\">").as_bytes());
            for (column, style, text) in [("A", styles::FACT_NAME, name), ("B", styles::FACT_VALUE, value)] {
                let open = format!("<c r=\"{column}{row}\" s=\"{style}\" t=\"inlineStr\"><is>");
                rows.extend_from_slice(open.as_bytes());
                xml::push_t(&mut rows, &xml::fitting(text));
                rows.extend_from_slice(b"</is></c>");
            }
            rows.extend_from_slice(b"</row>");
        }
        format!(
            "{XML}<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\"/></sheetViews>\
             <cols><col min=\"1\" max=\"1\" width=\"28\" customWidth=\"1\"/><col min=\"2\" max=\"2\" width=\"80\" customWidth=\"1\"/></cols>\
             <sheetData>{}</sheetData></worksheet>",
            String::from_utf8(rows).unwrap_or_default()
        )
    }

    pub fn workbook(&self, layout: &Layout) -> String {
        let (mut sheets, mut names) = (String::new(), String::new());
        for (number, last_row) in self.sheets.iter().enumerate() {
            let (name, heads) = (xml::escaped(&self.sheet_name(number)), layout.heads(number));
            let last = self.last_column();
            let _ = write!(sheets, "<sheet name=\"{name}\" sheetId=\"{0}\" r:id=\"rId{0}\"/>", number + 1);
            let _ = write!(
                names,
                "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{number}\" hidden=\"1\">'{name}'!$A${heads}:${last}${last_row}</definedName>\
                 <definedName name=\"_xlnm.Print_Titles\" localSheetId=\"{number}\">'{name}'!${heads}:${heads}</definedName>"
            );
        }
        let (cover, number) = (xml::escaped(&self.cover_name()), self.sheets.len() + 1);
        let _ = write!(sheets, "<sheet name=\"{cover}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
        format!(
            "{XML}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OF_OFFICE}\"><bookViews><workbookView activeTab=\"0\"/></bookViews>\
             <sheets>{sheets}</sheets><definedNames>{names}</definedNames></workbook>"
        )
    }

    pub fn relations(&self) -> String {
        let mut relations = String::new();
        let sheets = self.sheets.len() + 1;
        for number in 1..=sheets {
            let _ = write!(
                relations,
                "<Relationship Id=\"rId{number}\" Type=\"{OF_OFFICE}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
            );
        }
        for (number, (kind, target)) in
            [("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")].into_iter().enumerate()
        {
            let number = sheets + number + 1;
            let _ =
                write!(relations, "<Relationship Id=\"rId{number}\" Type=\"{OF_OFFICE}/{kind}\" Target=\"{target}\"/>");
        }
        format!("{XML}<Relationships xmlns=\"{OF_PACKAGE}/relationships\">{relations}</Relationships>")
    }

    pub fn properties(&self) -> String {
        let title = xml::escaped(self.contents.report.title.get(self.contents.language));
        format!(
            "{XML}<cp:coreProperties xmlns:cp=\"{OF_PACKAGE}/metadata/core-properties\" \
             xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>{title}</dc:title></cp:coreProperties>"
        )
    }

    pub fn content_types(&self) -> String {
        const SPREADSHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
        let mut parts = String::new();
        let mut part = |path: &str, kind: &str| {
            let _ = write!(parts, "<Override PartName=\"/{path}\" ContentType=\"{kind}+xml\"/>");
        };
        part("xl/workbook.xml", &format!("{SPREADSHEET}.sheet.main"));
        for number in 0..=self.sheets.len() {
            part(&sheet_path(number), &format!("{SPREADSHEET}.worksheet"));
        }
        part("xl/styles.xml", &format!("{SPREADSHEET}.styles"));
        part("xl/sharedStrings.xml", &format!("{SPREADSHEET}.sharedStrings"));
        part("docProps/core.xml", "application/vnd.openxmlformats-package.core-properties");
        format!(
            "{XML}<Types xmlns=\"{OF_PACKAGE}/content-types\">\
             <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/>{parts}</Types>"
        )
    }
}

/// What Excel takes for a sheet's name, or a part of one.
fn sheet_word(text: &str, letters: usize) -> String {
    let fine =
        text.chars().map(|letter| if letter.is_control() || "[]:*?/\\'".contains(letter) { ' ' } else { letter });
    let name: String = fine.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    let name: String = name.chars().take(letters).collect();
    if name.is_empty() { "1".to_owned() } else { name }
}
