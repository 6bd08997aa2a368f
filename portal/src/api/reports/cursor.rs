//! Where the rows go on: a mark, sealed, for one question of one caller. The same mark is always the same text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shared::report::run::part::Mark;

use crate::auth::bearer::Caller;
use crate::auth::seal::{Broken, Sealer};

/// A request's head is shorter.
const LONGEST: usize = 16 * 1024;

/// What a cursor holds. Nothing of it depends on the language.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cursor {
    /// The day of the first part: "this month" stays what it was, also over midnight.
    pub today: NaiveDate,
    /// `-revenue`
    pub sort: String,
    pub mark: Mark,
}

/// Whose question it is: the caller, the dealers, the report and every parameter but `cursor` and `limit`.
pub struct Bound(Vec<u8>);

impl Bound {
    pub fn to(caller: &Caller, report: &str, pairs: &[(String, String)]) -> Self {
        let mut asked: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.trim()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        asked.sort_unstable();
        let mut hash = Sha256::new();
        let mut add = |word: &[u8]| {
            hash.update((word.len() as u64).to_be_bytes());
            hash.update(word);
        };
        add(caller.actor.subject.as_bytes());
        add(report.as_bytes());
        for (name, value) in asked {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        for dealer in caller.scope.dealers() {
            add(dealer.0.as_bytes());
        }
        Self([b"cursor".as_slice(), &hash.finalize()].concat())
    }
}

impl Cursor {
    pub fn seal(&self, sealer: &Sealer, bound: &Bound) -> Result<String, Broken> {
        Ok(URL_SAFE_NO_PAD.encode(sealer.seal_alike(self, &bound.0)?))
    }

    /// Broken: changed, of another question, of another caller, or made with another key.
    pub fn open(text: &str, sealer: &Sealer, bound: &Bound) -> Result<Self, Broken> {
        if text.len() > LONGEST {
            return Err(Broken);
        }
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| Broken)?;
        sealer.open_alike(&sealed, &bound.0)
    }
}
