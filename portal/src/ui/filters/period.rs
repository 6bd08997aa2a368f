//! A period: first as links that work by themselves, then by dates.

use maud::{Markup, html};
use shared::report::definition::FilterSpec;
use shared::report::filter::period::Spec;
use shared::report::period::{Choice, Period};
use shared::words::facts;

use super::{Form, kept};
use crate::ui::in_place::InPlace;

impl Form<'_> {
    pub(super) fn period(&self, spec: &FilterSpec, kind: &Spec, chosen: &Period) -> Markup {
        let text = self.text;
        let is_own = chosen.choice == Choice::Own
            || self.refused.is_some_and(|refused| refused.of("from").is_some() || refused.of("to").is_some());
        let code = if is_own { Choice::Own.code() } else { chosen.choice.code() };
        html! {
            fieldset #report-period .field {
                legend { (spec.title.get(text.language())) }
                div.segments {
                    @for choice in Choice::ALL {
                        @let is_chosen = if is_own { choice == Choice::Own } else { choice == chosen.choice };
                        (self.period_link(choice, chosen, (is_chosen, is_own)))
                    }
                }
                input name="period" hidden value=[kept(is_own || chosen.choice != kind.default, code)];
                (self.hidden_fields())
                @if is_own {
                    div.days {
                        (self.day_field("from", text.get("period-from"), chosen.first))
                        (self.day_field("to", text.get("period-to"), chosen.last))
                    }
                }
                (self.error("period"))
                @if is_own { (self.error("from")) (self.error("to")) }
            }
        }
    }

    fn period_link(&self, choice: Choice, chosen: &Period, (is_chosen, is_own): (bool, bool)) -> Markup {
        let days = self.days_of(choice, chosen);
        let mut changes = vec![("period", choice.code().to_owned())];
        if choice == Choice::Own && !is_own {
            changes.extend([("from", days.first.to_string()), ("to", days.last.to_string())]);
        }
        let link = InPlace {
            id: format!("period-{}", choice.code()),
            url: self.filter.in_period(days).url(self.report),
            path: self.report.path(),
            changes: &changes,
            target: self.target,
        };
        link.draw(None, is_chosen, &html! { (facts::period_name(self.text, choice)) })
    }

    /// Own days begin as what is looked at now.
    fn days_of(&self, choice: Choice, chosen: &Period) -> Period {
        match choice {
            Choice::Own => Period { choice, ..*chosen },
            named => Period::named(named, self.today),
        }
    }
}
