//! What the manifests are checked against: the API of the two newest Kubernetes minors and KEDA's own kinds, as strict
//! JSON schemas. Both come out of Go modules, with the versions and hashes of `parts/go/schemas/go.sum`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::manifest_tools::{go, module};
use super::strict_schema::{Schema, of_crd, of_swagger};
use crate::parts::Parts;
use crate::progress::run;

const MODULE: &str = include_str!("../../parts/go/schemas/go.mod");
const SUMS: &str = include_str!("../../parts/go/schemas/go.sum");
const KUBERNETES: &str = "k8s.io/kubernetes";
const KEDA: &str = "github.com/kedacore/keda/v2";
const KEDA_CRDS: [&str; 2] = ["keda.sh_scaledobjects.yaml", "keda.sh_triggerauthentications.yaml"];

/// Whatever changes the schemas.
pub(super) const INPUTS: [&str; 2] = [SUMS, include_str!("strict_schema.rs")];

/// The Kubernetes versions that there are schemas of: `v1.37.2`, ...
pub fn kubernetes_versions() -> Vec<&'static str> {
    versions_of(KUBERNETES)
}

pub(super) async fn make(parts: &Parts, log: &Path) -> Result<()> {
    let target = parts.schemas();
    super::remove(&target)?;
    // The modules are large, and one file of each is wanted: they do not stay.
    let cache = parts.root().join(".go-modules");
    super::remove(&cache)?;
    download(parts, &cache, log).await?;
    for version in kubernetes_versions() {
        let swagger = cached(&cache, KUBERNETES, version).join("api/openapi-spec/swagger.json");
        let swagger: Value = serde_json::from_str(&read(&swagger)?)?;
        write(&target.join(version), of_swagger(&swagger))?;
    }
    for version in versions_of(KEDA) {
        let folder = cached(&cache, KEDA, version).join("config/crd/bases");
        for name in KEDA_CRDS {
            let crd: Value = serde_saphyr::from_str(&read(&folder.join(name))?)?;
            write(&target.join("crd"), of_crd(&crd))?;
        }
    }
    super::remove(&cache)
}

async fn download(parts: &Parts, cache: &Path, log: &Path) -> Result<()> {
    let folder = module(parts, "schemas", MODULE, SUMS)?;
    let modules = sums().map(|(path, version)| format!("{path}@{version}"));
    // go.sum has every hash, so nobody else need be asked for one.
    let settings = [("GOFLAGS", "-modcacherw"), ("GOSUMDB", "off")];
    run(go(&folder, log).args(["mod", "download"]).args(modules).envs(settings).env("GOMODCACHE", cache)).await
}

/// Where go unpacks a module.
fn cached(cache: &Path, path: &str, version: &str) -> PathBuf {
    cache.join(format!("{path}@{version}"))
}

fn versions_of(wanted: &str) -> Vec<&'static str> {
    sums().filter(|(path, _)| *path == wanted).map(|(_, version)| version).collect()
}

/// Modules and versions of the lines of go.sum, without those for go.mod files alone.
fn sums() -> impl Iterator<Item = (&'static str, &'static str)> {
    let words = SUMS.lines().filter_map(|line| line.split_once(' '));
    words.filter_map(|(path, rest)| Some((path, rest.split_once(' ')?.0))).filter(|(_, version)| !version.contains('/'))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

fn write(folder: &Path, schemas: Vec<Schema>) -> Result<()> {
    for schema in schemas {
        let path = folder.join(schema.file);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(&path, schema.json.to_string()).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_neighbouring_minors_of_kubernetes_are_checked_against() {
        let minors: Vec<u32> =
            kubernetes_versions().iter().map(|version| version.split('.').nth(1).unwrap().parse().unwrap()).collect();
        assert_eq!(minors.len(), 2);
        assert_eq!(minors[0] + 1, minors[1]);
    }
}
