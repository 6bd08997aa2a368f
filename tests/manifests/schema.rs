//! M-01: every object fits its schema, strictly, in the two newest minors of Kubernetes. The schemas of what extends
//! Kubernetes are KEDA's own and, for the operators of the components, those in `schemas/`.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use stack::install::kubernetes_versions;
use stack::parts::{self, Parts};

use crate::complaint::{Complaint, Complaints};
use crate::site::{Site, id, list};
use crate::tools;

#[derive(Deserialize)]
struct Report {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    kind: String,
    name: String,
    msg: String,
}

pub fn complaints(site: &Site) -> Vec<Complaint> {
    let mut complaints = Complaints::of("M-01");
    let text = site.text() + &embedded(site);
    for version in kubernetes_versions() {
        for resource in refused(version, &text).resources {
            complaints.add(format!("{}/{}", resource.kind, resource.name), format!("in {version}: {}", resource.msg));
        }
    }
    complaints.all
}

/// The pod templates inside the objects of operators, as pods: the operators' own schemas say little about them.
fn embedded(site: &Site) -> String {
    let clickhouse = site.of_kind("ClickHouseInstallation").flat_map(|object| {
        list(&object["spec"]["templates"]["podTemplates"]).map(move |template| (id(object), template))
    });
    let keycloak = site.of_kind("Keycloak").map(|object| (id(object), &object["spec"]["unsupported"]["podTemplate"]));
    let pods = clickhouse.chain(keycloak).map(|(owner, template)| {
        let metadata = json!({ "name": owner, "labels": template["metadata"]["labels"] });
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"] })
    });
    pods.map(|pod| format!("---\n{pod}\n")).collect()
}

fn refused(version: &str, text: &str) -> Report {
    let (root, own) = (Parts::locate().schemas(), parts::workspace().join("tests/manifests/schemas"));
    let kubernetes = location(&root, "{{.NormalizedKubernetesVersion}}/{{.ResourceKind}}{{.KindSuffix}}.json");
    let custom = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json";
    let (keda, operators) = (location(&root.join("crd"), custom), location(&own, custom));
    let version = version.trim_start_matches('v');
    let mut words = vec!["-strict", "-output", "json", "-kubernetes-version", version];
    for location in [&kubernetes, &keda, &operators] {
        words.extend(["-schema-location", location]);
    }
    let said = tools::run("kubeconform", &parts::workspace(), &words, text);
    serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("kubeconform: {}{}", said.output, said.errors))
}

fn location(folder: &Path, template: &str) -> String {
    format!("{}/{template}", folder.display())
}
