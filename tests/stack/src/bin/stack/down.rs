//! `./dev down`: stops an `up` and a kept test stack, wherever they run; `--purge` forgets their data.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use stack::process::signal_process;

use crate::place;

/// An orderly stop of everything takes some seconds.
const PATIENCE: Duration = Duration::from_secs(60);

pub async fn run(purge: bool) -> Result<ExitCode> {
    let mut stopped = false;
    for role in ["up", "keep"] {
        stopped |= stop(role).await;
    }
    if !stopped {
        eprintln!("  Nothing was running.");
    }
    if purge {
        place::forget(&place::data())?;
        place::forget(&place::logs())?;
        eprintln!("  Data and logs are forgotten.");
    }
    Ok(ExitCode::SUCCESS)
}

async fn stop(role: &str) -> bool {
    let Some(pid) = place::holder(role) else { return false };
    let what = if role == "up" { "The stack" } else { "The kept test stack" };
    signal_process(pid, libc::SIGTERM);
    let until = Instant::now() + PATIENCE;
    while place::holder(role).is_some() {
        if Instant::now() > until {
            // Its children carry a death signal: nothing outlives it.
            signal_process(pid, libc::SIGKILL);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    eprintln!("  {what} (pid {pid}) has stopped.");
    true
}
