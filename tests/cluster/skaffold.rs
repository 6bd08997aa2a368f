//! `skaffold`, run to its end, or held while it watches.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use stack::process::{Launch, Process};
use stack::progress;

use crate::steps::folder;

/// A call of skaffold in this tree, its output in `.dev/cluster/<name>.log`.
pub fn launch(name: &str, words: &[&str], tree: &Path) -> Launch {
    Launch::new("skaffold", "skaffold", folder().join(format!("{name}.log")))
        .args(words)
        .folder(tree)
        .env("SKAFFOLD_UPDATE_CHECK", "false")
        .env("SKAFFOLD_INTERACTIVE", "false")
        .stop_signal(libc::SIGINT)
        .stop_within(Duration::from_secs(60))
}

/// Runs it to its end.
pub async fn run(name: &str, words: &[&str]) -> Result<()> {
    progress::run(launch(name, words, &stack::parts::workspace())).await
}

/// Starts one that goes on until it is stopped.
pub fn start(name: &str, words: &[&str], tree: &Path) -> Result<Process> {
    launch(name, words, tree).start()
}
