//! "1–50 of 1 284", and the links to the neighbours of a page.

use maud::{Markup, html};
use shared::report::definition::Definition;
use shared::report::filter::{Filter, ROWS_PER_PAGE};
use shared::words::{Text, format};

use super::in_place::InPlace;

/// The words above the table and in the live line.
pub fn position(text: Text, filter: &Filter, count: u64) -> String {
    let language = text.language();
    let first = u64::from(filter.page - 1) * u64::from(ROWS_PER_PAGE) + 1;
    if first > count {
        return text.get("no-rows").to_owned();
    }
    let last = (first + u64::from(ROWS_PER_PAGE) - 1).min(count);
    let shown = |number| format::count(language, number).into();
    text.with("rows-of", &[("first", shown(first)), ("last", shown(last)), ("count", shown(count))])
}

pub fn pager(text: Text, report: &Definition, filter: &Filter, count: u64, target: &str) -> Markup {
    let pages = count.div_ceil(u64::from(ROWS_PER_PAGE));
    if pages < 2 {
        return html! {};
    }
    let link = |page: u32, words: &str, id: &str| {
        let link = InPlace {
            id: id.to_owned(),
            url: filter.on_page(page).url(report),
            path: report.path(),
            changes: &[("page", page.to_string())],
            target,
        };
        link.draw(Some("button"), false, &html! { (words) })
    };
    let shown = |number| format::count(text.language(), number).into();
    html! {
        nav.pager aria-label=(text.get("pages")) {
            @if filter.page > 1 { (link(filter.page - 1, text.get("previous-page"), "page-previous")) }
            span { (text.with("page-of", &[("page", shown(filter.page.into())), ("pages", shown(pages))])) }
            @if u64::from(filter.page) < pages { (link(filter.page + 1, text.get("next-page"), "page-next")) }
        }
    }
}
