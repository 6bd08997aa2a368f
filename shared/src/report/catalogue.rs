//! All reports: compiled in, then the site's own folders laid over them (`PORTAL_REPORTS_DIR`).

use std::collections::BTreeSet;
use std::path::Path;

use include_dir::{Dir, include_dir};

use super::check;
use super::definition::{self, Definition, Problem};

static COMPILED_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../assets/reports");

/// In the order of the menu.
#[derive(Debug)]
pub struct Catalogue(Vec<Definition>);

impl Catalogue {
    /// Reads what is compiled in, then each folder of `overlay`; a folder of the same name replaces the whole report.
    pub fn read(overlay: Option<&Path>) -> Result<Self, Problem> {
        Self::read_over(crate::assets::folder(), overlay)
    }

    /// The same with another folder of `assets/`, whose files stand in place of compiled ones or beside them.
    pub fn read_over(assets: Option<&Path>, overlay: Option<&Path>) -> Result<Self, Problem> {
        let mut names: BTreeSet<String> =
            COMPILED_IN.dirs().map(|folder| folder.path().display().to_string()).collect();
        let beside = assets.map(|assets| assets.join("reports")).filter(|reports| reports.is_dir());
        for folder in beside.as_deref().map(folders).transpose()?.unwrap_or_default() {
            names.extend(folder.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
        let mut reports = Vec::new();
        for name in names {
            let folder = format!("reports/{name}");
            reports.push(read(&folder, |file| {
                crate::assets::read_text(assets, &format!("{folder}/{file}"))
                    .or_else(|| COMPILED_IN.get_file(format!("{name}/{file}"))?.contents_utf8().map(str::to_owned))
            })?);
        }
        for folder in overlay.map(folders).transpose()?.unwrap_or_default() {
            let read = read(&folder.display().to_string(), |file| std::fs::read_to_string(folder.join(file)).ok())?;
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

/// One folder, checked as far as it tells by itself.
pub(super) fn read(folder: &str, file: impl Fn(&str) -> Option<String>) -> Result<Definition, Problem> {
    let definition = definition::read(folder, file)?;
    check::statically(&definition, folder)?;
    Ok(definition)
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
    use super::{Catalogue, Definition, Problem, read};

    const ROWS: &str = include_str!("../../../assets/reports/sales/rows.sql");

    fn read_with(rows: &str) -> Result<Definition, Problem> {
        read("reports/sales", |name| match name {
            "rows.sql" => Some(rows.to_owned()),
            other => super::COMPILED_IN.get_file(format!("sales/{other}"))?.contents_utf8().map(str::to_owned),
        })
    }

    fn line_of(text: &str, part: &str) -> usize {
        text[..text.find(part).unwrap()].matches('\n').count() + 1
    }

    #[test]
    fn what_is_compiled_in_is_well_defined() {
        assert!(Catalogue::read(None).unwrap().get("sales").is_some());
    }

    #[test]
    fn files_of_a_folder_of_assets_stand_in_place_of_compiled_ones_each_for_itself() {
        let folder = tempfile::tempdir().unwrap();
        let sales = folder.path().join("reports/sales");
        std::fs::create_dir_all(&sales).unwrap();
        let compiled = Catalogue::read(None).unwrap();
        let definition = super::COMPILED_IN.get_file("sales/report.toml").unwrap().contents_utf8().unwrap();
        std::fs::write(sales.join("report.toml"), definition.replacen("ru = \"", "ru = \"Новые ", 1)).unwrap();
        let over = Catalogue::read_over(Some(folder.path()), None).unwrap();
        let title = |catalogue: &Catalogue| catalogue.get("sales").unwrap().title.ru.clone();
        assert_eq!(title(&over), format!("Новые {}", title(&compiled)));
        std::fs::write(sales.join("report.toml"), "title =").unwrap();
        let problem = Catalogue::read_over(Some(folder.path()), None).unwrap_err().to_string();
        assert!(problem.contains("reports/sales/report.toml"), "{problem}");
    }

    #[test]
    fn sql_that_reads_past_the_scope_is_refused() {
        for (was, becomes, says) in [
            ("report.sale(dealers = {dealers:Array(UUID)}) AS s", "dw.sale AS s FINAL", "report.*"),
            ("report.sale(dealers = {dealers:Array(UUID)}) AS s", "report.sale(dealers = ['x']) AS s", "dealers ="),
            ("report.sale(dealers = {dealers:Array(UUID)}) AS s", "url('http://x') AS s", "report.*"),
            ("empty({search:Array(String)})", "empty({serch:Array(String)})", "no parameter serch"),
            ("WHERE (is_now", "PREWHERE (is_now", "PREWHERE"),
            ("GROUP BY product_id", "SETTINGS final = 0 GROUP BY product_id", "SETTINGS"),
        ] {
            assert!(ROWS.contains(was), "{was}");
            let problem = read_with(&ROWS.replacen(was, becomes, 1)).unwrap_err();
            assert!(problem.problem.contains(says), "{problem}");
            assert_eq!(
                (problem.file.as_str(), problem.line),
                ("reports/sales/rows.sql", line_of(ROWS, was)),
                "{problem}"
            );
        }
    }
    #[test]
    fn a_missing_overlay_names_its_variable() {
        let problem = Catalogue::read(Some("/nowhere/at/all".as_ref())).unwrap_err();
        assert!(problem.to_string().contains("PORTAL_REPORTS_DIR"), "{problem}");
    }
}
