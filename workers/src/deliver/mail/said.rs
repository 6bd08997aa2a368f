//! What a letter says and holds, but for whom it goes to.

use url::Url;

use super::body::Figures;
use super::letter::Enclosed;

#[derive(Default)]
pub struct Said {
    /// Above all else: what a threshold says, or where the file waits.
    pub lead: Option<String>,
    /// Each under its words.
    pub tables: Vec<(String, Figures)>,
    pub enclosed: Option<Enclosed>,
    /// Where a file waits that is too large to go along.
    pub file: Option<Url>,
    /// What the recipient knows of the threshold, having read it.
    pub is_alarmed: bool,
}
