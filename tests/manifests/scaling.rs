//! M-11: who is scaled by load has no number of its own; the loader starts for a reason, has no more pods than a topic
//! has partitions, and leaves slower than a rebalance takes.

use serde_json::Value;
use workers::kafka::topics;

use crate::complaint::{Complaint, Complaints};
use crate::site::{Site, id, list, text};

/// Seconds. A loader that leaves hands its partitions over in about ten.
const REBALANCE: u64 = 60;

pub fn complaints(site: &Site) -> Vec<Complaint> {
    let mut complaints = Complaints::of("M-11");
    if !site.is_production() {
        return complaints.all;
    }
    for (kind, target) in [
        ("HorizontalPodAutoscaler", "web-server"),
        ("HorizontalPodAutoscaler", "backend-service-1"),
        ("HorizontalPodAutoscaler", "backend-service-2"),
        ("ScaledObject", "etl-loader"),
    ] {
        let name = target;
        let Some(scaler) = site.find(kind, name) else {
            complaints.add(format!("{kind}/{name}"), "is not there");
            continue;
        };
        let reference = &scaler["spec"]["scaleTargetRef"];
        complaints.demand(reference["name"] == target, id(scaler), format!("does not scale {target}"));
        let replicas = site.find("Deployment", target).map(|deployment| &deployment["spec"]["replicas"]);
        let says = "is not there, or has a number of replicas against its scaler's";
        complaints.demand(replicas.is_some_and(Value::is_null), format!("Deployment/{target}"), says);
    }
    for scaler in site.of_kind("HorizontalPodAutoscaler") {
        let spec = &scaler["spec"];
        let range =
            spec["minReplicas"].as_u64() >= Some(2) && spec["maxReplicas"].as_u64() > spec["minReplicas"].as_u64();
        complaints.demand(range, id(scaler), "does not range from two pods on upwards");
    }
    for scaler in site.of_kind("ScaledObject") {
        by_lag(site, scaler, &mut complaints);
    }
    complaints.all
}

fn by_lag(site: &Site, scaler: &Value, complaints: &mut Complaints) {
    let spec = &scaler["spec"];
    let (most, partitions) = (&spec["maxReplicaCount"], partitions(site));
    let fits = most.as_u64().is_some_and(|most| most <= partitions);
    complaints.demand(fits, id(scaler), format!("may have {most} pods for {partitions} partitions"));
    let slow = |value: &Value| value.as_u64().is_some_and(|seconds| seconds > REBALANCE);
    complaints.demand(slow(&spec["cooldownPeriod"]), id(scaler), "cools down faster than a rebalance");
    let behavior = &spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"];
    let steady = slow(&behavior["scaleDown"]["stabilizationWindowSeconds"]);
    complaints.demand(steady, id(scaler), "takes pods away faster than a rebalance");
    let triggers: Vec<&Value> = list(&spec["triggers"]).filter(|trigger| trigger["type"] == "kafka").collect();
    complaints.demand(!triggers.is_empty(), id(scaler), "does not look at the lag in Kafka");
    for trigger in triggers {
        let number = |name: &str| text(&trigger["metadata"][name]).parse().unwrap_or(0_u64);
        complaints.demand(number("lagThreshold") > 0, id(scaler), "has no lagThreshold");
        complaints.demand(number("activationLagThreshold") > 0, id(scaler), "has no activationLagThreshold");
    }
}

/// The partitions of a topic with records, as the Job or Strimzi makes them. Those of a snapshot have one each.
fn partitions(site: &Site) -> u64 {
    let topics = site.of_kind("KafkaTopic").filter(|topic| is_for_records(text(&topic["metadata"]["name"])));
    let of_strimzi = topics.filter_map(|topic| topic["spec"]["partitions"].as_u64()).max();
    let is_made = site.of_kind("Job").any(|job| job["metadata"]["name"] == "topics");
    of_strimzi.or(is_made.then_some(topics::PARTITIONS as u64)).unwrap_or(0)
}

fn is_for_records(topic: &str) -> bool {
    topic.starts_with("erp.") && !topic.contains("dead-letters")
}
