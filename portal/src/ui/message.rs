//! A page that says one thing: not found, signed out, something is away.

use maud::{Markup, html};

use shared::words::Text;

/// What happened, what to do, the one way on, the request's number.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    pub title: &'a str,
    pub sentence: &'a str,
    /// Address and words of the link that leads on.
    pub way_on: Option<(&'a str, &'a str)>,
    pub request_id: Option<&'a str>,
}

/// The content of `shell::page` for such a page.
pub fn message(text: Text, message: &Message<'_>) -> Markup {
    html! {
        section.message {
            h1 { (message.title) }
            p { (message.sentence) }
            @if let Some((address, words)) = message.way_on { p { a.button href=(address) { (words) } } }
            @if let Some(id) = message.request_id { p.fine { (text.with("error-request", &[("id", id.into())])) } }
        }
    }
}
