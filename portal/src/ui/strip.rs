//! Two to four figures over the whole set, each with its change.

use maud::{Markup, html};
use shared::report::definition::{Definition, Figure};
use shared::report::kind::Kind;
use shared::report::table::{Line, share};
use shared::words::{Text, facts, format};

/// Over one currency: amounts of several are never added.
pub fn strip(text: Text, report: &Definition, total: &Line) -> Markup {
    html! {
        dl.strip {
            @for (index, figure) in report.strip.iter().enumerate() {
                @let shown = shown(text, figure, total);
                @let is_of_units = figure.kind == Kind::Quantity && total.cell(figure.value).is_unknown();
                div {
                    dt { (format::headed(figure.title.get(text.language()), unit(report, figure, total))) }
                    dd.figure { (shown.value) }
                    dd {
                        @if is_of_units { span.fine { (text.get("several-units")) } }
                        @else if report.is_compared() {
                            (changed(&shown.change, shown.is_up))
                            @if index == 0 { " " span.fine { (facts::against(text, report.compare)) } }
                        }
                    }
                }
            }
        }
    }
}

fn unit<'a>(report: &Definition, figure: &Figure, total: &'a Line) -> &'a str {
    match figure.kind {
        Kind::Money => total.currency.sign(),
        Kind::Quantity if !total.cell(figure.value).is_unknown() => {
            report.unit.map(|unit| total.cell(unit).text()).unwrap_or_default()
        }
        _ => "",
    }
}

/// A figure as people read it.
pub struct Shown {
    pub value: String,
    pub change: String,
    pub is_up: Option<bool>,
}

/// The figure over the set that this total is of. Nothing is compared with nothing, or with less.
pub fn shown(text: Text, figure: &Figure, total: &Line) -> Shown {
    let language = text.language();
    if let Some(of) = figure.part_of {
        let ratio = |part: Option<f64>, all: Option<f64>| part.zip(all).and_then(|(part, all)| share(part, all));
        let now = ratio(total.cell(figure.value).to_f64(), total.cell(of).to_f64());
        let before = ratio(total.before(figure.value).to_f64(), total.before(of).to_f64());
        let (change, is_up) = format::points(text, now.zip(before).map(|(now, before)| now - before));
        let value = now.map_or_else(|| format::UNKNOWN.to_owned(), |now| format::percent(language, now));
        return Shown { value, change, is_up };
    }
    let (change, is_up) = format::change(language, total.growth(figure.value));
    Shown { value: format::value(language, figure.kind, total.cell(figure.value)), change, is_up }
}

/// A change in its colour; its sign says the same.
pub fn changed(change: &str, is_up: Option<bool>) -> Markup {
    html! { span.good[is_up == Some(true)].bad[is_up == Some(false)] { (change) } }
}
