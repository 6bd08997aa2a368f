//! All deliveries of a person: when they go out, what became of the last mails, what can be done.

use chrono_tz::Tz;
use maud::{Markup, html};
use shared::deliveries::{Delivery, Recipient};
use shared::report::catalogue::Catalogue;
use shared::words::{Text, age};

use super::words;
use crate::auth::viewer::Viewer;

pub struct List<'a> {
    pub text: Text,
    pub viewer: &'a Viewer,
    pub deliveries: &'a [Delivery],
    pub recipients: &'a [Recipient],
    pub catalogue: &'a Catalogue,
    pub timezone: Tz,
    /// The portal knows that mails go out.
    pub is_set_up: bool,
}

impl List<'_> {
    pub fn draw(&self) -> Markup {
        let text = self.text;
        html! {
            div.title { h1 { (text.get("deliveries")) } }
            @if !self.is_set_up { p.notice.warn { (text.get("deliveries-not-set-up")) } }
            @if self.deliveries.is_empty() {
                div.card.empty {
                    p { (text.get("deliveries-none")) }
                    @if self.is_set_up { p { a href="/" { (text.get("deliveries-none-way")) } } }
                }
            }
            @for delivery in self.deliveries { (self.delivery(delivery)) }
        }
    }

    fn delivery(&self, delivery: &Delivery) -> Markup {
        let text = self.text;
        let report = self.catalogue.one_open_to(self.viewer.role, &delivery.report);
        let own_title = report.map_or(delivery.report.as_str(), |report| report.title.get(text.language()));
        let title = if delivery.title.is_empty() { own_title } else { &delivery.title };
        let schedule = delivery.schedule();
        let zone = schedule.as_ref().map_or(self.timezone, |schedule| schedule.timezone);
        let recipients = || self.recipients.iter().filter(|recipient| recipient.delivery == delivery.id);
        let is_stopped = recipients().any(|recipient| recipient.is_stopped);
        html! {
            section.card.delivery #{ "delivery-" (delivery.id) } {
                h2 {
                    @if report.is_some() {
                        a href={ "/reports/" (delivery.report) @if !delivery.query.is_empty() { "?" (delivery.query) } } { (title) }
                    } @else { (title) }
                }
                @if let Some(schedule) = &schedule { p { (words::schedule(text, schedule)) } }
                @if let (Some(threshold), Some(report)) = (&delivery.threshold, report) {
                    p { (words::threshold(text, threshold, report)) }
                }
                p.fine {
                    @if delivery.is_paused { strong { (text.get("delivery-paused")) } }
                    @else { (text.with("delivery-next", &[("at", age::time(text, delivery.next_due_at, zone).into())])) }
                }
                ul.recipients { @for recipient in recipients() { li { (self.recipient(recipient, zone)) } } }
                div.buttons {
                    @if self.is_set_up && !delivery.is_paused { (self.button(delivery, "send", "delivery-send")) }
                    @if delivery.is_paused || is_stopped { (self.button(delivery, "resume", "delivery-resume")) }
                    @if !delivery.is_paused { (self.button(delivery, "pause", "delivery-pause")) }
                    (self.button(delivery, "remove", "delivery-remove"))
                }
            }
        }
    }

    fn recipient(&self, recipient: &Recipient, zone: Tz) -> Markup {
        let text = self.text;
        let name = if recipient.subject == self.viewer.actor.subject {
            Some(text.get("recipient-self"))
        } else {
            recipient.name.as_deref()
        };
        let (said, is_bad) = words::recipient(text, recipient, zone);
        html! {
            span hx-ignore { (name.unwrap_or(text.get("recipient-unknown"))) }
            span.fine.bad[is_bad] { (said) }
        }
    }

    fn button(&self, delivery: &Delivery, what: &str, words: &'static str) -> Markup {
        html! {
            form method="post" action={ "/deliveries/" (delivery.id) "/" (what) } {
                input type="hidden" name="form_token" value=(self.viewer.form_token);
                button type="submit" { (self.text.get(words)) }
            }
        }
    }
}
