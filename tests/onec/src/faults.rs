//! What goes wrong on purpose. A fault is a JSON object for `POST /faults`, for instance
//! `{"kind":"status","status":503,"retry_after":30,"times":5,"path":"Document_"}`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One rule. Without `times` it holds until cleared; without `path` it meets every request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    #[serde(flatten)]
    pub kind: Kind,
    /// How many requests it still meets.
    #[serde(default)]
    pub times: Option<u32>,
    /// Met only by requests whose decoded path and query contain this.
    #[serde(default)]
    pub path: Option<String>,
    /// Matching requests to let through first.
    #[serde(default)]
    pub after: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// A refusal in the shape that 1C, or the web server before it, gives it: 401, 403, 406, 500, 502, 503, 504.
    Status {
        status: u16,
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// A page for people: with 200 by default, or the 500 of a server whose temporary disk is full.
    Html {
        #[serde(default = "ok")]
        status: u16,
    },
    /// The connection breaks after so many bytes of the body.
    Cut {
        at: usize,
    },
    /// `Content-Length` differs from the truth by so much; the connection then closes.
    Length {
        by: i64,
    },
    /// Chunks without an end.
    Endless,
    /// Nothing is sent for so long.
    Slow {
        first_byte_ms: u64,
    },
    /// Closed without an answer.
    Drop,
    /// The page that was served before, once more.
    SamePage,
    /// After the page, so many documents appear before the first one on it; of balances, new ones of the product that stands
    /// first among all.
    InsertBetween {
        documents: usize,
    },
    /// After the page, so many of its documents are physically deleted; of balances, nothing is left.
    DeleteBetween {
        documents: usize,
    },
    /// After a page of balances, every balance becomes another by so many units.
    ShiftBalances {
        by: i64,
    },
    Redirect {
        location: String,
    },
    /// A gzip body that becomes so much.
    GzipBomb {
        mebibytes: usize,
    },
    /// 500 for a page of more documents or items than that.
    Heavy {
        most: usize,
    },
    /// Wherever `find` stands in a body, these bytes stand instead: what no JSON may hold, or a field twice.
    Replace {
        find: String,
        with: Vec<u8>,
    },
    /// In `$metadata` and data. `set` is the type's name, a tabular section's `…_RowType` included.
    RenameField {
        set: String,
        field: String,
        to: String,
    },
    /// A set is not in the composition any more.
    WithdrawSet {
        set: String,
    },
    RemoveField {
        set: String,
        field: String,
    },
    /// `to` as in `$metadata`, for instance `Edm.String`: numbers then travel in quotes.
    RetypeField {
        set: String,
        field: String,
        to: String,
    },
    AddField {
        set: String,
        field: String,
        r#type: String,
    },
}

const fn ok() -> u16 {
    200
}

impl Fault {
    /// One fault or a list of them; a word that no fault knows is an error and not a fault that does less.
    pub fn read(json: &str) -> Result<Vec<Self>, String> {
        let values = match serde_json::from_str(json).map_err(|error| error.to_string())? {
            Value::Array(values) => values,
            one => vec![one],
        };
        values.into_iter().map(Self::read_one).collect()
    }

    fn read_one(value: Value) -> Result<Self, String> {
        let fault: Self = Self::deserialize(&value).map_err(|error| error.to_string())?;
        let known = serde_json::to_value(&fault).map_err(|error| error.to_string())?;
        let unknown = value.as_object().and_then(|words| words.keys().find(|word| known.get(word.as_str()).is_none()));
        match unknown {
            Some(word) => Err(format!("a fault of this kind knows no {word}")),
            None => Ok(fault),
        }
    }
}

impl Kind {
    /// Changes the schema once instead of meeting requests.
    pub fn is_of_schema(&self) -> bool {
        matches!(
            self,
            Self::RenameField { .. }
                | Self::RemoveField { .. }
                | Self::RetypeField { .. }
                | Self::AddField { .. }
                | Self::WithdrawSet { .. }
        )
    }
}

/// The rules in force, oldest first.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn list(&self) -> &[Fault] {
        &self.0
    }

    /// What this request meets; counts it against the rules.
    pub fn meet(&mut self, target: &str) -> Vec<Kind> {
        let mut met = Vec::new();
        for fault in &mut self.0 {
            if fault.path.as_ref().is_some_and(|path| !target.contains(path.as_str())) {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
                continue;
            }
            match &mut fault.times {
                Some(0) => continue,
                Some(times) => *times -= 1,
                None => {}
            }
            met.push(fault.kind.clone());
        }
        self.0.retain(|fault| fault.times != Some(0));
        met
    }
}
