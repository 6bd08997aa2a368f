//! The table of a report: heads that sort, the total row first, rows. Under 720 px each row is a card, hence the
//! explicit roles (CSS that makes a block of a row takes its meaning away) and the label of each figure.

use chrono::NaiveDate;
use maud::{Markup, html};
use shared::report::definition::{Column, Definition, Link, Sort, Source, Total};
use shared::report::filter::Filter;
use shared::report::kind::Kind;
use shared::report::run::Page;
use shared::report::table::{Cell, Line};
use shared::words::{Text, facts, format};

use super::in_place::InPlace;
use super::strip::changed;

/// A link from the cells of a column to a report that the viewer may open.
pub struct Lead<'a> {
    pub link: &'a Link,
    pub to: &'a Definition,
}

pub struct Table<'a> {
    pub text: Text,
    pub report: &'a Definition,
    pub filter: &'a Filter,
    pub page: &'a Page,
    pub leads: &'a [Lead<'a>],
    pub today: NaiveDate,
    /// The region that the results stand in, `#id`.
    pub target: &'static str,
}

impl Table<'_> {
    pub fn draw(&self) -> Markup {
        let columns = || self.report.columns.iter().enumerate();
        html! {
            table.rows role="table" aria-labelledby="report-heading" {
                thead role="rowgroup" { tr role="row" {
                    @for (index, column) in columns() { (self.head(index, column)) }
                } }
                tbody role="rowgroup" {
                    @for total in self.page.totals.iter().filter(|_| self.has_totals()) {
                        tr.total role="row" {
                            @for (index, column) in columns() {
                                @if index == 0 { th scope="row" role="rowheader" { (self.total_label(total)) } }
                                @else { (self.cell(total, index, column)) }
                            }
                        }
                    }
                    @for row in &self.page.rows {
                        tr role="row" hx-ignore {
                            @for (index, column) in columns() { (self.cell(row, index, column)) }
                        }
                    }
                }
            }
        }
    }

    /// Without a figure that is summed, their row would say nothing.
    fn has_totals(&self) -> bool {
        self.report.columns.iter().any(|column| match column.source {
            Source::Field(field) => column.kind.is_number() && self.report.fields.get(field).total != Total::None,
            _ => true,
        })
    }

    fn total_label(&self, total: &Line) -> String {
        facts::total_label(self.text, self.report, &self.page.totals, total)
    }

    /// A head names the unit of its figures where all have one; else each figure does.
    fn head(&self, index: usize, column: &Column) -> Markup {
        let sort = self.filter.sort;
        let is_sorted = sort.column == index;
        // Figures first show the largest, names the first.
        let descending = if is_sorted { !sort.descending } else { column.kind.is_number() };
        let sorted_so = self.filter.sorted_by(Sort { column: index, descending });
        let link = InPlace {
            id: format!("sort-{}", column.name),
            url: sorted_so.url(self.report),
            path: self.report.path(),
            changes: &[("sort", sorted_so.sort_word(self.report))],
            target: self.target,
        };
        let sorted = match (is_sorted, sort.descending) {
            (false, _) => None,
            (true, true) => Some(("descending", " ↓", self.text.get("sorted-down"))),
            (true, false) => Some(("ascending", " ↑", self.text.get("sorted-up"))),
        };
        // A head breaks between words, never within one.
        let title = self.title(column).replace('-', "\u{2011}");
        html! {
            th.number[column.kind.is_number()] scope="col" role="columnheader" aria-sort=[sorted.map(|(word, _, _)| word)] {
                (link.draw(None, false, &html! {
                    (title)
                    @if let Some((_, arrow, words)) = sorted {
                        span aria-hidden="true" { (arrow) } span.unseen { ", " (words) }
                    }
                }))
            }
        }
    }

    fn title(&self, column: &Column) -> String {
        let title = column.title.get(self.text.language());
        match &self.page.totals[..] {
            [total] if column.kind == Kind::Money => format::headed(title, total.currency.sign()),
            _ => title.to_owned(),
        }
    }

    fn cell(&self, line: &Line, index: usize, column: &Column) -> Markup {
        let language = self.text.language();
        let value = &*line.shown(self.report, &self.page.totals, index);
        let label = self.title(column);
        match column.source {
            Source::ChangeOf(_) => {
                html! { td.number role="cell" data-label=(label) { (self.change(line, value)) } }
            }
            _ if column.kind == Kind::Money && self.page.totals.len() > 1 => html! {
                td.number role="cell" data-label=(label) { (format::money(language, &line.currency, value)) }
            },
            _ if column.kind.is_number() => html! {
                td.number role="cell" data-label=(label) { (self.led(line, index, &format::value(language, column.kind, value))) }
            },
            _ if line.is_total => html! { td role="cell" { (value.text()) } },
            _ if index == 0 => html! { th scope="row" role="rowheader" { (self.name(line, column.kind, value)) } },
            _ => html! {
                td.code[column.kind == Kind::Code] role="cell" data-label=(label) {
                    (self.led(line, index, &format::value(language, column.kind, value)))
                }
            },
        }
    }

    /// What a row is called. A name that has not arrived: the row stays, and says why it has none.
    fn name(&self, line: &Line, kind: Kind, value: &Cell) -> Markup {
        let language = self.text.language();
        let is_missing = kind.is_text() && value.text().is_empty();
        if is_missing {
            let unnamed = self.report.words.unnamed.as_ref().map(|words| words.get(language));
            return html! { em { (unnamed.unwrap_or(self.text.get("unnamed"))) } };
        }
        self.led(line, 0, &format::value(language, kind, value))
    }

    /// The words of a cell, as a link where its column leads somewhere.
    fn led(&self, line: &Line, column: usize, words: &str) -> Markup {
        let lead = self.leads.iter().find(|lead| lead.link.column == column && !line.is_total);
        let to = lead.and_then(|lead| {
            let filter = self.filter.follow(lead.link, line, lead.to, self.today)?;
            Some(filter.url(lead.to))
        });
        html! { @if let Some(url) = to { a href=(url) { (words) } } @else { (words) } }
    }

    /// A row that the days compared do not have is new.
    fn change(&self, line: &Line, ratio: &Cell) -> Markup {
        if line.counts.before == 0 && !line.is_total {
            return html! { span.fine { (self.text.get("new-row")) } };
        }
        let (shown, is_up) = format::change(self.text.language(), ratio.to_f64());
        changed(&shown, is_up)
    }
}
