//! People as a list, and one of them with grants and the form that gives another.

use axum::http::StatusCode;
use chrono::NaiveDate;
use chrono_tz::Tz;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use shared::ids::DealerId;
use shared::words::facts::dealer_name;
use shared::words::{Text, age, format};
use uuid::Uuid;

use super::query::{Grant, LISTED, Person};
use crate::auth::operator::Operator;
use crate::auth::right::Right;
use crate::operations::form::{button, nothing, search};

type Dealers = [(DealerId, String)];

/// The page of a person.
pub fn path(subject: &str) -> String {
    format!("/operations/people/{}", utf8_percent_encode(subject, NON_ALPHANUMERIC))
}

/// What a person is called.
pub fn name(text: Text, person: &Person) -> &str {
    if person.name.is_empty() { text.get("people-unnamed") } else { &person.name }
}

fn role(text: Text, person: &Person) -> &'static str {
    role_name(text, &person.role)
}

/// A role as people call it.
pub fn role_name(text: Text, role: &str) -> &'static str {
    match role {
        "dealer" => text.get("role-dealer"),
        "manager" => text.get("role-manager"),
        "admin" => text.get("role-admin"),
        _ => text.get("role-none"),
    }
}

/// A dealer's name, where this operator has to do with that dealer.
fn called(text: Text, dealers: &Dealers, dealer: Uuid) -> Option<&str> {
    dealers.iter().find(|(known, _)| known.0 == dealer).map(|(_, name)| dealer_name(text, name))
}

pub struct List<'a> {
    pub text: Text,
    pub people: &'a [Person],
    pub is_directory_away: bool,
    pub asked: &'a str,
    pub dealer: Option<DealerId>,
    pub dealers: &'a Dealers,
    pub timezone: Tz,
}

impl List<'_> {
    pub fn draw(&self) -> Markup {
        let text = self.text;
        let listed = usize::try_from(LISTED).unwrap_or_default();
        html! {
            div.title {
                h1 { (text.get("operations-people")) }
                @if let Some(dealer) = self.dealer {
                    span.fine hx-ignore { (called(text, self.dealers, dealer.0).unwrap_or(text.get("people-other-dealer"))) }
                    a.fine href="/operations/people" { (text.get("people-all")) }
                }
            }
            (search(text, "/operations/people", self.asked, text.get("people-search")))
            @if self.is_directory_away { p.notice.warn role="status" { (text.get("people-directory-away")) } }
            @if self.people.is_empty() { (nothing(text.get(if self.asked.is_empty() { "people-none" } else { "nothing-found" }))) }
            @if self.people.len() > listed {
                p.fine { (text.with("list-is-long", &[("shown", listed.into()), ("count", self.people.len().into())])) }
            }
            ul.entries {
                @for person in self.people.iter().take(listed) { li.card { (self.entry(person)) } }
            }
        }
    }

    fn entry(&self, person: &Person) -> Markup {
        let text = self.text;
        let mut seen: Vec<&str> = person
            .claimed
            .iter()
            .chain(&person.granted)
            .filter_map(|dealer| called(text, self.dealers, *dealer))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        html! {
            div {
                a href=(path(&person.subject)) hx-ignore { (name(text, person)) }
                p.fine hx-ignore {
                    (role(text, person))
                    @if !seen.is_empty() { " · " (seen.join(", ")) }
                }
            }
            span.fine {
                @match person.signed_in_at {
                    Some(at) => (text.with("people-signed-in", &[("at", age::time(text, at, self.timezone).into())])),
                    None => (text.get("people-never")),
                }
            }
        }
    }
}

/// The form of a grant as it was sent, with what does not fit.
#[derive(Debug, Clone, Default)]
pub struct Form {
    pub dealer: String,
    pub until: String,
    pub reason: String,
    /// The field, and the name of a sentence.
    pub wrong: Option<(&'static str, &'static str)>,
}

impl Form {
    pub const fn status(&self) -> StatusCode {
        if self.wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK }
    }

    fn wrong_of(&self, field: &str) -> Option<&'static str> {
        self.wrong.filter(|(wrong, _)| *wrong == field).map(|(_, words)| words)
    }
}

pub struct OnePerson<'a> {
    pub text: Text,
    pub operator: &'a Operator,
    pub person: &'a Person,
    pub grants: &'a [Grant],
    pub dealers: &'a Dealers,
    pub form: &'a Form,
    pub timezone: Tz,
    pub today: NaiveDate,
}

impl OnePerson<'_> {
    pub fn draw(&self) -> Markup {
        let (text, person) = (self.text, self.person);
        html! {
            div.title {
                h1 hx-ignore { (name(text, person)) }
                span.fine { (role(text, person)) }
                span.fine {
                    @match person.signed_in_at {
                        Some(at) => (text.with("people-signed-in", &[("at", age::time(text, at, self.timezone).into())])),
                        None => (text.get("people-never")),
                    }
                }
            }
            (self.claimed())
            (self.granted())
            @if self.operator.may(Right::Grant) && person.role != "admin" { (self.giving()) }
            @if self.operator.may(Right::AllowLooking) && person.role == "manager" { (self.looking()) }
            p { a href="/operations/people" { (text.get("people-all")) } }
        }
    }

    fn claimed(&self) -> Markup {
        let text = self.text;
        let own: Vec<_> = self.person.claimed.iter().filter_map(|dealer| called(text, self.dealers, *dealer)).collect();
        html! {
            section.card.part {
                h2 { (text.get("people-claimed")) }
                @match self.person.role.as_str() {
                    "admin" => p { (text.get("people-admin-text")) },
                    "manager" => p { (text.get("people-manager-text")) },
                    _ if own.is_empty() => p { (text.get("people-claimed-none")) },
                    _ => ul hx-ignore { @for dealer in &own { li { (dealer) } } },
                }
            }
        }
    }

    fn granted(&self) -> Markup {
        let text = self.text;
        html! {
            section.card.part {
                h2 { (text.get("grants")) }
                @if self.grants.is_empty() { p { (text.get("grants-none")) } }
                ul.entries {
                    @for grant in self.grants { li { (self.entry(grant)) } }
                }
            }
        }
    }

    fn entry(&self, grant: &Grant) -> Markup {
        let text = self.text;
        let by = text.with(
            "grant-by",
            &[
                ("by", grant.granted_by.as_str().into()),
                ("at", age::time(text, grant.granted_at, self.timezone).into()),
            ],
        );
        let action = format!("{}/grants/{}/take", path(&self.person.subject), grant.dealer_id);
        html! {
            div hx-ignore {
                strong { (called(text, self.dealers, grant.dealer_id).unwrap_or(text.get("people-other-dealer"))) }
                @if grant.is_over { " " span.bad { (text.get("grant-is-over")) } }
                p.fine {
                    (grant.reason) @if !grant.reason.is_empty() { " · " } (by)
                    @if let Some(until) = grant.until {
                        // The last day, not the midnight after it.
                        @let last = (until - chrono::Duration::seconds(1)).with_timezone(&self.timezone).date_naive();
                        " · " (text.with("grant-until-day", &[("day", format::date(text.language(), last).into())]))
                    }
                }
            }
            @if self.operator.may(Right::Grant) { (button(&self.operator.form_token, &action, text.get("grant-take"))) }
        }
    }

    fn giving(&self) -> Markup {
        let (text, form) = (self.text, self.form);
        let field = |name: &'static str, label: &'static str, control: &Markup| {
            let wrong = form.wrong_of(name);
            html! {
                div.field {
                    label for={ "grant-" (name) } { (text.get(label)) }
                    (control)
                    p.error id={ "grant-" (name) "-error" } role=[wrong.map(|_| "alert")] { @if let Some(words) = wrong { (text.get(words)) } }
                }
            }
        };
        let is_wrong = |name: &str| form.wrong_of(name).map(|_| "true");
        html! {
            section.card.part {
                h2 { (text.get("grant-new")) }
                @if self.dealers.is_empty() { p { (text.get("dealers-none")) } }
                @else {
                    form.giving method="post" action={ (path(&self.person.subject)) "/grants" } {
                        input type="hidden" name="form_token" value=(self.operator.form_token);
                        (field("dealer", "grant-dealer", &html! {
                            select #grant-dealer name="dealer" required aria-invalid=[is_wrong("dealer")] aria-describedby="grant-dealer-error" {
                                option value="" { (text.get("grant-dealer-choose")) }
                                @for (dealer, name) in self.dealers {
                                    option value=(dealer) selected[form.dealer == dealer.to_string()] { (dealer_name(text, name)) }
                                }
                            }
                        }))
                        (field("until", "grant-until", &html! {
                            input #grant-until type="date" name="until" value=(form.until) min=(self.today)
                                aria-invalid=[is_wrong("until")] aria-describedby="grant-until-error";
                        }))
                        (field("reason", "grant-reason", &html! {
                            input #grant-reason name="reason" value=(form.reason) required maxlength="200"
                                aria-invalid=[is_wrong("reason")] aria-describedby="grant-reason-error";
                        }))
                        div.field.apply { button.primary type="submit" { (text.get("grant-give")) } }
                    }
                }
            }
        }
    }

    fn looking(&self) -> Markup {
        let text = self.text;
        let is_allowed = self.person.is_look_allowed;
        let (told, act) =
            if is_allowed { ("look-is-allowed", "look-forbid") } else { ("look-is-not-allowed", "look-allow") };
        html! {
            section.card.part {
                h2 { (text.get("look-as")) }
                p { (text.get(told)) }
                form method="post" action={ (path(&self.person.subject)) "/looking" } {
                    input type="hidden" name="form_token" value=(self.operator.form_token);
                    input type="hidden" name="allow" value=(!is_allowed);
                    button type="submit" { (text.get(act)) }
                }
            }
        }
    }
}
