//! For development: files of `PORTAL_ASSETS_DIR` stand in place of the compiled ones, and when one changes, the portal ends
//! in order to be executed anew. Everything is read once at start, so nothing else needs to know.
//!
//! A file that does not do is told, and what was there before stays until it is mended; at a start that is what is compiled in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use shared::report::catalogue::Catalogue;

use crate::config::Config;
use shared::words;

/// How often the folder is looked at. A change counts once two looks agree: files arrive one after the other.
const LOOK: Duration = Duration::from_millis(250);

/// Requests under way may take so long before the portal is executed anew.
pub const DRAIN: Duration = Duration::from_secs(2);

/// Each file with its time and size.
type Looks = BTreeMap<PathBuf, (SystemTime, u64)>;

/// Lays the folder over what is compiled in, if all of it will do.
pub fn lay_over(folder: &Path, config: &Config) {
    match check(folder, config) {
        Ok(()) => shared::assets::lay_over(folder),
        Err(wrong) => tracing::error!("{wrong} Until then what is compiled in is served."),
    }
}

/// Returns when files have changed and will do.
pub async fn changed(folder: &Path, config: &Config) {
    let mut seen = looks(folder);
    loop {
        tokio::time::sleep(LOOK).await;
        let now = looks(folder);
        if now == seen {
            continue;
        }
        seen = settled(folder, now).await;
        match check(folder, config) {
            Ok(()) => return tracing::info!("Files in {} have changed: starting again with them", folder.display()),
            Err(wrong) => tracing::error!("{wrong} Until then what was there before is served."),
        }
    }
}

async fn settled(folder: &Path, mut before: Looks) -> Looks {
    loop {
        tokio::time::sleep(LOOK).await;
        let now = looks(folder);
        if now == before {
            return now;
        }
        before = now;
    }
}

fn check(folder: &Path, config: &Config) -> Result<(), String> {
    let wrong = |cause: String| format!("{} does not do: {cause}", folder.display());
    words::check(folder).map_err(wrong)?;
    Catalogue::read_over(&config.datasets, Some(folder), config.reports_dir.as_deref())
        .map(drop)
        .map_err(|cause| wrong(cause.to_string()))
}

fn looks(folder: &Path) -> Looks {
    let mut found = Looks::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(data) if data.is_dir() => folders.push(entry.path()),
                Ok(data) => {
                    let time = data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    found.insert(entry.path(), (time, data.len()));
                }
                // Gone between the two questions.
                Err(_) => {}
            }
        }
    }
    found
}
