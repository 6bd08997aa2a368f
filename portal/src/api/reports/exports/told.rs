//! What a program is told of an export.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::jobs::{Job, Reason, State};
use shared::language::Language;
use shared::report::scope::DealerScope;
use shared::words::Text;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::described;
use crate::auth::bearer::Caller;
use crate::exports::own::may_see;
use crate::exports::words;
use crate::state::App;

/// Seconds between two looks at what says nothing of how long it takes, and at what takes long.
const SOON_S: u64 = 2;
const LATE_S: u64 = 30;

/// Exports of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportList {
    exports: Vec<Export>,
    /// The value of `cursor` for the next part; null after the last one.
    #[schema(required)]
    next: Option<String>,
}

/// A file of a report that is made in the background.
#[derive(Debug, Serialize, ToSchema)]
pub struct Export {
    #[schema(format = Uuid, value_type = String)]
    id: Uuid,
    /// The report's name.
    report: String,
    /// Its filter and order, as in the query of an address.
    query: String,
    /// The format's code.
    format: String,
    state: Stand,
    /// 0 to 99 while it is made, 100 once the file is there; never less than before.
    percent: i16,
    /// Rows written so far.
    rows_written: i64,
    /// Rows in all; null before they are counted.
    #[schema(required)]
    rows: Option<i64>,
    /// Seconds until its rows are written, by how fast they were so far; null where nobody knows.
    #[schema(required)]
    remaining_seconds: Option<u64>,
    /// Why it failed, or is tried again; null where it did not.
    #[schema(required)]
    reason: Option<Because>,
    /// Bytes of the file; null where there is none.
    #[schema(required)]
    size: Option<i64>,
    created_at: DateTime<Utc>,
    #[schema(required)]
    finished_at: Option<DateTime<Utc>>,
    /// The file is kept until then.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
    links: Links,
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Contents(#[expect(dead_code, reason = "its shape is described, and nothing else")] Vec<u8>);

/// Where an export stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ExportState)]
pub enum Stand {
    Queued,
    Running,
    /// The file may be had.
    Done,
    /// It was done, and its file was kept for its time.
    Expired,
    /// Also one whose dealers are no longer the caller's.
    Failed,
    Cancelled,
}

/// Why there is no file, or not yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportReason)]
pub struct Because {
    /// The same in every language.
    #[schema(example = "access")]
    code: &'static str,
    /// In the language of the request.
    text: &'static str,
}

/// Addresses of an export.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportLinks)]
pub struct Links {
    #[serde(rename = "self")]
    this: String,
    /// Null where no file may be had.
    #[schema(required)]
    file: Option<String>,
}

impl Export {
    pub fn address(&self) -> &str {
        &self.links.this
    }
}

/// To whom it is told.
pub struct Telling<'a> {
    language: Language,
    scope: &'a DealerScope,
    public: &'a Url,
}

impl<'a> Telling<'a> {
    pub fn to(app: &'a App, caller: &'a Caller) -> Self {
        Self { language: caller.language, scope: &caller.scope, public: &app.config.public }
    }

    pub fn list(&self, jobs: &[Job], is_more: bool) -> ExportList {
        let next = jobs.last().filter(|_| is_more).map(|job| job.id.to_string());
        ExportList { exports: jobs.iter().map(|job| self.one(job)).collect(), next }
    }

    pub fn one(&self, job: &Job) -> Export {
        let state = self.stand(job);
        let reason = match state {
            Stand::Failed if job.state == State::Done => Some(Reason::Access.code()),
            _ => job.reason.as_deref(),
        };
        let because = |code| Because {
            code: Reason::from_code(code).code(),
            text: words::reason(Text::of(self.language), Some(code)),
        };
        let is_there = state == Stand::Done;
        let this = described::at(self.public, &format!("/exports/{}", job.id));
        Export {
            id: job.id,
            report: job.request.report.clone(),
            query: job.request.query.clone(),
            format: job.request.format.clone(),
            state,
            percent: if job.state == State::Done { 100 } else { job.percent },
            rows_written: job.written,
            rows: job.total,
            remaining_seconds: words::remaining(job),
            reason: reason.map(because),
            size: job.file_bytes.filter(|_| is_there),
            created_at: job.created_at,
            finished_at: job.finished_at,
            expires_at: job.expires_at.filter(|_| is_there),
            links: Links { file: is_there.then(|| format!("{this}/file")), this },
        }
    }

    fn stand(&self, job: &Job) -> Stand {
        match job.state {
            State::Queued => Stand::Queued,
            State::Running => Stand::Running,
            State::Done if !may_see(self.scope, job) => Stand::Failed,
            State::Done if job.has_file() => Stand::Done,
            State::Done => Stand::Expired,
            State::Failed => Stand::Failed,
            State::Cancelled => Stand::Cancelled,
        }
    }
}

/// Seconds until it is worth asking again; none for what is over.
pub fn again_in(job: &Job) -> Option<u64> {
    let seconds = match job.state {
        State::Queued => job.waits_s.max(0.0).ceil() as u64,
        State::Running => words::remaining(job).unwrap_or_default(),
        State::Done | State::Failed | State::Cancelled => return None,
    };
    Some(seconds.clamp(SOON_S, LATE_S))
}
