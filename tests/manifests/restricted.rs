//! M-03: every pod keeps to Kubernetes' "restricted" profile and to the house's own: a UID from 10000 on, a root that
//! cannot be written, room for temporary files that is bounded.

use serde_json::Value;

use crate::complaint::{Complaint, Complaints};
use crate::site::{Pod, Site, entries, list, text};

const PROFILE: &str = "pod-security.kubernetes.io/";
const VOLUMES: [&str; 8] =
    ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

pub fn complaints(site: &Site) -> Vec<Complaint> {
    let mut complaints = Complaints::of("M-03");
    namespace(site, &mut complaints);
    for pod in site.pods() {
        of_pod(pod, &mut complaints);
        for container in pod.all_containers() {
            of_container(pod, container, &mut complaints);
        }
        for volume in pod.volumes() {
            of_volume(pod, volume, &mut complaints);
        }
    }
    complaints.all
}

/// The cluster itself refuses what these rules would miss.
fn namespace(site: &Site, complaints: &mut Complaints) {
    let namespaces: Vec<&Value> = site.of_kind("Namespace").collect();
    complaints.demand(namespaces.len() == 1, "Namespace", "one is to stand in the overlay");
    for namespace in namespaces {
        for mode in ["enforce", "warn", "audit"] {
            let level = &namespace["metadata"]["labels"][format!("{PROFILE}{mode}")];
            complaints.demand(level == "restricted", "Namespace", format!("{mode} is not \"restricted\""));
        }
    }
}

fn of_pod(pod: Pod<'_>, complaints: &mut Complaints) {
    for shared in ["hostNetwork", "hostPID", "hostIPC"] {
        complaints.demand(pod.spec[shared] != true, pod.id(), format!("{shared} is the node's"));
    }
    let sysctls = list(&pod.spec["securityContext"]["sysctls"]).count();
    complaints.demand(sysctls == 0, pod.id(), "sets the kernel's sysctls");
}

fn of_container(pod: Pod<'_>, container: &Value, complaints: &mut Complaints) {
    let object = format!("{} container {}", pod.id(), text(&container["name"]));
    let own = &container["securityContext"];
    let either = |field: &str| if own[field].is_null() { &pod.spec["securityContext"][field] } else { &own[field] };
    let mut demand = |holds: bool, says: &str| complaints.demand(holds, object.as_str(), says);
    demand(either("runAsNonRoot") == true, "runAsNonRoot is not true");
    demand(either("runAsUser").as_u64().is_some_and(|user| user >= 10_000), "runAsUser is not 10000 or higher");
    demand(either("seccompProfile")["type"] == "RuntimeDefault", "seccompProfile is not RuntimeDefault");
    demand(own["privileged"] != true, "is privileged");
    demand(own["allowPrivilegeEscalation"] == false, "allowPrivilegeEscalation is not false");
    demand(own["readOnlyRootFilesystem"] == true, "readOnlyRootFilesystem is not true");
    demand(list(&own["capabilities"]["drop"]).any(|name| name == "ALL"), "does not drop all capabilities");
    demand(list(&own["capabilities"]["add"]).count() == 0, "adds capabilities");
    demand(own["procMount"].is_null(), "has its own procMount");
    demand(list(&container["ports"]).all(|port| port["hostPort"].is_null()), "takes a port of the node");
}

fn of_volume(pod: Pod<'_>, volume: &Value, complaints: &mut Complaints) {
    let object = format!("{} volume {}", pod.id(), text(&volume["name"]));
    for (kind, value) in entries(volume).filter(|(key, _)| *key != "name") {
        complaints.demand(VOLUMES.contains(&kind.as_str()), object.as_str(), format!("{kind} is not allowed"));
        let bounded = kind != "emptyDir" || value["sizeLimit"].is_string();
        complaints.demand(bounded, object.as_str(), "emptyDir has no sizeLimit");
    }
}
