//! Small parts of the staff's forms.

use maud::{Markup, html};
use shared::words::Text;

use crate::auth::operator::Operator;
use crate::error::AppError;

/// Letters of a reason.
const LONGEST_REASON: usize = 200;

/// Why somebody does what is written down: nobody does without saying so. None where it is empty or too long.
pub fn reason(given: &str) -> Option<&str> {
    let reason = given.trim();
    (!reason.is_empty() && reason.chars().count() <= LONGEST_REASON).then_some(reason)
}

/// The same, or the sentence beside the field.
pub fn reasoned(operator: &Operator, given: &str) -> Result<String, AppError> {
    let wrong = || AppError::Invalid {
        field: "reason".to_owned(),
        message: Text::of(operator.language).get("reason-wrong").to_owned(),
    };
    reason(given).map(str::to_owned).ok_or_else(wrong)
}

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
