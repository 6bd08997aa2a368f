//! The form that asks for a file which is made in the background. A POST: no link begins work.

use maud::{Markup, html};

use shared::words::Text;

/// Of which report, in which format, with which filter.
#[derive(Debug, Clone, Copy)]
pub struct ExportForm<'a> {
    /// The hidden field of the POST forms.
    pub form_token: &'a str,
    pub report: &'a str,
    /// The format's code.
    pub format: &'a str,
    /// The filter as it stands in an address, without the question mark.
    pub query: &'a str,
}

impl ExportForm<'_> {
    /// `button`: what the button is, with its words.
    pub fn draw(&self, button: &Markup) -> Markup {
        html! {
            form.export method="post" action="/exports" {
                input type="hidden" name="form_token" value=(self.form_token);
                input type="hidden" name="report" value=(self.report);
                input type="hidden" name="format" value=(self.format);
                input type="hidden" name="query" value=(self.query);
                (button)
            }
        }
    }
}

/// Beside forms in the place of links: why there are forms.
pub fn why(text: Text, rows: &str) -> Markup {
    html! { span.fine.why { (text.with("export-why", &[("rows", rows.into())])) } }
}
