//! Keycloak as a child process: its Java is run directly, so that no script stands between it and its signals.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::parts::Parts;
use crate::process::{Launch, Process};

/// The realm of the product, and its client of the portal with the secret of a stack of ours.
pub const REALM: &str = "dealers";
pub const CLIENT_ID: &str = "portal";
pub const CLIENT_SECRET: &str = "portal-dev-secret";
/// Name and password of the administrator of a Keycloak of ours.
pub const ADMIN: &str = "admin";

const REALM_JSON: &str = include_str!("../keycloak/realm.json");
/// A partial import: the realm itself has no people.
pub const DEMO_PEOPLE_JSON: &str = include_str!("../keycloak/demo-people.json");

#[derive(Debug, Clone)]
pub struct Settings {
    pub port: u16,
    pub management_port: u16,
    /// Becomes the server's home: its own `data/`, links to the installed rest.
    pub folder: PathBuf,
    pub log: PathBuf,
    /// The realm is imported at the first start of a folder and never overwritten later.
    pub realm: Realm,
    /// The portal's address, for redirects and the back channel; read when the realm is imported.
    pub portal_url: String,
    /// Scheme, host and port that browsers see, if they are not the address listened at. Asked elsewhere, Keycloak then
    /// names that place for its back channel.
    pub public_url: Option<String>,
}

/// Which realm a fresh folder gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Realm {
    /// `tests/stack/keycloak/realm.json` with the people of `demo-people.json`.
    Product,
    /// The same with cheap password hashing and without the lock against guessing, so that tests may sign in at once.
    Test,
}

impl Realm {
    pub fn json(self) -> Result<String> {
        let mut realm: serde_json::Value = serde_json::from_str(REALM_JSON)?;
        let mut people: serde_json::Value = serde_json::from_str(DEMO_PEOPLE_JSON)?;
        realm["groups"] = people["groups"].take();
        for field in ["clients", "users"] {
            if let (Some(own), serde_json::Value::Array(theirs)) = (realm[field].as_array_mut(), people[field].take()) {
                own.extend(theirs);
            }
        }
        if self == Self::Test {
            realm["passwordPolicy"] = "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)".into();
            realm["bruteForceProtected"] = false.into();
        }
        Ok(serde_json::to_string_pretty(&realm)?)
    }
}

/// A running Keycloak with the realm [`REALM`].
#[derive(Debug)]
pub struct Keycloak {
    pub process: Process,
    port: u16,
    management_port: u16,
}

impl Keycloak {
    pub async fn start(parts: &Parts, settings: &Settings) -> Result<Self> {
        Self::start_with(parts, settings, &[]).await
    }

    /// A start whose end writes the class archive.
    pub(crate) async fn start_recording(parts: &Parts, settings: &Settings) -> Result<Self> {
        let record = format!("-XX:ArchiveClassesAtExit={}", parts.class_archive("keycloak").display());
        Self::start_with(parts, settings, &[record]).await
    }

    async fn start_with(parts: &Parts, settings: &Settings, options: &[String]) -> Result<Self> {
        prepare_home(parts, settings)?;
        let launch = launch(parts, settings, options).args(words(settings)).stop_within(Duration::from_secs(15));
        let mut keycloak =
            Self { process: launch.start()?, port: settings.port, management_port: settings.management_port };
        keycloak.ready().await?;
        Ok(keycloak)
    }

    /// Waits until it says so itself, also after a restart.
    pub async fn ready(&mut self) -> Result<()> {
        let http = crate::http()?;
        let url = format!("http://127.0.0.1:{}/health/ready", self.management_port);
        self.process
            .until_ready(Duration::from_secs(180), async |_| {
                http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success())
            })
            .await
    }

    pub async fn restart(&mut self) -> Result<()> {
        self.process.restart()?;
        self.ready().await
    }

    /// The server's address, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `OIDC_ISSUER`, unless browsers see another address.
    pub fn issuer(&self) -> String {
        issuer(&self.url())
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

/// `OIDC_ISSUER` of a Keycloak of ours at `url`.
pub fn issuer(url: &str) -> String {
    format!("{url}/realms/{REALM}")
}

/// Has Keycloak build its configuration into its own folder, once after unpacking (about 20 s): every later start
/// saves that time.
pub(crate) async fn build(parts: &Parts, log: &Path) -> Result<()> {
    let home = parts.keycloak();
    let mut process = Launch::new("keycloak", parts.java(), log)
        .args(jvm_words(parts, &home))
        .args(["start-dev", "--health-enabled=true"])
        .folder(&home)
        .start()?;
    let status = process.finished(Duration::from_secs(300)).await;
    // 10 says: built, start me again.
    if status.and_then(|status| status.code()) != Some(10) {
        let output = process.output();
        let said = output.trim().lines().last().unwrap_or_default();
        bail!("Keycloak could not build its configuration: {said}. Log: {}", log.display());
    }
    Ok(())
}

fn launch(parts: &Parts, settings: &Settings, options: &[String]) -> Launch {
    Launch::new("keycloak", parts.java(), &settings.log)
        .args(options)
        .args(parts.java_options("keycloak"))
        .arg("-Dkc.config.built=true")
        .args(jvm_words(parts, &settings.folder))
        .env("KC_BOOTSTRAP_ADMIN_USERNAME", ADMIN)
        .env("KC_BOOTSTRAP_ADMIN_PASSWORD", ADMIN)
        .env("PORTAL_URL", &settings.portal_url)
        .env("PORTAL_INTERNAL_URL", &settings.portal_url)
        .env("REALM_SSL_REQUIRED", "none")
        .env("PORTAL_CLIENT_SECRET", CLIENT_SECRET)
        .folder(&settings.folder)
}

/// What `bin/kc.sh` would say to Java.
fn jvm_words(parts: &Parts, home: &Path) -> Vec<String> {
    let program = parts.keycloak().join("lib/quarkus-run.jar");
    let home = home.display();
    let opened = ["java.util", "java.util.concurrent", "java.security", "java.lang"];
    let mut words = vec![
        "-Xms64m".to_owned(),
        "-Xmx512m".to_owned(),
        "-XX:MaxMetaspaceSize=256m".to_owned(),
        "-XX:+ExitOnOutOfMemoryError".to_owned(),
        "-Dfile.encoding=UTF-8".to_owned(),
        "-Duser.language=en".to_owned(),
        "-Duser.country=US".to_owned(),
        "-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory".to_owned(),
        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager".to_owned(),
        "-Dpicocli.disable.closures=true".to_owned(),
        "-Dquarkus-log-max-startup-records=10000".to_owned(),
        "--enable-native-access=ALL-UNNAMED".to_owned(),
        format!("-Dkc.home.dir={home}"),
        format!("-Djboss.server.config.dir={home}/conf"),
    ];
    words.extend(opened.map(|package| format!("--add-opens=java.base/{package}=ALL-UNNAMED")));
    words.extend(["-cp".to_owned(), program.display().to_string()]);
    words.push("io.quarkus.bootstrap.runner.QuarkusEntryPoint".to_owned());
    words
}

/// The command line proper. Without `--hostname` the issuer would follow each request's Host header.
fn words(settings: &Settings) -> Vec<String> {
    let own = format!("http://127.0.0.1:{}", settings.port);
    vec![
        "start-dev".to_owned(),
        "--http-host=127.0.0.1".to_owned(),
        format!("--http-port={}", settings.port),
        format!("--http-management-port={}", settings.management_port),
        "--health-enabled=true".to_owned(),
        format!("--hostname={}", settings.public_url.as_ref().unwrap_or(&own)),
        "--hostname-backchannel-dynamic=true".to_owned(),
        "--import-realm".to_owned(),
    ]
}

/// A home of links: programs and libraries are shared by all instances, `data` is this one's own.
fn prepare_home(parts: &Parts, settings: &Settings) -> Result<()> {
    let installed = parts.keycloak();
    let import = settings.folder.join("data/import");
    std::fs::create_dir_all(&import).with_context(|| format!("create {}", import.display()))?;
    for name in ["bin", "conf", "lib", "providers", "themes"] {
        let link = settings.folder.join(name);
        if std::fs::read_link(&link).ok().as_deref() != Some(&installed.join(name)) {
            let _ = std::fs::remove_file(&link);
            std::os::unix::fs::symlink(installed.join(name), &link)
                .with_context(|| format!("link {}", link.display()))?;
        }
    }
    let realm = settings.realm.json()?;
    let (database, kept) = (settings.folder.join("data/h2"), parts.root().join(TEST_REALM));
    if settings.realm == Realm::Test && !database.exists() && kept.join(DATABASE).is_file() {
        std::fs::create_dir_all(&database)?;
        std::fs::copy(kept.join(DATABASE), database.join(DATABASE))?;
    }
    std::fs::write(import.join("realm.json"), realm)?;
    Ok(())
}

/// The next start imports the realm as it is now.
pub(crate) fn forget_test_realm(parts: &Parts) {
    // Failing that there is none.
    let _ = std::fs::remove_dir_all(parts.root().join(TEST_REALM));
}

const TEST_REALM: &str = "keycloak-test-realm";
const DATABASE: &str = "keycloakdb.mv.db";

/// Keeps the database of a stopped Keycloak that imported the test realm, for later ones to start from.
pub(crate) fn keep_test_realm(parts: &Parts, home: &Path) -> Result<()> {
    let folder = parts.root().join(TEST_REALM);
    std::fs::create_dir_all(&folder)?;
    std::fs::copy(home.join("data/h2").join(DATABASE), folder.join(DATABASE)).context("keep the test realm")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Realm;

    #[test]
    fn the_test_realm_differs_in_hashing_and_the_lock_only() {
        let [product, test] = [Realm::Product, Realm::Test].map(|realm| {
            let mut json: serde_json::Value = serde_json::from_str(&realm.json().unwrap()).unwrap();
            let fields = json.as_object_mut().unwrap();
            (fields.remove("passwordPolicy"), fields.remove("bruteForceProtected"), json)
        });
        assert_eq!((product.0, product.1), (None, Some(true.into())));
        assert_eq!(product.2, test.2);
    }

    #[test]
    fn the_realm_itself_has_no_people_no_secret_and_wants_tls_unless_told_otherwise() {
        let realm: serde_json::Value = serde_json::from_str(super::REALM_JSON).unwrap();
        assert!(realm.get("groups").is_none());
        let users = realm["users"].as_array().unwrap();
        assert!(
            users.len() == 1 && users[0]["serviceAccountClientId"] == "portal",
            "no people: the portal's own account"
        );
        assert_eq!(
            users[0]["clientRoles"],
            serde_json::json!({ "realm-management": ["view-users"] }),
            "it looks, and changes nothing"
        );
        assert_eq!((&realm["adminEventsEnabled"], &realm["adminEventsDetailsEnabled"]), (&true.into(), &true.into()));
        assert_eq!(realm["sslRequired"], "${REALM_SSL_REQUIRED:external}");
        assert_eq!(realm["clients"][0]["secret"], "${PORTAL_CLIENT_SECRET}");
        let back_channel = &realm["clients"][0]["attributes"]["backchannel.logout.url"];
        assert_eq!(back_channel, "${PORTAL_INTERNAL_URL}/logout/backchannel");
    }

    #[test]
    fn each_demo_person_has_the_agreed_id_and_dealer() {
        let realm: serde_json::Value = serde_json::from_str(&Realm::Product.json().unwrap()).unwrap();
        let people: Vec<_> =
            realm["users"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect();
        let programs = ["service-account-volga-machine", "admin", "service-account-operations-machine"];
        assert_eq!(people[0], "service-account-portal");
        assert_eq!(people[1..], [&["volga", "ural", "manager", "nobody"][..], &programs].concat());
        let groups = &realm["groups"][0]["subGroups"];
        assert_eq!(groups[1]["attributes"]["dealer_id"][0], "5b0d6f0e-d0d0-11ee-8a01-000000000002");
        assert_eq!(realm["users"][2]["groups"][0], "/dealers/ural");
        assert_eq!(realm["users"][5]["groups"][0], "/dealers/volga");
        assert_eq!(realm["clients"][0]["clientId"], "portal");
        assert_eq!(realm["clients"][1]["clientId"], "volga-machine");
        assert_eq!(realm["clients"][2]["clientId"], "operations-machine");
    }
}
