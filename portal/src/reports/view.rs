//! A report as a page and as a fragment: both drawn by the same functions.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use shared::ids::DealerId;
use shared::report::definition::Definition;
use shared::report::filter::{Filter, Refused, Wrong};
use shared::report::kind::Kind;
use shared::report::period::{Choice, Period};
use shared::report::run::{self, Rows};
use shared::report::write::{FORMATS, Format};
use shared::words::{Text, facts, format};

use crate::ui::export_form::{self, ExportForm};
use crate::ui::filters::Form;
use crate::ui::in_place::InPlace;
use crate::ui::table::{Lead, Table};
use crate::ui::{chart, delivery_link, freshness, notice, pager, strip};

/// Named once: the fragment wears it, the form aims at it.
const RESULTS: &str = "report-results";
const TARGET: &str = "#report-results";

/// What the form offers this viewer.
#[derive(Debug, Default)]
pub struct Offered {
    pub options: Vec<Vec<run::Choice>>,
    pub dealers: Vec<(DealerId, String)>,
}

/// Everything that a drawing of a report looks at, but its rows.
pub struct Drawing<'a> {
    pub text: Text,
    pub report: &'a Definition,
    pub filter: &'a Filter,
    pub refused: Option<&'a Refused>,
    pub offered: &'a Offered,
    /// To where the viewer may go.
    pub leads: &'a [Lead<'a>],
    pub today: NaiveDate,
    pub now: DateTime<Utc>,
    pub timezone: Tz,
    pub is_fragment: bool,
    /// The hidden field of the POST forms.
    pub form_token: &'a str,
    /// A file of more rows is made in the background.
    pub job_rows: u64,
    /// Mails go out.
    pub mails: bool,
}

impl Drawing<'_> {
    fn form(&self) -> Form<'_> {
        Form {
            text: self.text,
            report: self.report,
            filter: self.filter,
            refused: self.refused,
            options: &self.offered.options,
            dealers: &self.offered.dealers,
            today: self.today,
            target: TARGET,
        }
    }

    /// The content of the page: title and age, filters, results.
    pub fn content(&self, results: &Markup, rows: Option<&Rows>) -> Markup {
        html! {
            div.title {
                h1 { (self.report.title.get(self.text.language())) }
                @match rows {
                    Some(rows) => (self.age(rows)),
                    None => span #(freshness::PLACE) {}
                }
            }
            p #report-live .unseen aria-live="polite" { @if let Some(rows) = rows { (self.said(rows)) } }
            (self.form().draw())
            (results)
        }
    }

    /// What htmx swaps: the results, and the regions that follow them.
    pub fn fragment(&self, results: &Markup, rows: &Rows) -> Markup {
        html! {
            title { (self.report.title.get(self.text.language())) " · " (self.text.get("brand")) }
            (results)
            hx-partial hx-target={ "#" (freshness::PLACE) } hx-swap="outerHTML" { (self.age(rows)) }
            hx-partial hx-target="#report-live" hx-swap="innerHTML" { (self.said(rows)) }
            // What was told of an earlier try is over.
            hx-partial hx-target={ "#" (notice::PLACE) } hx-swap="innerHTML" {}
            (self.form().renewed())
        }
    }

    /// For a filter that does not fit, in the place of notices: the old rows stay, and the sentence stands beside its field.
    pub fn refused_fragment(&self) -> Markup {
        let text = self.text;
        html! {
            (notice::notice(text, text.get("refused"), &self.without_field(), None, notice::Remedy::None))
            @for (field, words) in self.wrong().filter(|(field, _)| has_field(field)) {
                hx-partial hx-target={ "#error-" (field) } hx-swap="innerHTML" { (words) }
            }
            (self.form().marked())
        }
    }

    fn wrong(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let errors = self.refused.iter().flat_map(|refused| &refused.errors);
        errors.map(|(field, wrong)| match &**field {
            // The viewer's own are in the list: this one came with a link.
            "dealer" if *wrong == Wrong::NotInList => ("dealer", self.text.get("wrong-dealer")),
            field => (field, facts::sentence(self.text, *wrong)),
        })
    }

    /// What no field of the form can be marked with, and the way out of a foreign dealer's link: all else stays chosen.
    fn without_field(&self) -> Markup {
        let own = self.refused.filter(|refused| refused.of("dealer").is_some()).map(|refused| {
            let rest = refused.asked.iter().filter(|(name, _)| name != "dealer");
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish();
            format!("{}?{query}", self.report.path())
        });
        html! {
            @for (_, words) in self.wrong().filter(|(field, _)| !has_field(field)) { (words) " " }
            @if let Some(url) = own { a href=(url) { (self.text.get("own-dealer")) } }
        }
    }

    fn age(&self, rows: &Rows) -> Markup {
        freshness::freshness(self.text, rows.freshness, self.now, self.timezone, &self.filter.url(self.report))
    }

    fn said(&self, rows: &Rows) -> String {
        pager::position(self.text, self.filter, rows.page.count)
    }

    pub fn results(&self, rows: &Rows) -> Markup {
        html! {
            section #(RESULTS) {
                (self.time_to_come())
                @if rows.page.count == 0 { (self.empty(rows)) }
                @else {
                    @if !self.report.strip.is_empty() {
                        @for total in &rows.page.totals { (strip::strip(self.text, self.report, total)) }
                    }
                    (self.charts(rows))
                    div.card.sheet {
                        div.tools {
                            // After paging the reader goes on here.
                            h2 #report-heading tabindex="-1" autofocus[self.is_fragment && self.filter.is_paged] {
                                (self.report.rows_title.get(self.text.language()))
                            }
                            span.fine { (self.said(rows)) }
                            (self.former(rows))
                            (self.files(rows.page.count))
                        }
                        (self.table(rows).draw())
                        (pager::pager(self.text, self.report, self.filter, rows.page.count, TARGET))
                    }
                }
            }
        }
    }

    fn table<'b>(&'b self, rows: &'b Rows) -> Table<'b> {
        let (text, report, filter, leads, today) = (self.text, self.report, self.filter, self.leads, self.today);
        Table { text, report, filter, page: &rows.page, leads, today, target: TARGET }
    }

    /// A link for each format, those after the first in a menu; a form, where the file is made in the background, and why all are.
    fn files(&self, count: u64) -> Markup {
        let fitting: Vec<&Format> = FORMATS.iter().copied().filter(|format| count <= format.most_rows).collect();
        let Some((first, others)) = fitting.split_first() else { return html! {} };
        let is_large = count > self.job_rows;
        let item = |format: &Format| {
            if is_large || format.open.is_none() { self.job(format) } else { self.file(format) }
        };
        html! {
            div.files {
                @if self.mails { (self.by_mail()) }
                (item(first))
                @if !others.is_empty() {
                    details #report-formats {
                        summary { (self.text.get("other-formats")) }
                        ul { @for format in others { li { (item(format)) } } }
                    }
                }
            }
            @if is_large { (export_form::why(self.text, &format::count(self.text.language(), count))) }
        }
    }

    /// The way to the form that has this view sent at set times.
    fn by_mail(&self) -> Markup {
        let query = self.filter.first_page().query(self.report);
        let path = delivery_link::path(&self.report.name, &query);
        html! { a #report-deliver href=(path) { (self.text.get("deliver")) } }
    }

    fn file(&self, format: &Format) -> Markup {
        let name = self.text.get(format.title);
        let title = self.text.with("download", &[("format", name.into())]);
        html! {
            a #{ "report-" (format.code) } href=(self.filter.file_url(self.report, format.code)) title=(title) { (name) }
        }
    }

    fn job(&self, format: &Format) -> Markup {
        self.order(
            format,
            &html! {
                button.link #{ "report-" (format.code) } type="submit" { (self.text.get(format.title)) }
            },
        )
    }

    fn order(&self, format: &Format, button: &Markup) -> Markup {
        let query = &self.filter.first_page().query(self.report);
        let form = ExportForm { form_token: self.form_token, report: &self.report.name, format: format.code, query };
        form.draw(button)
    }

    /// In the place of a file that is none for an answer at once: too large, or of a format that the report service makes.
    pub fn only_as_job(&self, (format, count): (&Format, u64)) -> Markup {
        let title = self.report.title.get(self.text.language());
        let name = self.text.get(format.title);
        html! {
            div.title { h1 { (title) } }
            section.card.job {
                @if format.open.is_none() && count <= format.most_rows {
                    p { (self.text.with("export-why-format", &[("format", name.into())])) }
                    (self.order(format, &html! { button.primary type="submit" { (name) } }))
                } @else {
                    @if count > format.most_rows {
                        @let most = format::count(self.text.language(), format.most_rows);
                        p { (self.text.with("export-too-long-for", &[("format", name.into()), ("most", most.into())])) }
                    }
                    div.tools { (self.files(count)) }
                }
            }
            p { a href=(self.filter.url(self.report)) { (self.text.get("export-to-report")) } }
        }
    }

    /// One per currency.
    fn charts(&self, rows: &Rows) -> Markup {
        let (Some(spec), Some(period)) = (&self.report.chart, self.filter.period()) else { return html! {} };
        let months = period.months();
        let title = spec.title.get(self.text.language());
        let before = self.report.is_compared().then(|| facts::before(self.text, self.filter.compare));
        let is_money = spec.kind == Kind::Money;
        if rows.months.has_several_units {
            return html! { p.notice { (format::headed(title, self.text.get("several-units"))) } };
        }
        html! {
            @for (number, total) in rows.page.totals.iter().take(if is_money { usize::MAX } else { 1 }).enumerate() {
                @let (key, unit) = if is_money { (&*total.currency.key, total.currency.sign()) } else { ("", &*rows.months.unit) };
                @let values = rows.months.months.iter().filter(|month| month.currency == key);
                @if values.clone().next().is_some() {
                    @let spec = chart::Chart { title, kind: spec.kind, unit, before, months: &months, number };
                    (chart::chart(self.text, &spec, values))
                }
            }
        }
    }

    /// Days to come are told, for there is nothing in them yet and the days compared are whole.
    fn time_to_come(&self) -> Markup {
        match self.filter.period() {
            Some(period) if period.first > self.today => html! { p.notice.warn { (self.of_facts("period-to-come")) } },
            Some(period) if period.last > self.today && self.report.is_compared() => {
                html! { p.notice.warn { (self.text.get("period-not-over")) } }
            }
            _ => html! {},
        }
    }

    /// A sentence about what this report is of.
    fn of_facts(&self, sentence: &'static str) -> String {
        let facts = self.report.words.facts.get(self.text.language());
        self.text.with(sentence, &[("facts", facts.into())])
    }

    /// Rows of the days compared only: how many, and the link that lists them or takes them away.
    fn former(&self, rows: &Rows) -> Markup {
        let number: u64 = rows.page.totals.iter().map(|total| total.counts.former).sum();
        if number == 0 {
            return html! {};
        }
        let with_former = !self.filter.with_former;
        let former = self.report.words.former.as_ref().map(|words| words.get(self.text.language()));
        let former = former.unwrap_or(self.text.get("former"));
        let words = if with_former {
            let number = format::count(self.text.language(), number).into();
            self.text.with("with-former", &[("number", number), ("former", former.into())])
        } else {
            self.text.with("without-former", &[("former", former.into())])
        };
        let link = InPlace {
            id: "report-former".to_owned(),
            url: self.filter.with_former(with_former).url(self.report),
            path: self.report.path(),
            changes: &[("former", if with_former { "1" } else { "" }.to_owned())],
            target: TARGET,
        };
        link.draw(None, false, &html! { (words) })
    }

    /// Which filter empties it, and the link that widens it.
    fn empty(&self, rows: &Rows) -> Markup {
        let text = self.text;
        let period = self.filter.period();
        let (narrowed, plain) = match period {
            Some(_) => ("empty-narrowed", "empty-period"),
            None => ("empty-narrowed-always", "empty-always"),
        };
        let widest = period
            .filter(|period| period.choice != Choice::Year)
            .map(|_| self.filter.in_period(Period::named(Choice::Year, self.today)));
        html! {
            div.card.empty {
                @if self.filter.is_narrowed(self.report) {
                    p { (self.of_facts(narrowed)) }
                    p { a href=(self.filter.widened(self.report).url(self.report)) { (text.get("widen-filters")) } }
                } @else {
                    p { (self.of_facts(plain)) }
                    @if let Some(widest) = widest { p { a href=(widest.url(self.report)) { (text.get("widen-period")) } } }
                }
                @if !rows.page.totals.is_empty() { p { (self.former(rows)) } }
            }
        }
    }

    /// In the place of the results, where a filter does not fit. What has no field of its own is said here.
    pub fn refusal(&self) -> Markup {
        let text = self.text;
        html! {
            section #(RESULTS) {
                div.card.empty role="alert" {
                    p { (text.get("refused")) }
                    p { (self.without_field()) }
                    p { a href=(self.report.path()) { (text.get("widen-filters")) } }
                }
            }
        }
    }
}

fn has_field(name: &str) -> bool {
    !["dealer", "sort", "page", "former", "format"].contains(&name)
}
