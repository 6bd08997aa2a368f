//! A choice among what a query offers, and the choice of a dealer.

use maud::{Markup, html};
use shared::report::definition::FilterSpec;
use shared::report::filter::choice::Spec;
use shared::report::run::Choice;
use shared::words::facts::dealer_name;

use super::Form;

/// A list to choose one of, or none.
struct Select<'a> {
    field: &'a str,
    label: &'a str,
    /// The option of none.
    all: &'a str,
    chosen: &'a str,
    options: &'a [Choice],
}

impl Form<'_> {
    pub(super) fn choice(
        &self,
        spec: &FilterSpec,
        kind: &Spec,
        (chosen, options): (Option<&str>, &[Choice]),
    ) -> Markup {
        let language = self.text.language();
        self.select(&Select {
            field: &spec.name,
            label: spec.title.get(language),
            all: kind.all.get(language),
            chosen: self.shown(&spec.name, chosen.unwrap_or_default()),
            options,
        })
    }

    pub(super) fn dealer(&self) -> Markup {
        let option = |(dealer, name): &(shared::ids::DealerId, String)| Choice {
            value: dealer.to_string(),
            label: dealer_name(self.text, name).to_owned(),
        };
        let options: Vec<Choice> = self.dealers.iter().map(option).collect();
        let chosen = self.filter.dealer.map(|dealer| dealer.to_string()).unwrap_or_default();
        self.select(&Select {
            field: "dealer",
            label: self.text.get("dealer"),
            all: self.text.get("all-dealers"),
            chosen: self.shown("dealer", &chosen),
            options: &options,
        })
    }

    fn select(&self, select: &Select<'_>) -> Markup {
        let Select { field, label, all, chosen, options } = select;
        let is_listed = chosen.is_empty() || options.iter().any(|option| option.value == *chosen);
        html! {
            div.field {
                label for=(field) { (label) }
                select #(field) name=(field) aria-invalid=[self.is_wrong(field)] aria-describedby={ "error-" (field) } {
                    option value="" { (all) }
                    @if !is_listed { option value=(chosen) selected { (self.text.get("not-in-list")) } }
                    @for option in *options {
                        option value=(option.value) selected[option.value == *chosen] { (option.label) }
                    }
                }
                (self.error(field))
            }
        }
    }
}
