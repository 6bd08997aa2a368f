//! All reports: compiled in, then the site's own folders laid over them (`PORTAL_REPORTS_DIR`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::definition::{self, Definition};
use super::role::Role;
use super::sql::check;
use crate::dataset::Catalogue as Datasets;
use crate::problem::Problem;

static COMPILED_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../assets/reports");
/// Views of our own schema that hold nothing of any dealer; datasets name theirs.
const OPEN_VIEWS: [&str; 2] = ["freshness", "pass"];

/// Addresses beside the reports' own, where programs ask: a report of that name could not be asked for there.
const RESERVED: [&str; 3] = ["dealers", "exports", "openapi.json"];

/// In the order of the menu.
#[derive(Debug)]
pub struct Catalogue(Vec<Arc<Definition>>);

impl Catalogue {
    /// Reads what is compiled in, then each folder of `overlay`; a folder of the same name replaces the whole report. They rest on
    /// these datasets.
    pub fn read(datasets: &Datasets, overlay: Option<&Path>) -> Result<Self, Problem> {
        Self::read_over(datasets, crate::assets::folder(), overlay)
    }

    /// The same with another folder of `assets/`, whose files stand in place of compiled ones or beside them.
    pub fn read_over(datasets: &Datasets, assets: Option<&Path>, overlay: Option<&Path>) -> Result<Self, Problem> {
        let own = |path: &str| {
            crate::assets::read_text(assets, &format!("reports/{path}"))
                .or_else(|| COMPILED_IN.get_file(path)?.contents_utf8().map(str::to_owned))
        };
        let open: Vec<String> = open_views(datasets).map(str::to_owned).collect();
        let mut reports: Vec<Definition> = Vec::new();
        for name in own_names(assets)? {
            reports.push(read(&format!("reports/{name}"), &open, |file| own(&format!("{name}/{file}")))?);
        }
        for folder in overlay.map(folders).transpose()?.unwrap_or_default() {
            let file = |file: &str| std::fs::read_to_string(folder.join(file)).ok();
            let read = read(&folder.display().to_string(), &open, file)?;
            reports.retain(|report| report.name != read.name);
            reports.push(read);
        }
        reports.sort_by(|a, b| (a.menu_order, &a.name).cmp(&(b.menu_order, &b.name)));
        reports.iter().try_for_each(|report| links_lead_somewhere(report, &reports))?;
        reports.iter().try_for_each(|report| rests_on(report, datasets))?;
        Ok(Self(reports.into_iter().map(Arc::new).collect()))
    }

    pub fn all(&self) -> &[Arc<Definition>] {
        &self.0
    }

    /// Whoever may open it: ask `open_to` where a viewer asks.
    pub fn get(&self, name: &str) -> Option<&Arc<Definition>> {
        self.0.iter().find(|report| report.name == name)
    }

    /// What a viewer of this role may open.
    pub fn open_to(&self, role: Role) -> impl Iterator<Item = &Arc<Definition>> {
        self.0.iter().filter(move |report| report.is_for(role))
    }

    /// The report of this name, if a viewer of this role may open it. One that is for others is found no more than one that is
    /// nowhere.
    pub fn one_open_to(&self, role: Role, name: &str) -> Option<&Arc<Definition>> {
        self.get(name).filter(|report| report.is_for(role))
    }
}

/// Views of `report` that hold nothing of any dealer, and are read without naming dealers.
pub fn open_views(datasets: &Datasets) -> impl Iterator<Item = &'static str> {
    OPEN_VIEWS.into_iter().chain(datasets.open_views())
}

/// One folder, checked as far as it tells by itself.
pub(super) fn read(
    folder: &str,
    open_views: &[String],
    file: impl Fn(&str) -> Option<String>,
) -> Result<Definition, Problem> {
    let definition = definition::read(folder, file)?;
    if RESERVED.contains(&definition.name.as_str()) {
        let problem =
            format!("{:?} cannot name a report, for an address is called so: rename the folder.", definition.name);
        return Err(Problem::new(format!("{folder}/report.toml"), 1, problem));
    }
    check::statically(&definition, folder, &|view| open_views.iter().any(|open| open == view))?;
    Ok(definition)
}

/// Every dataset that a report rests on is known: its age would never be. A part of it rests on none but these.
fn rests_on(report: &Definition, datasets: &Datasets) -> Result<(), Problem> {
    let refused = |problem: String| Err(Problem::new(format!("reports/{}/report.toml", report.name), 1, problem));
    if let Some(unknown) = report.datasets.iter().find(|name| datasets.get(name).is_none()) {
        return refused(format!("datasets names {unknown:?}, which is none: name a folder of datasets."));
    }
    let of_names = report.quick.iter().flat_map(|quick| &quick.names_of);
    let of_options = report.filters.iter().filter_map(|filter| filter.kind.options_of()).flatten();
    match of_names.chain(of_options).find(|name| !report.datasets.contains(name)) {
        Some(other) => {
            refused(format!("{other:?} is named as what a part depends on, but not among datasets: add it there."))
        }
        None => Ok(()),
    }
}

/// A link names a report of the catalogue and filters of it.
fn links_lead_somewhere(report: &Definition, reports: &[Definition]) -> Result<(), Problem> {
    for link in &report.links {
        let wrong = |problem: String| Problem::new(format!("reports/{}/report.toml", report.name), link.line, problem);
        let Some(other) = reports.iter().find(|other| other.name == link.report) else {
            return Err(wrong(format!("there is no report {:?}: name another, or remove the link.", link.report)));
        };
        for (name, _) in &link.set {
            if !other.filters.iter().any(|filter| filter.name == *name && !filter.kind.is_period()) {
                return Err(wrong(format!("{} has no filter {name:?} to set: name one of its own.", other.name)));
            }
        }
    }
    Ok(())
}

/// The folders that are compiled in, and those of a folder of assets beside them.
fn own_names(assets: Option<&Path>) -> Result<BTreeSet<String>, Problem> {
    let mut names: BTreeSet<String> = COMPILED_IN.dirs().map(|folder| folder.path().display().to_string()).collect();
    let beside = assets.map(|assets| assets.join("reports")).filter(|reports| reports.is_dir());
    for folder in beside.as_deref().map(folders).transpose()?.unwrap_or_default() {
        names.extend(folder.file_name().map(|name| name.to_string_lossy().into_owned()));
    }
    Ok(names)
}

fn folders(overlay: &Path) -> Result<Vec<PathBuf>, Problem> {
    let unreadable = |cause: std::io::Error| {
        Problem::new(overlay.display().to_string(), 1, format!("cannot be read ({cause}): mend PORTAL_REPORTS_DIR."))
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
mod tests;
