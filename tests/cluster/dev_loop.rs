//! `skaffold dev` as an engineer uses it, in a copy of the tree: an edit is saved, and what runs has it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use reqwest::header::{COOKIE, HOST, HeaderValue};
use stack::parts;
use stack::process::Process;
use tokio::process::Command;

use crate::forward::ALL;
use crate::kubectl::{here, until};
use crate::site::{PORTAL, signed_in};
use crate::steps::{Figures, folder};
use crate::{rollout, skaffold};

/// What is edited: the file, what stands in it, what then stands there, what an answer then holds.
struct Edit {
    name: &'static str,
    file: &'static str,
    old: &'static str,
    new: &'static str,
    /// In the style sheet, or in the Sales page.
    in_style: bool,
    shows: &'static str,
}

const EDITS: [Edit; 4] = [
    Edit {
        name: "a line of CSS",
        file: "assets/portal.css",
        old: "",
        new: ".edited-in-the-loop{color:red}\n",
        in_style: true,
        shows: "edited-in-the-loop",
    },
    Edit {
        name: "a text of a locale",
        file: "assets/locales/ru/shell.ftl",
        old: "sign-out = Выйти",
        new: "sign-out = Выйти, правка",
        in_style: false,
        shows: "Выйти, правка",
    },
    Edit {
        name: "a report",
        file: "assets/reports/sales/report.toml",
        old: "rows_title = { ru = \"По товарам\"",
        new: "rows_title = { ru = \"По товарам, правка\"",
        in_style: false,
        shows: "По товарам, правка",
    },
    Edit {
        name: "a line of portal/src",
        file: "portal/src/ui/shell.rs",
        old: "meta name=\"color-scheme\" content=\"light dark\";",
        new: "meta name=\"color-scheme\" content=\"light dark\"; meta name=\"edited\" content=\"{run}\";",
        in_style: false,
        shows: "name=\"edited\" content=\"{run}\"",
    },
];

/// Edits one after another, each seen in what runs, then undone, and that is seen too.
pub async fn carries_edits(figures: &mut Figures) -> Result<()> {
    let tree = copy_of_the_tree().await?;
    let began = Instant::now();
    let mut dev = skaffold::start("dev", &["dev", "-i", "200", "--cleanup=false", "--no-prune"], &tree)?;
    dev.until_ready(Duration::from_secs(1800), async |output| output.contains("Watching for changes...")).await?;
    figures.seconds("skaffold dev on top of what runs → watching", began.elapsed());
    let outcome = edit_all(&tree, &dev, figures).await;
    dev.stop();
    outcome
}

async fn edit_all(tree: &Path, dev: &Process, figures: &mut Figures) -> Result<()> {
    for (service, _, port) in ALL {
        ensure!(!stack::ports::is_free(port), "skaffold dev does not forward {service} to {port}");
    }
    let visitor = Visitor::come().await?;
    for edit in &EDITS {
        let path = tree.join(edit.file);
        let text = std::fs::read_to_string(&path)?;
        ensure!(text.contains(edit.old), "{} has no {:?}: the edit needs another place", edit.file, edit.old);
        // No two runs edit alike: Docker would have the image already.
        let edited = text.replacen(edit.old, &edit.new.replace("{run}", &visitor.run), 1);
        for (name, text, wanted) in
            [(edit.name.to_owned(), edited, true), (format!("{}, undone", edit.name), text, false)]
        {
            quiet(dev).await?;
            std::fs::write(&path, text)?;
            let saved = Instant::now();
            until(&format!("{name} runs"), Duration::from_secs(300), async || Ok(visitor.sees(edit).await? == wanted))
                .await?;
            if wanted {
                figures.seconds(&format!("{name} → running"), saved.elapsed());
            }
        }
    }
    // Whoever reads on finds what the tree says.
    here(&["rollout", "status", "deployment/web-server", "--timeout=120s"]).await.map(drop)
}

/// Waits until skaffold has nothing to do: what is saved before may be missed.
async fn quiet(dev: &Process) -> Result<()> {
    let watching = || {
        let output = dev.output();
        let at = output.rfind("Watching for changes...");
        let last = ["Syncing ", "Starting build", "Starting deploy", "Generating tags"];
        last.iter().all(|word| output.rfind(word) < at)
    };
    until("skaffold watches again", Duration::from_secs(300), async || Ok(watching())).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// A dealer who signed in through the forwarded ports and asks by way of the service, whichever pod answers.
struct Visitor {
    http: reqwest::Client,
    address: String,
    cookies: HeaderValue,
    run: String,
}

impl Visitor {
    async fn come() -> Result<Self> {
        let cookies = signed_in("volga").await?.cookies().context("a cookie of the portal")?;
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(10));
        let run = tests::fresh_name("run-");
        Ok(Self { http: http.build()?, address: rollout::service().await?, cookies, run })
    }

    async fn get(&self, path: &str) -> Result<String> {
        let host = PORTAL.trim_start_matches("http://");
        let request = self.http.get(format!("{}{path}", self.address)).header(HOST, host).header(COOKIE, &self.cookies);
        Ok(request.send().await?.error_for_status()?.text().await?)
    }

    async fn sees(&self, edit: &Edit) -> Result<bool> {
        let page = self.get("/reports/sales").await?;
        if !edit.in_style {
            return Ok(page.contains(&edit.shows.replace("{run}", &self.run)));
        }
        let (_, rest) = page.split_once("href=\"/assets/portal.").context("a style sheet in the page")?;
        let name = rest.split('"').next().unwrap_or_default();
        Ok(self.get(&format!("/assets/portal.{name}")).await?.contains(edit.shows))
    }
}

/// The files that git knows or would take, with their times, so that cargo finds built what was built.
async fn copy_of_the_tree() -> Result<PathBuf> {
    let (from, to) = (parts::workspace(), folder().join("tree"));
    let _ = std::fs::remove_dir_all(&to);
    std::fs::create_dir_all(&to)?;
    let script = "git ls-files -z --cached --others --exclude-standard | cpio --quiet -0 -pdm \"$1\" 2>/dev/null || \
                  git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -p -t \"$1\"";
    let to_text = to.display().to_string();
    let output = Command::new("bash").args(["-c", script, "copy", &to_text]).current_dir(&from).output().await?;
    ensure!(output.status.success(), "copy the tree: {}", String::from_utf8_lossy(&output.stderr));
    Ok(to)
}
