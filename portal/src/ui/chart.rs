//! Bars by month: the days compared behind in grey, the period in front. SVG in percent of its width, so that it needs no script
//! and no style of its own to fit a phone; the same figures as a table for whom a picture says nothing.

use chrono::{Datelike as _, NaiveDate};
use maud::{Markup, html};
use shared::report::kind::Kind;
use shared::report::run::Month;
use shared::words::{Text, format};

const HEIGHT: f64 = 196.0;
/// Room for the names of the months.
const FOOT: f64 = 22.0;
const TOP: f64 = 8.0;
const MOST_LABELS: usize = 12;

/// What a chart shows, and in which unit.
pub struct Chart<'a> {
    pub title: &'a str,
    pub kind: Kind,
    /// `₽`, `шт`; empty where it is unknown, or there is none.
    pub unit: &'a str,
    /// What the grey bars are; none where nothing is compared.
    pub before: Option<&'a str>,
    /// All months of the period, so that an empty one keeps its place.
    pub months: &'a [NaiveDate],
    /// Tells the charts of a page apart.
    pub number: usize,
}

/// The scale of an axis: from its lowest line to its highest, nothing included.
struct Axis {
    lines: Vec<f64>,
    low: f64,
    high: f64,
}

impl Axis {
    fn over(bars: &[(NaiveDate, f64, f64)], unit: f64) -> Self {
        let values = || bars.iter().flat_map(|(_, value, before)| [*value / unit, *before / unit]);
        let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
        let step = nice_step((high - low).max(0.0));
        let lines: Vec<f64> = (-8..=8)
            .map(|line| f64::from(line) * step)
            .filter(|line| *line >= low - step * 0.01 && *line <= high.max(if low < 0.0 { 0.0 } else { step }))
            .collect();
        let high = lines.last().copied().unwrap_or(step).max(high);
        Self { lines, low, high }
    }

    fn y(&self, value: f64) -> f64 {
        let part = (value - self.low) / (self.high - self.low).max(f64::MIN_POSITIVE);
        TOP + (1.0 - part.clamp(0.0, 1.0)) * (HEIGHT - FOOT - TOP)
    }
}

pub fn chart<'a>(text: Text, spec: &Chart<'_>, values: impl Iterator<Item = &'a Month> + Clone) -> Markup {
    let month = |day: &NaiveDate| {
        let found = values.clone().find(|month| month.first_day == *day);
        found.map_or((0.0, 0.0), |month| (month.value, month.before))
    };
    let bars: Vec<(NaiveDate, f64, f64)> = spec.months.iter().map(|day| (*day, month(day).0, month(day).1)).collect();
    let most = bars.iter().fold(0.0, |most: f64, (_, value, before)| most.max(value.abs()).max(before.abs()));
    let (scale, scale_name) = match most {
        1e7.. => (1e6, text.get("in-millions")),
        1e4.. => (1e3, text.get("in-thousands")),
        _ => (1.0, ""),
    };
    let axis = Axis::over(&bars, scale);
    let unit = [scale_name, spec.unit].iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ");
    let title = format!("chart-title-{}", spec.number);
    html! {
        figure.card.chart {
            figcaption {
                h2 #(title) { (format::headed(spec.title, &unit)) }
                p.legend aria-hidden="true" {
                    span.now {} (text.get("this-year")) " "
                    @if let Some(before) = spec.before { span.before {} (before) }
                }
            }
            div.canvas aria-hidden="true" {
                svg.axis width="44" height=(HEIGHT) {
                    @for line in &axis.lines { text x="36" y=(axis.y(*line) + 4.0) { (format::number(text.language(), &trimmed(*line), 2)) } }
                }
                svg.plot width="100%" height=(HEIGHT) {
                    @for line in &axis.lines { line x1="0" x2="100%" y1=(axis.y(*line)) y2=(axis.y(*line)) {} }
                    (columns(text, spec, &bars, |value| axis.y(value / scale)))
                }
            }
            (as_table(text, spec, &title, &bars))
        }
    }
}

fn columns(text: Text, spec: &Chart<'_>, bars: &[(NaiveDate, f64, f64)], y: impl Fn(f64) -> f64) -> Markup {
    let slot = 100.0 / bars.len().max(1) as f64;
    let width = (slot * 0.28).min(8.0);
    let every = bars.len().div_ceil(MOST_LABELS).max(1);
    let percent = |value: f64| format!("{value:.2}%");
    // From nothing up, or down.
    let bar = |class: &str, x: f64, value: f64| {
        let (top, bottom) = (y(value.max(0.0)), y(value.min(0.0)));
        html! { rect class=(class) x=(percent(x)) y=(format!("{top:.1}")) width=(percent(width)) height=(format!("{:.1}", bottom - top)) {} }
    };
    html! {
        @for (index, (day, value, before)) in bars.iter().enumerate() {
            @let middle = slot * (index as f64 + 0.5);
            @if spec.before.is_some() {
                (bar("before", middle - width - 0.15, *before))
                (bar("now", middle + 0.15, *value))
            } @else { (bar("now", middle - width / 2.0, *value)) }
            @if index.is_multiple_of(every) {
                text.minor[!(index / every).is_multiple_of(3)] x=(percent(middle)) y=(HEIGHT - 5.0) {
                    (format::month(text.language(), *day)) @if bars.len() > 12 { " " (format!("{:02}", day.year() % 100)) }
                }
            }
        }
    }
}

fn as_table(text: Text, spec: &Chart<'_>, title: &str, bars: &[(NaiveDate, f64, f64)]) -> Markup {
    let places = if spec.kind == Kind::Quantity { 3 } else { 0 };
    let shown = |value: f64| format::number(text.language(), &format!("{value:.3}"), places);
    html! {
        details {
            summary { (text.get("chart-as-table")) }
            table aria-labelledby=(title) {
                thead { tr {
                    th scope="col" { (text.get("month-column")) }
                    th.number scope="col" { (format::headed(text.get("this-year"), spec.unit)) }
                    @if let Some(before) = spec.before {
                        th.number scope="col" { (format::headed(before, spec.unit)) }
                    }
                } }
                tbody { @for (day, value, before) in bars { tr {
                    th scope="row" { (format::month(text.language(), *day)) " " (day.year()) }
                    td.number { (shown(*value)) }
                    @if spec.before.is_some() { td.number { (shown(*before)) } }
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
    let (low, high) =
        values.iter().fold((0.0, 0.0), |(low, high): (f64, f64), value| (low.min(*value), high.max(*value)));
    let height = (high - low).max(f64::MIN_POSITIVE);
    let step = 120.0 / (values.len().max(2) - 1) as f64;
    let points: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(index, value)| format!("{:.1},{:.1}", index as f64 * step, 27.0 - (value - low) / height * 24.0))
        .collect();
    html! {
        svg.sparkline viewBox="0 0 120 30" width="120" height="30" role="img" aria-label=(title) {
            polyline points=(points.join(" ")) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chart, chart, nice_step};
    use chrono::NaiveDate;
    use shared::language::Language;
    use shared::report::kind::Kind;
    use shared::report::run::Month;
    use shared::words::Text;

    fn months() -> [NaiveDate; 3] {
        ["2026-01-01", "2026-02-01", "2026-03-01"].map(|day| day.parse().unwrap())
    }

    fn drawn(kind: Kind, unit: &str, value: f64, before: f64) -> String {
        let months = months();
        let values = [Month { currency: String::new(), first_day: months[2], value, before }];
        let before = Some("год назад");
        let spec = Chart { title: "Выручка", kind, unit, before, months: &months, number: 0 };
        chart(Text::of(Language::Ru), &spec, values.iter()).into_string()
    }

    #[test]
    fn lines_stand_at_round_figures() {
        for (most, step) in [(66.0, 20.0), (4.0, 1.0), (0.7, 0.2), (980.0, 250.0), (0.0, 1.0)] {
            assert!((nice_step(most) - step).abs() < 1e-9, "{most}: {}", nice_step(most));
        }
    }

    #[test]
    fn a_month_without_sales_keeps_its_place() {
        let drawn = drawn(Kind::Money, "₽", 5e6, 4e6);
        assert_eq!(drawn.matches("<rect class=\"now\"").count(), 3);
        assert!(drawn.contains("тыс. ₽") && drawn.contains("5\u{202f}000\u{202f}000") && !drawn.contains("style="));
    }

    #[test]
    fn a_chart_says_what_it_counts_in_whatever_that_is() {
        assert!(drawn(Kind::Money, "$", 5e6, 0.0).contains("Выручка, тыс. $"));
        let pieces = drawn(Kind::Quantity, "", 5e6, 0.0);
        assert!(pieces.contains("Выручка, тыс.<") && !pieces.contains('₽'), "{pieces}");
    }

    #[test]
    fn pieces_and_documents_have_their_own_figures_and_what_is_not_compared_has_one_bar() {
        let quantity = drawn(Kind::Quantity, "шт", 2.5, 0.0);
        assert!(quantity.contains("Выручка, шт") && quantity.contains(">2,5<"), "{quantity}");
        assert!(drawn(Kind::Count, "", 3.0, 0.0).contains(">3<"));
        let months = months();
        let values = [Month { currency: String::new(), first_day: months[0], value: 1.0, before: 0.0 }];
        let spec =
            Chart { title: "Заказы", kind: Kind::Count, unit: "", before: None, months: &months, number: 0 };
        let alone = chart(Text::of(Language::Ru), &spec, values.iter()).into_string();
        assert!(!alone.contains("before") && !alone.contains("год назад"), "{alone}");
    }

    #[test]
    fn a_month_of_returns_is_drawn_below_nothing() {
        let drawn = drawn(Kind::Money, "₽", -5e6, 5e6);
        let heights: Vec<f64> =
            drawn.split("height=\"").skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect();
        // Two drawings, then a bar each of the months.
        let [.., before, now] = heights[..] else { panic!("{drawn}") };
        assert!((before - now).abs() < 0.2 && now > 50.0, "{heights:?}");
        assert!(drawn.contains(">−"), "the axis has no line below nothing: {drawn}");
    }
}
