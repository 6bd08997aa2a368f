//! The tiles of the overview.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::period::Period;
use shared::report::run::{Freshness, Rows};
use shared::report::table::Line;

use crate::ui::strip::{changed, figures, growth};
use crate::ui::{chart, freshness};
use shared::words::Text;
use shared::words::format;

const TOP: usize = 5;

pub struct Overview<'a> {
    pub text: Text,
    pub report: &'a Definition,
    pub today: NaiveDate,
    pub now: DateTime<Utc>,
    pub timezone: Tz,
    pub month: (&'a Filter, &'a Rows),
    pub month_before: &'a Rows,
    pub year: (&'a Filter, &'a Rows),
    pub ages: &'a [(String, Freshness)],
}

impl Overview<'_> {
    pub fn draw(&self) -> Markup {
        let text = self.text;
        html! {
            div.title {
                h1 { (text.get("home")) }
                (freshness::freshness(text, self.year.1.freshness, self.now, self.timezone, "/"))
            }
            div.tiles {
                (self.sales_of_month())
                (self.sales_of_year())
                (self.products_of_month())
                (self.discount_of_month())
                (self.top_products())
                (self.freshness())
            }
        }
    }

    fn month_name(&self) -> &'static str {
        const NAMES: [&str; 12] = [
            "full-month-1",
            "full-month-2",
            "full-month-3",
            "full-month-4",
            "full-month-5",
            "full-month-6",
            "full-month-7",
            "full-month-8",
            "full-month-9",
            "full-month-10",
            "full-month-11",
            "full-month-12",
        ];
        self.text.get(NAMES[self.today.month0() as usize])
    }

    fn tile(&self, filter: &Filter, title: &str, content: &Markup) -> Markup {
        html! {
            section.card.tile {
                h2 { a href=(filter.url(self.report)) { (title) } }
                (content)
            }
        }
    }

    fn change(&self, ratio: Option<f64>, against: &'static str) -> Markup {
        let (change, is_up) = format::change(self.text.language(), ratio);
        html! { p { (changed(&change, is_up)) " " span.fine { (self.text.get(against)) } } }
    }

    /// A figure per currency with what stands below it; nothing was sold, nothing is zero.
    fn per_currency(&self, rows: &Rows, draw: impl Fn(&Line) -> Markup) -> Markup {
        html! {
            @for total in &rows.totals { (draw(total)) }
            @if rows.totals.is_empty() { p.figure { "0" } }
        }
    }

    fn money(&self, total: &Line) -> Markup {
        let revenue = self.report.measure("revenue").and_then(|revenue| total.measure(revenue));
        html! { p.figure { (format::money(self.text.language(), &total.currency, revenue)) } }
    }

    /// The same days of last month.
    fn same_currency_before(&self, total: &Line) -> Option<&Line> {
        self.month_before.totals.iter().find(|before| before.currency.key == total.currency.key)
    }

    /// Whose figure this is, where there are several and the figure itself is no money.
    fn currency_beside(&self, total: &Line) -> Markup {
        html! { @if self.month.1.totals.len() > 1 { " " span.fine { (total.currency.sign()) } } }
    }

    fn sales_of_month(&self) -> Markup {
        let title = self.text.with("sales-of-month", &[("month", self.month_name().into())]);
        let revenue = |total: &Line| total.measure(self.report.measure("revenue")?)?.parse().ok();
        let content = self.per_currency(self.month.1, |total| {
            let before = self.same_currency_before(total);
            let ratio = revenue(total).zip(before.and_then(revenue)).and_then(|(now, before)| growth(now, before));
            html! { (self.money(total)) (self.change(ratio, "against-same-days")) }
        });
        self.tile(self.month.0, &title, &content)
    }

    fn sales_of_year(&self) -> Markup {
        let (filter, rows) = self.year;
        let title = self.text.get("sales-of-year");
        let content = self.per_currency(rows, |total| {
            let months = filter.period().map(Period::months).unwrap_or_default();
            let of_month = |day: &NaiveDate| {
                let mut own = rows.chart.iter().filter(|month| month.currency == total.currency.key);
                own.find(|month| month.first_day == *day).map_or(0.0, |month| month.value)
            };
            let values: Vec<f64> = months.iter().map(of_month).collect();
            html! {
                (self.money(total))
                @if let Some(figure) = self.report.strip.first() {
                    @let (_, change, is_up) = figures(self.text, figure, total);
                    p { (changed(&change, is_up)) " " span.fine { (self.text.get("against-last-year")) } }
                }
                (chart::sparkline(&values, title))
            }
        });
        self.tile(filter, title, &content)
    }

    /// How many products, for quantities of several units have no sum.
    fn products_of_month(&self) -> Markup {
        let title = self.text.with("products-of-month", &[("month", self.month_name().into())]);
        let content = self.per_currency(self.month.1, |total| {
            let before = self.same_currency_before(total).map_or(0, |before| before.count);
            html! {
                p.figure { (format::count(self.text.language(), total.count)) (self.currency_beside(total)) }
                (self.change(growth(total.count as f64, before as f64), "against-same-days"))
            }
        });
        self.tile(self.month.0, &title, &content)
    }

    fn discount_of_month(&self) -> Markup {
        let (filter, rows) = self.month;
        let Some(figure) = self.report.strip.iter().find(|figure| figure.part_of.is_some()) else { return html! {} };
        let title = self.text.with("discount-of-month", &[("month", self.month_name().into())]);
        let content = self.per_currency(rows, |total| {
            let (shown, change, is_up) = figures(self.text, figure, total);
            html! {
                p.figure { (shown) (self.currency_beside(total)) }
                p { (changed(&change, is_up)) " " span.fine { (self.text.get("against-last-year")) } }
            }
        });
        self.tile(filter, &title, &content)
    }

    fn top_products(&self) -> Markup {
        let (filter, rows) = self.month;
        let cell =
            |row: &'_ Line, name| self.report.measure(name).and_then(|index| row.cells.get(index).cloned().flatten());
        let top = rows.rows.iter().take(TOP);
        html! {
            section.card.tile.wide {
                h2 { a href=(filter.url(self.report)) { (self.text.with("top-products", &[("month", self.month_name().into())])) } }
                @if rows.rows.is_empty() { p { (self.text.get("no-sales-yet")) } }
                @else {
                    ol.best hx-ignore {
                        @for row in top {
                            @let name = cell(row, "product").unwrap_or_default();
                            li {
                                @if name.is_empty() { em { (self.text.get("unknown-product")) } } @else { span { (name) } }
                                " " span.number { (format::money(self.text.language(), &row.currency, cell(row, "revenue").as_deref())) }
                            }
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
                    @for (name, age) in self.ages {
                        dt { (self.dataset(name)) }
                        dd { (freshness::age_alone(self.text, *age, self.now)) }
                    }
                }
            }
        }
    }

    fn dataset(&self, name: &str) -> &'static str {
        match name {
            "sales" => self.text.get("dataset-sales"),
            "returns" => self.text.get("dataset-returns"),
            "products" => self.text.get("dataset-products"),
            "currencies" => self.text.get("dataset-currencies"),
            "units" => self.text.get("dataset-units"),
            _ => self.text.get("dataset-dealers"),
        }
    }
}
