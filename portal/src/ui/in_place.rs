//! A link that changes one thing of a report in place. By itself it leads to what is drawn but for that one thing; in
//! place it takes along what the form holds now, and is one question with it: the last one asked counts.

use maud::{Markup, html};

pub struct InPlace<'a> {
    pub id: String,
    /// Where it leads without JavaScript, in a new tab, in a mail.
    pub url: String,
    /// The report's path.
    pub path: String,
    /// What it changes, by the names of the form.
    pub changes: &'a [(&'a str, String)],
    /// The region that the results stand in, `#id`.
    pub target: &'a str,
}

impl InPlace<'_> {
    pub fn draw(&self, class: Option<&str>, is_current: bool, words: &Markup) -> Markup {
        let changes: serde_json::Map<_, _> =
            self.changes.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
        html! {
            a #(self.id) class=[class] href=(self.url) aria-current=[is_current.then_some("true")]
                hx-get=(self.path) hx-include="#report-form" hx-vals=(serde_json::Value::Object(changes).to_string())
                hx-sync="#report-form:replace" hx-target=(self.target) hx-swap="outerHTML" { (words) }
        }
    }
}
