//! M-06: a part that may have two or more pods loses them one at a time, and they do not share a machine without need.

use serde_json::Value;

use crate::complaint::{Complaint, Complaints};
use crate::selector;
use crate::site::{Pod, Site, id, list};

pub fn complaints(site: &Site) -> Vec<Complaint> {
    let mut complaints = Complaints::of("M-06");
    if !site.is_production() {
        return complaints.all;
    }
    let budgets: Vec<&Value> = site.of_kind("PodDisruptionBudget").collect();
    let pods: Vec<Pod<'_>> = site.pods().into_iter().filter(Pod::stays).collect();
    let covers = |budget: &Value, pod: &Pod<'_>| selector::matches(&budget["spec"]["selector"], pod.labels);
    for pod in pods.iter().filter(|pod| most_replicas(site, pod) >= 2) {
        let count = budgets.iter().filter(|budget| covers(budget, pod)).count();
        complaints.demand(count == 1, pod.id(), format!("has {count} disruption budgets, not one"));
        spread(*pod, &mut complaints);
    }
    for budget in &budgets {
        let covered = pods.iter().filter(|pod| covers(budget, pod)).count();
        let fits = covered == 1 || (covered == 0 && !site.has_every_pod());
        complaints.demand(fits, id(budget), format!("covers {covered} parts, not one"));
        policy(budget, &mut complaints);
    }
    complaints.all
}

/// One pod at a time, and one that is not ready at any time: else a broken pod would hold a node for ever.
fn policy(budget: &Value, complaints: &mut Complaints) {
    let spec = &budget["spec"];
    complaints.demand(spec["maxUnavailable"] == 1, id(budget), "maxUnavailable is not 1");
    let policy = &spec["unhealthyPodEvictionPolicy"];
    complaints.demand(policy == "AlwaysAllow", id(budget), "unhealthyPodEvictionPolicy is not AlwaysAllow");
}

fn spread(pod: Pod<'_>, complaints: &mut Complaints) {
    let constraints = || list(&pod.spec["topologySpreadConstraints"]);
    let over = |key: &str| constraints().any(|constraint| constraint["topologyKey"] == key);
    complaints.demand(over("kubernetes.io/hostname"), pod.id(), "is not spread over machines");
    complaints.demand(over("topology.kubernetes.io/zone"), pod.id(), "is not spread over zones");
    let own = constraints().all(|constraint| selector::matches(&constraint["labelSelector"], pod.labels));
    complaints.demand(own, pod.id(), "is spread by labels that its pods do not have");
}

/// As many as there may be: by its own number, or by whoever scales it.
fn most_replicas(site: &Site, pod: &Pod<'_>) -> u64 {
    let scaled_by = |kind: &str, most: &str| {
        let own = |scaler: &&Value| scaler["kind"] == kind && scaler["spec"]["scaleTargetRef"]["name"] == pod.name;
        site.objects.iter().filter(own).filter_map(|scaler| scaler["spec"][most].as_u64()).max()
    };
    let replicas = pod.owner["spec"]["replicas"].as_u64();
    let scaled = scaled_by("HorizontalPodAutoscaler", "maxReplicas").or(scaled_by("ScaledObject", "maxReplicaCount"));
    scaled.or(replicas).unwrap_or(1)
}
