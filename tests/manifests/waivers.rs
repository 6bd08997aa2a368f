//! What `waivers.toml` lets pass, with a reason and a day. From that day on the test fails, so that somebody looks again.

use chrono::NaiveDate;
use serde::Deserialize;
use stack::parts;

use crate::site::Site;
use crate::{images, policy};

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
        let object = self.object == remark.object
            || self.object.strip_suffix('*').is_some_and(|start| remark.object.starts_with(start));
        object && self.rule == remark.rule && remark.says.contains(&self.says)
    }

    fn expired(&self, today: NaiveDate) -> bool {
        self.until <= today
    }
}

/// One thing that is said about one object, and that a waiver may let pass.
#[derive(Debug, Clone)]
pub struct Remark {
    pub rule: String,
    pub object: String,
    pub says: String,
}

/// The remarks that no waiver lets pass.
pub fn unwaived(mut remarks: Vec<Remark>) -> Vec<Remark> {
    let waivers = all();
    remarks.retain(|remark| !waivers.iter().any(|waiver| waiver.waives(remark)));
    remarks
}

fn all() -> Vec<Waiver> {
    let path = parts::workspace().join("tests/manifests/waivers.toml");
    let text = std::fs::read_to_string(path).expect("waivers.toml");
    toml::from_str::<Waivers>(&text).expect("waivers.toml holds waivers").waiver
}

#[test]
fn no_waiver_has_expired_and_each_has_a_reason() {
    let today = shared::clock::now().date_naive();
    for waiver in all() {
        assert!(!waiver.expired(today), "{} of {}: look at it again", waiver.rule, waiver.object);
        assert!(waiver.reason.len() > 20, "{} of {}: why?", waiver.rule, waiver.object);
    }
}

#[test]
fn every_waiver_waives_something() {
    let site = Site::production();
    let remarks: Vec<Remark> = policy::remarks(site).into_iter().chain(images::without_digest(site)).collect();
    for waiver in all() {
        let used = remarks.iter().any(|remark| waiver.waives(remark));
        assert!(used, "{} of {} ({}) is not needed any more", waiver.rule, waiver.object, waiver.says);
    }
}

#[test]
fn a_waiver_ends_on_its_day_and_reaches_no_further_than_it_says() {
    let day = |day| NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
    let waiver = Waiver {
        rule: "few".to_owned(),
        object: "Deployment/*".to_owned(),
        says: "few replicas".to_owned(),
        reason: String::new(),
        until: day(2),
    };
    assert!(!waiver.expired(day(1)) && waiver.expired(day(2)));
    let waives = |rule: &str, object: &str, says: &str| {
        let [rule, object, says] = [rule, object, says].map(str::to_owned);
        waiver.waives(&Remark { rule, object, says })
    };
    assert!(waives("few", "Deployment/a", "a has few replicas"));
    assert!(!waives("few", "StatefulSet/a", "a has few replicas"));
    assert!(!waives("few", "Deployment/a", "a has too many"));
    assert!(!waives("other", "Deployment/a", "a has few replicas"));
}
