//! M-05: what runs on is watched by three probes, of which the one that kills is not the one that only holds traffic
//! back, and it is given the time that an orderly end takes.

use serde_json::{Value, json};

use crate::complaint::{Complaint, Complaints};
use crate::site::{Pod, Site, list, text};

/// How long requests and passes may go on after the stop signal, in seconds.
const DRAIN: u64 = 20;
/// How long new requests still find a pod that is leaving, in seconds.
const PAUSE: u64 = 5;
const GRACE: u64 = 45;
const OURS: [&str; 4] = ["portal", "extractor", "loader", "reporter"];

pub fn complaints(site: &Site) -> Vec<Complaint> {
    let mut complaints = Complaints::of("M-05");
    for pod in site.pods().into_iter().filter(Pod::stays) {
        for container in pod.containers() {
            probes(&format!("{} container {}", pod.id(), text(&container["name"])), container, &mut complaints);
            ending(pod, container, &mut complaints);
        }
    }
    complaints.all
}

fn probes(object: &str, container: &Value, complaints: &mut Complaints) {
    let asks = |probe: &str| question(&container[probe]);
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        complaints.demand(!asks(probe).is_empty(), object, format!("has no {probe}"));
    }
    let same = !asks("livenessProbe").is_empty() && asks("livenessProbe") == asks("readinessProbe");
    complaints.demand(!same, object, "asks the same for liveness as for readiness");
}

/// What a probe asks, without how often.
fn question(probe: &Value) -> String {
    let kinds = ["httpGet", "tcpSocket", "exec", "grpc"];
    kinds
        .iter()
        .filter(|kind| !probe[**kind].is_null())
        .map(|kind| json!({ *kind: probe[*kind] }).to_string())
        .collect()
}

fn ending(pod: Pod<'_>, container: &Value, complaints: &mut Complaints) {
    let ours = list(&json!(OURS)).any(|name| *name == container["name"]);
    let pause = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap_or(0);
    // Kubernetes' own value where none is given.
    let grace = pod.spec["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
    let says = format!("is given {grace} s to end, and pause and drain take {}", pause + DRAIN);
    complaints.demand(grace > pause + DRAIN, pod.id(), says);
    complaints.demand(!ours || grace >= GRACE, pod.id(), format!("is given {grace} s to end, not {GRACE}"));
    complaints.demand(!ours || pause >= PAUSE, pod.id(), format!("pauses {pause} s before it stops, not {PAUSE}"));
}
