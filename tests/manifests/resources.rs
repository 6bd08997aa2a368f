//! M-04: every container asks for what it needs and is held to a limit, of memory well above what was measured.

use serde_json::Value;

use crate::complaint::{Complaint, Complaints};
use crate::site::{Site, text};

/// Peaks of memory under the benchmark's load, in MiB, by container.
const PEAKS: [(&str, f64); 3] = [("portal", 60.0), ("extractor", 78.0), ("loader", 128.0)];
const ROOM: f64 = 1.5;
const MIB: f64 = 1024.0 * 1024.0;

pub fn complaints(site: &Site) -> Vec<Complaint> {
    let mut complaints = Complaints::of("M-04");
    for pod in site.pods() {
        for container in pod.all_containers() {
            let name = text(&container["name"]);
            let object = format!("{} container {name}", pod.id());
            of_container(&object, name, &container["resources"], &mut complaints);
        }
    }
    complaints.all
}

fn of_container(object: &str, name: &str, resources: &Value, complaints: &mut Complaints) {
    for what in ["cpu", "memory", "ephemeral-storage"] {
        let request = quantity(&resources["requests"][what]);
        complaints.demand(request.is_some_and(|request| request > 0.0), object, format!("requests no {what}"));
        // A limit of processor time would only slow the container down while the node has nothing else to do.
        if what != "cpu" {
            let limit = quantity(&resources["limits"][what]);
            complaints.demand(limit.is_some(), object, format!("has no limit of {what}"));
            complaints.demand(limit >= request, object, format!("has a lower limit of {what} than it requests"));
        }
    }
    let measured = PEAKS.iter().find(|(container, _)| *container == name);
    if let (Some((_, peak)), Some(limit)) = (measured, quantity(&resources["limits"]["memory"])) {
        let least = peak * ROOM;
        let says = format!("is limited to {:.0} MiB; its peak of {peak:.0} MiB asks for {least:.0}", limit / MIB);
        complaints.demand(limit >= least * MIB, object, says);
    }
}

/// `250m`, `64Mi`, `1Gi`, `2`.
pub fn quantity(value: &Value) -> Option<f64> {
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_number().map(ToString::to_string))?;
    let units = [("Ki", 1024.0), ("Mi", MIB), ("Gi", 1024.0 * MIB), ("m", 0.001), ("k", 1e3), ("M", 1e6), ("G", 1e9)];
    let (number, unit) =
        units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit))).unwrap_or((&text, 1.0));
    Some(number.parse::<f64>().ok()? * unit)
}

#[test]
fn quantities_are_read_as_kubernetes_does() {
    let read = |text: &str| quantity(&Value::from(text));
    assert_eq!(read("192Mi"), Some(192.0 * MIB));
    assert_eq!(read("250m"), Some(0.25));
    assert_eq!(read("2"), Some(2.0));
    assert_eq!(read("much"), None);
    assert_eq!(quantity(&Value::from(1)), Some(1.0));
}
