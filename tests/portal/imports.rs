//! No file of the portal or of what it shares imports in a circle: of any two, one can be read without the other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module by its path in the crate; none for the crate itself.
type Module = Vec<String>;

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("sources") {
        let path = entry.expect("a source").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules of a crate with their texts, without comments and tests.
fn modules(root: &Path) -> BTreeMap<Module, String> {
    let mut found = Vec::new();
    files(root, &mut found);
    let module = |path: &Path| {
        let inside = path.strip_prefix(root).expect("below the root").with_extension("");
        let mut module: Module = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if ["mod", "lib"].contains(&module.last().map_or("", String::as_str)) {
            module.pop();
        }
        module
    };
    let text = |path: &Path| {
        let text = std::fs::read_to_string(path).expect("its text");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
    };
    let are_tests = |path: &Path| path.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"));
    found.iter().filter(|path| !are_tests(path)).map(|path| (module(path), text(path))).collect()
}

/// `a::{b, c::{d, e}}` is `a::b`, `a::c::d`, `a::c::e`.
fn expanded(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let body = rest.strip_suffix('}').unwrap_or(rest);
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, letter) in body.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&body[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&body[from..]);
    let whole = parts.into_iter().filter(|part| !part.trim().is_empty()).flat_map(expanded);
    whole.map(|part| format!("{head}{part}")).collect()
}

/// Every path that a text names: in `use`, and on its way.
fn paths(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = String::new();
    for (index, statement) in text.split(';').enumerate() {
        let start = statement.rfind("use ").filter(|at| {
            let before = statement[..*at].trim_end();
            before.is_empty() || before.ends_with(['}', ')']) || before.ends_with("pub") || before.contains('#')
        });
        match start {
            Some(at) => paths.extend(expanded(&statement[at + 4..].split_whitespace().collect::<Vec<_>>().join(" "))),
            None if index > 0 => rest.push_str(statement),
            None => rest.push_str(statement),
        }
        rest.push(';');
    }
    let is_in_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    paths.extend(rest.split(|letter| !is_in_path(letter)).filter(|word| word.contains("::")).map(str::to_owned));
    paths
}

/// The module that a path of this module leads to, if it is one of the crate's.
fn target(modules: &BTreeMap<Module, String>, from: &Module, path: &str) -> Option<Module> {
    let mut parts: Vec<&str> = path.split("::").map(str::trim).filter(|part| !part.is_empty()).collect();
    let mut base = from.clone();
    match *parts.first()? {
        "crate" => {
            base.clear();
            parts.remove(0);
        }
        "self" => drop(parts.remove(0)),
        "super" => {
            while parts.first() == Some(&"super") {
                base.pop();
                parts.remove(0);
            }
        }
        first => {
            let child: Module = base.iter().cloned().chain([first.to_owned()]).collect();
            modules.get(&child)?;
        }
    }
    (0..=parts.len()).rev().find_map(|length| {
        let module: Module =
            base.iter().cloned().chain(parts[..length].iter().map(|part| (*part).to_owned())).collect();
        modules.contains_key(&module).then_some(module)
    })
}

/// What a module leads to, by one import or many.
fn reached(edges: &BTreeMap<Module, BTreeSet<Module>>, from: &Module) -> BTreeSet<Module> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from.clone()]);
    while let Some(module) = next.pop() {
        for to in edges.get(&module).into_iter().flatten() {
            if reached.insert(to.clone()) {
                next.push(to.clone());
            }
        }
    }
    reached
}

fn circles(root: &Path) -> Vec<String> {
    let modules = modules(root);
    let edges: BTreeMap<Module, BTreeSet<Module>> = modules
        .iter()
        .map(|(from, text)| {
            let to = paths(text).into_iter().filter_map(|path| target(&modules, from, &path));
            (from.clone(), to.filter(|to| to != from).collect())
        })
        .collect();
    let count: usize = edges.values().map(BTreeSet::len).sum();
    assert!(modules.len() > 20 && count > modules.len(), "{} modules, {count} imports", modules.len());
    modules.keys().filter(|module| reached(&edges, module).contains(*module)).map(|module| module.join("::")).collect()
}

#[test]
fn no_file_imports_in_a_circle() {
    for crate_root in ["shared/src", "portal/src"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(crate_root);
        assert_eq!(circles(&root), Vec::<String>::new(), "{crate_root}");
    }
}

#[test]
fn a_circle_is_seen_however_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    for number in 0..30 {
        write(&format!("m{number}.rs"), "use crate::{a, b::X};\nuse crate::c;");
    }
    write("lib.rs", "");
    write("c.rs", "");
    for (a, b, is_circle) in [
        ("use crate::{c, b::X};", "pub struct X;\nuse super::a;", true),
        ("fn f() { crate::b::g() }", "pub fn g() { super::a::f() }", true),
        ("use crate::{c, b::X};", "pub struct X;\n// use super::a;", false),
        ("use crate::{c, b::X};", "pub struct X;\n#[cfg(test)]\nmod tests { use crate::a; }", false),
    ] {
        write("a.rs", a);
        write("b.rs", b);
        assert_eq!(!circles(folder.path()).is_empty(), is_circle, "{a} {b}");
    }
}
