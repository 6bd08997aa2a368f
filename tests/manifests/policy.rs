//! M-02: kube-score has nothing to say but what `waivers.toml` waives, with a reason and a day.

use chrono::NaiveDate;
use serde::Deserialize;
use stack::parts;

use crate::complaint::{Complaint, Complaints};
use crate::site::Site;
use crate::tools;

/// Below this grade kube-score makes a remark.
const FINE: u32 = 10;

#[derive(Debug, Deserialize)]
struct Waivers {
    waiver: Vec<Waiver>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiver {
    rule: String,
    object: String,
    says: String,
    reason: String,
    until: NaiveDate,
}

impl Waiver {
    fn waives(&self, remark: &Remark) -> bool {
        let object = self.object == "*"
            || self.object == remark.object
            || self.object.strip_suffix('*').is_some_and(|start| remark.object.starts_with(start));
        object && self.rule == remark.rule && remark.says.contains(&self.says)
    }
}

/// One thing kube-score says about one object.
#[derive(Debug)]
struct Remark {
    rule: String,
    object: String,
    says: String,
}

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
        let waivers = waivers();
        let remarks = remarks(site).into_iter().filter(|remark| in_sight(site, remark));
        for remark in remarks.filter(|remark| !waivers.iter().any(|waiver| waiver.waives(remark))) {
            complaints.add(remark.object, format!("{}: {}", remark.rule, remark.says));
        }
    }
    complaints.all
}

/// Pods that an operator makes are not rendered, so what selects them seems to select nothing.
fn in_sight(site: &Site, remark: &Remark) -> bool {
    site.has_every_pod() || !remark.rule.ends_with("-targets-pod")
}

fn remarks(site: &Site) -> Vec<Remark> {
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

fn waivers() -> Vec<Waiver> {
    let path = parts::workspace().join("tests/manifests/waivers.toml");
    let text = std::fs::read_to_string(path).expect("waivers.toml");
    toml::from_str::<Waivers>(&text).expect("waivers.toml holds waivers").waiver
}

fn expired(waiver: &Waiver, today: NaiveDate) -> bool {
    waiver.until <= today
}

#[test]
fn no_waiver_has_expired_and_each_has_a_reason() {
    let today = shared::clock::now().date_naive();
    for waiver in waivers() {
        assert!(!expired(&waiver, today), "{} of {}: look at it again", waiver.rule, waiver.object);
        assert!(waiver.reason.len() > 20, "{} of {}: why?", waiver.rule, waiver.object);
    }
}

#[test]
fn every_waiver_waives_something() {
    let remarks = remarks(Site::production());
    for waiver in waivers() {
        let used = remarks.iter().any(|remark| waiver.waives(remark));
        assert!(used, "{} of {} is not needed any more", waiver.rule, waiver.object);
    }
}

#[test]
fn a_waiver_ends_on_its_day_and_reaches_no_further_than_it_says() {
    let waiver = Waiver {
        rule: "few".to_owned(),
        object: "Deployment/*".to_owned(),
        says: "few replicas".to_owned(),
        reason: String::new(),
        until: NaiveDate::from_ymd_opt(2026, 12, 1).unwrap(),
    };
    assert!(!expired(&waiver, NaiveDate::from_ymd_opt(2026, 11, 30).unwrap()));
    assert!(expired(&waiver, NaiveDate::from_ymd_opt(2026, 12, 1).unwrap()));
    let remark = |rule: &str, object: &str, says: &str| Remark {
        rule: rule.to_owned(),
        object: object.to_owned(),
        says: says.to_owned(),
    };
    assert!(waiver.waives(&remark("few", "Deployment/a", "a has few replicas")));
    assert!(!waiver.waives(&remark("few", "StatefulSet/a", "a has few replicas")));
    assert!(!waiver.waives(&remark("few", "Deployment/a", "a has too many")));
    assert!(!waiver.waives(&remark("other", "Deployment/a", "a has few replicas")));
}
