//! The filters of a report: a plain GET form that also works in place. Period first, as links that work by themselves.
//!
//! What a choice changes in the form itself (the period's links, the line of a phone, the errors) are regions of their
//! own, so that a fragment renews them without touching the field somebody types into. Values are brought back to what
//! is shown by `portal.js`, from the address: a field's empty value is what a report shows anyway.
//!
//! All fields trigger the form itself: one element has one question under way, and a choice ends the wait after typing.

use chrono::NaiveDate;
use maud::{Markup, html};
use shared::ids::DealerId;
use shared::report::definition::{Definition, FilterKind, FilterSpec};
use shared::report::filter::{Filter, Refused, Value, Wrong};
use shared::report::period::{self, Period};
use shared::report::run;

use super::in_place::InPlace;
use shared::words::Text;
use shared::words::format;

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
            details.filters.card open[self.refused.is_some()] {
                summary { (self.chosen()) span.link { (text.get("filters")) } }
                form #report-form method="get" action=(path) novalidate autocomplete="off" hx-get=(path) hx-trigger=(TRIGGER)
                    hx-target=(self.target) hx-swap="outerHTML" hx-sync="this:replace" {
                    @for (index, (spec, value)) in self.report.filters.iter().zip(&self.filter.values).enumerate() {
                        @match value {
                            Value::Period(period) => (self.period(spec, period)),
                            Value::Choice(chosen) => {
                                (self.choice(spec, chosen.map(|chosen| chosen.to_string()), self.options.get(index)))
                            }
                            Value::Search(words) => (self.search(spec, words)),
                        }
                        // After the period: whose rows they are.
                        @if index == 0 && self.dealers.len() > 1 { (self.dealer()) }
                    }
                    div.field.apply { button.primary type="submit" { (text.get("apply")) } }
                }
            }
        }
    }

    /// Regions that follow a choice; the same functions drew them in the form.
    pub fn renewed(&self) -> Markup {
        html! {
            @for (spec, value) in self.report.filters.iter().zip(&self.filter.values) {
                @if let Value::Period(period) = value {
                    hx-partial hx-target="#report-period" hx-swap="outerMorph" { (self.period(spec, period)) }
                } @else { (self.renewed_error(&spec.name)) }
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

    /// One line: what is chosen. All that a phone shows at first, and what is printed.
    fn chosen(&self) -> Markup {
        let parts = match self.refused {
            // Not the default in its place.
            Some(_) => Vec::new(),
            None => chosen(self.text, self.report, self.filter, self.options, self.dealers),
        };
        let parts: Vec<String> = parts.into_iter().map(|(_, part)| part).collect();
        html! { span #report-chosen hx-ignore { (parts.join(" · ")) } }
    }

    fn error(&self, field: &str) -> Markup {
        let wrong = self.refused.and_then(|refused| refused.of(field));
        html! { p #{ "error-" (field) } .error { @if let Some(wrong) = wrong { (sentence(self.text, wrong)) } } }
    }

    fn is_wrong(&self, field: &str) -> Option<&'static str> {
        self.refused.and_then(|refused| refused.of(field)).map(|_| "true")
    }

    /// What the field shows: what was asked, if that was refused.
    fn shown<'b>(&'b self, field: &str, otherwise: &'b str) -> &'b str {
        self.refused.map_or(otherwise, |refused| refused.asked(field))
    }

    fn period(&self, spec: &FilterSpec, chosen: &Period) -> Markup {
        let text = self.text;
        let is_own = chosen.choice == period::Choice::Own
            || self.refused.is_some_and(|refused| refused.of("from").is_some() || refused.of("to").is_some());
        let default = match spec.kind {
            FilterKind::Period { default } => default,
            _ => period::Choice::Year,
        };
        html! {
            fieldset #report-period .field {
                legend { (spec.title.get(text.language())) }
                div.segments {
                    @for choice in period::Choice::ALL {
                        @let is_chosen = if is_own { choice == period::Choice::Own } else { choice == chosen.choice };
                        (self.period_link(choice, chosen, is_chosen, is_own))
                    }
                }
                // Empty: what a report shows anyway. No hidden fields: those would forget what was drawn.
                input name="period" hidden value=[kept(is_own || chosen.choice != default, if is_own { "own" } else { chosen.choice.code() })];
                input name="former" hidden value=[kept(self.filter.with_former, "1")];
                input name="sort" hidden value=[kept(self.filter.sort != self.report.sort, &self.filter.sort_word(self.report))];
                @if is_own {
                    div.days {
                        (self.day("from", text.get("period-from"), chosen.first))
                        (self.day("to", text.get("period-to"), chosen.last))
                    }
                }
                (self.error("period"))
                @if is_own { (self.error("from")) (self.error("to")) }
            }
        }
    }

    fn period_link(&self, choice: period::Choice, chosen: &Period, is_chosen: bool, is_own: bool) -> Markup {
        let days = self.days_of(choice, chosen);
        let mut changes = vec![("period", choice.code().to_owned())];
        if choice == period::Choice::Own && !is_own {
            changes.extend([("from", days.first.to_string()), ("to", days.last.to_string())]);
        }
        let link = InPlace {
            id: format!("period-{}", choice.code()),
            url: self.filter.in_period(days).url(self.report),
            path: self.report.path(),
            changes: &changes,
            target: self.target,
        };
        link.draw(None, is_chosen, &html! { (name(self.text, choice)) })
    }

    /// Own days begin as what is looked at now.
    fn days_of(&self, choice: period::Choice, chosen: &Period) -> Period {
        match choice {
            period::Choice::Own => Period { choice, ..*chosen },
            named => Period::named(named, self.today),
        }
    }

    fn day(&self, field: &'static str, label: &str, day: NaiveDate) -> Markup {
        html! { label for=(field) { (label) } (self.day_input(field, day)) }
    }

    fn day_input(&self, field: &'static str, day: NaiveDate) -> Markup {
        let day = day.to_string();
        html! {
            // Bounds and `required` are for the trigger: what a person is still typing is not asked for.
            input #(field) type="date" name=(field) value=(self.shown(field, &day)) min="1902-01-01" max=(self.today) required
                aria-invalid=[self.is_wrong(field)] aria-describedby={ "error-" (field) };
        }
    }

    fn choice(&self, spec: &FilterSpec, chosen: Option<String>, options: Option<&Vec<run::Choice>>) -> Markup {
        let FilterKind::Choice { all, .. } = &spec.kind else { return html! {} };
        let chosen = self.shown(&spec.name, chosen.as_deref().unwrap_or_default()).to_owned();
        let options = options.map(Vec::as_slice).unwrap_or_default();
        let language = self.text.language();
        self.select(&spec.name, spec.title.get(language), all.get(language), &chosen, options)
    }

    fn dealer(&self) -> Markup {
        let options: Vec<run::Choice> = self
            .dealers
            .iter()
            .map(|(dealer, name)| run::Choice {
                value: dealer.to_string(),
                label: dealer_name(self.text, name).to_owned(),
            })
            .collect();
        let chosen = self.filter.dealer.map(|dealer| dealer.to_string()).unwrap_or_default();
        let chosen = self.shown("dealer", &chosen).to_owned();
        self.select("dealer", self.text.get("dealer"), self.text.get("all-dealers"), &chosen, &options)
    }

    fn select(&self, field: &str, label: &str, all: &str, chosen: &str, options: &[run::Choice]) -> Markup {
        let is_listed = chosen.is_empty() || options.iter().any(|option| option.value == chosen);
        html! {
            div.field {
                label for=(field) { (label) }
                select #(field) name=(field) aria-invalid=[self.is_wrong(field)] aria-describedby={ "error-" (field) } {
                    option value="" { (all) }
                    @if !is_listed { option value=(chosen) selected { (self.text.get("not-in-list")) } }
                    @for option in options {
                        option value=(option.value) selected[option.value == chosen] { (option.label) }
                    }
                }
                (self.error(field))
            }
        }
    }

    fn search(&self, spec: &FilterSpec, words: &str) -> Markup {
        let FilterKind::Search { hint } = &spec.kind else { return html! {} };
        let language = self.text.language();
        let field = &spec.name;
        html! {
            div.field {
                label for=(field) { (spec.title.get(language)) }
                input #(field) type="search" name=(field) value=(self.shown(field, words)) placeholder=(hint.get(language))
                    autocomplete="off" aria-invalid=[self.is_wrong(field)] aria-describedby={ "error-" (field) };
                (self.error(field))
            }
        }
    }
}

fn kept(is_special: bool, value: &str) -> Option<&str> {
    is_special.then_some(value)
}

fn name(text: Text, choice: period::Choice) -> &'static str {
    match choice {
        period::Choice::Month => text.get("period-month"),
        period::Choice::Quarter => text.get("period-quarter"),
        period::Choice::Year => text.get("period-year"),
        period::Choice::Own => text.get("period-own"),
    }
}

pub fn dealer_name(text: Text, name: &str) -> &str {
    if name.is_empty() { text.get("unknown-dealer") } else { name }
}

/// `01.12.2025 – 23.11.2026`
pub fn days(text: Text, period: &Period) -> String {
    let date = |day| format::date(text.language(), day);
    format!("{} – {}", date(period.first), date(period.last))
}

/// What is chosen, a title and a part per filter: the line of a phone, of print and of files.
pub fn chosen<'a>(
    text: Text,
    report: &'a Definition,
    filter: &Filter,
    options: &[Vec<run::Choice>],
    dealers: &[(DealerId, String)],
) -> Vec<(&'a str, String)> {
    let mut parts = Vec::new();
    for (index, (spec, value)) in report.filters.iter().zip(&filter.values).enumerate() {
        let part = match (value, &spec.kind) {
            (Value::Period(period), _) => days(text, period),
            (Value::Choice(None), FilterKind::Choice { all, .. }) => all.get(text.language()).to_owned(),
            (Value::Choice(Some(chosen)), _) => {
                let chosen = chosen.to_string();
                let label = options.get(index).and_then(|options| options.iter().find(|option| option.value == chosen));
                label.map_or_else(|| text.get("not-in-list").to_owned(), |option| option.label.clone())
            }
            (Value::Search(words), _) if !words.is_empty() => format!("«{words}»"),
            _ => continue,
        };
        parts.push((spec.title.get(text.language()), part));
    }
    if let Some(dealer) = filter.dealer
        && let Some((_, name)) = dealers.iter().find(|(known, _)| *known == dealer)
    {
        parts.push((text.get("dealer"), dealer_name(text, name).to_owned()));
    }
    parts
}

/// What is wrong, and what to do.
pub fn sentence(text: Text, wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Doubled => text.get("wrong-doubled"),
        Wrong::NoSuchPeriod => text.get("wrong-period"),
        Wrong::NoDate => text.get("wrong-date"),
        Wrong::Reversed => text.get("wrong-reversed"),
        Wrong::TooManyDays => text.get("wrong-long-period"),
        Wrong::NotInList => text.get("wrong-choice"),
        Wrong::TooLong => text.get("wrong-long"),
        Wrong::NoSuchFormat => text.get("wrong-format"),
    }
}
