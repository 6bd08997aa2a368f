//! A day: alone, or one end of a period.

use chrono::NaiveDate;
use maud::{Markup, html};
use shared::report::definition::FilterSpec;

use super::Form;

impl Form<'_> {
    pub(super) fn day(&self, spec: &FilterSpec, day: NaiveDate) -> Markup {
        html! {
            div.field {
                (self.day_field(&spec.name, spec.title.get(self.text.language()), day))
                (self.error(&spec.name))
            }
        }
    }

    pub(super) fn day_field(&self, field: &str, label: &str, day: NaiveDate) -> Markup {
        html! { label for=(field) { (label) } (self.day_input(field, day)) }
    }

    pub(super) fn day_input(&self, field: &str, day: NaiveDate) -> Markup {
        let day = day.to_string();
        html! {
            // Bounds and `required` are for the trigger: what a person is still typing is not asked for.
            input #(field) type="date" name=(field) value=(self.shown(field, &day)) min="1912-01-01" max=(self.today) required
                aria-invalid=[self.is_wrong(field)] aria-describedby={ "error-" (field) };
        }
    }
}
