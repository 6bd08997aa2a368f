//! Configuration is one file each: what the cluster mounts is, byte for byte, what `./dev up` uses. And what stands in two
//! places by need says the same in both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use shared::dataset::Catalogue;
use stack::parts;
use workers::kafka::topics;

use crate::site::{Site, entries, list, text};

/// Folders with files, and the ConfigMaps that carry them.
const SHARED: [(&str, &str, &[&str]); 2] =
    [("shared/clickhouse", "clickhouse-config", &["xml"]), ("tests/stack/keycloak", "keycloak-realm", &["realm.json"])];

/// Programs that read datasets.
const DATASETS: [&str; 6] = ["portal", "extractor", "loader", "reporter", "migrate", "topics"];

fn overlays() -> [&'static Site; 2] {
    [Site::dev(), Site::production()]
}

/// What a generated ConfigMap holds, whatever was added to its name.
fn config_map<'a>(site: &'a Site, name: &str) -> &'a Value {
    let is_it = |map: &&Value| text(&map["metadata"]["name"]).strip_prefix(name).is_some_and(is_hash);
    let map = site.of_kind("ConfigMap").find(is_it);
    &map.unwrap_or_else(|| panic!("{} has no ConfigMap {name}", site.name))["data"]
}

fn is_hash(rest: &str) -> bool {
    rest.is_empty() || rest.strip_prefix('-').is_some_and(|hash| hash.len() == 10 && !hash.contains('-'))
}

/// The files of a folder that end so, with their texts.
fn files(folder: &Path, endings: &[&str]) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let wanted = paths.filter(|path| endings.iter().any(|ending| path.display().to_string().ends_with(ending)));
    wanted
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a text"))
        })
        .collect()
}

#[test]
fn the_cluster_mounts_the_very_files_that_dev_up_uses() {
    for site in overlays() {
        for (folder, name, endings) in SHARED {
            let files = files(&parts::workspace().join(folder), endings);
            let mounted: BTreeMap<String, String> =
                entries(config_map(site, name)).map(|(name, value)| (name.clone(), text(value).to_owned())).collect();
            assert!(files == mounted, "{}: ConfigMap {name} differs from the files in {folder}", site.name);
        }
    }
}

fn realm() -> Value {
    let path = parts::workspace().join("tests/stack/keycloak/realm.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("realm.json")).expect("realm.json is JSON")
}

/// `${NAME}` and `${NAME:default}` with a name in capitals; what Keycloak translates has none.
fn placeholders(text: &str) -> Vec<(&str, Option<&str>)> {
    let starts = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    let named = starts.map(|(inside, _)| match inside.split_once(':') {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    });
    named
        .filter(|(name, _)| !name.is_empty() && name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_'))
        .collect()
}

#[test]
fn the_realm_that_production_imports_has_no_people_and_no_secret() {
    let realm = realm();
    let people = list(&realm["users"]).filter(|user| user["serviceAccountClientId"].is_null());
    assert_eq!(people.count(), 0, "people stand in realm.json");
    assert!(!realm.to_string().contains("\"credentials\":[{"), "credentials stand in realm.json");
    for client in list(&realm["clients"]).filter(|client| !client["secret"].is_null()) {
        let secret = text(&client["secret"]);
        let found = placeholders(secret);
        assert!(
            matches!(found.as_slice(), [(name, None)] if secret == format!("${{{name}}}")),
            "the client {} has a secret, or a default for one: {secret}",
            client["clientId"]
        );
    }
}

#[test]
fn keycloak_is_given_every_variable_of_the_realm() {
    let realm = realm().to_string();
    for site in overlays() {
        let keycloak = site.find("Deployment", "keycloak").expect("keycloak");
        let container = &keycloak["spec"]["template"]["spec"]["containers"][0];
        let exported = container["command"].to_string();
        for (name, default) in placeholders(&realm) {
            let set = list(&container["env"]).any(|variable| variable["name"] == name);
            let given = set || exported.contains(&format!("{name}=$("));
            assert!(given || default.is_some(), "{}: realm.json asks for {name}", site.name);
        }
    }
}

#[test]
fn placeholders_of_a_realm_are_told_from_its_translations() {
    let found = placeholders("${PORTAL_URL:http://a:1}/x ${username} ${PORTAL_CLIENT_SECRET}");
    assert_eq!(found, [("PORTAL_URL", Some("http://a:1")), ("PORTAL_CLIENT_SECRET", None)]);
}

#[test]
fn the_topics_of_strimzi_are_those_that_the_program_lists() {
    let listed = topics::strimzi("erp", &Catalogue::compiled_in().expect("the datasets"));
    let file = parts::workspace().join("manifests/components/strimzi/kafka-topics.yaml");
    let there = std::fs::read_to_string(&file).expect("kafka-topics.yaml");
    assert!(there == listed, "write it anew: cargo run --bin topics strimzi > {}", file.display());
}

#[test]
fn whoever_knows_datasets_is_given_those_of_the_site() {
    for site in overlays() {
        let pods = site.pods();
        let containers = pods.iter().flat_map(|pod| pod.all_containers().map(move |container| (pod, container)));
        let ours = containers.filter(|(_, container)| DATASETS.contains(&text(&container["name"])));
        let mut seen = BTreeSet::new();
        for (pod, container) in ours {
            let is_named = list(&container["env"])
                .any(|variable| variable["name"] == "DATASETS_DIR" && variable["value"] == "/etc/datasets");
            let is_mounted = list(&container["volumeMounts"])
                .any(|mount| mount["name"] == "datasets" && mount["mountPath"] == "/etc/datasets");
            assert!(is_named && is_mounted, "{}: {} does not know the site's datasets", site.name, pod.id());
            seen.insert(text(&container["name"]));
        }
        assert_eq!(seen.len(), DATASETS.len(), "{}", site.name);
    }
}

#[test]
fn the_public_addresses_agree_with_each_other() {
    for site in overlays() {
        let data = config_map(site, "site");
        let (portal, keycloak, issuer) =
            (text(&data["PORTAL_URL"]), text(&data["KC_HOSTNAME"]), text(&data["OIDC_ISSUER"]));
        assert_eq!(issuer, format!("{keycloak}/realms/dealers"), "{}", site.name);
        let host = url::Url::parse(portal).expect("PORTAL_URL").host_str().map(str::to_owned);
        let ingress = site.find("Ingress", "portal").expect("the ingress");
        assert_eq!(ingress["spec"]["rules"][0]["host"].as_str(), host.as_deref(), "{}", site.name);
        if site.is_production() {
            assert_eq!(keycloak, format!("{portal}/auth"), "one origin for pages and sign-in");
            assert!(portal.starts_with("https://"), "{portal}");
        }
    }
}
