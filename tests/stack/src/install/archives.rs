//! Class archives: Kafka and Keycloak start in half the time when Java finds their classes ready-made. One start of
//! each records them; Keycloak's leaves its imported test realm as well, which later test starts copy.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::parts::Parts;
use crate::process::Launch;
use crate::progress::run;
use crate::{kafka, keycloak, ports};

pub(super) async fn record(parts: &Parts, log: &Path) -> Result<()> {
    for program in ["kafka", "keycloak"] {
        let _ = std::fs::remove_file(parts.class_archive(program));
    }
    // This Java comes without the archive of its own classes, which the others build on.
    run(Launch::new("java", parts.java(), log).args(["-XX:+UseSerialGC", "-Xshare:dump"])).await?;
    let scratch = tempfile::tempdir()?;
    let settings = kafka::Settings {
        port: ports::free()?,
        controller_port: ports::free()?,
        folder: scratch.path().join("kafka"),
        log: log.to_owned(),
        properties: Vec::new(),
    };
    let mut process = kafka::Kafka::start_recording(parts, &settings).await?.process;
    finish(&mut process, &parts.class_archive("kafka")).await?;

    let settings = keycloak::Settings {
        port: ports::free()?,
        management_port: ports::free()?,
        folder: scratch.path().join("keycloak"),
        log: log.to_owned(),
        realm: keycloak::Realm::Test,
        portal_url: "http://127.0.0.1:1".to_owned(),
        public_url: None,
    };
    keycloak::forget_test_realm(parts);
    let mut process = keycloak::Keycloak::start_recording(parts, &settings).await?.process;
    finish(&mut process, &parts.class_archive("keycloak")).await?;
    keycloak::keep_test_realm(parts, &settings.folder)
}

/// An orderly stop, for which writing the archive needs its time.
async fn finish(process: &mut crate::process::Process, archive: &Path) -> Result<()> {
    process.signal(libc::SIGTERM);
    if process.finished(Duration::from_secs(90)).await.is_none() || !archive.is_file() {
        bail!("{} recorded no class archive. Log: {}", process.name(), process.log().display());
    }
    Ok(())
}
