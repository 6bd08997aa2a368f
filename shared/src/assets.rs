//! For development: a folder whose files stand in place of the compiled ones of `assets/`. Chosen once, before anything is read.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// From now on files of this folder come first. What was read before stays as it is.
pub fn lay_over(folder: &Path) {
    let _ = FOLDER.set(folder.to_owned());
}

/// The folder, if one was laid over.
pub fn folder() -> Option<&'static Path> {
    FOLDER.get().map(PathBuf::as_path)
}

/// The file that stands in place of `assets/<path>`, if there is one.
pub fn read(folder: Option<&Path>, path: &str) -> Option<Vec<u8>> {
    std::fs::read(folder?.join(path)).ok()
}

/// The same as text.
pub fn read_text(folder: Option<&Path>, path: &str) -> Option<String> {
    std::fs::read_to_string(folder?.join(path)).ok()
}
