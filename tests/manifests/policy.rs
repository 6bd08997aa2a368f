//! M-02: kube-score has nothing to say but what `waivers.toml` waives, with a reason and a day.

use serde::Deserialize;
use stack::parts;

use crate::complaint::{Complaint, Complaints};
use crate::site::Site;
use crate::tools;
use crate::waivers::{self, Remark};

/// Below this grade kube-score makes a remark.
const FINE: u32 = 10;

/// Of kube-score's own report, what is used.
#[derive(Deserialize)]
struct Scored {
    type_meta: Kind,
    object_meta: Name,
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Check {
    check: CheckId,
    grade: u32,
    skipped: bool,
    comments: Option<Vec<Comment>>,
}

#[derive(Deserialize)]
struct CheckId {
    id: String,
}

#[derive(Deserialize)]
struct Comment {
    path: String,
    summary: String,
}

/// The rules of a production site; the dev overlay has one of everything by intent.
pub fn complaints(site: &Site) -> Vec<Complaint> {
    let mut complaints = Complaints::of("M-02");
    if site.is_production() {
        let remarks = remarks(site).into_iter().filter(|remark| in_sight(site, remark)).collect();
        for remark in waivers::unwaived(remarks) {
            complaints.add(remark.object, format!("{}: {}", remark.rule, remark.says));
        }
    }
    complaints.all
}

/// Pods that an operator makes are not rendered, so what selects them seems to select nothing.
fn in_sight(site: &Site, remark: &Remark) -> bool {
    site.has_every_pod() || !remark.rule.ends_with("-targets-pod")
}

pub fn remarks(site: &Site) -> Vec<Remark> {
    let words = ["score", "--output-format", "json", "--kubernetes-version", "v1.36", "-"];
    let said = tools::run("kube-score", &parts::workspace(), &words, &site.text());
    match serde_json::from_str::<Vec<Scored>>(&said.output) {
        Ok(scored) => scored.iter().flat_map(Scored::remarks).collect(),
        // It gives up at the first object that it cannot read.
        Err(_) => vec![Remark { rule: "unreadable".to_owned(), object: site.name.clone(), says: said.errors }],
    }
}

impl Scored {
    fn remarks(&self) -> Vec<Remark> {
        let object = format!("{}/{}", self.type_meta.kind, self.object_meta.name);
        let bad = self.checks.iter().filter(|check| check.grade < FINE && !check.skipped);
        let said = bad.flat_map(|check| check.comments.iter().flatten().map(move |comment| (&check.check.id, comment)));
        said.map(|(rule, comment)| Remark {
            rule: rule.clone(),
            object: object.clone(),
            says: format!("{} {}", comment.path, comment.summary).trim().to_owned(),
        })
        .collect()
    }
}
