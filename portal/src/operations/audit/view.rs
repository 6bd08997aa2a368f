//! Events as a page and as a file.

use chrono_tz::Tz;
use maud::{Markup, html};
use shared::ids::DealerId;
use shared::words::facts::dealer_name;
use shared::words::{Text, age};
use uuid::Uuid;

use super::query::{Row, Wanted};
use crate::audit::Event;
use crate::operations::form::nothing;
use crate::operations::people::role_name;

pub struct Page<'a> {
    pub text: Text,
    pub wanted: &'a Wanted,
    pub rows: &'a [Row],
    pub has_more: bool,
    pub dealers: &'a [(DealerId, String)],
    pub timezone: Tz,
}

impl Page<'_> {
    pub fn draw(&self) -> Markup {
        let text = self.text;
        let query = self.wanted.query();
        html! {
            div.title {
                h1 { (text.get("operations-audit")) }
                span.fine { (text.get("audit-text")) }
            }
            (self.form())
            section.card.sheet {
                @if self.rows.is_empty() { (nothing(text.get("audit-none"))) }
                @else {
                    (self.table())
                    p.pager {
                        @if self.has_more && let Some(last) = self.rows.last() {
                            a rel="next" href={ "/operations/audit?" (query) @if !query.is_empty() { "&" } "before=" (last.id) } { (text.get("audit-older")) }
                        }
                        a href={ "/operations/audit.csv?" (query) } download { "CSV" }
                    }
                }
            }
        }
    }

    fn form(&self) -> Markup {
        let (text, wanted) = (self.text, self.wanted);
        let day = |name: &'static str, label: &'static str, day: Option<chrono::NaiveDate>| {
            html! {
                div.field {
                    label for={ "audit-" (name) } { (text.get(label)) }
                    input id={ "audit-" (name) } type="date" name=(name) value=[day];
                }
            }
        };
        html! {
            section.card.filters {
                form method="get" action="/operations/audit" {
                    div.field {
                        label for="audit-event" { (text.get("audit-event")) }
                        select #audit-event name="event" {
                            option value="" { (text.get("audit-event-any")) }
                            @for event in Event::ALL {
                                option value=(event.code()) selected[wanted.event == Some(*event)] { (text.get(event.words())) }
                            }
                        }
                    }
                    div.field {
                        label for="audit-who" { (text.get("audit-who")) }
                        input #audit-who type="search" name="who" value=(wanted.who) maxlength="200";
                    }
                    @if !self.dealers.is_empty() {
                        div.field {
                            label for="audit-dealer" { (text.get("audit-dealer")) }
                            select #audit-dealer name="dealer" {
                                option value="" { (text.get("audit-dealer-any")) }
                                @for (dealer, name) in self.dealers {
                                    option value=(dealer) selected[wanted.dealer == Some(dealer.0)] { (dealer_name(text, name)) }
                                }
                            }
                        }
                    }
                    (day("from", "audit-from", wanted.from))
                    (day("to", "audit-to", wanted.to))
                    div.field.apply { button type="submit" { (text.get("audit-show")) } }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        let text = self.text;
        let (at, who, what, whose) =
            (text.get("audit-at"), text.get("audit-who"), text.get("audit-event"), text.get("audit-dealer"));
        html! {
            table.rows.plain {
                caption.unseen { (text.get("operations-audit")) }
                thead { tr { th scope="col" { (what) } th scope="col" { (at) } th scope="col" { (who) } th scope="col" { (whose) } th scope="col" { (text.get("audit-from-where")) } } }
                tbody {
                    @for row in self.rows {
                        tr {
                            th scope="row" {
                                (event(text, row))
                                @if let Some(about) = about(text, row) { p.fine hx-ignore { (about) } }
                            }
                            td.code data-label=(at) { (age::time(text, row.at, self.timezone)) }
                            td data-label=(who) hx-ignore {
                                (row.actor_name.as_deref().or(row.actor.as_deref()).unwrap_or(text.get("audit-nobody")))
                                @if row.is_look { p.fine { (text.get("audit-in-look")) } }
                            }
                            td data-label=(whose) hx-ignore { (self.whose(&row.dealers)) }
                            td.code data-label=(text.get("audit-from-where")) { (row.address.as_deref().unwrap_or("—")) }
                        }
                    }
                }
            }
        }
    }

    /// The first few of them.
    fn whose(&self, dealers: &[Uuid]) -> String {
        const NAMED: usize = 3;
        let name = |dealer: &Uuid| {
            let known = self.dealers.iter().find(|(known, _)| known.0 == *dealer);
            known.map_or_else(|| dealer.to_string(), |(_, name)| dealer_name(self.text, name).to_owned())
        };
        let named = dealers.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
        match dealers.len().checked_sub(NAMED) {
            Some(more @ 1..) => format!("{named} {}", self.text.with("audit-more-dealers", &[("count", more.into())])),
            _ if dealers.is_empty() => "—".to_owned(),
            _ => named,
        }
    }
}

fn event(text: Text, row: &Row) -> String {
    Event::from_code(&row.event).map_or_else(|| row.event.clone(), |event| text.get(event.words()).to_owned())
}

fn about(text: Text, row: &Row) -> Option<String> {
    let about = row.about_name.as_deref().unwrap_or(&row.about);
    let is_sign_in = Event::from_code(&row.event) == Some(Event::SignedIn);
    let detail = if is_sign_in { role_name(text, &row.detail) } else { &row.detail };
    let told: Vec<&str> = [about, detail].into_iter().filter(|part| !part.is_empty()).collect();
    (!told.is_empty()).then(|| told.join(" · "))
}

/// A head, then a line an event, all by their codes.
pub fn csv(rows: &[Row]) -> Result<Vec<u8>, csv::Error> {
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record([
        "id",
        "at",
        "event",
        "actor",
        "actor_name",
        "is_look",
        "dealers",
        "about",
        "about_name",
        "detail",
        "session",
        "address",
    ])?;
    for row in rows {
        let dealers = row.dealers.iter().map(Uuid::to_string).collect::<Vec<_>>().join(" ");
        let text = |value: &Option<String>| harmless(value.as_deref().unwrap_or_default());
        file.write_record([
            row.id.to_string(),
            row.at.to_rfc3339(),
            row.event.clone(),
            text(&row.actor),
            text(&row.actor_name),
            row.is_look.to_string(),
            dealers,
            harmless(&row.about),
            text(&row.about_name),
            harmless(&row.detail),
            text(&row.session),
            text(&row.address),
        ])?;
    }
    file.into_inner().map_err(|cause| cause.into_error().into())
}

/// A spreadsheet takes what begins so for a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
