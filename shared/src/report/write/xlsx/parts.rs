//! What a workbook has besides its rows: names, the sheet that tells of the file, the table of contents.

use std::fmt::Write as _;

use super::book::Book;
use super::layout::Layout;
use super::styles;
use super::xml::{self, DECLARATION};
use crate::report::write::writer::Fact;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OF_OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const OF_PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
pub fn sheet_path(number: usize) -> String {
    format!("xl/worksheets/sheet{}.xml", number + 1)
}

pub fn package_relations() -> String {
    format!(
        "{DECLARATION}<Relationships xmlns=\"{OF_PACKAGE}/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{OF_OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/>\
         <Relationship Id=\"rId2\" Type=\"{OF_PACKAGE}/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>\
         </Relationships>"
    )
}

impl Book {
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
            "{DECLARATION}<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\"/></sheetViews>\
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
            "{DECLARATION}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OF_OFFICE}\"><bookViews><workbookView activeTab=\"0\"/></bookViews>\
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
        format!("{DECLARATION}<Relationships xmlns=\"{OF_PACKAGE}/relationships\">{relations}</Relationships>")
    }

    pub fn properties(&self) -> String {
        let title = xml::escaped(self.contents.report.title.get(self.contents.language));
        format!(
            "{DECLARATION}<cp:coreProperties xmlns:cp=\"{OF_PACKAGE}/metadata/core-properties\" \
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
            "{DECLARATION}<Types xmlns=\"{OF_PACKAGE}/content-types\">\
             <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/>{parts}</Types>"
        )
    }
}
