//! The table of a report: heads that sort, the total row first, rows. Under 720 px each row is a card, hence the
//! explicit roles (CSS that makes a block of a row takes its meaning away) and the label of each figure.

use maud::{Markup, html};
use shared::report::definition::{Column, Definition, Kind, Sort, Source};
use shared::report::filter::Filter;
use shared::report::run::Rows;
use shared::report::table::Cell;

use super::format;
use super::in_place::InPlace;
use super::strip::changed;
use super::text::Text;

pub fn table(text: Text, report: &Definition, filter: &Filter, rows: &Rows, target: &str) -> Markup {
    let language = text.language();
    html! {
        table.rows role="table" aria-labelledby="report-heading" {
            thead role="rowgroup" { tr role="row" {
                @for (index, column) in report.columns.iter().enumerate() { (head(text, report, filter, index, column, target)) }
            } }
            tbody role="rowgroup" {
                tr.total role="row" {
                    @for (index, column) in report.columns.iter().enumerate() {
                        @if index == 0 {
                            th scope="row" role="rowheader" {
                                (text.with("total-over", &[
                                    ("number", format::count(language, rows.count).into()),
                                    ("noun", report.noun(language, rows.count).into()),
                                ]))
                            }
                        } @else { (cell(text, report, column, &rows.value(report, &rows.totals, index), true)) }
                    }
                }
                @for row in &rows.rows {
                    tr role="row" hx-ignore {
                        @for (index, column) in report.columns.iter().enumerate() {
                            (cell(text, report, column, &rows.value(report, row, index), false))
                        }
                    }
                }
            }
        }
    }
}

fn head(text: Text, report: &Definition, filter: &Filter, index: usize, column: &Column, target: &str) -> Markup {
    let is_sorted = filter.sort.column == index;
    // Figures first show the largest, names the first.
    let descending = if is_sorted { !filter.sort.descending } else { column.kind.is_number() };
    let sorted_so = filter.sorted_by(Sort { column: index, descending });
    let link = InPlace {
        id: format!("sort-{}", column.name),
        url: sorted_so.url(report),
        path: report.path(),
        changes: &[("sort", sorted_so.sort_word(report))],
        target,
    };
    let sorted = match (is_sorted, filter.sort.descending) {
        (false, _) => None,
        (true, true) => Some(("descending", " ↓", text.get("sorted-down"))),
        (true, false) => Some(("ascending", " ↑", text.get("sorted-up"))),
    };
    html! {
        th.number[column.kind.is_number()] scope="col" role="columnheader" aria-sort=[sorted.map(|(word, _, _)| word)] {
            (link.draw(None, false, &html! {
                (column.title.get(text.language()))
                @if let Some((_, arrow, words)) = sorted {
                    span aria-hidden="true" { (arrow) } span.unseen { ", " (words) }
                }
            }))
        }
    }
}

fn cell(text: Text, report: &Definition, column: &Column, value: &Cell, is_total: bool) -> Markup {
    let language = text.language();
    let label = column.title.get(language);
    let is_first = report.columns.first().is_some_and(|first| first.name == column.name);
    match column.source {
        Source::Change { .. } => {
            let ratio = value.as_deref().and_then(|text| text.parse().ok());
            let (shown, is_up) = format::change(language, ratio);
            html! { td.number role="cell" data-label=(label) { (changed(&shown, is_up)) } }
        }
        _ if column.kind.is_number() => html! {
            td.number role="cell" data-label=(label) { (format::value(language, column.kind, value.as_deref())) }
        },
        _ if is_total => html! { td role="cell" {} },
        // A reference that has not arrived: the row stays, and says why it has no name.
        _ if is_first && value.as_deref().is_none_or(str::is_empty) => html! {
            th scope="row" role="rowheader" { em { (text.get("unknown-product")) } }
        },
        _ if is_first => html! {
            th scope="row" role="rowheader" { (format::value(language, column.kind, value.as_deref())) }
        },
        _ => html! {
            td.code[column.kind == Kind::Code] role="cell" { (format::value(language, column.kind, value.as_deref())) }
        },
    }
}
