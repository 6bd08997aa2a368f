//! M-07: nothing is let through by default, and what is let through is the table "Connections" of README.md: no more and
//! no less. A road between two of our pods needs both ends: out of the one and into the other.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::complaint::{Complaint, Complaints};
use crate::site::{Pod, Site, list, text};
use crate::{readme, selector};

/// From, to, port.
type Road = (String, String, u64);

const NAMESPACE: &str = "kubernetes.io/metadata.name";
const TABLE: &str = "Connections";

pub fn complaints(site: &Site) -> Vec<Complaint> {
    let mut complaints = Complaints::of("M-07");
    if site.is_production() {
        closed_by_default(site, &mut complaints);
    }
    if site.is_production() && site.has_every_pod() {
        let roads = Roads::of(site, &mut complaints);
        compare(&roads.allowed(&mut complaints), &documented(site), &mut complaints);
    }
    complaints.all
}

fn closed_by_default(site: &Site, complaints: &mut Complaints) {
    let policies: Vec<&Value> = site.of_kind("NetworkPolicy").collect();
    let deny = policies.iter().filter(|policy| {
        let spec = &policy["spec"];
        let has_rules = ["ingress", "egress"].iter().any(|way| list(&spec[*way]).count() > 0);
        spec["podSelector"] == serde_json::json!({})
            && governs(policy, "Ingress")
            && governs(policy, "Egress")
            && !has_rules
    });
    complaints.demand(deny.count() == 1, "NetworkPolicy", "no policy denies everything to every pod");
    for pod in site.pods() {
        let own = policies.iter().filter(|policy| text(&policy["metadata"]["name"]) == pod.name);
        let selects = own.into_iter().any(|policy| selector::matches(&policy["spec"]["podSelector"], pod.labels));
        complaints.demand(selects, pod.id(), "has no network policy of its own name that selects it");
    }
}

fn governs(policy: &Value, way: &str) -> bool {
    list(&policy["spec"]["policyTypes"]).any(|kind| kind == way)
}

/// Half roads: what may leave, and what may enter.
struct Roads {
    pods: BTreeSet<String>,
    out: BTreeSet<Road>,
    into: BTreeSet<Road>,
}

impl Roads {
    fn of(site: &Site, complaints: &mut Complaints) -> Self {
        let pods = site.pods();
        let names = pods.iter().map(|pod| pod.name.to_owned()).collect();
        let mut roads = Self { pods: names, out: BTreeSet::new(), into: BTreeSet::new() };
        for policy in site.of_kind("NetworkPolicy") {
            let selected: Vec<&str> = selected(&policy["spec"]["podSelector"], &pods);
            for (way, peers) in [("egress", "to"), ("ingress", "from")] {
                for rule in list(&policy["spec"][way]) {
                    let others = others((rule, peers), &pods, policy, complaints);
                    for port in ports(rule, policy, complaints) {
                        for (own, other) in selected.iter().flat_map(|own| others.iter().map(move |other| (own, other)))
                        {
                            let (own, other) = ((*own).to_owned(), other.clone());
                            let new = if way == "egress" { (own, other, port) } else { (other, own, port) };
                            (if way == "egress" { &mut roads.out } else { &mut roads.into }).insert(new);
                        }
                    }
                }
            }
        }
        roads
    }

    /// Whole roads. Of those between our own pods a half is a fault: somebody meant it to be whole.
    fn allowed(&self, complaints: &mut Complaints) -> BTreeSet<Road> {
        let ours = |road: &Road| self.pods.contains(&road.0) && self.pods.contains(&road.1);
        for road in self.out.symmetric_difference(&self.into).filter(|road| ours(road)) {
            let says =
                if self.out.contains(road) { "may leave, and is not let in" } else { "is let in, and may not leave" };
            complaints.add("NetworkPolicy", format!("{}: {says}", shown(road)));
        }
        let outside = self.out.union(&self.into).filter(|road| !ours(road));
        self.out.intersection(&self.into).chain(outside).cloned().collect()
    }
}

fn selected<'a>(selector: &Value, pods: &[Pod<'a>]) -> Vec<&'a str> {
    pods.iter().filter(|pod| selector::matches(selector, pod.labels)).map(|pod| pod.name).collect()
}

/// Who the peers of a rule are, by name. A rule without peers speaks of everybody.
fn others((rule, peers): (&Value, &str), pods: &[Pod<'_>], policy: &Value, complaints: &mut Complaints) -> Vec<String> {
    let peers = &rule[peers];
    let named = text(&policy["metadata"]["name"]);
    let mut others = Vec::new();
    for peer in list(peers) {
        if let Some(namespace) = peer.get("namespaceSelector") {
            let name = text(&namespace["matchLabels"][NAMESPACE]);
            complaints.demand(
                !name.is_empty(),
                format!("NetworkPolicy/{named}"),
                "a peer is a namespace without a name",
            );
            others.push(format!("namespace {name}"));
        } else if let Some(block) = peer.get("ipBlock") {
            let network = text(&block["cidr"]);
            let one = network.ends_with("/32") || network.ends_with("/128");
            // A site puts its own addresses there; whose they are, the policy's pod says, and the port of mail.
            let is_mail = list(&rule["ports"]).any(|port| port["port"] == 587);
            let outside = match named {
                _ if is_mail => "mail server",
                "etl-extractor" => "1C server",
                _ => "file storage",
            };
            others.push(if one { outside.to_owned() } else { format!("network {network}") });
        } else {
            others.extend(selected(&peer["podSelector"], pods).into_iter().map(str::to_owned));
        }
    }
    if list(peers).count() == 0 {
        others.push("anybody".to_owned());
    }
    others
}

fn ports(rule: &Value, policy: &Value, complaints: &mut Complaints) -> BTreeSet<u64> {
    let object = format!("NetworkPolicy/{}", text(&policy["metadata"]["name"]));
    complaints.demand(list(&rule["ports"]).count() > 0, object.as_str(), "a rule names no port");
    let numbers = list(&rule["ports"]).map(|port| port["port"].as_u64().filter(|_| port["endPort"].is_null()));
    let numbers: Vec<Option<u64>> = numbers.collect();
    complaints.demand(numbers.iter().all(Option::is_some), object, "a port is no single number");
    numbers.into_iter().flatten().collect()
}

/// The rows of the table, with "every pod" spelt out.
fn documented(site: &Site) -> BTreeSet<Road> {
    let pods: Vec<String> = site.pods().iter().map(|pod| pod.name.to_owned()).collect();
    let mut roads = BTreeSet::new();
    for row in readme::table(TABLE) {
        let from = if row[0] == "every pod" { pods.clone() } else { vec![row[0].clone()] };
        for port in row[2].split(',').filter_map(|port| port.trim().parse().ok()) {
            roads.extend(from.iter().map(|from| (from.clone(), row[1].clone(), port)));
        }
    }
    roads
}

fn compare(allowed: &BTreeSet<Road>, documented: &BTreeSet<Road>, complaints: &mut Complaints) {
    for road in allowed.difference(documented) {
        complaints.add("NetworkPolicy", format!("{}: allowed, and not in README.md", shown(road)));
    }
    for road in documented.difference(allowed) {
        complaints.add("NetworkPolicy", format!("{}: in README.md, and not allowed", shown(road)));
    }
}

fn shown((from, to, port): &Road) -> String {
    format!("{from} -> {to}:{port}")
}
