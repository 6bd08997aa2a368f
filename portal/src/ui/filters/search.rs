//! A search: words in a field.

use maud::{Markup, html};
use shared::report::definition::FilterSpec;
use shared::report::filter::search::Spec;

use super::Form;

impl Form<'_> {
    pub(super) fn search(&self, spec: &FilterSpec, kind: &Spec, words: &str) -> Markup {
        let language = self.text.language();
        let field = &spec.name;
        html! {
            div.field {
                label for=(field) { (spec.title.get(language)) }
                input #(field) type="search" name=(field) value=(self.shown(field, words)) placeholder=(kind.hint.get(language))
                    autocomplete="off" aria-invalid=[self.is_wrong(field)] aria-describedby={ "error-" (field) };
                (self.error(field))
            }
        }
    }
}
