//! Two to four figures over the whole set, each with its change.

use maud::{Markup, html};
use shared::report::definition::{Definition, Figure, Kind};
use shared::report::run::share;
use shared::report::table::Line;

use shared::words::Text;
use shared::words::format;

/// Over one currency: amounts of several are never added.
pub fn strip(text: Text, report: &Definition, total: &Line) -> Markup {
    html! {
        dl.strip {
            @for (index, figure) in report.strip.iter().enumerate() {
                @let (shown, change, is_up) = figures(text, figure, total);
                @let is_of_units = figure.kind == Kind::Quantity && total.measure(figure.value).is_none();
                div {
                    dt { (format::headed(figure.title.get(text.language()), unit(report, figure, total))) }
                    dd.figure { (shown) }
                    dd {
                        @if is_of_units { span.fine { (text.get("several-units")) } }
                        @else {
                            (changed(&change, is_up))
                            @if index == 0 { " " span.fine { (text.get("against-last-year")) } }
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
        Kind::Quantity if total.measure(figure.value).is_some() => {
            report.unit.and_then(|unit| total.measure(unit)).unwrap_or_default()
        }
        _ => "",
    }
}

/// The figure, its change, and whether that is up. Nothing is compared with nothing, or with less.
pub fn figures(text: Text, figure: &Figure, total: &Line) -> (String, String, Option<bool>) {
    let language = text.language();
    let number = |index: usize| total.measure(index).and_then(|text| text.parse::<f64>().ok());
    if let Some((of, of_before)) = figure.part_of {
        let ratio = |part: usize, of: usize| {
            share(total.measure(part), total.measure(of)).and_then(|ratio| ratio.parse::<f64>().ok())
        };
        let (now, before) = (ratio(figure.value, of), ratio(figure.before, of_before));
        let shown = now.map_or_else(|| format::UNKNOWN.to_owned(), |now| format::percent(language, now));
        let (change, is_up) = format::points(text, now.zip(before).map(|(now, before)| now - before));
        return (shown, change, is_up);
    }
    let ratio = number(figure.value).zip(number(figure.before)).and_then(|(now, before)| growth(now, before));
    let (change, is_up) = format::change(language, ratio);
    (format::value(language, figure.kind, total.measure(figure.value)), change, is_up)
}

/// 0.25 for a quarter more; unknown where there was nothing, or less.
pub fn growth(now: f64, before: f64) -> Option<f64> {
    (before > 0.0).then(|| now / before - 1.0)
}

/// A change in its colour; its sign says the same.
pub fn changed(change: &str, is_up: Option<bool>) -> Markup {
    html! { span.good[is_up == Some(true)].bad[is_up == Some(false)] { (change) } }
}

#[cfg(test)]
mod tests {
    use super::growth;

    #[test]
    fn nothing_is_compared_with_nothing_or_with_less() {
        assert_eq!(growth(200.0, -100.0), None);
        assert_eq!(growth(200.0, 0.0), None);
        assert_eq!(growth(-50.0, 100.0), Some(-1.5));
    }
}
