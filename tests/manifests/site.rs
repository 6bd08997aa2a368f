//! What kustomize renders: a site's objects, its pods, and words for both.

use std::sync::OnceLock;

use serde_json::Value;
use stack::parts;

use crate::tools;

/// Options of the production overlay, a folder each in `manifests/components`.
pub const COMPONENTS: [&str; 4] = ["strimzi", "cloudnative-pg", "clickhouse-operator", "keycloak-operator"];

/// The label that says which part an object belongs to.
pub const NAME: &str = "app.kubernetes.io/name";

/// One rendered overlay.
#[derive(Debug, Clone)]
pub struct Site {
    /// `dev`, `production`, `production with strimzi`.
    pub name: String,
    pub objects: Vec<Value>,
}

impl Site {
    pub fn dev() -> &'static Self {
        static SITE: OnceLock<Site> = OnceLock::new();
        SITE.get_or_init(|| Self::of("dev", &build("manifests/overlays/dev")))
    }

    pub fn production() -> &'static Self {
        static SITE: OnceLock<Site> = OnceLock::new();
        SITE.get_or_init(|| Self::of("production", &build("manifests/overlays/production")))
    }

    /// Both overlays, and production with each of the components and with all of them.
    pub fn all() -> Vec<&'static Self> {
        static WITH_COMPONENTS: OnceLock<Vec<Site>> = OnceLock::new();
        let with = WITH_COMPONENTS.get_or_init(|| {
            let each = COMPONENTS.chunks(1).chain([COMPONENTS.as_slice()]);
            each.map(with_components).collect()
        });
        [Self::dev(), Self::production()].into_iter().chain(with).collect()
    }

    pub fn of(name: &str, yaml: &str) -> Self {
        let objects = serde_saphyr::from_multiple(yaml).unwrap_or_else(|error| panic!("{name} is no YAML: {error}"));
        Self { name: name.to_owned(), objects }
    }

    /// A site that people work at: the rules for replicas, network, TLS and images hold there only.
    pub fn is_production(&self) -> bool {
        self.name.starts_with("production")
    }

    /// False with a component: its operator makes pods that are not rendered.
    pub fn has_every_pod(&self) -> bool {
        !self.name.contains(" with ")
    }

    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects.iter().filter(move |object| object["kind"] == kind)
    }

    pub fn find(&self, kind: &str, name: &str) -> Option<&Value> {
        self.objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
    }

    /// All objects as one text that kubeconform and kube-score read: JSON is YAML.
    pub fn text(&self) -> String {
        self.objects.iter().map(|object| format!("---\n{object}\n")).collect()
    }

    /// Of Kubernetes' own workloads, and of those that an operator makes from a whole template.
    pub fn pods(&self) -> Vec<Pod<'_>> {
        let operated = self.of_kind("ClickHouseInstallation");
        let templates = operated.flat_map(|owner| {
            list(&owner["spec"]["templates"]["podTemplates"]).map(|template| Pod::from(owner, template))
        });
        self.objects.iter().filter_map(Pod::of).chain(templates).collect()
    }
}

/// The template that a workload makes its pods from.
#[derive(Debug, Clone, Copy)]
pub struct Pod<'a> {
    pub owner: &'a Value,
    /// The name of the part: `web-server`.
    pub name: &'a str,
    pub labels: &'a Value,
    pub spec: &'a Value,
}

impl<'a> Pod<'a> {
    fn of(owner: &'a Value) -> Option<Self> {
        let template = match owner["kind"].as_str()? {
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => &owner["spec"]["template"],
            "CronJob" => &owner["spec"]["jobTemplate"]["spec"]["template"],
            "Pod" => owner,
            _ => return None,
        };
        Some(Self { name: text(&owner["metadata"]["name"]), ..Self::from(owner, template) })
    }

    fn from(owner: &'a Value, template: &'a Value) -> Self {
        let labels = &template["metadata"]["labels"];
        Self { owner, name: text(&labels[NAME]), labels, spec: &template["spec"] }
    }

    pub fn kind(&self) -> &'a str {
        text(&self.owner["kind"])
    }

    pub fn id(&self) -> String {
        id(self.owner)
    }

    /// True where the pods are to run on, and not to come to an end.
    pub fn stays(&self) -> bool {
        !matches!(self.kind(), "Job" | "CronJob")
    }

    /// Those that run beside each other.
    pub fn containers(self) -> impl Iterator<Item = &'a Value> {
        list(&self.spec["containers"])
    }

    pub fn all_containers(self) -> impl Iterator<Item = &'a Value> {
        ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|kind| list(&self.spec[kind]))
    }

    pub fn volumes(self) -> impl Iterator<Item = &'a Value> {
        list(&self.spec["volumes"])
    }
}

/// `Deployment/web-server`.
pub fn id(object: &Value) -> String {
    format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn build(folder: &str) -> String {
    let said = tools::run("kustomize", &parts::workspace(), &["build", folder], "");
    assert!(said.content, "kustomize build {folder}: {}", said.errors);
    said.output
}

/// The production overlay with components, as README.md says to have them; in a folder of its own.
fn with_components(components: &[&str]) -> Site {
    let workspace = parts::workspace();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    // Kustomize takes relative paths only.
    let up = "../".repeat(folder.path().canonicalize().expect("the folder").components().count() - 1);
    let manifests = format!("{up}{}/manifests", workspace.display().to_string().trim_start_matches('/'));
    let listed: String = components.iter().map(|name| format!("  - {manifests}/components/{name}\n")).collect();
    let kustomization = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - {manifests}/overlays/production\n\
         components:\n{listed}"
    );
    std::fs::write(folder.path().join("kustomization.yaml"), kustomization).expect("write the kustomization");
    let path = folder.path().to_str().expect("a path of letters");
    Site::of(&format!("production with {}", components.join(", ")), &build(path))
}
