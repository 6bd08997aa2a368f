//! Bars by month: last year behind in grey, this year in front. SVG in percent of its width, so that it needs no script
//! and no style of its own to fit a phone; the same figures as a table for whom a picture says nothing.

use chrono::{Datelike as _, NaiveDate};
use maud::{Markup, html};
use shared::report::definition::Kind;
use shared::report::run::Month;

use super::format;
use super::text::Text;

const HEIGHT: f64 = 196.0;
/// Room for the names of the months.
const FOOT: f64 = 22.0;
const TOP: f64 = 8.0;
const MOST_LABELS: usize = 12;

/// `months`: all months of the period, so that an empty one keeps its place.
pub fn chart(text: Text, title: &str, months: &[NaiveDate], values: &[Month]) -> Markup {
    let month = |day: &NaiveDate| {
        let found = values.iter().find(|month| month.first_day == *day);
        found.map_or((0.0, 0.0), |month| (month.value, month.before))
    };
    let bars: Vec<(NaiveDate, f64, f64)> = months.iter().map(|day| (*day, month(day).0, month(day).1)).collect();
    let most = bars.iter().fold(0.0, |most: f64, (_, value, before)| most.max(*value).max(*before));
    let (unit, unit_name) = match most {
        1e7.. => (1e6, text.get("in-millions")),
        1e4.. => (1e3, text.get("in-thousands")),
        _ => (1.0, text.get("in-units")),
    };
    let step = nice_step(most / unit);
    let lines: Vec<f64> =
        (0..8).map(|line| f64::from(line) * step).take_while(|line| *line <= (most / unit).max(step)).collect();
    let top = (most / unit).max(lines.last().copied().unwrap_or(step)).max(f64::MIN_POSITIVE);
    let y = |value: f64| TOP + (1.0 - (value / unit / top).clamp(0.0, 1.0)) * (HEIGHT - FOOT - TOP);
    html! {
        figure.card.chart {
            figcaption {
                h2 #chart-title { (title) ", " (unit_name) }
                p.legend aria-hidden="true" {
                    span.now {} (text.get("this-year")) " "
                    span.before {} (text.get("year-before"))
                }
            }
            div.canvas aria-hidden="true" {
                svg.axis width="44" height=(HEIGHT) {
                    @for line in &lines { text x="36" y=(y(line * unit) + 4.0) { (format::number(text.language(), &trimmed(*line), 2)) } }
                }
                svg.plot width="100%" height=(HEIGHT) {
                    @for line in &lines { line x1="0" x2="100%" y1=(y(line * unit)) y2=(y(line * unit)) {} }
                    (columns(text, &bars, y))
                }
            }
            (as_table(text, &bars))
        }
    }
}

fn columns(text: Text, bars: &[(NaiveDate, f64, f64)], y: impl Fn(f64) -> f64) -> Markup {
    let slot = 100.0 / bars.len().max(1) as f64;
    let width = (slot * 0.28).min(8.0);
    let bottom = HEIGHT - FOOT;
    let every = bars.len().div_ceil(MOST_LABELS).max(1);
    let percent = |value: f64| format!("{value:.2}%");
    html! {
        @for (index, (day, value, before)) in bars.iter().enumerate() {
            @let middle = slot * (index as f64 + 0.5);
            @let (high, low) = (y(*value), y(*before));
            rect.before x=(percent(middle - width - 0.15)) y=(format!("{low:.1}")) width=(percent(width)) height=(format!("{:.1}", bottom - low)) {}
            rect.now x=(percent(middle + 0.15)) y=(format!("{high:.1}")) width=(percent(width)) height=(format!("{:.1}", bottom - high)) {}
            @if index.is_multiple_of(every) {
                text.minor[!(index / every).is_multiple_of(3)] x=(percent(middle)) y=(HEIGHT - 5.0) {
                    (format::month(text, *day)) @if bars.len() > 12 { " " (format!("{:02}", day.year() % 100)) }
                }
            }
        }
    }
}

fn as_table(text: Text, bars: &[(NaiveDate, f64, f64)]) -> Markup {
    let money = |value: f64| format::value(text.language(), Kind::Money, Some(&format!("{value:.0}")));
    html! {
        details {
            summary { (text.get("chart-as-table")) }
            table aria-labelledby="chart-title" {
                thead { tr {
                    th scope="col" { (text.get("month-column")) }
                    th.number scope="col" { (text.get("this-year")) ", " (text.get("in-units")) }
                    th.number scope="col" { (text.get("year-before")) ", " (text.get("in-units")) }
                } }
                tbody { @for (day, value, before) in bars { tr {
                    th scope="row" { (format::month(text, *day)) " " (day.year()) }
                    td.number { (money(*value)) }
                    td.number { (money(*before)) }
                } } }
            }
        }
    }
}

/// 1, 2, 2.5 or 5 times a power of ten: three to six lines up to `most`.
fn nice_step(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let rough = most / 4.0;
    let power = 10f64.powf(rough.log10().floor());
    let times = match rough / power {
        ..=1.0 => 1.0,
        ..=2.0 => 2.0,
        ..=2.5 => 2.5,
        ..=5.0 => 5.0,
        _ => 10.0,
    };
    times * power
}

fn trimmed(value: f64) -> String {
    format!("{value:.2}")
}

/// A line without axes: which way it goes. `title` says it in words.
pub fn sparkline(values: &[f64], title: &str) -> Markup {
    let most = values.iter().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let step = 120.0 / (values.len().max(2) - 1) as f64;
    let points: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(index, value)| format!("{:.1},{:.1}", index as f64 * step, 27.0 - value.max(0.0) / most * 24.0))
        .collect();
    html! {
        svg.sparkline viewBox="0 0 120 30" width="120" height="30" role="img" aria-label=(title) {
            polyline points=(points.join(" ")) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{chart, nice_step};
    use crate::ui::text::Text;
    use shared::language::Language;
    use shared::report::run::Month;

    #[test]
    fn lines_stand_at_round_figures() {
        for (most, step) in [(66.0, 20.0), (4.0, 1.0), (0.7, 0.2), (980.0, 250.0), (0.0, 1.0)] {
            assert!((nice_step(most) - step).abs() < 1e-9, "{most}: {}", nice_step(most));
        }
    }

    #[test]
    fn a_month_without_sales_keeps_its_place() {
        let months = ["2026-01-01", "2026-02-01", "2026-03-01"].map(|day| day.parse().unwrap());
        let values = [Month { first_day: months[2], value: 5e6, before: 4e6 }];
        let drawn = chart(Text::of(Language::Ru), "Выручка", &months, &values).into_string();
        assert_eq!(drawn.matches("<rect class=\"now\"").count(), 3);
        assert!(drawn.contains("тыс. ₽") && drawn.contains("5\u{202f}000\u{202f}000") && !drawn.contains("style="));
    }
}
