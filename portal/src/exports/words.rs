//! What is said of a job: where it stands, why it failed, how long it will take.

use shared::jobs::{Job, Reason, State};
use shared::words::{Text, format};

/// A reason as people read it.
pub fn reason(text: Text, code: Option<&str>) -> &'static str {
    text.get(match Reason::from_code(code.unwrap_or_default()) {
        Reason::Warehouse => "export-because-warehouse",
        Reason::Storage => "export-because-storage",
        Reason::TooMuch => "export-because-too-much",
        Reason::TooManyRows => "export-because-too-many-rows",
        Reason::TooLong => "export-because-too-long",
        Reason::Quota => "export-because-quota",
        Reason::Access => "export-because-access",
        Reason::Report => "export-because-report",
        Reason::Worker => "export-because-worker",
        Reason::Internal => "export-because-internal",
    })
}

/// Where it stands, in a word or two.
pub fn state(text: Text, job: &Job) -> &'static str {
    text.get(match job.state {
        State::Queued if job.attempt > 0 => "export-again",
        State::Queued => "export-queued",
        State::Running => "export-running",
        State::Done if job.has_file() => "export-done",
        State::Done => "export-expired",
        State::Failed => "export-failed",
        State::Cancelled => "export-cancelled",
    })
}

/// How far it is, in a sentence; of what is over there is none.
pub fn progress(text: Text, job: &Job) -> Option<String> {
    let count = |number: i64| format::count(text.language(), number.unsigned_abs());
    match (job.state, job.total) {
        (State::Queued, _) if job.attempt > 0 => {
            let because = reason(text, job.reason.as_deref()).into();
            let seconds = (job.waits_s.max(0.0).ceil() as u64).into();
            Some(text.with("export-again-text", &[("because", because), ("seconds", seconds)]))
        }
        (State::Queued, _) => Some(text.get("export-queued-text").to_owned()),
        (State::Running, None) => Some(text.get("export-counting").to_owned()),
        (State::Running, Some(total)) if job.written == 0 => {
            Some(text.with("export-sorting", &[("total", count(total).into())]))
        }
        (State::Running, Some(total)) => {
            let rows = [("written", count(job.written).into()), ("total", count(total.max(job.written)).into())];
            let written = text.with("export-writing", &rows);
            let left = remaining(job).map(|seconds| match seconds {
                ..90 => text.with("export-left-seconds", &[("n", seconds.into())]),
                _ => text.with("export-left-minutes", &[("n", seconds.div_ceil(60).into())]),
            });
            Some(left.map_or_else(|| written.clone(), |left| format!("{written} · {left}")))
        }
        _ => None,
    }
}

/// Seconds until its rows are written, by how fast they were so far; nothing while that says little.
pub fn remaining(job: &Job) -> Option<u64> {
    let (writing_s, left) = (job.writing_s?, job.total? - job.written);
    let says_much = job.state == State::Running && writing_s >= 2.0 && left > 0;
    says_much.then(|| (writing_s * left as f64 / job.written.max(1) as f64).ceil() as u64)
}

/// `42 %`
pub fn percent(text: Text, job: &Job) -> String {
    text.with("export-percent", &[("n", job.percent.into())])
}
