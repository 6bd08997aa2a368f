//! Being told to stop, and noticing that a part ended by itself.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use stack::isolated::stop_all;
use stack::process::{Process, describe};
use stack::progress::shown;
use tokio::signal::unix::{SignalKind, signal};

/// Ends when somebody presses Ctrl-C, closes the terminal or sends SIGTERM. A second signal ends this process at
/// once; the kernel then kills all it started.
pub async fn asked_to_stop() -> Result<()> {
    let [mut int, mut term, mut hup] =
        [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
    tokio::select! { _ = int.recv() => (), _ = term.recv() => (), _ = hup.recv() => () }
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(async {
                tokio::select! { _ = int.recv() => (), _ = term.recv() => () }
            });
            std::process::exit(130);
        }
    });
    Ok(())
}

/// Runs `work` unless somebody asks to stop first; then what the work had started is stopped by its guards.
pub async fn unless_stopped(work: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    tokio::select! {
        outcome = work => outcome,
        asked = asked_to_stop() => { asked?; eprintln!("\n  Stopping."); Ok(ExitCode::from(130)) }
    }
}

/// The processes of a running product, in the order of their start.
#[derive(Debug, Default)]
pub struct Running {
    /// What others lean on: stores, broker, identity, 1C.
    pub parts: Vec<Process>,
    /// Our own programs.
    pub programs: Vec<Process>,
}

impl Running {
    /// Ends with an error when a process ends by itself.
    pub async fn watch(&mut self) -> Result<()> {
        loop {
            tokio::time::sleep(Duration::from_millis(300)).await;
            for process in self.parts.iter_mut().chain(&mut self.programs) {
                if let Some(status) = process.ended() {
                    bail!("{}", ended(process.name(), &describe(status), process.log()));
                }
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.programs.is_empty()
    }

    /// Stops our programs first, then what they lean on.
    pub fn stop(&mut self) {
        stop_all(&mut self.programs);
        stop_all(&mut self.parts);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

fn ended(name: &str, how: &str, log: &Path) -> String {
    format!("{name} ended by itself ({how}), so everything was stopped: read {} and start again.", shown(log).display())
}
