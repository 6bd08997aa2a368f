//! The cluster, asked and told through `kubectl`.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Where the dev overlay lives.
pub const NAMESPACE: &str = "development";

/// What `kubectl` answers to these words; its complaint when it fails.
pub async fn kubectl(words: &[&str]) -> Result<String> {
    tell(words, "").await
}

/// The same about things in the namespace of the dev overlay.
pub async fn here(words: &[&str]) -> Result<String> {
    kubectl(&[&["-n", NAMESPACE], words].concat()).await
}

/// With a manifest on its standard input.
pub async fn tell(words: &[&str], input: &str) -> Result<String> {
    let mut command = Command::new("kubectl");
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("start kubectl")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await.context("hand kubectl its manifest")?;
    }
    let output = child.wait_with_output().await?;
    if !output.status.success() {
        bail!("kubectl {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Objects of the dev overlay's namespace, such as `pods` or `deployment/web-server`.
pub async fn objects(words: &[&str]) -> Result<Value> {
    read(&[&["-n", NAMESPACE, "get", "-o", "json"], words].concat()).await
}

/// Whatever answers as JSON.
pub async fn read(words: &[&str]) -> Result<Value> {
    serde_json::from_str(&kubectl(words).await?).context("read what kubectl answers")
}

/// The list in an answer.
pub fn items(answer: &Value) -> &[Value] {
    answer["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text in an answer, by its path; empty where there is none.
pub fn text<'a>(answer: &'a Value, path: &str) -> &'a str {
    answer.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// A pod of a part, as much as the tests ask of it.
#[derive(Debug, Clone)]
pub struct Pod {
    pub name: String,
    pub part: String,
    pub uid: String,
    pub is_ready: bool,
    pub restarts: u64,
    /// `CrashLoopBackOff`, `ImagePullBackOff`, …; empty when nothing waits.
    pub waits: String,
}

/// The pods of a part that are not on their way out; of every part when `part` is empty.
pub async fn pods(part: &str) -> Result<Vec<Pod>> {
    let selector = if part.is_empty() { String::new() } else { format!("app.kubernetes.io/name={part}") };
    let answer = objects(&["pods", "-l", &selector]).await?;
    let living = items(&answer).iter().filter(|pod| text(pod, "/metadata/deletionTimestamp").is_empty());
    Ok(living.map(pod).collect())
}

fn pod(answer: &Value) -> Pod {
    let containers = answer["status"]["containerStatuses"].as_array().cloned().unwrap_or_default();
    let conditions = answer["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let of = |field: &str| text(answer, field).to_owned();
    Pod {
        name: of("/metadata/name"),
        part: of("/metadata/labels/app.kubernetes.io~1name"),
        uid: of("/metadata/uid"),
        is_ready: conditions.iter().any(|it| it["type"] == "Ready" && it["status"] == "True"),
        restarts: containers.iter().filter_map(|it| it["restartCount"].as_u64()).sum(),
        waits: containers.iter().map(|it| text(it, "/state/waiting/reason")).collect::<Vec<_>>().join(""),
    }
}

/// Waits until `condition` holds; complains with `what` when it does not in time. An error counts as "not yet".
pub async fn until(what: &str, within: Duration, mut condition: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + within;
    loop {
        let outcome = condition().await;
        if matches!(outcome, Ok(true)) {
            return Ok(());
        }
        if Instant::now() > end {
            let cause = outcome.err().map(|error| format!(" ({error:#})")).unwrap_or_default();
            bail!("not within {} s: {what}{cause}", within.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until a Deployment or StatefulSet has rolled out.
pub async fn rolled_out(workload: &str) -> Result<()> {
    here(&["rollout", "status", workload, "--timeout=300s"]).await.map(drop)
}
