//! What dealers' own programs read: JSON and files by bearer token, errors as problem documents, never a page.

pub mod described;
mod problem;
mod reports;

pub use self::problem::{Problem, draw};
pub use self::reports::routes;

/// Whether programs, not people, ask below this path.
pub fn is_asked(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}
