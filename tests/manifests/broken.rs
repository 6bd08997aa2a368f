//! M-12: tests the tests. Broken copies of the production site, each refused by the rule it breaks, with the broken
//! object's name; and for every rule a copy that nothing else refuses.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::complaint::Complaint;
use crate::rules::RULES;
use crate::site::{Site, id};

struct Broken {
    what: &'static str,
    rule: &'static str,
    /// What the complaint must name.
    object: &'static str,
    by: fn(&mut Site),
}

const WEB: &str = "Deployment/web-server";
const LOADER: &str = "Deployment/etl-loader";
const KEYCLOAK: &str = "Deployment/keycloak";
const POSTGRES: &str = "StatefulSet/postgres";
const MIGRATE: &str = "Job/migrate";
const INGRESS: &str = "Ingress/portal";
const LAG: &str = "ScaledObject/etl-loader";
const BUDGET: &str = "PodDisruptionBudget/web-server";

#[rustfmt::skip]
const BROKEN: [Broken; 66] = [
    Broken { what: "a misspelt field", rule: "M-01", object: WEB, by: |site| set(site, WEB, "/spec/template/spec/containers/0/livenessprobe", json!({})) },
    Broken { what: "a text where a number belongs", rule: "M-01", object: "Service/web-server", by: |site| set(site, "Service/web-server", "/spec/ports/0/port", json!("eighty")) },
    Broken { what: "an API version that is gone", rule: "M-01", object: BUDGET, by: |site| set(site, BUDGET, "/apiVersion", json!("policy/v1beta1")) },
    Broken { what: "a misspelt field of KEDA", rule: "M-01", object: LAG, by: |site| set(site, LAG, "/spec/pollinginterval", json!(15)) },
    Broken { what: "a required field missing", rule: "M-01", object: "HorizontalPodAutoscaler/web-server", by: |site| remove(site, "HorizontalPodAutoscaler/web-server", "/spec/scaleTargetRef/kind") },

    Broken { what: "a service that selects nothing", rule: "M-02", object: "Service/web-server", by: |site| set(site, "Service/web-server", "/spec/selector", json!({ "app": "web" })) },
    Broken { what: "a scaler of what is not there", rule: "M-02", object: "HorizontalPodAutoscaler/other", by: |site| {
        let mut other = take(site, "HorizontalPodAutoscaler/web-server").clone();
        other["metadata"]["name"] = json!("other");
        other["spec"]["scaleTargetRef"]["name"] = json!("other");
        site.objects.push(other);
    } },

    Broken { what: "root", rule: "M-03", object: WEB, by: |site| set(site, WEB, "/spec/template/spec/securityContext/runAsUser", json!(0)) },
    Broken { what: "a UID of the system", rule: "M-03", object: POSTGRES, by: |site| set(site, POSTGRES, "/spec/template/spec/securityContext/runAsUser", json!(999)) },
    Broken { what: "runAsNonRoot not said", rule: "M-03", object: LOADER, by: |site| remove(site, LOADER, "/spec/template/spec/securityContext/runAsNonRoot") },
    Broken { what: "a privileged init container", rule: "M-03", object: KEYCLOAK, by: |site| set(site, KEYCLOAK, "/spec/template/spec/initContainers/0/securityContext/privileged", json!(true)) },
    Broken { what: "escalation allowed", rule: "M-03", object: MIGRATE, by: |site| remove(site, MIGRATE, "/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation") },
    Broken { what: "a capability added", rule: "M-03", object: WEB, by: |site| set(site, WEB, "/spec/template/spec/containers/0/securityContext/capabilities/add", json!(["NET_BIND_SERVICE"])) },
    Broken { what: "a root that can be written", rule: "M-03", object: LOADER, by: |site| set(site, LOADER, "/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem", json!(false)) },
    Broken { what: "no seccomp profile", rule: "M-03", object: POSTGRES, by: |site| remove(site, POSTGRES, "/spec/template/spec/securityContext/seccompProfile") },
    Broken { what: "a folder of the node", rule: "M-03", object: WEB, by: |site| set(site, WEB, "/spec/template/spec/volumes/0", json!({ "name": "logs", "hostPath": { "path": "/var/log" } })) },
    Broken { what: "the node's network", rule: "M-03", object: WEB, by: |site| set(site, WEB, "/spec/template/spec/hostNetwork", json!(true)) },
    Broken { what: "temporary files without bound", rule: "M-03", object: KEYCLOAK, by: |site| set(site, KEYCLOAK, "/spec/template/spec/volumes/0/emptyDir", json!({})) },
    Broken { what: "a namespace that refuses less", rule: "M-03", object: "Namespace", by: |site| set(site, "Namespace/production", "/metadata/labels/pod-security.kubernetes.io~1enforce", json!("baseline")) },

    Broken { what: "no limit of memory", rule: "M-04", object: WEB, by: |site| remove(site, WEB, "/spec/template/spec/containers/0/resources/limits/memory") },
    Broken { what: "a limit below the measured peak's room", rule: "M-04", object: LOADER, by: |site| {
        set(site, LOADER, "/spec/template/spec/containers/0/resources/requests/memory", json!("128Mi"));
        set(site, LOADER, "/spec/template/spec/containers/0/resources/limits/memory", json!("160Mi"));
    } },
    Broken { what: "no request of temporary storage", rule: "M-04", object: MIGRATE, by: |site| remove(site, MIGRATE, "/spec/template/spec/containers/0/resources/requests/ephemeral-storage") },

    Broken { what: "liveness asks what readiness asks", rule: "M-05", object: WEB, by: |site| set(site, WEB, "/spec/template/spec/containers/0/livenessProbe/httpGet/path", json!("/readyz")) },
    Broken { what: "no startup probe", rule: "M-05", object: KEYCLOAK, by: |site| remove(site, KEYCLOAK, "/spec/template/spec/containers/0/startupProbe") },
    Broken { what: "a grace period shorter than the drain", rule: "M-05", object: LOADER, by: |site| set(site, LOADER, "/spec/template/spec/terminationGracePeriodSeconds", json!(20)) },
    Broken { what: "no pause before the stop", rule: "M-05", object: WEB, by: |site| remove(site, WEB, "/spec/template/spec/containers/0/lifecycle") },
    Broken { what: "no readiness", rule: "M-05", object: POSTGRES, by: |site| remove(site, POSTGRES, "/spec/template/spec/containers/0/readinessProbe") },

    Broken { what: "no disruption budget", rule: "M-06", object: WEB, by: |site| drop_object(site, BUDGET) },
    Broken { what: "a budget without a policy", rule: "M-06", object: BUDGET, by: |site| remove(site, BUDGET, "/spec/unhealthyPodEvictionPolicy") },
    Broken { what: "a budget that lets nothing go", rule: "M-06", object: BUDGET, by: |site| set(site, BUDGET, "/spec/maxUnavailable", json!(0)) },
    Broken { what: "pods not spread", rule: "M-06", object: LOADER, by: |site| remove(site, LOADER, "/spec/template/spec/topologySpreadConstraints") },

    Broken { what: "no default deny", rule: "M-07", object: "NetworkPolicy", by: |site| drop_object(site, "NetworkPolicy/default-deny") },
    Broken { what: "a connection that is not documented", rule: "M-07", object: "NetworkPolicy", by: |site| {
        let rule = json!({ "to": [{ "ipBlock": { "cidr": "0.0.0.0/0" } }], "ports": [{ "protocol": "TCP", "port": 443 }] });
        push(site, "NetworkPolicy/web-server", "/spec/egress", rule);
    } },
    Broken { what: "a documented connection missing", rule: "M-07", object: "NetworkPolicy", by: |site| remove(site, "NetworkPolicy/etl-loader", "/spec/egress/0") },
    Broken { what: "every port of a peer", rule: "M-07", object: "NetworkPolicy/postgres", by: |site| remove(site, "NetworkPolicy/postgres", "/spec/ingress/0/ports") },
    Broken { what: "a pod that no policy selects", rule: "M-07", object: MIGRATE, by: |site| drop_object(site, "NetworkPolicy/migrate") },

    Broken { what: "a secret in the manifests", rule: "M-08", object: "Secret", by: |site| site.objects.push(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "onec", "labels": part_of() }, "stringData": { "password": "12345678" },
    })) },
    Broken { what: "a secret in the environment", rule: "M-08", object: WEB, by: |site| {
        let variable = json!({ "name": "KEY", "valueFrom": { "secretKeyRef": { "name": "portal", "key": "secret-key" } } });
        push(site, WEB, "/spec/template/spec/containers/0/env", variable);
    } },
    Broken { what: "a password written out", rule: "M-08", object: LOADER, by: |site| push(site, LOADER, "/spec/template/spec/containers/0/env", json!({ "name": "CLICKHOUSE_PASSWORD", "value": "x" })) },
    Broken { what: "a password in an address", rule: "M-08", object: "ConfigMap/site", by: |site| set(site, "ConfigMap/site*", "/data/PORTAL_URL", json!("https://me:word@portal.example")) },
    Broken { what: "a developer's secret in a ConfigMap", rule: "M-08", object: "ConfigMap/site", by: |site| set(site, "ConfigMap/site*", "/data/KC_HOSTNAME", json!("x portal-dev-secret")) },
    Broken { what: "the token of an account mounted", rule: "M-08", object: MIGRATE, by: |site| remove(site, MIGRATE, "/spec/template/spec/automountServiceAccountToken") },
    Broken { what: "another's account", rule: "M-08", object: LOADER, by: |site| set(site, LOADER, "/spec/template/spec/serviceAccountName", json!("etl-extractor")) },
    Broken { what: "another's secret", rule: "M-08", object: WEB, by: |site| {
        let secret = json!({ "secret": { "name": "database-owner", "items": [{ "key": "password", "path": "database-owner/password" }] } });
        push(site, WEB, "/spec/template/spec/volumes/1/projected/sources", secret);
    } },
    Broken { what: "another's role of PostgreSQL", rule: "M-08", object: WEB, by: |site| {
        for variable in take(site, WEB).pointer_mut("/spec/template/spec/containers/0/env").and_then(Value::as_array_mut).into_iter().flatten() {
            if variable["name"] == "DATABASE_URL" {
                variable["value"] = json!("postgres://owner@postgres:5432/portal");
            }
        }
    } },
    Broken { what: "a whole secret in the environment", rule: "M-08", object: MIGRATE, by: |site| set(site, MIGRATE, "/spec/template/spec/containers/0/envFrom", json!([{ "secretRef": { "name": "portal" } }])) },
    Broken { what: "a file of a secret that is not mounted", rule: "M-08", object: LOADER, by: |site| push(site, LOADER, "/spec/template/spec/containers/0/env", json!({ "name": "MAIL_PASSWORD_FILE", "value": "/run/secrets/mail/password" })) },
    Broken { what: "files of secrets for everybody", rule: "M-08", object: WEB, by: |site| set(site, WEB, "/spec/template/spec/volumes/1/projected/defaultMode", json!(0o444)) },
    Broken { what: "an account that mounts its token", rule: "M-08", object: "ServiceAccount/keycloak", by: |site| remove(site, "ServiceAccount/keycloak", "/automountServiceAccountToken") },
    Broken { what: "rights in the cluster", rule: "M-08", object: "ClusterRoleBinding", by: |site| site.objects.push(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": "all", "labels": part_of() },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
        "subjects": [{ "kind": "ServiceAccount", "name": "web-server", "namespace": "production" }],
    })) },

    Broken { what: "no TLS", rule: "M-09", object: INGRESS, by: |site| set(site, INGRESS, "/spec/tls", json!([])) },
    Broken { what: "no HSTS", rule: "M-09", object: INGRESS, by: |site| remove(site, INGRESS, "/metadata/annotations/nginx.org~1hsts") },
    Broken { what: "a larger body than the web server takes", rule: "M-09", object: INGRESS, by: |site| set(site, INGRESS, "/metadata/annotations/nginx.org~1client-max-body-size", json!("100m")) },
    Broken { what: "metrics routed", rule: "M-09", object: INGRESS, by: |site| {
        let path = json!({ "path": "/metrics", "pathType": "Prefix", "backend": { "service": { "name": "etl-service", "port": { "name": "health" } } } });
        push(site, INGRESS, "/spec/rules/0/http/paths", path);
    } },
    Broken { what: "forwarded headers of a stranger", rule: "M-09", object: INGRESS, by: |site| set(site, INGRESS, "/metadata/annotations/nginx.org~1location-snippets", json!("proxy_set_header X-Forwarded-For $http_x;")) },
    Broken { what: "an impatient ingress", rule: "M-09", object: INGRESS, by: |site| set(site, INGRESS, "/metadata/annotations/nginx.org~1proxy-read-timeout", json!("20s")) },

    Broken { what: "an image that moves", rule: "M-10", object: POSTGRES, by: |site| set(site, POSTGRES, "/spec/template/spec/containers/0/image", json!("postgres:18")) },
    Broken { what: "a label missing", rule: "M-10", object: "Service/keycloak", by: |site| remove(site, "Service/keycloak", "/metadata/labels/app.kubernetes.io~1part-of") },
    Broken { what: "latest", rule: "M-10", object: WEB, by: |site| set(site, WEB, "/spec/template/spec/containers/0/image", json!("dealer-portal/portal:latest")) },
    Broken { what: "another's image without a digest", rule: "M-10", object: POSTGRES, by: |site| set(site, POSTGRES, "/spec/template/spec/containers/0/image", json!("postgres:18.6-bookworm")) },
    Broken { what: "images pulled at every start", rule: "M-10", object: MIGRATE, by: |site| set(site, MIGRATE, "/spec/template/spec/containers/0/imagePullPolicy", json!("Always")) },

    Broken { what: "a fixed number under a scaler", rule: "M-11", object: WEB, by: |site| set(site, WEB, "/spec/replicas", json!(3)) },
    Broken { what: "more loaders than partitions", rule: "M-11", object: LAG, by: |site| set(site, LAG, "/spec/maxReplicaCount", json!(12)) },
    Broken { what: "a scaler that starts for one message", rule: "M-11", object: LAG, by: |site| remove(site, LAG, "/spec/triggers/0/metadata/activationLagThreshold") },
    Broken { what: "a cool-down shorter than a rebalance", rule: "M-11", object: LAG, by: |site| set(site, LAG, "/spec/cooldownPeriod", json!(5)) },
    Broken { what: "one web server", rule: "M-11", object: "HorizontalPodAutoscaler/web-server", by: |site| set(site, "HorizontalPodAutoscaler/web-server", "/spec/minReplicas", json!(1)) },
];

/// What every rule says about every broken copy, found out once.
fn verdicts() -> &'static Vec<Vec<Complaint>> {
    static VERDICTS: OnceLock<Vec<Vec<Complaint>>> = OnceLock::new();
    VERDICTS.get_or_init(|| {
        let halves = BROKEN.split_at(BROKEN.len() / 2);
        let judge_all = |half: &[Broken]| half.iter().map(judge).collect::<Vec<_>>();
        std::thread::scope(|scope| {
            let second = scope.spawn(move || judge_all(halves.1));
            let mut verdicts = judge_all(halves.0);
            verdicts.extend(second.join().expect("the second half"));
            verdicts
        })
    })
}

fn judge(broken: &Broken) -> Vec<Complaint> {
    let whole = Site::production();
    let mut site = whole.clone();
    (broken.by)(&mut site);
    assert!(site.objects != whole.objects, "{}: nothing was broken", broken.what);
    // Schemas look at each object by itself, so those that are as they were need not be judged again.
    let changed = site.objects.iter().filter(|object| !whole.objects.contains(object)).cloned().collect();
    let changed = Site { name: site.name.clone(), objects: changed };
    RULES.iter().flat_map(|(name, rule)| rule(if *name == "M-01" { &changed } else { &site })).collect()
}

fn rules_of(complaints: &[Complaint]) -> BTreeSet<&'static str> {
    complaints.iter().map(|complaint| complaint.rule).collect()
}

#[test]
fn m_12_every_broken_copy_is_refused_by_the_rule_it_breaks_and_by_name() {
    let mut missed = String::new();
    for (broken, complaints) in BROKEN.iter().zip(verdicts()) {
        let mut own = complaints.iter().filter(|complaint| complaint.rule == broken.rule);
        if !own.any(|complaint| complaint.object.contains(broken.object)) {
            let said: String = complaints.iter().map(|complaint| format!("\n    {complaint}")).collect();
            missed += &format!(
                "\n  {} ({} about {}) was not refused; said was:{said}",
                broken.what, broken.rule, broken.object
            );
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn m_12_no_rule_could_be_left_out() {
    for (rule, _) in RULES {
        let alone: Vec<&str> = BROKEN
            .iter()
            .zip(verdicts())
            .filter(|(_, complaints)| rules_of(complaints) == BTreeSet::from([rule]))
            .map(|(broken, _)| broken.what)
            .collect();
        assert!(!alone.is_empty(), "whatever {rule} refuses, another rule refuses too");
    }
}

#[test]
fn m_12_a_copy_that_nobody_broke_is_not_refused() {
    let site = Site::production().clone();
    let said: Vec<String> =
        RULES.iter().flat_map(|(_, rule)| rule(&site)).map(|complaint| complaint.to_string()).collect();
    assert!(said.is_empty(), "{said:#?}");
}

/// The object of that id; a `*` stands for what kustomize adds to a generated name.
fn take<'a>(site: &'a mut Site, object: &str) -> &'a mut Value {
    let is_it = |candidate: &Value| match object.strip_suffix('*') {
        Some(start) => id(candidate).starts_with(start),
        None => id(candidate) == object,
    };
    site.objects.iter_mut().find(|candidate| is_it(candidate)).unwrap_or_else(|| panic!("{object} is not there"))
}

fn parent<'a>(site: &'a mut Site, object: &str, path: &str) -> (&'a mut Value, String) {
    let (above, last) = path.rsplit_once('/').expect("a path");
    let parent = take(site, object).pointer_mut(above).unwrap_or_else(|| panic!("{object} has no {above}"));
    (parent, last.replace("~1", "/"))
}

fn set(site: &mut Site, object: &str, path: &str, value: Value) {
    let (parent, last) = parent(site, object, path);
    match parent {
        Value::Array(list) => list[last.parse::<usize>().expect("a place in a list")] = value,
        fields => fields[last] = value,
    }
}

fn remove(site: &mut Site, object: &str, path: &str) {
    let (parent, last) = parent(site, object, path);
    match parent {
        Value::Array(list) => drop(list.remove(last.parse().expect("a place in a list"))),
        fields => drop(fields.as_object_mut().and_then(|fields| fields.remove(&last)).expect("a field to remove")),
    }
}

fn push(site: &mut Site, object: &str, path: &str, value: Value) {
    take(site, object).pointer_mut(path).and_then(Value::as_array_mut).expect("a list").push(value);
}

fn drop_object(site: &mut Site, object: &str) {
    take(site, object);
    site.objects.retain(|candidate| id(candidate) != object);
}

fn part_of() -> Value {
    json!({ "app.kubernetes.io/part-of": "dealer-portal" })
}
