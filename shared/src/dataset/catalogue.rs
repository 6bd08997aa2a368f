//! All datasets: compiled in, then the site's own files laid over them (`DATASETS_DIR`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use include_dir::{Dir, include_dir};

use super::definition::{Dataset, Definition};
use super::read::read;
use crate::env::{self, EnvError};
use crate::problem::Problem;

static COMPILED_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../assets/datasets");

/// A site's files by dataset and name, each with its path.
type Overlay = BTreeMap<String, BTreeMap<String, std::path::PathBuf>>;

/// In the order of their names. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalogue(&'static [Dataset]);

impl Catalogue {
    /// Reads what is compiled in with the site's files over it: `<folder>/<dataset>/<file>`, or `<folder>/<dataset>.<file>`, since
    /// a ConfigMap has no folders.
    pub fn read(site: Option<&Path>) -> Result<Self, Problem> {
        let overlay = site.map(overlay).transpose()?.unwrap_or_default();
        let mut names: BTreeSet<String> =
            COMPILED_IN.dirs().map(|folder| folder.path().display().to_string()).collect();
        names.extend(overlay.keys().cloned());
        let mut definitions = BTreeMap::new();
        // Those that are like another are read once the others are known.
        let mut later = Vec::new();
        for name in names {
            match folder(&name, &overlay, &definitions) {
                Ok(definition) => drop(definitions.insert(name, definition)),
                Err(_) => later.push(name),
            }
        }
        for name in later {
            let definition = folder(&name, &overlay, &definitions)?;
            definitions.insert(name, definition);
        }
        each_has_its_table(&definitions)?;
        let datasets: Vec<Dataset> = definitions.into_values().map(Dataset::keep).collect();
        Ok(Self(Box::leak(datasets.into_boxed_slice())))
    }

    /// The same with the folder that `DATASETS_DIR` names, if it does.
    pub fn from_env() -> Result<Self, EnvError> {
        let site = env::optional_folder("DATASETS_DIR")?;
        Self::read(site.as_deref()).map_err(|problem| EnvError::new("DATASETS_DIR", format!("does not fit: {problem}")))
    }

    /// What is compiled in.
    pub fn compiled_in() -> Result<Self, Problem> {
        Self::read(None)
    }

    pub fn all(&self) -> &'static [Dataset] {
        self.0
    }

    pub fn get(&self, name: &str) -> Option<Dataset> {
        self.0.iter().copied().find(|dataset| dataset.name() == name)
    }

    /// Views of `report` that hold nothing of any dealer.
    pub fn open_views(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().flat_map(|dataset| dataset.definition().open_views.iter().map(String::as_str))
    }

    /// Those whose rows lie in this table; the one whose fields they are is the first.
    pub fn of_table(&self, table: &str) -> Vec<Dataset> {
        let mut found: Vec<Dataset> = self.0.iter().copied().filter(|dataset| dataset.table == table).collect();
        found.sort_by_key(|dataset| dataset.is_like_another);
        found
    }
}

/// Only datasets of the same fields share a table.
fn each_has_its_table(definitions: &BTreeMap<String, Definition>) -> Result<(), Problem> {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for definition in definitions.values().filter(|definition| !definition.is_like_another) {
        if let Some(other) = owners.insert(&definition.table, &definition.name) {
            let (name, table) = (&definition.name, &definition.table);
            let problem =
                format!("the table {table} is that of {other}: name another, or say that it is like {other}.");
            return Err(Problem::new(format!("datasets/{name}/dataset.toml"), 1, problem));
        }
    }
    Ok(())
}

fn folder(name: &str, overlay: &Overlay, known: &BTreeMap<String, Definition>) -> Result<Definition, Problem> {
    let site = overlay.get(name);
    let mut files: BTreeSet<String> = site.iter().flat_map(|files| files.keys().cloned()).collect();
    if let Some(folder) = COMPILED_IN.get_dir(name) {
        let compiled = folder.files().filter_map(|file| file.path().file_name());
        files.extend(compiled.map(|name| name.to_string_lossy().into_owned()));
    }
    let text = |file: &str| match site.and_then(|files| files.get(file)) {
        Some(path) => std::fs::read_to_string(path).ok(),
        None => COMPILED_IN.get_file(format!("{name}/{file}"))?.contents_utf8().map(str::to_owned),
    };
    let files: Vec<String> = files.into_iter().collect();
    read(&format!("datasets/{name}"), &files, text, |other| known.get(other))
}

fn overlay(site: &Path) -> Result<Overlay, Problem> {
    let unreadable = |cause: std::io::Error| {
        Problem::new(site.display().to_string(), 1, format!("cannot be read ({cause}): mend DATASETS_DIR."))
    };
    let mut found = Overlay::new();
    let name_of = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    for entry in std::fs::read_dir(site).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = name_of(&path);
        if name.starts_with('.') {
            // How Kubernetes swaps the files of a ConfigMap: `..data`.
            continue;
        }
        if path.is_dir() {
            for entry in std::fs::read_dir(&path).map_err(unreadable)? {
                let file = entry.map_err(unreadable)?.path();
                found.entry(name.clone()).or_default().insert(name_of(&file), file);
            }
        } else if let Some((dataset, file)) = name.split_once('.')
            && file.contains('.')
        {
            found.entry(dataset.to_owned()).or_default().insert(file.to_owned(), path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: &str = "title = { ru = \"Наклейки\", en = \"Labels\" }\nkind = \"catalog\"\nkey = \"label_id\"\nchange = \"scan\"\n\
        cron = \"0 */5 * * * *\"\n[fields]\nname = { kind = \"text\", required = true }\n";

    fn site(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Catalogue, Problem>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let read = Catalogue::read(Some(folder.path()));
        (folder, read)
    }

    #[test]
    fn a_site_adds_datasets_and_lays_files_over_ours_in_folders_or_without() {
        for names in [["labels/dataset.toml", "sales/ut11.toml"], ["labels.dataset.toml", "sales.ut11.toml"]] {
            let (_folder, read) = site(&[(names[0], LABELS), (names[1], "entity = \"Document_Чек\"")]);
            let catalogue = read.unwrap();
            assert_eq!(catalogue.get("labels").unwrap().table, "labels");
            let sales = catalogue.get("sales").unwrap();
            assert_eq!(sales.mappings["ut11"].text, "entity = \"Document_Чек\"");
            assert_eq!(sales.lines.len(), 5, "the rest is ours");
        }
    }

    #[test]
    fn what_is_like_another_has_its_fields_and_its_table_and_nobody_else_may() {
        let catalogue = Catalogue::compiled_in().unwrap();
        let names: Vec<&str> = catalogue.of_table("sale").iter().map(|dataset| dataset.name()).collect();
        assert_eq!(names, ["sales", "corrections", "returns"], "the one whose fields they are is the first");
        let stolen = LABELS.replace("key = ", "table = \"sale\"\nkey = ");
        let (_folder, read) = site(&[("labels/dataset.toml", &stolen)]);
        assert!(read.unwrap_err().problem.contains("the table sale is that of"));
        let (_folder, read) = site(&[("labels/ut11.toml", "")]);
        assert!(read.unwrap_err().to_string().starts_with("datasets/labels/dataset.toml:1: is missing"));
    }
}
