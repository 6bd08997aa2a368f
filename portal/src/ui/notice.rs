//! A notice: one thing that happened, in the place that the shell keeps for it, at the foot of the window: where the reader
//! is, however far down the page.

use maud::{Markup, html};

use shared::words::Text;

/// The place in the shell where notices go; `web::draw_error` aims fragments' errors at it.
pub const PLACE: &str = "notices";

/// What can be done about it from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Something else must change first.
    None,
    /// Asking the same again, which `portal.js` does.
    Retry,
}

/// What did not work and what to do, with the request's number where there is one. Colour never speaks alone.
pub fn notice(text: Text, title: &str, sentence: &Markup, request_id: Option<&str>, remedy: Remedy) -> Markup {
    html! {
        div.notice.bad {
            div {
                p { strong { (title) } " " (sentence) }
                @if let Some(id) = request_id { p.fine { (text.with("error-request", &[("id", id.into())])) } }
            }
            @if remedy == Remedy::Retry { button #retry type="button" { (text.get("error-retry")) } }
            button.link #close-notice type="button" { (text.get("close")) }
        }
    }
}
