//! A sheet of rows: totals, heads, rows. One kind of value for each column, from first to last.

use std::io::Write as _;

use chrono::{Datelike as _, NaiveDate};

use super::book::{Book, letters};
use super::layout::Layout;
use super::strings::Strings;
use super::styles::{self, Style, Styles};
use super::xml;
use crate::report::definition::Column;
use crate::report::kind::Kind;
use crate::report::table::{Cell, Line};
use crate::report::write::writer::Contents;

/// How many of the first rows say how wide a column is.
const MEASURED: usize = 200;
/// Letters of a column.
const WIDTHS: std::ops::RangeInclusive<usize> = 8..=60;

/// A sheet on its way into XML.
pub struct Sheet {
    pub number: usize,
    /// `A`, `B`, … of each column, that of the currency last.
    letters: Vec<String>,
    row: usize,
    row_text: itoa::Buffer,
}

impl Sheet {
    pub fn new(number: usize, columns: usize) -> Self {
        Self { number, letters: (0..=columns).map(letters).collect(), row: 0, row_text: itoa::Buffer::new() }
    }

    pub fn last_row(&self) -> usize {
        self.row
    }

    /// All that stands before the first row.
    pub fn begin(&self, out: &mut Vec<u8>, book: &Book, (layout, rows): (&Layout, &[Line])) {
        let heads = layout.heads(self.number);
        let below = heads + 1;
        let is_selected = if self.number == 0 { " tabSelected=\"1\"" } else { "" };
        let _ = write!(
            out,
            "{}<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
             <sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr><sheetViews><sheetView{is_selected} workbookViewId=\"0\">\
             <pane ySplit=\"{heads}\" topLeftCell=\"A{below}\" activePane=\"bottomLeft\" state=\"frozen\"/>\
             <selection pane=\"bottomLeft\" activeCell=\"A{below}\" sqref=\"A{below}\"/></sheetView></sheetViews><cols>",
            xml::DECLARATION
        );
        let Contents { report, totals, .. } = &book.contents;
        for (index, column) in report.columns.iter().enumerate() {
            let shown = |line: &Line| length(column.kind, &line.shown(report, totals, index));
            let longest = rows.iter().take(MEASURED).chain(totals).map(shown).max().unwrap_or(0);
            let title = longest_word(column.title.get(book.contents.language)).max(4);
            push_width(out, index, longest.max(title));
        }
        if report.currency.is_some() {
            push_width(out, report.columns.len(), longest_word(&book.contents.currency_title));
        }
        out.extend_from_slice(b"</cols><sheetData>");
    }

    fn open_row(&mut self, out: &mut Vec<u8>) {
        self.row += 1;
        out.extend_from_slice(b"<row r=\"");
        out.extend_from_slice(self.row_text.format(self.row).as_bytes());
        out.extend_from_slice(b"\">");
    }

    /// `<c r="B7" s="1"`
    fn open_cell(&mut self, out: &mut Vec<u8>, column: usize, style: Style) {
        out.extend_from_slice(b"<c r=\"");
        out.extend_from_slice(self.letters[column].as_bytes());
        out.extend_from_slice(self.row_text.format(self.row).as_bytes());
        if style != 0 {
            out.extend_from_slice(b"\" s=\"");
            out.extend_from_slice(itoa::Buffer::new().format(style).as_bytes());
        }
        out.push(b'"');
    }

    fn inline(&mut self, out: &mut Vec<u8>, column: usize, style: Style, text: &str) {
        self.open_cell(out, column, style);
        out.extend_from_slice(b" t=\"inlineStr\"><is>");
        xml::push_t(out, &xml::fitting(text));
        out.extend_from_slice(b"</is></c>");
    }

    pub fn heads(&mut self, out: &mut Vec<u8>, book: &Book) {
        self.open_row(out);
        let contents = &book.contents;
        for (index, column) in contents.report.columns.iter().enumerate() {
            self.inline(out, index, styles::HEAD, column.title.get(contents.language));
        }
        if contents.report.currency.is_some() {
            self.inline(out, contents.report.columns.len(), styles::HEAD, &contents.currency_title);
        }
        out.extend_from_slice(b"</row>");
    }

    /// The row of a total: its label in the first column, whatever that holds below.
    pub fn total(
        &mut self,
        out: &mut Vec<u8>,
        (at, formulas): (usize, &[Option<String>]),
        (book, styles): (&Book, &mut Styles),
    ) {
        self.open_row(out);
        let Contents { report, totals, total_labels, .. } = &book.contents;
        let total = &totals[at];
        self.inline(out, 0, styles::TOTAL_LABEL, &total_labels[at]);
        for (index, column) in report.columns.iter().enumerate().skip(1) {
            let cell = total.shown(report, totals, index);
            match number_of(column.kind, &cell) {
                Some(text) => {
                    let style = style_of(book, column, total, styles, (&text, true));
                    self.open_cell(out, index, style);
                    out.push(b'>');
                    if let Some(formula) = &formulas[index] {
                        out.extend_from_slice(b"<f>");
                        xml::push(out, formula);
                        out.extend_from_slice(b"</f>");
                    }
                    let _ = write!(out, "<v>{text}</v></c>");
                }
                // The unit of a total, or nothing.
                None if !cell.text().is_empty() => self.inline(out, index, styles::TOTAL_LABEL, cell.text()),
                None => {}
            }
        }
        if report.currency.is_some() {
            self.inline(out, report.columns.len(), styles::TOTAL_LABEL, total.currency.word());
        }
        out.extend_from_slice(b"</row>");
    }

    pub fn row(&mut self, out: &mut Vec<u8>, line: &Line, (book, strings, styles): (&Book, &mut Strings, &mut Styles)) {
        self.open_row(out);
        let Contents { report, totals, .. } = &book.contents;
        for (index, column) in report.columns.iter().enumerate() {
            let cell = line.shown(report, totals, index);
            match &*cell {
                _ if !is_number(column.kind) => {
                    let style = if column.kind == Kind::Code { styles::CODE } else { 0 };
                    self.text(out, (index, style), cell.text(), strings);
                }
                Cell::Unknown => {}
                Cell::Number(number) => {
                    let text = trimmed(number.as_str());
                    let style = style_of(book, column, line, styles, (text, false));
                    self.number(out, (index, style), text);
                }
                Cell::Day(day) if serial(*day).is_none() => self.inline(out, index, 0, &day.to_string()),
                other => {
                    let Some(text) = number_of(column.kind, other) else { continue };
                    let style = style_of(book, column, line, styles, (&text, false));
                    self.number(out, (index, style), &text);
                }
            }
        }
        if report.currency.is_some() {
            self.text(out, (report.columns.len(), 0), line.currency.word(), strings);
        }
        out.extend_from_slice(b"</row>");
    }

    fn number(&mut self, out: &mut Vec<u8>, (column, style): (usize, Style), text: &str) {
        self.open_cell(out, column, style);
        out.extend_from_slice(b"><v>");
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"</v></c>");
    }

    /// Also where there is none: a column of texts that begins empty is taken for something else.
    fn text(&mut self, out: &mut Vec<u8>, (column, style): (usize, Style), text: &str, strings: &mut Strings) {
        let text = xml::fitting(text);
        let Some(number) = strings.number(column, &text) else { return self.inline(out, column, style, &text) };
        self.open_cell(out, column, style);
        out.extend_from_slice(b" t=\"s\"><v>");
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        out.extend_from_slice(b"</v></c>");
    }

    pub fn end(&self, out: &mut Vec<u8>, book: &Book, layout: &Layout) {
        let (heads, last) = (layout.heads(self.number), self.row);
        let _ = write!(
            out,
            "</sheetData><autoFilter ref=\"A{heads}:{}{last}\"/>\
             <pageMargins left=\"0.4\" right=\"0.4\" top=\"0.75\" bottom=\"0.6\" header=\"0.3\" footer=\"0.3\"/>\
             <pageSetup paperSize=\"9\" orientation=\"landscape\" fitToHeight=\"0\"/>{}</worksheet>",
            book.last_column(),
            book.margins()
        );
    }
}

fn is_number(kind: Kind) -> bool {
    kind.is_number() || kind == Kind::Date
}

fn style_of(book: &Book, column: &Column, line: &Line, styles: &mut Styles, (text, is_bold): (&str, bool)) -> Style {
    match column.kind {
        Kind::Money => styles.of(styles::MONEY, line.currency.sign(), is_bold),
        Kind::Quantity => {
            let format = if text.contains('.') { styles::FRACTION } else { styles::WHOLE };
            styles.of(format, book.hidden_unit.map_or("", |unit| line.cell(unit).text()), is_bold)
        }
        Kind::Count => styles.of(styles::WHOLE, "", is_bold),
        Kind::Percent => styles.of(styles::PERCENT, "", is_bold),
        Kind::Date => styles.of(styles::DAY, "", is_bold),
        Kind::Code | Kind::Text => 0,
    }
}

/// What stands in `<v>`; nothing for texts and for what is unknown.
fn number_of(kind: Kind, cell: &Cell) -> Option<String> {
    match cell {
        Cell::Number(number) if is_number(kind) => Some(trimmed(number.as_str()).to_owned()),
        Cell::Count(count) => Some(count.to_string()),
        Cell::Ratio(ratio) => Some(ratio.to_string()),
        Cell::Day(day) => serial(*day).map(|days| days.to_string()),
        Cell::Unknown | Cell::Number(_) | Cell::Text(_) => None,
    }
}

/// Without zeros that say nothing: `2.5000` is `2.5`.
fn trimmed(text: &str) -> &str {
    let bytes = text.as_bytes();
    if !bytes.contains(&b'.') {
        return text;
    }
    let end = bytes.iter().rposition(|byte| *byte != b'0').map_or(0, |last| last + usize::from(bytes[last] != b'.'));
    &text[..end]
}

/// Days as Excel counts them, from March 1900 on; it knows none before.
fn serial(day: NaiveDate) -> Option<i32> {
    /// 30 December 1899, from the beginning of our era.
    const EPOCH: i32 = 693_594;
    Some(day.num_days_from_ce() - EPOCH).filter(|days| *days > 60)
}

fn push_width(out: &mut Vec<u8>, index: usize, letters: usize) {
    let (number, width) = (index + 1, letters.clamp(*WIDTHS.start(), *WIDTHS.end()) + 2);
    let _ = write!(out, "<col min=\"{number}\" max=\"{number}\" width=\"{width}\" customWidth=\"1\"/>");
}

/// Letters that a value takes as it is shown.
fn length(kind: Kind, cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) => text.chars().count(),
        // Thousands apart, kopecks, a sign of the currency.
        Cell::Number(number) => {
            let whole = number.as_str().split('.').next().unwrap_or_default().len();
            whole + whole / 3 + if kind == Kind::Money { 5 } else { 4 }
        }
        Cell::Count(count) => count.to_string().len() * 4 / 3,
        Cell::Day(_) => 10,
        Cell::Ratio(_) => 8,
        Cell::Unknown => 0,
    }
}

fn longest_word(title: &str) -> usize {
    title.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0) + 3
}

#[cfg(test)]
mod tests {
    use super::{serial, trimmed};

    #[test]
    fn days_and_decimals_are_written_as_excel_does() {
        let serial = |day: &str| serial(day.parse().unwrap());
        assert_eq!(["2026-11-30", "1900-03-01", "1900-02-28"].map(serial), [Some(46_356), Some(61), None]);
        assert_eq!(["2.5000", "100", "0.00", "-7.10"].map(trimmed), ["2.5", "100", "0", "-7.1"]);
    }
}
