//! All reports: compiled in, then the site's own folders laid over them (`PORTAL_REPORTS_DIR`).

use std::path::Path;

use include_dir::{Dir, include_dir};

use super::definition::{self, Definition, Problem};

static COMPILED_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../assets/reports");

/// In the order of the menu.
#[derive(Debug)]
pub struct Catalogue(Vec<Definition>);

impl Catalogue {
    /// Reads what is compiled in, then each folder of `overlay`; a folder of the same name replaces the whole report.
    pub fn read(overlay: Option<&Path>) -> Result<Self, Problem> {
        let mut reports = Vec::new();
        for folder in COMPILED_IN.dirs() {
            let name = folder.path().display();
            reports.push(definition::read(&format!("reports/{name}"), |file| {
                folder.get_file(folder.path().join(file))?.contents_utf8().map(str::to_owned)
            })?);
        }
        for folder in overlay.map(folders).transpose()?.unwrap_or_default() {
            let read = definition::read(&folder.display().to_string(), |file| {
                std::fs::read_to_string(folder.join(file)).ok()
            })?;
            reports.retain(|report: &Definition| report.name != read.name);
            reports.push(read);
        }
        reports.sort_by(|a, b| (a.menu_order, &a.name).cmp(&(b.menu_order, &b.name)));
        Ok(Self(reports))
    }

    pub fn all(&self) -> &[Definition] {
        &self.0
    }

    pub fn get(&self, name: &str) -> Option<&Definition> {
        self.0.iter().find(|report| report.name == name)
    }
}

fn folders(overlay: &Path) -> Result<Vec<std::path::PathBuf>, Problem> {
    let unreadable = |cause: std::io::Error| Problem {
        file: overlay.display().to_string(),
        line: 1,
        problem: format!("cannot be read ({cause}): mend PORTAL_REPORTS_DIR."),
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(overlay).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::Catalogue;

    #[test]
    fn what_is_compiled_in_is_well_defined() {
        assert!(Catalogue::read(None).unwrap().get("sales").is_some());
    }

    #[test]
    fn a_missing_overlay_names_its_variable() {
        let problem = Catalogue::read(Some("/nowhere/at/all".as_ref())).unwrap_err();
        assert!(problem.to_string().contains("PORTAL_REPORTS_DIR"), "{problem}");
    }
}
