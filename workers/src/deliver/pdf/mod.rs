//! PDF: a report on paper, typeset by typst: title, facts, totals, the table with its head on every page, page n of m.
//!
//! typst needs some 140 kB for a row, so a table is set in runs of some hundred rows. Each run goes into the file as it is ready
//! (`join`), and all but the last give back the rows of their last page, so that no page is left half empty. A browser, which would
//! print the page, was turned down: it is an image of 500 MB with memory of its own.

mod cells;
mod join;
mod object_file;
mod sheet;
mod typeset;

use std::io;

use shared::report::table::Line;
use shared::report::write::{Contents, Fact, Writer};
use shared::words::Text;
use typst::foundations::{Dict, Str, Value};

use self::cells::{Cells, Row};
use self::join::Joined;
use self::sheet::{FOOT, MARGIN, Need, PADDING, Sheet};
use self::typeset::{FEET, REPORT, typeset};

/// Rows of a run: some 80 MB.
const RUN: usize = 500;
/// Feet that are set at once.
const FEET_AT_ONCE: usize = 100;
/// Longer names would not stand beside the number of a page.
const LONG_NAME: usize = 80;
/// A row with a longer text may be torn at the end of a page: it might not fit on one.
const LONG_TEXT: usize = 300;

pub fn open(contents: Contents) -> Box<dyn Writer> {
    Box::new(Pdf::of(contents, RUN))
}

struct Pdf {
    title: String,
    facts: Vec<Fact>,
    text: Text,
    cells: Cells,
    run: usize,
    /// Not set yet.
    waiting: Vec<Row>,
    /// Known with the first run.
    sheet: Option<Sheet>,
    needs: Vec<Need>,
    joined: Option<Joined>,
}

impl Writer for Pdf {
    fn is_slow(&self) -> bool {
        true
    }

    fn head(&mut self) -> io::Result<Vec<u8>> {
        let joined = self.joined.insert(Joined::new()?);
        Ok(joined.taken())
    }

    fn rows(&mut self, rows: Vec<Line>) -> io::Result<Vec<u8>> {
        self.waiting.extend(rows.iter().map(|row| self.cells.row(row)));
        let mut written = Vec::new();
        while self.waiting.len() > self.run {
            written.extend(self.set(self.run, false)?);
        }
        Ok(written)
    }

    fn end(&mut self) -> io::Result<Vec<u8>> {
        let mut written = self.set(self.waiting.len(), true)?;
        let Some(mut joined) = self.joined.take() else { return Ok(written) };
        let pages = joined.pages();
        let numbers: Vec<usize> = (1..=pages).collect();
        for numbers in numbers.chunks(FEET_AT_ONCE) {
            let feet = numbers.iter().map(|page| {
                let numbers = [("page", (*page as u64).into()), ("pages", (pages as u64).into())];
                text_value(&self.text.with("page-of-pages", &numbers))
            });
            let mut values = self.values();
            values.insert("feet".into(), Value::Array(feet.collect()));
            joined.lay_over(&typeset(&FEET, values, false)?)?;
            written.extend(joined.taken());
        }
        written.extend(joined.end()?);
        Ok(written)
    }
}

impl Pdf {
    fn of(contents: Contents, run: usize) -> Self {
        let text = Text::of(contents.language);
        Self {
            title: contents.report.title.get(contents.language).to_owned(),
            facts: contents.facts.clone(),
            text,
            cells: Cells::of(contents),
            run,
            waiting: Vec::new(),
            sheet: None,
            needs: Vec::new(),
            joined: None,
        }
    }

    /// Sets the first `number` rows that wait. Those that the run gives back wait on.
    fn set(&mut self, number: usize, is_last: bool) -> io::Result<Vec<u8>> {
        if number == 0 && self.sheet.is_some() {
            return Ok(Vec::new());
        }
        let is_first = self.sheet.is_none();
        let values = self.run_values(number, is_first);
        let pages = typeset(&REPORT, values, true)?;
        let Some(joined) = &mut self.joined else { return Err(unfit("rows came before the head")) };
        let again = joined.add(&pages, number, is_last)?;
        self.waiting.drain(..number.saturating_sub(again));
        Ok(joined.taken())
    }

    fn run_values(&mut self, number: usize, is_first: bool) -> Dict {
        if is_first {
            self.needs = self.cells.needs();
        }
        let rows = self.waiting.get(..number).unwrap_or_default();
        for row in rows {
            row.iter().zip(&mut self.needs).for_each(|(cell, need)| need.hold(cell, false));
        }
        let sheet = *self.sheet.get_or_insert_with(|| Sheet::of(&self.needs));
        let widths = sheet.widths(&self.needs);
        let columns: Vec<_> = widths.iter().zip(&self.needs).collect();
        let cells = |rows: &[Row]| -> Value {
            let cell = |(cell, (width, need)): (&String, &(&f64, &Need))| {
                if need.is_breakable() { text_value(&sheet.breakable(cell, **width)) } else { text_value(cell) }
            };
            Value::Array(rows.iter().flat_map(|row| row.iter().zip(&columns).map(cell)).collect())
        };
        let is_breakable = rows.iter().flatten().any(|cell| cell.chars().count() > LONG_TEXT);
        let facts =
            self.facts.iter().filter(|_| is_first).map(|fact| {
                Value::Array([&fact.name, &fact.value].into_iter().map(|words| text_value(words)).collect())
            });
        let mut values = self.values();
        for (name, value) in [
            ("is-first", Value::Bool(is_first)),
            ("is-breakable", Value::Bool(is_breakable)),
            ("facts", Value::Array(facts.collect())),
            ("widths", Value::Array(widths.iter().copied().map(Value::Float).collect())),
            ("is-number", Value::Array(self.cells.is_number().map(Value::Bool).collect())),
            ("heads", Value::Array(self.cells.heads().iter().map(|head| text_value(head)).collect())),
            ("totals", cells(if is_first { self.cells.totals() } else { &[] })),
            ("cells", cells(rows)),
        ] {
            values.insert(name.into(), value);
        }
        values
    }

    /// What a page that lies alone is of.
    fn whose(&self) -> String {
        let dealer = self.facts.iter().find(|fact| fact.key == "dealer" && fact.value.chars().count() <= LONG_NAME);
        dealer.map_or_else(|| self.title.clone(), |dealer| format!("{} · {}", self.title, dealer.value))
    }

    /// What every source asks for.
    fn values(&self) -> Dict {
        let sheet = self.sheet.unwrap_or(Sheet::of(&self.needs));
        let mut values = Dict::new();
        for (name, value) in [
            ("title", text_value(&self.title)),
            ("whose", text_value(&self.whose())),
            ("language", text_value(self.text.language().code())),
            ("width", Value::Float(sheet.width)),
            ("height", Value::Float(sheet.height)),
            ("size", Value::Float(sheet.size)),
            ("margin", Value::Float(MARGIN)),
            ("foot", Value::Float(FOOT)),
            ("padding", Value::Float(PADDING)),
        ] {
            values.insert(name.into(), value);
        }
        values
    }
}

/// What could not be made of these rows: ours to mend, and no reason to try again.
fn unfit(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, cause)
}

/// Line ends and other signs that are no letters become spaces.
fn text_value(text: &str) -> Value {
    if text.contains(|c: char| c.is_control()) {
        return Value::Str(Str::from(text.replace(|c: char| c.is_control(), " ")));
    }
    Value::Str(Str::from(text))
}

#[cfg(test)]
mod tests;
