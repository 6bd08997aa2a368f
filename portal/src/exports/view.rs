//! A job as a page, and all of a person's jobs as a list. What changes while it runs stands in `state`, which the page and the
//! stream of events draw alike; what can be done about it stands apart, so that no button vanishes under a finger.

use chrono_tz::Tz;
use maud::{Markup, html};
use shared::jobs::{Job, State};
use shared::report::write;
use shared::words::{Text, age, format};

use super::address::path;
use super::words;
use crate::ui::export_form::ExportForm;

/// Named once: the page wears them, the stream aims at them.
const STATE: &str = "export-state";
pub const ACTIONS: &str = "export-actions";
const SAID: &str = "export-said";

/// The event that ends the stream.
pub const END: &str = "end";

/// Everything that a drawing of a job looks at.
pub struct Drawing<'a> {
    pub text: Text,
    pub job: &'a Job,
    /// The rows of all its dealers are the viewer's to see.
    pub may_see: bool,
    pub form_token: &'a str,
    pub timezone: Tz,
}

impl Drawing<'_> {
    pub fn page(&self, title: &str) -> Markup {
        let is_over = self.job.state.is_over();
        let events = format!("{}/events?seen={}", path(self.job.id), self.seen());
        html! {
            (self.head(title))
            // Without JavaScript the page comes again by itself, until there is nothing more to wait for.
            @if !is_over { noscript { meta http-equiv="refresh" content="3"; } }
            p #(SAID) .unseen aria-live="polite" { (words::state(self.text, self.job)) }
            section.card.job {
                @if is_over { div #(STATE) { (self.state()) } }
                @else { div #(STATE) hx-sse:connect=(events) hx-sse:close=(END) hx-swap="innerHTML" { (self.state()) } }
                div #(ACTIONS) { (self.actions()) }
            }
            (self.to_all())
        }
    }

    /// For a file that is asked for and is not there any more.
    pub fn gone(&self, title: &str, sentence: &str) -> Markup {
        html! {
            (self.head(title))
            section.card.job { p role="alert" { (sentence) } (self.again()) }
            (self.to_all())
        }
    }

    fn to_all(&self) -> Markup {
        html! { p { a href="/exports" { (self.text.get("exports-all")) } } }
    }

    fn head(&self, title: &str) -> Markup {
        let made = age::time(self.text, self.job.created_at, self.timezone);
        html! {
            div.title {
                h1 { (title) }
                span.fine { (format_title(self.text, &self.job.request.format)) " · " (made) }
            }
        }
    }

    /// What a browser that shows this has seen: two of these that are equal draw alike.
    pub fn seen(&self) -> String {
        let Job { state, attempt, percent, written, .. } = self.job;
        format!("{state:?}.{attempt}.{percent}.{written}")
    }

    /// One message of the stream. `is_turn`: the state is another than was seen, so that what can be done is another too.
    pub fn message(&self, is_turn: bool) -> Markup {
        html! {
            (self.state())
            @if is_turn {
                hx-partial hx-target={ "#" (ACTIONS) } hx-swap="innerHTML" { (self.actions()) }
                hx-partial hx-target={ "#" (SAID) } hx-swap="innerHTML" { (words::state(self.text, self.job)) }
            }
        }
    }

    fn state(&self) -> Markup {
        let (text, job) = (self.text, self.job);
        html! {
            p.lead { strong { (self.told()) }
                @if job.state == State::Running && job.total.is_some() {
                    " " span.figure { (words::percent(text, job)) }
                }
            }
            @match job.state {
                State::Running if job.total.is_some() => {
                    progress max="100" value=(job.percent) aria-label=(text.get("export-progress")) {}
                }
                State::Queued | State::Running => progress max="100" aria-label=(text.get("export-progress")) {},
                State::Done | State::Failed | State::Cancelled => {}
            }
            @if let Some(progress) = words::progress(text, job) { p.fine { (progress) } }
            @if let Some(more) = self.more() { p { (more) } }
        }
    }

    fn told(&self) -> &'static str {
        if self.is_closed() { self.text.get("export-failed") } else { words::state(self.text, self.job) }
    }

    /// Finished, and not for this person's eyes any more.
    fn is_closed(&self) -> bool {
        self.job.state == State::Done && !self.may_see
    }

    /// Of what is over: what there is, or why there is nothing.
    fn more(&self) -> Option<String> {
        let (text, job) = (self.text, self.job);
        match job.state {
            _ if self.is_closed() => Some(text.get("export-because-access").to_owned()),
            State::Done if job.has_file() => {
                let rows = format::count(text.language(), job.written.unsigned_abs()).into();
                let size = format::size(text, job.file_bytes.unwrap_or_default()).into();
                let until = job.expires_at.map(|at| age::time(text, at, self.timezone)).unwrap_or_default();
                Some(text.with("export-done-text", &[("rows", rows), ("size", size), ("until", until.into())]))
            }
            State::Done => Some(text.get("export-gone").to_owned()),
            State::Failed => Some(words::reason(text, job.reason.as_deref()).to_owned()),
            State::Cancelled => Some(text.get("export-cancelled-text").to_owned()),
            State::Queued | State::Running => None,
        }
    }

    fn actions(&self) -> Markup {
        let (text, job) = (self.text, self.job);
        html! {
            @match job.state {
                State::Queued | State::Running => {
                    form method="post" action={ (path(job.id)) "/cancel" } {
                        input type="hidden" name="form_token" value=(self.form_token);
                        button #export-cancel type="submit" { (text.get("export-cancel")) }
                    }
                    p.fine { (text.get("export-leave")) }
                }
                State::Done if self.is_closed() => {}
                State::Done if job.has_file() => {
                    a #export-download .button.primary href={ (path(job.id)) "/file" } download { (text.get("export-download")) }
                    @if let Some(name) = &job.file_name { p.fine hx-ignore { (name) } }
                }
                State::Done | State::Failed | State::Cancelled => (self.again()),
            }
        }
    }

    /// The same, asked for once more.
    fn again(&self) -> Markup {
        let request = &*self.job.request;
        let form = ExportForm {
            form_token: self.form_token,
            report: &request.report,
            format: &request.format,
            query: &request.query,
        };
        form.draw(&html! { button #export-again .primary type="submit" { (self.text.get("export-once-more")) } })
    }
}

/// All jobs of a person. `title`: a job's report, as this person reads it.
pub struct List<'a, T> {
    pub text: Text,
    pub jobs: &'a [Job],
    pub timezone: Tz,
    pub title: T,
}

impl<T: Fn(&Job) -> String> List<'_, T> {
    pub fn draw(&self) -> Markup {
        let text = self.text;
        html! {
            div.title { h1 { (text.get("exports")) } }
            @if self.jobs.is_empty() {
                div.card.empty {
                    p { (text.get("exports-none")) }
                    p { a href="/" { (text.get("exports-none-way")) } }
                }
            } @else {
                ul.exports { @for job in self.jobs { li.card { (self.line(job)) } } }
            }
        }
    }

    fn line(&self, job: &Job) -> Markup {
        let text = self.text;
        html! {
            a href=(path(job.id)) { ((self.title)(job)) }
            span.fine { (format_title(text, &job.request.format)) " · " (age::time(text, job.created_at, self.timezone)) }
            span.bad[job.state == State::Failed] {
                (words::state(text, job))
                @if job.state == State::Running && job.total.is_some() {
                    " " (words::percent(text, job))
                }
            }
        }
    }
}

/// What people call a format; of one that is no more its code.
fn format_title(text: Text, code: &str) -> String {
    write::format(code).map_or_else(|| code.to_owned(), |format| text.get(format.title).to_owned())
}
