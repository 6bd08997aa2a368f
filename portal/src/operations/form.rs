//! Small parts of the staff's forms.

use maud::{Markup, html};
use shared::words::Text;

/// A form that does one thing to one row: a token and a button.
pub fn button(form_token: &str, action: &str, words: &str) -> Markup {
    html! {
        form method="post" action=(action) {
            input type="hidden" name="form_token" value=(form_token);
            button type="submit" { (words) }
        }
    }
}

/// A field for a word to search for, by a form of its own.
pub fn search(text: Text, action: &str, asked: &str, hint: &str) -> Markup {
    html! {
        form.asking role="search" method="get" action=(action) {
            input type="search" name="search" value=(asked) placeholder=(hint) aria-label=(hint) maxlength="100";
            button type="submit" { (text.get("find")) }
        }
    }
}

/// What a list says that has nothing to show: why, and what to do next.
pub fn nothing(sentence: &str) -> Markup {
    html! { div.card.empty { p { (sentence) } } }
}
