//! What goes wrong on purpose. A fault is a JSON object for `POST /faults`, for instance
//! `{"kind":"status","status":503,"retry_after":30,"times":5,"path":"Document_"}`.

use serde::{Deserialize, Serialize};

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
    /// 200 with a page for people.
    Html,
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
    /// After the page, so many documents appear before the first one on it.
    InsertBetween {
        documents: usize,
    },
    /// After the page, so many of its documents are physically deleted.
    DeleteBetween {
        documents: usize,
    },
    Redirect {
        location: String,
    },
    /// A gzip body that becomes so much.
    GzipBomb {
        mebibytes: usize,
    },
    /// In `$metadata` and data. `set` is the type's name, a tabular section's `…_RowType` included.
    RenameField {
        set: String,
        field: String,
        to: String,
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

impl Kind {
    /// Changes the schema once instead of meeting requests.
    pub fn is_of_schema(&self) -> bool {
        matches!(
            self,
            Self::RenameField { .. } | Self::RemoveField { .. } | Self::RetypeField { .. } | Self::AddField { .. }
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
