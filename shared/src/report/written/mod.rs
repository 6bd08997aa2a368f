//! `report.toml` as somebody wrote it: before anything in it is looked up.

mod folder;
pub mod raw;

pub use self::folder::{Folder, is_plain};
