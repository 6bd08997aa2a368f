//! The frame of every page: one head for all (htmx keeps it on Back), header, menu, the place for notices, content.

use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, html};
use shared::language::Language;

use super::menu::{Menu, menu};
use super::notice;
use shared::words::Text;

/// Addresses of the compiled-in files, with their hashes.
#[derive(Debug, Clone, Copy)]
pub struct Links {
    pub style: &'static str,
    /// htmx, its extension for streams of events, then our own few lines.
    pub scripts: [&'static str; 3],
    pub icon: &'static str,
}

/// Who is signed in, as the header shows it.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// The dealer's or the person's name: text from outside.
    pub name: &'a str,
    /// The hidden field of the POST forms.
    pub form_token: &'a str,
    pub menu: &'a Menu,
    /// This person looks as a dealer, until then.
    pub look_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pub language: Language,
    /// Of the window, before the brand.
    pub title: &'a str,
    /// Path and query of this page: what the menu marks, and where the language form returns to.
    pub here: &'a str,
    pub links: Links,
    /// None: nobody is signed in, or it is not known who.
    pub person: Option<Person<'a>>,
}

/// Read once, while the script runs. Without prefix `data-hx-*` stays dead; no extension registers but that.
const HTMX: &str = r#"{"extensions":"sse","prefix":""}"#;

pub fn page(frame: &Frame<'_>, content: &Markup) -> Markup {
    let text = Text::of(frame.language);
    let path = frame.here.split('?').next().unwrap_or_default();
    html! {
        (DOCTYPE)
        html lang=(frame.language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX);
                title { (frame.title) " · " (text.get("brand")) }
                link rel="stylesheet" href=(frame.links.style);
                link rel="icon" type="image/svg+xml" href=(frame.links.icon);
                @for script in frame.links.scripts { script src=(script) {} }
            }
            body {
                a.skip href="#content" { (text.get("skip-to-content")) }
                @if let Some(person) = &frame.person {
                    @if let Some(until) = person.look_until { (look(text, person, until)) }
                }
                (header(frame, text, path))
                div.columns {
                    @if let Some(person) = &frame.person {
                        nav.side aria-label=(text.get("menu-reports")) { (menu(person.menu, path)) }
                    }
                    main #content tabindex="-1" {
                        div #(notice::PLACE) role="alert" {}
                        template #no-answer {
                            (notice::notice(
                                text, text.get("no-answer"), &html! { (text.get("no-answer-text")) }, None, notice::Remedy::Retry,
                            ))
                        }
                        (content)
                    }
                }
            }
        }
    }
}

/// On every page of whoever looks as a dealer: that it is so, and the way out.
fn look(text: Text, person: &Person<'_>, until: DateTime<Utc>) -> Markup {
    let minutes = (until - shared::clock::now()).num_minutes().max(0) + 1;
    html! {
        div.look role="status" {
            p { strong { (text.get("look-banner")) } " " (text.with("look-banner-text", &[("minutes", minutes.into())])) }
            form method="post" action="/operations/look/end" {
                input type="hidden" name="form_token" value=(person.form_token);
                button #look-end type="submit" { (text.get("look-end")) }
            }
        }
    }
}

fn header(frame: &Frame<'_>, text: Text, path: &str) -> Markup {
    let other = match frame.language {
        Language::Ru => Language::En,
        Language::En => Language::Ru,
    };
    html! {
        header.top {
            a.brand href="/" { span.mark aria-hidden="true" {} (text.get("brand")) }
            @if let Some(person) = &frame.person { span.who hx-ignore { (person.name) } }
            form method="post" action="/language" {
                input type="hidden" name="language" value=(other.code());
                input type="hidden" name="return_to" value=(frame.here);
                @if let Some(person) = &frame.person {
                    input type="hidden" name="form_token" value=(person.form_token);
                }
                button.link type="submit" lang=(other.code()) title=(text.get("switch-language-title")) {
                    (text.get("switch-language"))
                }
            }
            @if let Some(person) = &frame.person {
                form method="post" action="/logout" {
                    input type="hidden" name="form_token" value=(person.form_token);
                    button.link type="submit" { (text.get("sign-out")) }
                }
                details.phone-menu {
                    summary { (text.get("menu")) }
                    nav aria-label=(text.get("menu-reports")) { (menu(person.menu, path)) }
                }
            }
        }
    }
}
