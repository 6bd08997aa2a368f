//! M-09: the way in is encrypted and bounded, believes no forwarded header of a stranger, and leads neither to health nor
//! to metrics.

use serde_json::Value;

use crate::complaint::{Complaint, Complaints};
use crate::site::{Site, entries, id, list, text};

/// What the annotations of the NGINX controller must say.
const DEMANDED: [(&str, &str); 5] = [
    ("nginx.org/hsts", "true"),
    ("nginx.org/http2", "true"),
    ("nginx.org/ssl-redirect", "true"),
    // The limit of the web server itself.
    ("nginx.org/client-max-body-size", "1m"),
    ("nginx.org/server-tokens", "false"),
];
const YEAR: u64 = 365 * 24 * 60 * 60;
/// The web server answers within 30 s; whoever waits in front of it must wait longer.
const LONGER_THAN: u64 = 30;
const PATHS: [(&str, &str); 4] = [
    ("/", "web-server"),
    ("/api/v1/reports", "backend-service-1"),
    ("/api/v1/operations", "backend-service-2"),
    ("/auth", "keycloak"),
];
/// Where health and metrics are served, by pod port.
const HEALTH_PORTS: [&str; 4] = ["health", "management", "8081", "9000"];

pub fn complaints(site: &Site) -> Vec<Complaint> {
    let mut complaints = Complaints::of("M-09");
    let ingresses: Vec<&Value> = site.of_kind("Ingress").collect();
    complaints.demand(ingresses.len() == 1, "Ingress", "there is to be one");
    for ingress in ingresses {
        routes(site, ingress, &mut complaints);
        if site.is_production() {
            tls(ingress, &mut complaints);
            annotations(ingress, &mut complaints);
        }
    }
    complaints.all
}

fn routes(site: &Site, ingress: &Value, complaints: &mut Complaints) {
    let spec = &ingress["spec"];
    complaints.demand(spec["ingressClassName"] == "nginx", id(ingress), "ingressClassName is not nginx");
    complaints.demand(spec["defaultBackend"].is_null(), id(ingress), "has a default backend");
    for path in list(&spec["rules"]).flat_map(|rule| list(&rule["http"]["paths"])) {
        let (route, service) = (text(&path["path"]), &path["backend"]["service"]);
        let known = PATHS.contains(&(route, text(&service["name"]))) && path["pathType"] == "Prefix";
        complaints.demand(known, id(ingress), format!("{route} leads to {}", text(&service["name"])));
        let port = backend_port(site, service);
        let names_health = port.is_none_or(|port| HEALTH_PORTS.iter().any(|health| port_is(port, health)));
        complaints.demand(
            !names_health,
            id(ingress),
            format!("{route} leads to no port, or to that of health and metrics"),
        );
    }
}

/// The service's port that the ingress means.
fn backend_port<'a>(site: &'a Site, backend: &Value) -> Option<&'a Value> {
    let service = site.find("Service", text(&backend["name"]))?;
    let wanted = &backend["port"];
    list(&service["spec"]["ports"]).find(|port| {
        (!wanted["name"].is_null() && port["name"] == wanted["name"])
            || (!wanted["number"].is_null() && port["port"] == wanted["number"])
    })
}

fn port_is(port: &Value, name: &str) -> bool {
    [&port["name"], &port["targetPort"]].iter().any(|value| value.to_string().trim_matches('"') == name)
}

fn tls(ingress: &Value, complaints: &mut Complaints) {
    let spec = &ingress["spec"];
    let hosts: Vec<&Value> = list(&spec["rules"]).map(|rule| &rule["host"]).collect();
    let secured: Vec<&Value> = list(&spec["tls"]).flat_map(|tls| list(&tls["hosts"])).collect();
    let all = hosts.iter().all(|host| host.is_string() && secured.contains(host));
    complaints.demand(!hosts.is_empty() && all, id(ingress), "a host has no TLS");
    let certificates = list(&spec["tls"]).all(|tls| tls["secretName"] == "portal-tls");
    complaints.demand(certificates, id(ingress), "the certificate is not that of the secret portal-tls");
}

fn annotations(ingress: &Value, complaints: &mut Complaints) {
    let annotations = &ingress["metadata"]["annotations"];
    for (name, value) in DEMANDED {
        complaints.demand(annotations[name] == value, id(ingress), format!("{name} is not {value}"));
    }
    let number = |name: &str| text(&annotations[name]).trim_end_matches('s').parse().unwrap_or(0);
    complaints.demand(number("nginx.org/hsts-max-age") >= YEAR, id(ingress), "HSTS holds for less than a year");
    for name in ["nginx.org/proxy-read-timeout", "nginx.org/proxy-send-timeout"] {
        complaints.demand(number(name) > LONGER_THAN, id(ingress), format!("{name} is not above {LONGER_THAN} s"));
    }
    // The controller overwrites the forwarded headers by itself; either of these could undo it.
    for (name, _) in entries(annotations) {
        let undoes = name.contains("snippet") || name.contains("set-header");
        complaints.demand(!undoes, id(ingress), format!("{name} may undo the overwriting of forwarded headers"));
    }
}
