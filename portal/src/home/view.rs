//! The tiles of the overview.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use shared::report::definition::{Definition, Kind};
use shared::report::filter::Filter;
use shared::report::run::{Freshness, Rows};

use crate::ui::strip::{changed, figures};
use crate::ui::text::Text;
use crate::ui::{chart, format, freshness};

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
                (freshness::freshness(text, self.year.1.freshness, self.now, self.timezone))
            }
            div.tiles {
                (self.sales_of_month())
                (self.sales_of_year())
                (self.figure_of_month("quantity", "quantity-of-month"))
                (self.discount_of_month())
                (self.top_products())
                (self.freshness())
            }
        }
    }

    fn total(&self, rows: &Rows, measure: &str) -> Option<String> {
        rows.totals.get(self.report.measure(measure)?).cloned().flatten()
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

    /// Against the same days of last month.
    fn change(&self, measure: &str) -> Markup {
        let number = |rows| self.total(rows, measure).and_then(|text| text.parse::<f64>().ok());
        let ratio = number(self.month.1).zip(number(self.month_before).filter(|before| *before != 0.0));
        let (change, is_up) = format::change(self.text.language(), ratio.map(|(now, before)| now / before - 1.0));
        html! { p { (changed(&change, is_up)) " " span.fine { (self.text.get("against-same-days")) } } }
    }

    fn tile(&self, filter: &Filter, title: &str, figure: &str, below: &Markup) -> Markup {
        html! {
            section.card.tile {
                h2 { a href=(filter.url(self.report)) { (title) } }
                p.figure { (figure) }
                (below)
            }
        }
    }

    fn money(&self, rows: &Rows, measure: &str) -> String {
        format::value(self.text.language(), Kind::Money, self.total(rows, measure).as_deref()) + "\u{a0}₽"
    }

    fn sales_of_month(&self) -> Markup {
        let title = self.text.with("sales-of-month", &[("month", self.month_name().into())]);
        self.tile(self.month.0, &title, &self.money(self.month.1, "revenue"), &self.change("revenue"))
    }

    fn sales_of_year(&self) -> Markup {
        let (filter, rows) = self.year;
        let title = self.text.get("sales-of-year");
        let values: Vec<f64> = rows.chart.iter().map(|month| month.value).collect();
        let below = html! {
            @if let Some(figure) = self.report.strip.first() {
                @let (_, change, is_up) = figures(self.text, figure, rows);
                p { (changed(&change, is_up)) " " span.fine { (self.text.get("against-last-year")) } }
            }
            @if values.len() > 1 { (chart::sparkline(&values, title)) }
        };
        self.tile(filter, title, &self.money(rows, "revenue"), &below)
    }

    fn figure_of_month(&self, measure: &str, name: &'static str) -> Markup {
        let title = self.text.with(name, &[("month", self.month_name().into())]);
        let shown = format::value(self.text.language(), Kind::Quantity, self.total(self.month.1, measure).as_deref());
        self.tile(self.month.0, &title, &shown, &self.change(measure))
    }

    fn discount_of_month(&self) -> Markup {
        let (filter, rows) = self.month;
        let Some(figure) = self.report.strip.iter().find(|figure| figure.part_of.is_some()) else { return html! {} };
        let title = self.text.with("discount-of-month", &[("month", self.month_name().into())]);
        let (shown, change, is_up) = figures(self.text, figure, rows);
        let below = html! { p { (changed(&change, is_up)) " " span.fine { (self.text.get("against-last-year")) } } };
        self.tile(filter, &title, &shown, &below)
    }

    fn top_products(&self) -> Markup {
        let (filter, rows) = self.month;
        let product = self.report.measure("product");
        let revenue = self.report.measure("revenue");
        let cell =
            |row: &[Option<String>], index: Option<usize>| index.and_then(|index| row.get(index).cloned().flatten());
        let top: Vec<_> = rows
            .rows
            .iter()
            .take(TOP)
            .map(|row| (cell(row, product).unwrap_or_default(), cell(row, revenue)))
            .collect();
        html! {
            section.card.tile.wide {
                h2 { a href=(filter.url(self.report)) { (self.text.with("top-products", &[("month", self.month_name().into())])) } }
                @if top.is_empty() { p { (self.text.get("no-sales-yet")) } }
                @else {
                    ol.best hx-ignore {
                        @for (name, revenue) in &top {
                            li {
                                @if name.is_empty() { em { (self.text.get("unknown-product")) } } @else { span { (name) } }
                                " " span.number { (format::value(self.text.language(), Kind::Money, revenue.as_deref())) "\u{a0}₽" }
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
                        dd.late[freshness::is_late(*age, self.now)] { (freshness::age_alone(self.text, *age, self.now)) }
                    }
                }
            }
        }
    }

    fn dataset(&self, name: &str) -> &'static str {
        match name {
            "sales" => self.text.get("dataset-sales"),
            "products" => self.text.get("dataset-products"),
            _ => self.text.get("dataset-dealers"),
        }
    }
}
