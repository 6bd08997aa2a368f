//! M-08: secrets are mounted files, each read by those whom README.md names, and nothing secret stands in a manifest, a
//! ConfigMap or an environment; every workload has an account of its own, and none has a token.

use std::collections::BTreeSet;

use base64::Engine;
use serde_json::Value;

use crate::complaint::{Complaint, Complaints};
use crate::readme;
use crate::site::{Pod, Site, entries, id, list, text};

const FOLDER: &str = "/run/secrets";
/// They stand in the dev overlay alone, and in no table.
const DEV_ONLY: [&str; 2] = ["onec", "demo-people"];
/// Rights in the cluster: nothing of ours needs any.
const RIGHTS: [&str; 4] = ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"];

pub fn complaints(site: &Site) -> Vec<Complaint> {
    let mut complaints = Complaints::of("M-08");
    objects(site, &mut complaints);
    for pod in site.pods() {
        account(site, pod, &mut complaints);
        environment(pod, &mut complaints);
        mounted(pod, &mut complaints);
        files(pod, &mut complaints);
        readers(pod, &mut complaints);
        database(pod, &mut complaints);
    }
    complaints.all
}

fn objects(site: &Site, complaints: &mut Complaints) {
    if site.is_production() {
        complaints.demand(site.of_kind("Secret").count() == 0, "Secret", "a secret stands in the manifests");
    }
    let throw_away = throw_away();
    for object in site.objects.iter().filter(|object| object["kind"] != "Secret") {
        let texts = texts(object);
        for secret in throw_away.iter().filter(|secret| texts.iter().any(|text| text.contains(secret.as_str()))) {
            complaints.add(id(object), format!("the dev overlay's secret {secret:?} stands in it"));
        }
        let key = texts.iter().any(|text| text.contains("PRIVATE KEY-----"));
        complaints.demand(!key, id(object), "a private key stands in it");
        let address = texts.iter().any(|text| text.split_whitespace().any(has_password));
        complaints.demand(!address, id(object), "an address with a password stands in it");
        complaints.demand(!RIGHTS.contains(&text(&object["kind"])), id(object), "rights in the cluster are not needed");
    }
    for map in site.of_kind("ConfigMap") {
        for (name, _) in entries(&map["data"]).filter(|(name, _)| is_secret_name(name)) {
            complaints.add(id(map), format!("{name} belongs in a secret"));
        }
    }
}

/// What the dev overlay's secrets hold: known to everybody, so wherever it turns up somebody took it for a default.
fn throw_away() -> BTreeSet<String> {
    let values = Site::dev().of_kind("Secret").flat_map(|secret| entries(&secret["data"]));
    let decoded = values.filter_map(|(_, value)| base64::engine::general_purpose::STANDARD.decode(text(value)).ok());
    // Shorter ones are words of every day.
    decoded.filter_map(|value| String::from_utf8(value).ok()).filter(|value| value.len() >= 8).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// `scheme://user:password@host`.
fn has_password(word: &str) -> bool {
    let authority = word.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    authority.is_some_and(|(user, _)| user.contains(':'))
}

/// A variable that would hold a secret itself, and not the name of a file.
fn is_secret_name(name: &str) -> bool {
    let secret = ["PASSWORD", "SECRET", "TOKEN", "PRIVATE_KEY"].iter().any(|word| name.to_uppercase().contains(word));
    let file = name.ends_with("_FILE") || name.contains('.');
    secret && !file
}

fn account(site: &Site, pod: Pod<'_>, complaints: &mut Complaints) {
    let name = text(&pod.spec["serviceAccountName"]);
    complaints.demand(name == pod.name, pod.id(), format!("runs as the account {name:?}, not as its own"));
    complaints.demand(pod.spec["automountServiceAccountToken"] == false, pod.id(), "mounts the token of its account");
    let account = site.find("ServiceAccount", pod.name);
    let closed = account.is_some_and(|account| account["automountServiceAccountToken"] == false);
    complaints.demand(closed, format!("ServiceAccount/{}", pod.name), "is not there, or mounts its token");
}

fn environment(pod: Pod<'_>, complaints: &mut Complaints) {
    complaints.demand(pod.spec["enableServiceLinks"] == false, pod.id(), "has every service in its environment");
    for container in pod.all_containers() {
        let object = format!("{} container {}", pod.id(), text(&container["name"]));
        for variable in list(&container["env"]) {
            let name = text(&variable["name"]);
            let refers = !variable["valueFrom"]["secretKeyRef"].is_null();
            complaints.demand(!refers, object.as_str(), format!("{name} puts a secret into the environment"));
            complaints.demand(!is_secret_name(name), object.as_str(), format!("{name} is not named by a file"));
        }
        let whole = list(&container["envFrom"]).any(|source| !source["secretRef"].is_null());
        complaints.demand(!whole, object, "puts a whole secret into the environment");
    }
}

/// Secrets lie under one folder, out of reach of others.
fn mounted(pod: Pod<'_>, complaints: &mut Complaints) {
    for volume in pod.volumes().filter(|volume| secrets_of(volume).next().is_some()) {
        let object = format!("{} volume {}", pod.id(), text(&volume["name"]));
        let mode = volume["projected"]["defaultMode"].as_u64();
        complaints.demand(mode == Some(0o440), object.as_str(), "its files are not of mode 0440");
        for (secret, items) in secrets_of(volume) {
            let named = list(items).next().is_some()
                && list(items).all(|item| item["path"] == format!("{secret}/{}", text(&item["key"])));
            complaints.demand(named, object.as_str(), format!("the keys of {secret} do not lie at {secret}/KEY"));
        }
        let mounts = pod.all_containers().flat_map(|container| list(&container["volumeMounts"]));
        for mount in mounts.filter(|mount| mount["name"] == volume["name"]) {
            let place = mount["mountPath"] == FOLDER && mount["readOnly"] == true;
            complaints.demand(place, object.as_str(), format!("is not mounted read-only at {FOLDER}"));
        }
    }
}

/// Every file of a secret that a variable names is one that is mounted.
fn files(pod: Pod<'_>, complaints: &mut Complaints) {
    let items = pod.volumes().flat_map(secrets_of).flat_map(|(_, items)| list(items));
    let mounted: BTreeSet<String> = items.map(|item| format!("{FOLDER}/{}", text(&item["path"]))).collect();
    for variable in pod.all_containers().flat_map(|container| list(&container["env"])) {
        let (name, file) = (text(&variable["name"]), text(&variable["value"]));
        let there = !name.ends_with("_FILE") || mounted.contains(file);
        complaints.demand(there, pod.id(), format!("{name} names {file:?}, which no secret brings"));
    }
}

/// Names and items of the secrets in a volume.
fn secrets_of(volume: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let whole = volume.get("secret").map(|secret| (text(&secret["secretName"]), &secret["items"]));
    let projected = list(&volume["projected"]["sources"]).filter_map(|source| source.get("secret"));
    whole.into_iter().chain(projected.map(|secret| (text(&secret["name"]), &secret["items"])))
}

/// Each pod reads what the table "Secrets" says: no more, so that a stolen one opens little, and no less.
fn readers(pod: Pod<'_>, complaints: &mut Complaints) {
    if DEV_ONLY.contains(&pod.name) {
        return;
    }
    let rows = readme::table("Secrets");
    let reads = |row: &&Vec<String>| row[2].split(',').any(|reader| reader.trim() == pod.name);
    let documented: BTreeSet<(&str, &str)> =
        rows.iter().filter(reads).map(|row| (row[0].as_str(), row[1].as_str())).collect();
    let read: BTreeSet<(&str, &str)> = pod
        .volumes()
        .flat_map(secrets_of)
        .flat_map(|(secret, items)| list(items).map(move |item| (secret, text(&item["key"]))))
        .collect();
    for (secret, key) in read.difference(&documented) {
        complaints.add(pod.id(), format!("reads {secret}/{key}, and README.md does not say so"));
    }
    for (secret, key) in documented.difference(&read) {
        complaints.add(pod.id(), format!("does not read {secret}/{key}, and README.md says so"));
    }
}

/// The role of PostgreSQL in the address is the one whose password is mounted.
fn database(pod: Pod<'_>, complaints: &mut Complaints) {
    for container in pod.containers() {
        let value = |name: &str| {
            text(
                list(&container["env"])
                    .find(|variable| variable["name"] == name)
                    .map_or(&Value::Null, |found| &found["value"]),
            )
        };
        let Some((_, rest)) = value("DATABASE_URL").split_once("://") else { continue };
        let user = rest.split_once('@').map_or("", |(user, _)| user);
        let file = value("DATABASE_PASSWORD_FILE");
        let fits = file == format!("{FOLDER}/database-{user}/password");
        complaints.demand(fits, pod.id(), format!("signs in to PostgreSQL as {user:?} with {file:?}"));
    }
}

#[test]
fn addresses_and_variables_that_hold_secrets_are_known_by_sight() {
    assert!(has_password("postgres://portal:word@postgres:5432/portal"));
    assert!(!has_password("postgres://portal@postgres:5432/portal"));
    assert!(!has_password("https://portal.example:443/a@b:c"));
    assert!(is_secret_name("DATABASE_PASSWORD") && is_secret_name("client-secret"));
    assert!(!is_secret_name("DATABASE_PASSWORD_FILE") && !is_secret_name("passwords.sql"));
}
