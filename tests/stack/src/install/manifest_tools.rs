//! The programs that check the manifests, built from Go modules: kustomize renders, kubeconform and kube-score judge,
//! skaffold renders its profiles. Versions and hashes stand in `parts/go/*/go.mod` and `go.sum`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::parts::Parts;
use crate::process::Launch;
use crate::progress::run;

/// The oldest Go that the modules take.
const OLDEST_GO: (u32, u32) = (1, 26);

/// Tools that are built together, and the module that pins them.
pub(super) struct Tools {
    pub name: &'static str,
    pub stamp: &'static str,
    module: &'static str,
    sums: &'static str,
    /// Words for the linker: skaffold does not learn its own version otherwise.
    link: &'static str,
}

pub(super) const TOOLS: [Tools; 2] = [
    Tools {
        name: "kustomize, kubeconform, kube-score",
        stamp: "go-manifests",
        module: include_str!("../../parts/go/manifests/go.mod"),
        sums: include_str!("../../parts/go/manifests/go.sum"),
        link: "-s -w",
    },
    Tools {
        name: "skaffold (go)",
        stamp: "go-skaffold",
        module: include_str!("../../parts/go/skaffold/go.mod"),
        sums: include_str!("../../parts/go/skaffold/go.sum"),
        link: "-s -w -X github.com/GoogleContainerTools/skaffold/v2/pkg/skaffold/version.version=v2.16.1",
    },
];

impl Tools {
    /// Whatever changes the programs.
    pub fn inputs(&self) -> [&'static str; 3] {
        [self.module, self.sums, self.link]
    }

    pub async fn build(&self, parts: &Parts, log: &Path) -> Result<()> {
        let folder = module(parts, self.stamp, self.module, self.sums)?;
        let bin = parts.tool("");
        std::fs::create_dir_all(&bin)?;
        let build = go(&folder, log).args(["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags"]);
        // With the separator at the end it is a folder to go, whatever the number of tools.
        run(build.arg(self.link).arg("-o").arg(bin).arg("tool")).await
    }
}

/// Lays a module of ours down where go can read it.
pub(super) fn module(parts: &Parts, name: &str, module: &str, sums: &str) -> Result<PathBuf> {
    let folder = parts.root().join("go").join(name);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("go.mod"), module)?;
    std::fs::write(folder.join("go.sum"), sums)?;
    Ok(folder)
}

/// The go of this machine, in `folder`, with nothing of the user's own settings in its way.
pub(super) fn go(folder: &Path, log: &Path) -> Launch {
    let settings = [("GOFLAGS", ""), ("GOTOOLCHAIN", "local"), ("GOWORK", "off"), ("CGO_ENABLED", "0")];
    Launch::new("go", "go", log).envs(settings).folder(folder)
}

/// Says so in one sentence when the machine's go is too old for the modules.
pub(super) async fn new_enough() -> Result<()> {
    let asked = tokio::process::Command::new("go").args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local").output();
    let said = asked.await.context("ask go for its version")?;
    let said = String::from_utf8_lossy(&said.stdout);
    let (major, minor) = OLDEST_GO;
    if version(&said).is_none_or(|version| version < OLDEST_GO) {
        let has = said.trim().trim_start_matches("go");
        bail!(
            "The checks of the manifests need Go {major}.{minor} or newer, and this machine has {has}: install it and start again."
        );
    }
    Ok(())
}

/// Major and minor of `go1.26.8`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().strip_prefix("go")?.split(|letter: char| !letter.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_go_is_read_whatever_stands_behind_it() {
        assert_eq!(version("go1.26.8\n"), Some((1, 26)));
        assert_eq!(version("go1.27rc1"), Some((1, 27)));
        assert_eq!(version("devel"), None);
    }

    #[test]
    fn skaffold_is_told_the_version_that_its_module_pins() {
        let [_, skaffold] = &TOOLS;
        let version = skaffold.link.rsplit('=').next().unwrap();
        assert!(skaffold.module.contains(&format!("skaffold/v2 {version}")), "{version}");
    }
}
