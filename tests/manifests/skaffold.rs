//! skaffold.yaml without a cluster: every profile renders what its overlay says, with our own images put in, and names
//! only files, services and images that exist.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stack::parts;

use crate::site::{Site, id, list, text};
use crate::tools;

const PROFILES: [&str; 3] = ["dev", "production", "portal-only"];

fn skaffold(words: &[&str]) -> String {
    let said = tools::run("skaffold", &parts::workspace(), words, "");
    assert!(said.content, "skaffold {}: {}", words.join(" "), said.errors);
    said.output
}

fn rendered(profile: &str, digests: &str) -> Site {
    // On standard output skaffold would put remarks between.
    let file = tempfile::NamedTempFile::new().expect("a file");
    let (path, source) = (file.path().to_str().expect("a path of letters"), format!("--digest-source={digests}"));
    skaffold(&["render", "--interactive=false", "--profile", profile, &source, "--output", path]);
    Site::of(profile, &std::fs::read_to_string(path).expect("what was rendered"))
}

/// The configuration as skaffold itself understands it for a profile.
fn diagnosed(profile: &str) -> Value {
    let yaml = skaffold(&["diagnose", "--yaml-only", "--profile", profile]);
    serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{profile}: {error}: {yaml}"))
}

fn overlay(profile: &str) -> &'static Site {
    if profile == "production" { Site::production() } else { Site::dev() }
}

fn ids(site: &Site) -> BTreeSet<String> {
    site.objects.iter().map(id).collect()
}

/// Images by pod and container.
fn images(site: &Site) -> BTreeMap<String, String> {
    let pods = site.pods();
    let containers = pods.iter().flat_map(|pod| pod.all_containers().map(|container| (pod.id(), container)));
    containers
        .map(|(pod, container)| (format!("{pod} {}", text(&container["name"])), text(&container["image"]).to_owned()))
        .collect()
}

fn file(path: &str) -> Value {
    let yaml = std::fs::read_to_string(parts::workspace().join(path)).expect(path);
    serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_profiles_are_those_of_the_house_in_the_newest_api_version() {
    let configuration = file("skaffold.yaml");
    let profiles: BTreeSet<&str> = list(&configuration["profiles"]).map(|profile| text(&profile["name"])).collect();
    assert_eq!(profiles, BTreeSet::from(PROFILES));
    let versions = skaffold(&["schema", "list"]);
    assert_eq!(versions.lines().last().map(str::trim), configuration["apiVersion"].as_str());
}

#[test]
fn each_whole_profile_renders_its_overlay_as_kustomize_does() {
    for profile in ["dev", "production"] {
        let (site, overlay) = (rendered(profile, "none"), overlay(profile));
        assert_eq!(ids(&site), ids(overlay), "{profile}");
        for object in &site.objects {
            assert!(overlay.objects.contains(object), "{profile}: skaffold renders another {}", id(object));
        }
    }
}

#[test]
fn portal_only_renders_the_portal_and_nothing_else() {
    let site = rendered("portal-only", "none");
    assert_eq!(ids(&site), BTreeSet::from(["Deployment/web-server".to_owned()]));
    assert_eq!(site.objects[0]["spec"]["template"]["spec"]["containers"][0]["name"], "portal");
    assert_eq!(site.objects[0]["metadata"]["namespace"], "development");
}

#[test]
fn every_image_of_ours_is_built_and_no_other_is_touched() {
    for profile in PROFILES {
        let (tagged, plain) = (images(&rendered(profile, "tag")), images(&rendered(profile, "none")));
        assert_eq!(tagged.len(), plain.len(), "{profile}");
        for (container, image) in tagged {
            let ours = image.starts_with("dealer-portal/");
            let built = image != plain[&container];
            assert_eq!(ours, built, "{profile}: {container} has {image}");
        }
    }
}

#[test]
fn diagnose_knows_every_profile_and_each_builds_only_what_it_deploys() {
    for profile in PROFILES {
        let deployed = images(&rendered(profile, "none"));
        let configuration = diagnosed(profile);
        let artifacts: Vec<&str> =
            list(&configuration["build"]["artifacts"]).map(|artifact| text(&artifact["image"])).collect();
        assert!(!artifacts.is_empty(), "{profile} builds nothing");
        for artifact in artifacts {
            let used = deployed.values().any(|image| image.rsplit_once(':').is_some_and(|(name, _)| name == artifact));
            assert!(used, "{profile} builds {artifact} for nobody");
        }
    }
}

#[test]
fn scripts_and_sources_that_the_profiles_name_exist() {
    let workspace = parts::workspace();
    for profile in PROFILES {
        let configuration = diagnosed(profile);
        for artifact in list(&configuration["build"]["artifacts"]) {
            let custom = &artifact["custom"];
            let script = text(&custom["buildCommand"]).split_whitespace().next().unwrap_or_default();
            assert!(workspace.join(script).is_file(), "{profile}: no script {script:?} for {}", artifact["image"]);
            let paths = list(&custom["dependencies"]["paths"]).chain(list(&custom["dependencies"]["ignore"]));
            for path in paths.map(text).filter(|path| !path.contains('*')) {
                assert!(
                    workspace.join(path).exists(),
                    "{profile}: {} depends on {path}, which is not there",
                    artifact["image"]
                );
            }
        }
        for case in list(&configuration["test"]).flat_map(|test| list(&test["custom"])) {
            let script = text(&case["command"]).split_whitespace().next().unwrap_or_default();
            assert!(workspace.join(script).is_file(), "{profile}: no script {script:?} to test with");
        }
    }
}

#[test]
fn what_the_dev_loop_forwards_is_a_port_of_a_service() {
    let configuration = diagnosed("dev");
    let forwards: Vec<&Value> = list(&configuration["portForward"]).collect();
    assert!(!forwards.is_empty(), "nothing is forwarded");
    for forward in forwards {
        let service = Site::dev().find("Service", text(&forward["resourceName"]));
        let service = service.unwrap_or_else(|| panic!("no service {} to forward", forward["resourceName"]));
        let has = list(&service["spec"]["ports"]).any(|port| port["port"] == forward["port"]);
        assert!(has, "{} has no port {}", id(service), forward["port"]);
        assert_eq!(forward["namespace"], service["metadata"]["namespace"], "{}", id(service));
    }
}
