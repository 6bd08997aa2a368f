//! A test stack kept warm between calls of `./dev test NAME`.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use stack::isolated::Isolated;
use stack::parts::Parts;

use crate::place::{self, Role, Variables};
use crate::running;

/// Nobody wants it any longer.
const UNUSED: Duration = Duration::from_secs(60 * 60);

/// Holds the stack until told to stop, an hour without a test, or a part's end.
pub async fn run() -> Result<ExitCode> {
    let Some(role) = Role::take("keep")? else { return Ok(ExitCode::SUCCESS) };
    running::unless_stopped(async {
        let mut isolated = Isolated::start(&Parts::locate()).await?;
        role.publish(&isolated.variables())?;
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if let Some(name) = isolated.failed() {
                bail!("{name} ended by itself: the kept stack stops.");
            }
            if last_use().is_some_and(|idle| idle > UNUSED) {
                return Ok(ExitCode::SUCCESS);
            }
        }
    })
    .await
}

/// The variables of the kept stack, which is started when there is none.
pub async fn warm() -> Result<Variables> {
    touch()?;
    if let Some(variables) = place::published("keep") {
        return Ok(variables);
    }
    let log = place::logs().join("keep.log");
    std::fs::create_dir_all(place::logs())?;
    let output = std::fs::File::create(&log)?;
    let mut keeper = Command::new(stack::parts::binary("stack")?)
        .arg("keep")
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0)
        .spawn()
        .context("start the kept stack")?;
    let until = Instant::now() + Duration::from_secs(120);
    while Instant::now() < until {
        if let Some(variables) = place::published("keep") {
            return Ok(variables);
        }
        if keeper.try_wait()?.is_some_and(|status| !status.success()) {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            bail!("The test stack did not start: {}", said.trim());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("The test stack did not start within two minutes. Log: {}", log.display())
}

/// Remembers that somebody uses the stack now.
pub fn touch() -> Result<()> {
    std::fs::create_dir_all(place::logs())?;
    std::fs::write(used(), "").context("remember the use of the test stack")
}

fn last_use() -> Option<Duration> {
    std::fs::metadata(used()).and_then(|data| data.modified()).ok()?.elapsed().ok()
}

fn used() -> std::path::PathBuf {
    place::logs().join("keep.used")
}
