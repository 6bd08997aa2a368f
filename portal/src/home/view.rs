//! The tiles of the overview.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use shared::dataset::Catalogue;
use shared::report::definition::{Definition, FieldId, Figure, Show, Tile};
use shared::report::filter::Filter;
use shared::report::freshness::Freshness;
use shared::report::kind::Kind;
use shared::report::period::{Choice, Compare, Period};
use shared::report::run::{Months, Page};
use shared::report::table::{Line, growth};
use shared::words::{Text, facts, format};

use crate::ui::strip::{changed, shown};
use crate::ui::{chart, freshness};

const TOP: usize = 5;

pub struct Overview<'a> {
    pub text: Text,
    pub today: NaiveDate,
    pub now: DateTime<Utc>,
    pub timezone: Tz,
    pub tiles: Vec<Drawn<'a>>,
    /// Of the oldest data that a tile shows.
    pub freshness: Freshness,
    pub datasets: &'a Catalogue,
    pub ages: Vec<(String, Freshness)>,
}

/// A tile with the rows that it shows.
pub struct Drawn<'a> {
    pub report: &'a Definition,
    pub tile: &'a Tile,
    pub filter: &'a Filter,
    pub page: &'a Page,
    pub months: &'a Months,
}

impl Overview<'_> {
    pub fn draw(&self) -> Markup {
        let text = self.text;
        html! {
            div.title {
                h1 { (text.get("home")) }
                (freshness::freshness(text, self.freshness, self.now, self.timezone, "/"))
            }
            div.tiles {
                @for tile in &self.tiles { (self.tile(tile)) }
                (self.freshness())
            }
        }
    }

    fn tile(&self, drawn: &Drawn<'_>) -> Markup {
        let language = self.text.language();
        let title = drawn.tile.title.get(language).replace("{month}", format::full_month(language, self.today));
        let is_wide = matches!(drawn.tile.show, Show::Top { .. });
        html! {
            section.card.tile.wide[is_wide] {
                h2 { a href=(drawn.filter.url(drawn.report)) { (title) } }
                @match &drawn.tile.show {
                    Show::Figure { figure, has_line } => (self.figures(drawn, figure, has_line.then_some(title.as_str()))),
                    Show::Count => (self.counts(drawn)),
                    Show::Top { name, value, .. } => (self.top(drawn, *name, *value)),
                }
            }
        }
    }

    /// A figure per currency with what stands below it; nothing was sold, nothing is zero.
    fn per_currency(&self, page: &Page, draw: impl Fn(&Line) -> Markup) -> Markup {
        html! {
            @for total in &page.totals { (draw(total)) }
            @if page.totals.is_empty() { p.figure { "0" } }
        }
    }

    fn change(&self, drawn: &Drawn<'_>, (change, is_up): (&str, Option<bool>)) -> Markup {
        if !drawn.report.is_compared() {
            return html! {};
        }
        html! { p { (changed(change, is_up)) " " span.fine { (self.against(drawn)) } } }
    }

    /// Of this month so far, the month before is named by its days.
    fn against(&self, drawn: &Drawn<'_>) -> &'static str {
        let is_month = drawn.filter.period().is_some_and(|period| period.choice == Choice::Month);
        match drawn.filter.compare {
            Compare::PreviousPeriod if is_month => self.text.get("against-same-days"),
            compare => facts::against(self.text, compare),
        }
    }

    /// `line`: what a line of the chart's months below the figure shows, in words.
    fn figures(&self, drawn: &Drawn<'_>, figure: &Figure, line: Option<&str>) -> Markup {
        let language = self.text.language();
        self.per_currency(drawn.page, |total| {
            let shown = shown(self.text, figure, total);
            html! {
                p.figure {
                    @if figure.kind == Kind::Money { (format::money(language, &total.currency, total.cell(figure.value))) }
                    @else { (shown.value) (self.currency_beside(drawn, total)) }
                }
                (self.change(drawn, (&shown.change, shown.is_up)))
                @if let Some(words) = line { (self.line(drawn, total, words)) }
            }
        })
    }

    fn line(&self, drawn: &Drawn<'_>, total: &Line, words: &str) -> Markup {
        let months = drawn.filter.period().map(Period::months).unwrap_or_default();
        let is_money = drawn.report.chart.as_ref().is_some_and(|chart| chart.kind == Kind::Money);
        let currency = if is_money { total.currency.key.as_str() } else { "" };
        let of_month = |day: &NaiveDate| {
            let mut own = drawn.months.months.iter().filter(|month| month.currency == currency);
            own.find(|month| month.first_day == *day).map_or(0.0, |month| month.value)
        };
        chart::sparkline(&months.iter().map(of_month).collect::<Vec<_>>(), words)
    }

    /// Whose figure this is, where there are several and the figure itself is no money.
    fn currency_beside(&self, drawn: &Drawn<'_>, total: &Line) -> Markup {
        html! { @if drawn.page.totals.len() > 1 { " " span.fine { (total.currency.sign()) } } }
    }

    fn counts(&self, drawn: &Drawn<'_>) -> Markup {
        let language = self.text.language();
        self.per_currency(drawn.page, |total| {
            let ratio = growth(total.counts.now as f64, total.counts.before as f64);
            let (change, is_up) = format::change(language, ratio);
            html! {
                p.figure { (format::count(language, total.counts.now)) (self.currency_beside(drawn, total)) }
                (self.change(drawn, (&change, is_up)))
            }
        })
    }

    fn top(&self, drawn: &Drawn<'_>, name: FieldId, value: FieldId) -> Markup {
        let language = self.text.language();
        let unnamed = drawn.report.words.unnamed.as_ref().map(|words| words.get(language));
        let unnamed = unnamed.unwrap_or(self.text.get("unnamed"));
        let kind = drawn.report.fields.get(value).kind;
        if drawn.page.rows.is_empty() {
            let empty = drawn.tile.empty.as_ref().map(|words| words.get(language));
            return html! { p { (empty.unwrap_or(self.text.get("no-rows"))) } };
        }
        html! {
            ol.best hx-ignore {
                @for row in drawn.page.rows.iter().take(TOP) {
                    li {
                        @let called = row.cell(name).text();
                        @if called.is_empty() { em { (unnamed) } } @else { span { (called) } }
                        " " span.number {
                            @if kind == Kind::Money { (format::money(language, &row.currency, row.cell(value))) }
                            @else { (format::value(language, kind, row.cell(value))) }
                        }
                    }
                }
            }
        }
    }

    fn freshness(&self) -> Markup {
        html! {
            section.card.tile {
                h2 { (self.text.get("freshness")) }
                dl.ages {
                    @for (name, age) in &self.ages {
                        dt { (self.dataset(name)) }
                        dd { (freshness::age_alone(self.text, *age, self.now)) }
                    }
                }
            }
        }
    }

    fn dataset<'b>(&'b self, name: &'b str) -> &'b str {
        self.datasets.get(name).map_or(name, |dataset| dataset.definition().title.get(self.text.language()))
    }
}
