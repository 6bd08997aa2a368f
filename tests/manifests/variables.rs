//! Every variable that the manifests set is one that the programs read, and every one that they demand is set. What they
//! read stands in their sources, in capitals between quotes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use stack::parts;

use crate::site::{Pod, Site, list, text};

/// Programs by the name of their container, with the crates that they are made of.
const PROGRAMS: [(&str, &[&str]); 7] = [
    ("portal", &["portal/src", "shared/src"]),
    ("extractor", &["workers/src", "shared/src"]),
    ("loader", &["workers/src", "shared/src"]),
    ("reporter", &["workers/src", "shared/src"]),
    ("migrate", &["workers/src", "shared/src"]),
    ("topics", &["workers/src", "shared/src"]),
    ("onec", &["tests/onec/src"]),
];

/// What each will not start without. A file may be named instead (`NAME_FILE`).
const DEMANDED: [(&str, &[&str]); 5] = [
    (
        "portal",
        &[
            "PORTAL_URL",
            "PORTAL_SECRET_KEY",
            "OIDC_ISSUER",
            "OIDC_CLIENT_SECRET",
            "DATABASE_URL",
            "DATABASE_PASSWORD",
            "CLICKHOUSE_URL",
            "CLICKHOUSE_PASSWORD",
            "EXPORT_FILES",
        ],
    ),
    (
        "reporter",
        &[
            "DATABASE_URL",
            "DATABASE_PASSWORD",
            "CLICKHOUSE_URL",
            "CLICKHOUSE_PASSWORD",
            "CLICKHOUSE_CANCELLER_PASSWORD",
            "EXPORT_FILES",
        ],
    ),
    ("extractor", &["DATABASE_URL", "DATABASE_PASSWORD", "KAFKA_BROKERS", "ONEC_URL", "ONEC_USER", "ONEC_PASSWORD"]),
    ("loader", &["DATABASE_URL", "DATABASE_PASSWORD", "KAFKA_BROKERS", "CLICKHOUSE_URL", "CLICKHOUSE_PASSWORD"]),
    ("migrate", &["DATABASE_URL", "DATABASE_PASSWORD", "CLICKHOUSE_URL", "CLICKHOUSE_PASSWORD"]),
];

/// Calls of `shared::env` that stop the program where nothing is set.
const DEMANDING: [&str; 3] = ["env::required(\"", "env::http_url(\"", "env::secret(\""];

/// All Rust below these folders.
fn sources(folders: &[&str]) -> String {
    folders.iter().map(|folder| source(&parts::workspace().join(folder))).collect()
}

fn source(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| match path.extension() {
            _ if path.is_dir() => source(&path),
            Some(ending) if ending == "rs" => std::fs::read_to_string(&path).expect("a source"),
            _ => String::new(),
        })
        .collect()
}

fn reads(source: &str, variable: &str) -> bool {
    let named = |name: &str| source.contains(&format!("\"{name}\""));
    named(variable) || variable.strip_suffix("_FILE").is_some_and(named)
}

/// The containers that run programs of ours.
fn programs<'a>(site: &'a Site) -> Vec<(Pod<'a>, &'a Value, &'static [&'static str])> {
    let of_pod = |pod: Pod<'a>| {
        pod.all_containers().filter_map(move |container| {
            let (_, crates) = PROGRAMS.iter().find(|(name, _)| container["name"] == *name)?;
            Some((pod, container, *crates))
        })
    };
    site.pods().into_iter().flat_map(of_pod).collect()
}

fn own_variables(container: &Value) -> BTreeSet<String> {
    list(&container["env"]).map(|variable| text(&variable["name"]).to_owned()).collect()
}

/// Those that come with a whole ConfigMap, too.
fn all_variables(site: &Site, container: &Value) -> BTreeSet<String> {
    let maps = list(&container["envFrom"]).map(|source| text(&source["configMapRef"]["name"]));
    let data = maps.filter_map(|map| site.find("ConfigMap", map)).filter_map(|map| map["data"].as_object());
    data.flat_map(|data| data.keys().cloned()).chain(own_variables(container)).collect()
}

fn overlays() -> [&'static Site; 2] {
    [Site::dev(), Site::production()]
}

#[test]
fn every_variable_of_a_program_is_one_that_it_reads() {
    for site in overlays() {
        for (pod, container, crates) in programs(site) {
            let source = sources(crates);
            for variable in own_variables(container) {
                assert!(reads(&source, &variable), "{}: {} sets {variable}, which nobody reads", site.name, pod.id());
            }
        }
    }
}

#[test]
fn every_answer_of_a_site_is_asked_for_by_somebody() {
    for site in overlays() {
        let referred: BTreeSet<&str> = site
            .pods()
            .iter()
            .flat_map(|pod| pod.all_containers().flat_map(|container| list(&container["env"])))
            .map(|variable| text(&variable["valueFrom"]["configMapKeyRef"]["key"]))
            .collect();
        let mut asked: BTreeMap<String, bool> = BTreeMap::new();
        for (_, container, crates) in programs(site) {
            let source = sources(crates);
            for variable in all_variables(site, container) {
                *asked.entry(variable.clone()).or_default() |=
                    reads(&source, &variable) || referred.contains(variable.as_str());
            }
        }
        let idle: Vec<_> = asked.iter().filter(|(_, asked)| !**asked).map(|(variable, _)| variable).collect();
        assert!(idle.is_empty(), "{}: nobody asks for {idle:?}", site.name);
    }
}

#[test]
fn every_variable_that_a_program_demands_is_set() {
    for site in overlays() {
        let mut seen = BTreeSet::new();
        for (pod, container, _) in programs(site) {
            let Some((program, demanded)) = DEMANDED.iter().find(|(name, _)| container["name"] == *name) else {
                continue;
            };
            seen.insert(*program);
            let set = all_variables(site, container);
            // Where nobody signs in there is no secret to sign in with.
            let is_api = list(&container["args"]).any(|word| word == "reports-api");
            for variable in demanded.iter().filter(|variable| !(is_api && **variable == "OIDC_CLIENT_SECRET")) {
                let given = set.contains(*variable) || set.contains(&format!("{variable}_FILE"));
                assert!(given, "{}: {} does not set {variable}", site.name, pod.id());
            }
        }
        assert_eq!(seen.len(), DEMANDED.len(), "{} runs {seen:?}", site.name);
    }
}

#[test]
fn the_list_of_demanded_variables_is_that_of_the_sources() {
    let source = sources(&["portal/src", "workers/src", "shared/src"]);
    let called = |call: &str| {
        let names = source.split(call).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned);
        names.collect::<BTreeSet<String>>()
    };
    let listed: BTreeSet<&str> = DEMANDED.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    for variable in DEMANDING.iter().flat_map(|call| called(call)).filter(|name| !name.contains("TEST")) {
        assert!(listed.contains(variable.as_str()), "{variable} is demanded, and missing in the list above");
    }
    for variable in listed {
        assert!(reads(&source, variable), "{variable} is in the list above, and nobody reads it");
    }
}
