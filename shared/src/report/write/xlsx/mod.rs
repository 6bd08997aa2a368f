//! XLSX, streamed: what a spreadsheet opens, in memory that does not grow with the rows. Data first, what is told of it on a
//! sheet behind. Totals stand above the heads, for what stands below rows is read as one of them, and are formulas with their
//! values. ECMA-376; limits are Excel's.

mod book;
mod layout;
mod package;
mod parts;
mod sheet;
mod strings;
mod styles;
mod xml;

use std::io;

use self::book::Book;
use self::layout::Layout;
use self::package::Package;
use self::sheet::Sheet;
use self::strings::Strings;
use self::styles::Styles;
use super::writer::{Contents, Format, Writer};
use crate::report::table::Line;

pub const FORMAT: Format = Format {
    code: "xlsx",
    extension: "xlsx",
    title: "format-xlsx",
    media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    most_rows: u64::MAX,
    open: Some(|contents| Box::new(Xlsx::of(contents, MOST_ROWS))),
};

/// Of a sheet, as Excel has it.
const MOST_ROWS: usize = 1_048_576;
/// So much of a sheet is packed at once.
const CHUNK: usize = 64 * 1024;

struct Xlsx {
    book: Book,
    layout: Layout,
    package: Package,
    strings: Strings,
    styles: Styles,
    /// The sheet that is being written, and rows that it has room for.
    sheet: Option<(Sheet, usize)>,
    /// XML that is not packed yet.
    text: Vec<u8>,
}

impl Xlsx {
    fn of(contents: Contents, most_rows: usize) -> Self {
        let layout = Layout::new(&contents, most_rows);
        Self {
            book: Book::new(contents),
            layout,
            package: Package::new(),
            strings: Strings::default(),
            styles: Styles::default(),
            sheet: None,
            text: Vec::with_capacity(2 * CHUNK),
        }
    }

    /// Begins the next sheet; its columns are as wide as the first rows need.
    fn begin(&mut self, rows: &[Line]) -> io::Result<()> {
        let number = self.book.add_sheet();
        self.package.begin(&parts::sheet_path(number))?;
        let mut sheet = Sheet::new(number, self.book.contents.report.columns.len());
        let room = self.layout.rows_of(number);
        sheet.begin(&mut self.text, &self.book, (&self.layout, rows));
        if number == 0 {
            for at in 0..self.layout.totals {
                let formulas = self.layout.formulas(&self.book, at);
                sheet.total(&mut self.text, (at, &formulas), (&self.book, &mut self.styles));
            }
        }
        sheet.heads(&mut self.text, &self.book);
        self.sheet = Some((sheet, room));
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        let Some((sheet, _)) = self.sheet.take() else { return Ok(()) };
        sheet.end(&mut self.text, &self.book, &self.layout);
        self.book.ended(sheet.number, sheet.last_row());
        self.pack()
    }

    fn pack(&mut self) -> io::Result<()> {
        self.package.write(&self.text)?;
        self.text.clear();
        Ok(())
    }

    fn part(&mut self, path: &str, content: &str) -> io::Result<()> {
        self.package.begin(path)?;
        self.package.write(content.as_bytes())
    }
}

impl Writer for Xlsx {
    /// The beginning of the package, so that a download shows at once that it has begun.
    fn head(&mut self) -> io::Result<Vec<u8>> {
        let relations = parts::package_relations();
        self.part("_rels/.rels", &relations)?;
        Ok(self.package.taken())
    }

    fn rows(&mut self, rows: Vec<Line>) -> io::Result<Vec<u8>> {
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            if self.sheet.as_ref().is_none_or(|(_, room)| *room == 0) {
                self.close()?;
                self.begin(rest)?;
            }
            let Some((sheet, room)) = &mut self.sheet else { break };
            let (now, later) = rest.split_at(rest.len().min(*room));
            *room -= now.len();
            for line in now {
                sheet.row(&mut self.text, line, (&self.book, &mut self.strings, &mut self.styles));
                if self.text.len() >= CHUNK {
                    self.package.write(&self.text)?;
                    self.text.clear();
                }
            }
            rest = later;
        }
        Ok(self.package.taken())
    }

    fn end(&mut self) -> io::Result<Vec<u8>> {
        if self.book.sheets.is_empty() {
            self.begin(&[])?;
        }
        self.close()?;
        let cover = self.book.cover();
        self.part(&parts::sheet_path(self.book.sheets.len()), &cover)?;
        self.package.begin("xl/sharedStrings.xml")?;
        let (package, strings) = (&mut self.package, &self.strings);
        strings.write(CHUNK, |part| package.write(part))?;
        for (path, content) in [
            ("xl/styles.xml", self.styles.part()),
            ("xl/workbook.xml", self.book.workbook(&self.layout)),
            ("xl/_rels/workbook.xml.rels", self.book.relations()),
            ("docProps/core.xml", self.book.properties()),
            ("[Content_Types].xml", self.book.content_types()),
        ] {
            self.part(path, &content)?;
        }
        self.package.finish()
    }
}

#[cfg(test)]
mod tests;
