//! The table of a report: heads that sort, the total row first, rows. Under 720 px each row is a card, hence the
//! explicit roles (CSS that makes a block of a row takes its meaning away) and the label of each figure.

use maud::{Markup, html};
use shared::report::definition::{Column, Definition, Kind, Sort, Source};
use shared::report::filter::Filter;
use shared::report::run::{self, Rows};
use shared::report::table::Line;

use super::in_place::InPlace;
use super::strip::changed;
use shared::words::Text;
use shared::words::format;

pub fn table(text: Text, report: &Definition, filter: &Filter, rows: &Rows, target: &str) -> Markup {
    html! {
        table.rows role="table" aria-labelledby="report-heading" {
            thead role="rowgroup" { tr role="row" {
                @for (index, column) in report.columns.iter().enumerate() { (head(text, report, filter, rows, index, column, target)) }
            } }
            tbody role="rowgroup" {
                @for total in &rows.totals {
                    tr.total role="row" {
                        @for (index, column) in report.columns.iter().enumerate() {
                            @if index == 0 { th scope="row" role="rowheader" { (total_label(text, report, &rows.totals, total)) } }
                            @else { (cell(text, report, rows, total, index, column)) }
                        }
                    }
                }
                @for row in &rows.rows {
                    tr role="row" hx-ignore {
                        @for (index, column) in report.columns.iter().enumerate() {
                            (cell(text, report, rows, row, index, column))
                        }
                    }
                }
            }
        }
    }
}

/// «Итого по 2 товарам», with the currency where there are several, or where it is unknown.
pub fn total_label(text: Text, report: &Definition, totals: &[Line], total: &Line) -> String {
    let label = text.with(
        "total-over",
        &[
            ("number", format::count(text.language(), total.count).into()),
            ("noun", report.noun(text.language(), total.count).into()),
        ],
    );
    match total.currency.sign() {
        _ if report.currency.is_none() => label,
        "" => format::headed(&label, text.get("unknown-currency")),
        sign if totals.len() > 1 => format::headed(&label, sign),
        _ => label,
    }
}

/// A head names the unit of its figures where all have one; else each figure does.
fn head(
    text: Text,
    report: &Definition,
    filter: &Filter,
    rows: &Rows,
    index: usize,
    column: &Column,
    target: &str,
) -> Markup {
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
                (title(text, column, &rows.totals))
                @if let Some((_, arrow, words)) = sorted {
                    span aria-hidden="true" { (arrow) } span.unseen { ", " (words) }
                }
            }))
        }
    }
}

fn title(text: Text, column: &Column, totals: &[Line]) -> String {
    let title = column.title.get(text.language());
    match totals {
        [total] if column.kind == Kind::Money => format::headed(title, total.currency.sign()),
        _ => title.to_owned(),
    }
}

fn cell(text: Text, report: &Definition, rows: &Rows, line: &Line, index: usize, column: &Column) -> Markup {
    let language = text.language();
    let value = run::value(report, &rows.totals, line, index);
    let value = value.as_deref();
    let label = title(text, column, &rows.totals);
    match column.source {
        Source::Change { .. } => {
            html! { td.number role="cell" data-label=(label) { (change(text, report, line, value)) } }
        }
        _ if column.kind == Kind::Money && rows.totals.len() > 1 => html! {
            td.number role="cell" data-label=(label) { (format::money(language, &line.currency, value)) }
        },
        _ if column.kind.is_number() => html! {
            td.number role="cell" data-label=(label) { (format::value(language, column.kind, value)) }
        },
        _ if line.is_total => html! { td role="cell" { (value.unwrap_or_default()) } },
        // A reference that has not arrived: the row stays, and says why it has no name.
        _ if index == 0 && value.is_none_or(str::is_empty) => html! {
            th scope="row" role="rowheader" { em { (text.get("unknown-product")) } }
        },
        _ if index == 0 => html! {
            th scope="row" role="rowheader" { (format::value(language, column.kind, value)) }
        },
        _ => html! {
            td.code[column.kind == Kind::Code] role="cell" data-label=(label) { (format::value(language, column.kind, value)) }
        },
    }
}

/// A row without a line in the days compared is new.
fn change(text: Text, report: &Definition, line: &Line, ratio: Option<&str>) -> Markup {
    let was_there = report.lines.is_none_or(|(_, before)| line.measure(before) != Some("0"));
    if !was_there && !line.is_total {
        return html! { span.fine { (text.get("new-row")) } };
    }
    let (shown, is_up) = format::change(text.language(), ratio.and_then(|ratio| ratio.parse().ok()));
    changed(&shown, is_up)
}
