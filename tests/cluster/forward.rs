//! Ports of services on this machine, as `kubectl port-forward` gives them: taken up again when a pod goes.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Result, ensure};
use stack::ports;
use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::kubectl::{NAMESPACE, until};

/// The forwards of `skaffold.yaml`: service, its port, the port here.
pub const ALL: [(&str, u16, u16); 7] = [
    ("web-server", 80, 21800),
    ("backend-service-1", 80, 21805),
    ("backend-service-2", 80, 21806),
    ("keycloak", 8080, 21080),
    ("onec-admin", 8081, 21071),
    ("clickhouse", 8123, 21123),
    ("mail", 8025, 21025),
];

/// Closed when dropped.
#[derive(Debug)]
pub struct Forwards(Vec<JoinHandle<()>>);

impl Forwards {
    /// All of them, once they take connections.
    pub async fn open() -> Result<Self> {
        for (service, _, local) in ALL {
            let holder = ports::holder(local).unwrap_or_else(|| "another program".to_owned());
            let free = until("the port is free", Duration::from_secs(10), async || Ok(ports::is_free(local))).await;
            ensure!(free.is_ok(), "Port {local}, for service {service}, is taken by {holder}: stop it.");
        }
        let forwards = Self(ALL.iter().map(|forward| tokio::spawn(keep(*forward))).collect());
        for (service, _, local) in ALL {
            let what = format!("a connection to {service}");
            until(&what, Duration::from_secs(60), async || Ok(!ports::is_free(local))).await?;
        }
        Ok(forwards)
    }
}

impl Drop for Forwards {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn keep((service, port, local): (&str, u16, u16)) {
    loop {
        let mut command = Command::new("kubectl");
        command
            .args(["-n", NAMESPACE, "port-forward", &format!("service/{service}"), &format!("{local}:{port}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        if let Ok(mut child) = command.spawn() {
            let _ = child.wait().await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
