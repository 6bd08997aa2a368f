//! What people see while a stack is made: one line a step, with its time and where its log is.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{Launch, describe};

/// Runs a step and prints its line when it is done. On a terminal its name stands there meanwhile.
pub async fn step<T>(name: &str, log: Option<&Path>, work: impl Future<Output = Result<T>>) -> Result<T> {
    let start = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    let waiting = Waiting::on(name);
    if terminal {
        Waiting::draw();
    }
    let outcome = work.await;
    drop(waiting);
    let back = if terminal { "\r\x1b[2K" } else { "" };
    let mark = if outcome.is_ok() { "✓" } else { "✗" };
    let log = log.map(|path| format!("   {}", shown(path).display())).unwrap_or_default();
    eprintln!("{back}  {mark}  {name:<34} {:>7}{log}", seconds(start.elapsed()));
    if terminal {
        Waiting::draw();
    }
    outcome
}

/// A step under way. Several may be, side by side: the terminal's last line names them all.
struct Waiting(String);

static UNDER_WAY: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Waiting {
    fn on(name: &str) -> Self {
        names().push(name.to_owned());
        Self(name.to_owned())
    }

    fn draw() {
        let names = names();
        if !names.is_empty() {
            eprint!("\r\x1b[2K  …  {}", names.join(", "));
            let _ = std::io::stderr().flush();
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut names = names();
        if let Some(place) = names.iter().position(|name| *name == self.0) {
            names.remove(place);
        }
    }
}

fn names() -> MutexGuard<'static, Vec<String>> {
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a client (npm, mvn, cargo, ...) to its end, with its output in `launch`'s log.
pub async fn run(launch: Launch) -> Result<()> {
    let mut process = launch.start()?;
    let Some(status) = process.finished(Duration::from_secs(60 * 60)).await else {
        bail!("{} did not end within an hour. Log: {}", process.name(), process.log().display());
    };
    if !status.success() {
        let output = process.output();
        let lines: Vec<_> = output.lines().filter(|line| !line.trim().is_empty()).collect();
        let telling = lines.iter().find(|line| line.to_lowercase().contains("error")).or(lines.last());
        let said = telling.map(|line| format!(": {}", line.trim())).unwrap_or_default();
        bail!("{} failed ({}){said}. Log: {}", process.name(), describe(status), process.log().display());
    }
    Ok(())
}

/// `1.2 s`, `3 min 05 s`.
pub fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole < 60 { format!("{:.1} s", time.as_secs_f64()) } else { format!("{} min {:02} s", whole / 60, whole % 60) }
}

/// A path as people would type it from where they are.
pub fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

/// Writes a file whole or not at all.
pub fn write_whole(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).with_context(|| format!("write {}", beside.display()))?;
    std::fs::rename(&beside, path).with_context(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_say_them() {
        assert_eq!(seconds(Duration::from_millis(1240)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }
}
