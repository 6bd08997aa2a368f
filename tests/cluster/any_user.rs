//! Our images under a user that nobody foresaw, as some clusters give one, with a root that nobody can write.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::kubectl::{here, objects, pods, rolled_out};

const OURS: [&str; 7] =
    ["web-server", "backend-service-1", "backend-service-2", "etl-extractor", "etl-loader", "report-service", "onec"];

pub async fn runs_them() -> Result<()> {
    let user = 10_000 + u64::from(uuid::Uuid::new_v4().as_fields().1) * 7 + 1_000_000;
    let outcome = all_as(user).await;
    for part in OURS {
        here(&["rollout", "undo", &format!("deployment/{part}")]).await?;
        rolled_out(&format!("deployment/{part}")).await?;
    }
    outcome
}

async fn all_as(user: u64) -> Result<()> {
    let context = json!({ "runAsUser": user, "runAsGroup": user, "fsGroup": user });
    let patch = json!({ "spec": { "template": { "spec": { "securityContext": context } } } }).to_string();
    for part in OURS {
        here(&["patch", "deployment", part, "--patch", &patch]).await?;
    }
    for part in OURS {
        rolled_out(&format!("deployment/{part}")).await?;
        let pods = pods(part).await?;
        let Some(pod) = pods.iter().find(|pod| pod.is_ready) else { anyhow::bail!("no pod of {part} is ready") };
        let specification = objects(&[&format!("pod/{}", pod.name)]).await?;
        ensure!(
            specification.pointer("/spec/securityContext/runAsUser") == Some(&json!(user)),
            "{part} runs as another"
        );
        // No shell in there; the rm is skaffold's.
        let removed = here(&["exec", &pod.name, "--", "/bin/rm", "-f", "/etc/nsswitch.conf"]).await;
        let refused = removed.as_ref().is_err_and(|error| error.to_string().contains("Read-only file system"));
        ensure!(refused, "{part} may write to its root: {removed:?}");
    }
    Ok(())
}
