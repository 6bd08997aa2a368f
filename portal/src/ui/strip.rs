//! Two to four figures over the whole set, each with its change.

use maud::{Markup, html};
use shared::report::definition::{Definition, Figure};
use shared::report::run::{Rows, share};

use super::format;
use super::text::Text;

pub fn strip(text: Text, report: &Definition, rows: &Rows) -> Markup {
    html! {
        dl.strip {
            @for (index, figure) in report.strip.iter().enumerate() {
                @let (shown, change, is_up) = figures(text, figure, rows);
                div {
                    dt { (figure.title.get(text.language())) }
                    dd.figure { (shown) }
                    dd { (changed(&change, is_up)) @if index == 0 { " " span.fine { (text.get("against-last-year")) } } }
                }
            }
        }
    }
}

/// The figure, its change, and whether that is up.
pub fn figures(text: Text, figure: &Figure, rows: &Rows) -> (String, String, Option<bool>) {
    let language = text.language();
    let total = |index: usize| rows.totals.get(index).and_then(Option::as_deref);
    let number = |index: usize| total(index).and_then(|text| text.parse::<f64>().ok());
    if let Some((of, of_before)) = figure.part_of {
        let ratio = |part: usize, of: usize| {
            share(rows.totals.get(part), rows.totals.get(of)).and_then(|ratio| ratio.parse::<f64>().ok())
        };
        let (now, before) = (ratio(figure.value, of), ratio(figure.before, of_before));
        let shown = now.map_or_else(|| format::UNKNOWN.to_owned(), |now| format::percent(language, now));
        let (change, is_up) = format::points(text, now.zip(before).map(|(now, before)| now - before));
        return (shown, change, is_up);
    }
    let ratio = number(figure.value).zip(number(figure.before).filter(|before| *before != 0.0));
    let (change, is_up) = format::change(language, ratio.map(|(now, before)| now / before - 1.0));
    (format::value(language, figure.kind, total(figure.value)), change, is_up)
}

/// A change in its colour; its sign says the same.
pub fn changed(change: &str, is_up: Option<bool>) -> Markup {
    html! { span.good[is_up == Some(true)].bad[is_up == Some(false)] { (change) } }
}
