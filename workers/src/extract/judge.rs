//! How passes and comparisons ended: told once, here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Stop;
use super::pass::Counts;
use super::schedule::{Claim, Outcome};

/// What becomes of the slot of a pass. Logs how it ended, once.
pub fn pass(claim: &Claim, counts: &Counts, ended: Result<(), Stop>, took: Duration, attempts: i32) -> Outcome {
    let name = claim.dataset.name();
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (sent, skipped, rejected) = (count(&counts.sent), count(&counts.skipped), count(&counts.rejected));
    let lines = count(&counts.lines);
    metrics::counter!("extract_sent_total", "dataset" => name).increment(sent);
    metrics::counter!("extract_lines_total", "dataset" => name).increment(lines);
    if let Some(operations) = counts.unknown() {
        tracing::warn!(
            dataset.name = name,
            pass.number = claim.pass,
            "Counted among {name}, though the filter of its mapping does not name it: {operations}"
        );
    }
    match ended {
        Ok(()) => {
            metrics::counter!("extract_passes_total", "dataset" => name, "outcome" => "done").increment(1);
            tracing::info!(
                dataset.name = name,
                job.name = claim.job,
                pass.number = claim.pass,
                pass.sent = sent,
                pass.lines = lines,
                pass.skipped = skipped,
                pass.rejected = rejected,
                pass.took_ms = took.as_millis() as u64,
                "Read {name}: {sent} sent with {lines} lines, {skipped} skipped, {rejected} rejected"
            );
            Outcome::Done
        }
        Err(Stop::Asked) => Outcome::Drained,
        // Should the slot still be ours, it begins anew at once.
        Err(Stop::Stale) => {
            tracing::warn!(
                dataset.name = name,
                pass.number = claim.pass,
                "The pass over {name} lost its lease and stops: another replica or an operator has overtaken it"
            );
            Outcome::Drained
        }
        // Tried again by the next slot, not sooner: only a person or the source can end it. What stands here is as of the
        // last whole pass, so there is no marker.
        Err(Stop::Held(reason)) => {
            metrics::counter!("extract_passes_total", "dataset" => name, "outcome" => "held").increment(1);
            tracing::error!(dataset.name = name, job.name = claim.job, pass.number = claim.pass, "{reason}");
            Outcome::Done
        }
        Err(stop) => {
            metrics::counter!("extract_passes_total", "dataset" => name, "outcome" => "failed").increment(1);
            let reason = stop.to_string();
            // Nobody else tells of a slot that is not tried again.
            if matches!(stop, Stop::GiveUp(_)) || claim.attempt >= attempts {
                tracing::error!(
                    dataset.name = name,
                    job.name = claim.job,
                    attempt = claim.attempt,
                    "Failed to read {name}: {reason}"
                );
            } else {
                tracing::warn!(
                    dataset.name = name,
                    job.name = claim.job,
                    attempt = claim.attempt,
                    "Failed to read {name}: {reason}"
                );
            }
            Outcome::Failed(reason)
        }
    }
}

/// What a comparison found, it has told. One that could not be made says nothing about 1C.
pub fn audit(claim: &Claim, ended: Result<(), Stop>, attempts: i32) -> Outcome {
    let (name, is_last) = (claim.dataset.name(), claim.attempt >= attempts);
    let reason = match ended {
        Ok(()) => return Outcome::Done,
        Err(Stop::Asked | Stop::Stale) => return Outcome::Drained,
        Err(stop) => stop.to_string(),
    };
    let told = format!("What was sent of {name} is not compared with what stands in the warehouse: {reason}");
    if is_last {
        tracing::error!(dataset.name = name, attempt = claim.attempt, "{told}");
    } else {
        tracing::warn!(dataset.name = name, attempt = claim.attempt, "{told}");
    }
    Outcome::Failed(reason)
}
