//! A notice: one thing that happened, in the place that the shell keeps for it.

use maud::{Markup, html};

use super::text::Text;

/// The place in the shell where notices go; `web::draw_error` aims fragments' errors at it.
pub const PLACE: &str = "notices";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It did not work.
    Error,
    /// It worked, or is good to know.
    Info,
    /// Late or partial.
    Warning,
}

/// What happened and what to do, with the request's number where there is one. Colour never speaks alone.
pub fn notice(text: Text, kind: Kind, title: &str, sentence: &str, request_id: Option<&str>) -> Markup {
    let class = match kind {
        Kind::Error => "notice bad",
        Kind::Info => "notice",
        Kind::Warning => "notice warn",
    };
    html! {
        div class=(class) role="alert" {
            p { strong { (title) } " " (sentence) }
            @if let Some(id) = request_id { p.fine { (text.with("error-request", &[("id", id.into())])) } }
        }
    }
}
