//! The filters of a report: a plain GET form that also works in place. Each kind of filter draws its field in its file.
//!
//! What a choice changes in the form itself (the period's links, the line of a phone, the errors) are regions of their
//! own, so that a fragment renews them without touching the field somebody types into. Values are brought back to what
//! is shown by `portal.js`, from the address: a field's empty value is what a report shows anyway.
//!
//! All fields trigger the form itself: one element has one question under way, and a choice ends the wait after typing.

mod choice;
mod day;
mod period;
mod search;

use chrono::NaiveDate;
use maud::{Markup, html};
use shared::ids::DealerId;
use shared::report::definition::{Definition, FilterSpec};
use shared::report::filter::kind::Kind;
use shared::report::filter::{Filter, Refused, Value};
use shared::report::run;
use shared::words::{Text, facts};

/// A choice at once; typing after a pause; a day when its year can be meant, or when the field is left.
const TRIGGER: &str = "submit, change target:select, input changed delay:300ms target:[type=search], search target:[type=search], \
    change delay:500ms target:[type=date]:valid, focusout target:[type=date]:invalid";

/// What the form is drawn from. `refused` holds what was asked when it did not fit; `filter` is then the default one.
pub struct Form<'a> {
    pub text: Text,
    pub report: &'a Definition,
    pub filter: &'a Filter,
    pub refused: Option<&'a Refused>,
    /// Per filter of the definition.
    pub options: &'a [Vec<run::Choice>],
    /// None to choose from: the viewer has one.
    pub dealers: &'a [(DealerId, String)],
    pub today: NaiveDate,
    /// The region that the results stand in, `#id`.
    pub target: &'static str,
}

impl Form<'_> {
    pub fn draw(&self) -> Markup {
        let (text, path) = (self.text, self.report.path());
        html! {
            details.filters.card open[self.refused.is_some()] hidden[!self.has_fields()] {
                summary { (self.chosen()) span.link { (text.get("filters")) } }
                form #report-form method="get" action=(path) novalidate autocomplete="off" hx-get=(path) hx-trigger=(TRIGGER)
                    hx-target=(self.target) hx-swap="outerHTML" hx-sync="this:replace" {
                    @for (index, (spec, value)) in self.report.filters.iter().zip(&self.filter.values).enumerate() {
                        (self.field(index, spec, value))
                        // After the period: whose rows they are.
                        @if index == 0 && self.dealers.len() > 1 { (self.dealer()) }
                    }
                    @if self.report.filters.is_empty() && self.dealers.len() > 1 { (self.dealer()) }
                    @if !self.has_period() { (self.kept_fields()) }
                    div.field.apply { button.primary type="submit" { (text.get("apply")) } }
                }
            }
        }
    }

    fn field(&self, index: usize, spec: &FilterSpec, value: &Value) -> Markup {
        match (value, &spec.kind) {
            (Value::Period(period), Kind::Period(kind)) => self.period(spec, kind, period),
            (Value::Day(day), _) => self.day(spec, day.day),
            (Value::Choice(chosen), Kind::Choice(kind)) => {
                let options = self.options.get(index).map(Vec::as_slice).unwrap_or_default();
                self.choice(spec, kind, (chosen.as_deref(), options))
            }
            (Value::Search(words), Kind::Search(kind)) => self.search(spec, kind, words),
            _ => html! {},
        }
    }

    /// Regions that follow a choice; the same functions drew them in the form.
    pub fn renewed(&self) -> Markup {
        html! {
            @for (spec, value) in self.report.filters.iter().zip(&self.filter.values) {
                @if let (Value::Period(period), Kind::Period(kind)) = (value, &spec.kind) {
                    hx-partial hx-target="#report-period" hx-swap="outerMorph" { (self.period(spec, kind, period)) }
                } @else { (self.renewed_error(&spec.name)) }
            }
            @if !self.has_period() {
                hx-partial hx-target="#report-kept" hx-swap="outerHTML" { (self.kept_fields()) }
            }
            @if self.dealers.len() > 1 { (self.renewed_error("dealer")) }
            hx-partial hx-target="#report-chosen" hx-swap="outerHTML" { (self.chosen()) }
        }
    }

    /// The days of a refused period as they stand in the form, now marked.
    pub fn marked(&self) -> Markup {
        html! {
            @for field in ["from", "to"] {
                @if self.is_wrong(field).is_some() {
                    hx-partial hx-target={ "#" (field) } hx-swap="outerMorph" { (self.day_input(field, self.today)) }
                }
            }
        }
    }

    fn renewed_error(&self, field: &str) -> Markup {
        html! { hx-partial hx-target={ "#error-" (field) } hx-swap="outerHTML" { (self.error(field)) } }
    }

    /// Without any, the form only keeps what the address says.
    fn has_fields(&self) -> bool {
        !self.report.filters.is_empty() || self.dealers.len() > 1
    }

    fn has_period(&self) -> bool {
        self.report.filters.iter().any(|filter| filter.kind.is_period())
    }

    /// What is kept along with the filters, where no period's region holds it.
    fn kept_fields(&self) -> Markup {
        html! { div #report-kept hidden { (self.hidden_fields()) } }
    }

    /// Order and former rows. Empty: what a report shows anyway. No hidden fields: those would forget what was drawn.
    fn hidden_fields(&self) -> Markup {
        let sort = kept(self.filter.sort != self.report.sort, &self.filter.sort_word(self.report)).map(str::to_owned);
        html! {
            input name="former" hidden value=[kept(self.filter.with_former, "1")];
            input name="sort" hidden value=[sort];
        }
    }

    /// One line: what is chosen. All that a phone shows at first, and what is printed.
    fn chosen(&self) -> Markup {
        let parts = match self.refused {
            // Not the default in its place.
            Some(_) => Vec::new(),
            None => facts::chosen(self.text, self.report, self.filter, (self.options, self.dealers)),
        };
        let parts: Vec<String> = parts.into_iter().map(|chosen| chosen.words).collect();
        html! { span #report-chosen hx-ignore { (parts.join(" · ")) } }
    }

    fn error(&self, field: &str) -> Markup {
        let wrong = self.refused.and_then(|refused| refused.of(field));
        html! { p #{ "error-" (field) } .error { @if let Some(wrong) = wrong { (facts::sentence(self.text, wrong)) } } }
    }

    fn is_wrong(&self, field: &str) -> Option<&'static str> {
        self.refused.and_then(|refused| refused.of(field)).map(|_| "true")
    }

    /// What the field shows: what was asked, if that was refused.
    fn shown<'b>(&'b self, field: &str, otherwise: &'b str) -> &'b str {
        self.refused.map_or(otherwise, |refused| refused.asked(field))
    }
}

fn kept(is_special: bool, value: &str) -> Option<&str> {
    is_special.then_some(value)
}
