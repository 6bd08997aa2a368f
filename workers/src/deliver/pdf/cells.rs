//! Lines of a report as words on paper: the same values as in every other format, to the last place, as the viewer's language
//! writes them.

use shared::language::Language;
use shared::report::definition::Column;
use shared::report::kind::Kind;
use shared::report::table::{Cell, Line};
use shared::report::write::Contents;
use shared::words::format;

use super::sheet::Need;

/// A text for each column.
pub type Row = Vec<String>;

pub struct Cells {
    contents: Contents,
    /// Amounts in several currencies: each row says which is its own.
    has_currencies: bool,
    heads: Row,
    kinds: Vec<Kind>,
    totals: Vec<Row>,
}

impl Cells {
    pub fn of(contents: Contents) -> Self {
        let has_currencies = contents.report.currency.is_some() && contents.totals.len() != 1;
        let columns = &contents.report.columns;
        let currency = has_currencies.then_some(());
        let mut cells = Self {
            has_currencies,
            heads: columns
                .iter()
                .map(|column| head(&contents, column))
                .chain(currency.map(|()| contents.currency_title.clone()))
                .collect(),
            kinds: columns.iter().map(|column| column.kind).chain(currency.map(|()| Kind::Code)).collect(),
            totals: Vec::new(),
            contents,
        };
        let totals = cells.contents.totals.iter().zip(&cells.contents.total_labels);
        cells.totals = totals.map(|(total, label)| cells.line(total, Some(label))).collect();
        cells
    }

    pub fn heads(&self) -> &[String] {
        &self.heads
    }

    pub fn is_number(&self) -> impl Iterator<Item = bool> {
        self.kinds.iter().map(|kind| kind.is_number())
    }

    pub fn totals(&self) -> &[Row] {
        &self.totals
    }

    /// What columns need without a row.
    pub fn needs(&self) -> Vec<Need> {
        let mut needs: Vec<Need> =
            self.heads.iter().zip(&self.kinds).map(|(head, kind)| Need::of_head(head, *kind)).collect();
        for total in &self.totals {
            needs.iter_mut().zip(total).for_each(|(need, cell)| need.hold(cell, true));
        }
        needs
    }

    pub fn row(&self, line: &Line) -> Row {
        self.line(line, None)
    }

    /// `label`: what stands in the first column of a total.
    fn line(&self, line: &Line, label: Option<&String>) -> Row {
        let Contents { report, language, totals, .. } = &self.contents;
        let columns = report.columns.iter().enumerate();
        let mut row: Row = columns
            .map(|(index, column)| match label {
                Some(label) if index == 0 => label.clone(),
                _ => words(*language, column.kind, &line.shown(report, totals, index)),
            })
            .collect();
        if self.has_currencies {
            row.push(line.currency.word().to_owned());
        }
        if let (Some(first), None) = (row.first_mut(), label)
            && first.is_empty()
        {
            // No row without a word: it would be a line on paper and nothing else.
            format::UNKNOWN.clone_into(first);
        }
        row
    }
}

fn head(contents: &Contents, column: &Column) -> String {
    let title = column.title.get(contents.language);
    match (column.kind, &contents.totals[..]) {
        (Kind::Money, [total]) => format::headed(title, total.currency.sign()),
        (Kind::Percent, _) => format::headed(title, "%"),
        _ => title.to_owned(),
    }
}

fn words(language: Language, kind: Kind, cell: &Cell) -> String {
    match cell {
        Cell::Unknown => String::new(),
        Cell::Number(number) => format::exact(language, number.as_str(), if kind == Kind::Money { 2 } else { 0 }),
        Cell::Ratio(ratio) => format::exact(language, &format!("{:.2}", ratio * 100.0), 2),
        Cell::Count(_) | Cell::Day(_) | Cell::Text(_) => format::value(language, kind, cell),
    }
}
