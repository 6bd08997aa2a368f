//! Each dataset as a card: how fresh it is, what runs, what stands in the way, what can be done.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use shared::dataset::Catalogue;
use shared::report::freshness::Freshness;
use shared::steering::CronJob;
use shared::words::{Text, age, format};

use super::query::Stand;
use crate::auth::operator::Operator;
use crate::auth::right::Right;
use crate::operations::form::{button, nothing};

pub struct Page<'a> {
    pub text: Text,
    pub operator: &'a Operator,
    pub stands: &'a [Stand],
    pub jobs: &'a [CronJob],
    pub datasets: &'a Catalogue,
    pub now: DateTime<Utc>,
    pub timezone: Tz,
}

impl Page<'_> {
    pub fn draw(&self) -> Markup {
        let text = self.text;
        let is_silent = self.jobs.iter().all(|job| (self.now - job.said_at).num_seconds() > 120);
        html! {
            div.title {
                h1 { (text.get("operations-sync")) }
                span.fine { (age::time(text, self.now, self.timezone)) a.again href="/operations/sync" { (text.get("refresh")) } }
            }
            @if self.jobs.is_empty() { (nothing(text.get("sync-none"))) }
            @else if is_silent { p.notice.bad role="alert" { (text.get("sync-silent")) } }
            ul.entries { @for stand in self.stands { li.card id=(stand.row.dataset) { (self.stand(stand)) } } }
        }
    }

    fn stand(&self, stand: &Stand) -> Markup {
        let text = self.text;
        let row = &stand.row;
        let title = self
            .datasets
            .get(&row.dataset)
            .map_or(row.dataset.as_str(), |dataset| dataset.definition().title.get(text.language()));
        let freshness = Freshness { as_of: stand.as_of, interval_s: stand.interval_s };
        let is_late = stand.as_of.is_none() || age::is_late(freshness, self.now);
        html! {
            div {
                h2 { (title) }
                p.age.late[is_late] {
                    span.dot aria-hidden="true" {}
                    @match stand.as_of {
                        Some(_) => (age::as_of(text, freshness, self.now, self.timezone)),
                        None => (text.get("sync-not-arrived")),
                    }
                }
                (self.running(stand))
                @if let Some(at) = row.last_at {
                    p.fine {
                        (text.with("sync-last", &[
                            ("at", age::time(text, at, self.timezone).into()),
                            ("sent", format::count(text.language(), row.last_sent.unwrap_or_default().unsigned_abs()).into()),
                            ("lines", format::count(text.language(), row.last_lines.unwrap_or_default().unsigned_abs()).into()),
                        ]))
                        @if let Some(next) = stand.next_at.filter(|_| row.paused_since.is_none()) {
                            " " (text.with("sync-next", &[("at", age::time(text, next, self.timezone).into())]))
                        }
                    }
                }
                @if stand.behind_s.is_some_and(|behind| behind > 30) {
                    p.bad { (text.with("sync-behind", &[("ago", duration(text, stand.behind_s.unwrap_or_default()).into())])) }
                }
                @if let Some(trouble) = &row.trouble { p.bad hx-ignore { (text.get("sync-trouble")) " " (trouble) } }
                @if row.held > 0 { p.bad { (text.with("sync-held", &[("count", row.held.into())])) } }
                @if row.set_aside > 0 {
                    p.bad {
                        (text.with("sync-set-aside", &[("count", row.set_aside.into())])) " "
                        @if self.operator.may(Right::SeeSetAside) { a href={ "/operations/set-aside?dataset=" (row.dataset) } { (text.get("sync-look")) } }
                    }
                }
                @if let (Some(by), Some(since)) = (&row.paused_by, row.paused_since) {
                    p.bad hx-ignore {
                        (text.with("sync-paused", &[
                            ("by", by.as_str().into()),
                            ("at", age::time(text, since, self.timezone).into()),
                            ("reason", row.paused_reason.as_deref().unwrap_or_default().into()),
                        ]))
                    }
                }
            }
            @if self.operator.may(Right::SteerSync) && stand.is_read { (self.actions(stand)) }
        }
    }

    fn running(&self, stand: &Stand) -> Markup {
        let (text, row) = (self.text, &stand.row);
        let Some(since) = row.running_since else { return html! {} };
        let took = duration(text, (self.now - since).num_seconds());
        html! {
            @if let Some(percent) = stand.percent {
                p { (text.with("sync-first-load", &[("percent", percent.into())]))
                    @if let Some(left) = stand.remaining_s { " " (text.with("sync-left", &[("left", duration(text, left).into())])) }
                }
                progress max="100" value=(percent) aria-label=(text.get("sync-progress")) {}
            } @else {
                p { (text.with("sync-running", &[("took", took.into())]))
                    @if let Some(usual) = row.last_took_s { " " (text.with("sync-usual", &[("usual", duration(text, usual.ceil() as i64).into())])) }
                }
            }
        }
    }

    fn actions(&self, stand: &Stand) -> Markup {
        let (text, row) = (self.text, &stand.row);
        let at = |word: &str| format!("/operations/sync/{}/{word}", row.dataset);
        let token = &self.operator.form_token;
        html! {
            div.acts {
                @if row.paused_since.is_some() { (button(token, &at("resume"), text.get("sync-resume"))) }
                @else { (button(token, &at("run"), text.get("sync-run"))) }
                @if row.held > 0 { (button(token, &at("release"), text.get("sync-release"))) }
                details.act {
                    summary { (text.get("sync-more")) }
                    @if row.paused_since.is_none() {
                        form method="post" action=(at("pause")) {
                            input type="hidden" name="form_token" value=(token);
                            label { (text.get("sync-pause-reason")) input name="reason" required maxlength="200"; }
                            button type="submit" { (text.get("sync-pause")) }
                        }
                    }
                    form method="post" action=(at("reread")) {
                        input type="hidden" name="form_token" value=(token);
                        @if stand.has_days {
                            label { (text.get("sync-from")) input type="date" name="from"; }
                            label { (text.get("sync-to")) input type="date" name="to"; }
                        }
                        p.fine { (text.get(if stand.has_days { "sync-reread-text" } else { "sync-reread-all-text" })) }
                        button type="submit" { (text.get("sync-reread")) }
                    }
                }
            }
        }
    }
}

/// `12 с`, `3 мин`, `2 ч`.
fn duration(text: Text, seconds: i64) -> String {
    let (count, words) = match seconds {
        ..120 => (seconds.max(0), "span-seconds"),
        120..7200 => (seconds / 60, "span-minutes"),
        _ => (seconds / 3600, "span-hours"),
    };
    text.with(words, &[("count", count.into())])
}
