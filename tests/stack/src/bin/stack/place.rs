//! What stands where under `.dev`, who runs, and the variables of the running stack.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use stack::parts;
use stack::progress::write_whole;

pub type Variables = Vec<(String, String)>;

pub fn data() -> PathBuf {
    parts::dev_folder().join("data")
}

pub fn logs() -> PathBuf {
    parts::dev_folder().join("log")
}

fn run_folder() -> PathBuf {
    parts::dev_folder().join("run")
}

/// A role that one process at a time has: `up` or `keep`. Free again when that process is gone, however it ended.
#[derive(Debug)]
pub struct Role {
    name: &'static str,
    _lock: File,
}

impl Role {
    /// Takes the role, or nothing when a living process has it.
    pub fn take(name: &'static str) -> Result<Option<Self>> {
        std::fs::create_dir_all(run_folder()).context("make .dev/run")?;
        let lock = File::create(run_folder().join(format!("{name}.lock")))?;
        if lock.try_lock().is_err() {
            return Ok(None);
        }
        let _ = std::fs::remove_file(env_file(name));
        write_whole(&pid_file(name), &std::process::id().to_string())?;
        Ok(Some(Self { name, _lock: lock }))
    }

    /// Tells other commands how to reach what runs.
    pub fn publish(&self, variables: &Variables) -> Result<()> {
        let lines: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        write_whole(&env_file(self.name), &lines)
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(env_file(self.name));
        let _ = std::fs::remove_file(pid_file(self.name));
    }
}

/// The process that has a role now.
pub fn holder(name: &str) -> Option<u32> {
    let lock = File::open(run_folder().join(format!("{name}.lock"))).ok()?;
    if lock.try_lock().is_ok() {
        return None;
    }
    std::fs::read_to_string(pid_file(name)).ok()?.trim().parse().ok()
}

/// The variables that a role's process has published, while it lives.
pub fn published(name: &str) -> Option<Variables> {
    holder(name)?;
    let text = std::fs::read_to_string(env_file(name)).ok()?;
    Some(text.lines().filter_map(|line| line.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect())
}

/// The variables of the running `./dev up`, or one sentence.
pub fn of_running_stack() -> Result<Variables> {
    match (published("up"), holder("up")) {
        (Some(variables), _) => Ok(variables),
        (None, Some(_)) => bail!("./dev up is still starting: wait until it prints the address."),
        (None, None) => bail!("Nothing runs: start it with ./dev up."),
    }
}

pub fn print_env() -> Result<ExitCode> {
    for (name, value) in of_running_stack()? {
        println!("{name}={value}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Removes a folder of `.dev`; nothing happens when it is not there.
pub fn forget(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn pid_file(name: &str) -> PathBuf {
    run_folder().join(format!("{name}.pid"))
}

fn env_file(name: &str) -> PathBuf {
    run_folder().join(format!("{name}.env"))
}
