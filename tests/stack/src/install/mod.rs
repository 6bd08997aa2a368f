//! Puts the real parts into `.dev/parts` by the ordinary package clients. Each step leaves a stamp with the hash of
//! what it was made from, and runs again only when that changes.

mod archives;
mod browser;
mod clients;
mod manifest_tools;
mod schemas;
mod strict_schema;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
pub use schemas::kubernetes_versions;
use sha2::Digest;

use crate::keycloak;
use crate::parts::{KEYCLOAK_VERSION, Parts};
use crate::process::Launch;
use crate::progress::{run, step, write_whole};

const PACKAGE_JSON: &str = include_str!("../../parts/package.json");
const PACKAGE_LOCK: &str = include_str!("../../parts/package-lock.json");
const REQUIREMENTS: &str = include_str!("../../parts/requirements.txt");
/// What reads the files of reports as their users' tools do.
const READERS: &str = include_str!("../../parts/readers/requirements.txt");
/// The mail server.
const MAIL: &str = include_str!("../../parts/mail/requirements.txt");
/// The server of S3.
const S3: &str = include_str!("../../parts/s3/requirements.txt");
/// What judges the description of the API, and makes a client of it.
const OPENAPI_REQUIREMENTS: &str = include_str!("../../parts/openapi/requirements.txt");
const KAFKA_POM: &str = include_str!("../../parts/pom.xml");
const DEPENDENCY_PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

/// What is to be had: `up` needs no browser, and only the tests check manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Servers,
    ServersAndBrowser,
    ManifestTools,
    Everything,
}

impl Wanted {
    fn servers(self) -> bool {
        self != Self::ManifestTools
    }

    fn browser(self) -> bool {
        matches!(self, Self::ServersAndBrowser | Self::Everything)
    }

    fn manifest_tools(self) -> bool {
        matches!(self, Self::ManifestTools | Self::Everything)
    }
}

/// Installs what is missing. Prints a line for each step that had something to do.
pub async fn install(parts: &Parts, logs: &Path, wanted: Wanted) -> Result<()> {
    let site = Site { parts, logs };
    std::fs::create_dir_all(parts.root().join(".stamps")).context("create the folder of the parts")?;
    let _only_one = lock(parts).await?;
    if site.everything_is_there(wanted) {
        return Ok(());
    }
    clients::ensure(logs, wanted).await?;
    if wanted.servers() {
        site.servers().await?;
    }
    if wanted.browser() {
        site.step("Chromium", "chromium", &[PACKAGE_LOCK], async |log| browser::unpack(parts, log).await).await?;
    }
    if wanted == Wanted::Everything {
        let readers = parts.root().join("readers");
        let name = "Readers of files (pip)";
        site.step(name, "readers", &[READERS], async |log| python(&readers, READERS, log).await).await?;
        site.step("Server of S3 (pip)", "s3", &[S3], async |log| python(&parts.s3(), S3, log).await).await?;
        let name = "OpenAPI validator and client generator (pip)";
        let target = parts.openapi_tools();
        site.step(name, "openapi", &[OPENAPI_REQUIREMENTS], async |log| {
            python(&target, OPENAPI_REQUIREMENTS, log).await
        })
        .await?;
    }
    if wanted.manifest_tools() {
        site.manifest_tools().await?;
    }
    Ok(())
}

struct Site<'a> {
    parts: &'a Parts,
    logs: &'a Path,
}

impl Site<'_> {
    async fn servers(&self) -> Result<()> {
        let parts = self.parts;
        self.step("npm packages", "npm", &[PACKAGE_JSON, PACKAGE_LOCK], async |log| {
            std::fs::write(parts.root().join("package.json"), PACKAGE_JSON)?;
            std::fs::write(parts.root().join("package-lock.json"), PACKAGE_LOCK)?;
            let npm = Launch::new("npm", "npm", log).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
            run(npm.folder(parts.root())).await
        })
        .await?;
        self.step("PostgreSQL and Java (pip)", "pip", &[REQUIREMENTS], async |log| {
            python(&parts.root().join("python"), REQUIREMENTS, log).await
        })
        .await?;
        self.step("Mail server (pip)", "mail", &[MAIL], async |log| python(&parts.mail(), MAIL, log).await).await?;
        self.step("Kafka (mvn)", "kafka", &[KAFKA_POM], async |log| kafka(parts, log).await).await?;
        self.step("Keycloak (mvn)", "keycloak", &[KEYCLOAK_VERSION], async |log| keycloak(parts, log).await).await?;
        let archives = [REQUIREMENTS, KAFKA_POM, KEYCLOAK_VERSION, &keycloak::Realm::Test.json()?];
        self.step("Class archives for fast starts", "archives", &archives, async |log| {
            archives::record(parts, log).await
        })
        .await
    }

    async fn manifest_tools(&self) -> Result<()> {
        manifest_tools::new_enough().await?;
        for tools in &manifest_tools::TOOLS {
            self.step(tools.name, tools.stamp, &tools.inputs(), async |log| tools.build(self.parts, log).await).await?;
        }
        self.step("Kubernetes' schemas", "schemas", &schemas::INPUTS, async |log| schemas::make(self.parts, log).await)
            .await
    }

    async fn step(
        &self,
        name: &str,
        stamp: &str,
        inputs: &[&str],
        work: impl AsyncFnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        let hash = hash_of(inputs);
        let stamp_file = self.stamp(stamp);
        if std::fs::read_to_string(&stamp_file).is_ok_and(|recorded| recorded == hash) {
            return Ok(());
        }
        let log = self.logs.join(format!("install-{stamp}.log"));
        step(name, Some(&log), work(&log)).await?;
        write_whole(&stamp_file, &hash)
    }

    fn stamp(&self, name: &str) -> PathBuf {
        self.parts.root().join(".stamps").join(name)
    }

    /// The quick look that spares a second `./dev up` the search for package clients.
    fn everything_is_there(&self, wanted: Wanted) -> bool {
        let Ok(realm) = keycloak::Realm::Test.json() else { return false };
        let mut stamps: Vec<(&str, Vec<&str>)> = Vec::new();
        if wanted.servers() {
            stamps.extend([
                ("npm", vec![PACKAGE_JSON, PACKAGE_LOCK]),
                ("pip", vec![REQUIREMENTS]),
                ("mail", vec![MAIL]),
                ("kafka", vec![KAFKA_POM]),
                ("keycloak", vec![KEYCLOAK_VERSION]),
                ("archives", vec![REQUIREMENTS, KAFKA_POM, KEYCLOAK_VERSION, &realm]),
            ]);
        }
        if wanted.browser() {
            stamps.push(("chromium", vec![PACKAGE_LOCK]));
        }
        if wanted == Wanted::Everything {
            stamps.extend([("readers", vec![READERS]), ("s3", vec![S3]), ("openapi", vec![OPENAPI_REQUIREMENTS])]);
        }
        if wanted.manifest_tools() {
            stamps.extend(manifest_tools::TOOLS.iter().map(|tools| (tools.stamp, tools.inputs().to_vec())));
            stamps.push(("schemas", schemas::INPUTS.to_vec()));
        }
        stamps.iter().all(|(name, inputs)| {
            std::fs::read_to_string(self.stamp(name)).is_ok_and(|recorded| recorded == hash_of(inputs))
        })
    }
}

/// Packages of these versions and hashes, into a folder of their own.
async fn python(target: &Path, wanted: &str, log: &Path) -> Result<()> {
    let requirements = target.with_extension("txt");
    remove(target)?;
    std::fs::write(&requirements, wanted)?;
    let pip = Launch::new("pip", "python3", log)
        .args(["-m", "pip", "install", "--no-deps", "--no-compile", "--only-binary", ":all:", "--require-hashes"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore", "--target"])
        .arg(target)
        .arg("-r")
        .arg(requirements);
    run(pip).await
}

async fn kafka(parts: &Parts, log: &Path) -> Result<()> {
    let folder = parts.root().join("kafka");
    remove(&folder)?;
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("pom.xml"), KAFKA_POM)?;
    let mvn = Launch::new("mvn", "mvn", log)
        .args(["-B", "-q", "-f"])
        .arg(folder.join("pom.xml"))
        .arg(format!("{DEPENDENCY_PLUGIN}:copy-dependencies"))
        .arg("-DincludeScope=runtime")
        .arg(format!("-DoutputDirectory={}", parts.kafka_lib().display()));
    run(mvn).await
}

async fn keycloak(parts: &Parts, log: &Path) -> Result<()> {
    remove(&parts.keycloak())?;
    // The plugin leaves marker files in the folder it runs in.
    let scratch = parts.root().join(".keycloak-unpack");
    remove(&scratch)?;
    std::fs::create_dir_all(&scratch)?;
    let mvn = Launch::new("mvn", "mvn", log)
        .args(["-B".to_owned(), "-q".to_owned(), format!("{DEPENDENCY_PLUGIN}:unpack")])
        .arg(format!("-Dartifact=org.keycloak:keycloak-quarkus-dist:{KEYCLOAK_VERSION}:tar.gz"))
        .arg(format!("-DoutputDirectory={}", parts.root().display()))
        .folder(&scratch);
    run(mvn).await?;
    remove(&scratch)?;
    keycloak::build(parts, log).await
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn hash_of(inputs: &[&str]) -> String {
    let mut hash = sha2::Sha256::new();
    for input in inputs {
        hash.update(u64::try_from(input.len()).unwrap_or_default().to_le_bytes());
        hash.update(input);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Waits until no other process installs into the same folder; dropped, the lock is free again.
async fn lock(parts: &Parts) -> Result<std::fs::File> {
    let file = std::fs::File::create(parts.root().join(".lock"))?;
    if file.try_lock().is_err() {
        eprintln!("  Another ./dev installs the parts: waiting for it.");
        let waited = file.try_clone()?;
        tokio::task::spawn_blocking(move || waited.lock()).await??;
    }
    Ok(file)
}
