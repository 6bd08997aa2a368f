//! `$metadata` against the one that a real server answered.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use quick_xml::{Reader, events::Event};

use crate::visitor::Visitor;

/// What a metadata document declares, without its order.
#[derive(Debug, Default)]
struct Declared {
    /// Type, then property, then EDM type and nullability.
    properties: BTreeMap<String, BTreeMap<String, String>>,
    keys: BTreeMap<String, Vec<String>>,
    open: BTreeSet<String>,
    navigations: BTreeMap<String, BTreeSet<String>>,
    sets: BTreeSet<String>,
    enums: Vec<(String, Vec<String>)>,
    /// Name, binding, returned type, parameters.
    functions: BTreeSet<Vec<String>>,
    associations: BTreeSet<String>,
}

fn read(xml: &str) -> Declared {
    let mut declared = Declared::default();
    let mut reader = Reader::from_str(xml);
    let (mut owner, mut function) = (String::new(), Vec::new());
    loop {
        let event = reader.read_event().unwrap();
        let (Event::Start(tag) | Event::Empty(tag)) = &event else {
            match event {
                Event::Eof => return declared,
                Event::End(tag) if tag.local_name().as_ref() == b"FunctionImport" => {
                    declared.functions.insert(std::mem::take(&mut function));
                }
                _ => continue,
            }
            continue;
        };
        let attribute = |name: &str| {
            let found = tag.attributes().map(Result::unwrap).find(|one| one.key.as_ref() == name.as_bytes());
            found.map(|one| String::from_utf8(one.value.to_vec()).unwrap()).unwrap_or_default()
        };
        let name = attribute("Name");
        match tag.local_name().as_ref() {
            b"EntityType" | b"ComplexType" => {
                owner.clone_from(&name);
                declared.properties.entry(name.clone()).or_default();
                if attribute("OpenType") == "true" {
                    declared.open.insert(name);
                }
            }
            b"Property" => {
                let kind = format!("{} nullable={}", attribute("Type"), attribute("Nullable"));
                let before = declared.properties.entry(owner.clone()).or_default().insert(name, kind);
                assert_eq!(before, None, "a property of {owner} is declared twice");
            }
            b"PropertyRef" => declared.keys.entry(owner.clone()).or_default().push(name),
            b"NavigationProperty" => {
                declared
                    .navigations
                    .entry(owner.clone())
                    .or_default()
                    .insert(format!("{name} {}", attribute("Relationship")));
            }
            b"EntitySet" => {
                declared.sets.insert(name);
            }
            b"Association" => {
                declared.associations.insert(name);
            }
            b"EnumType" => declared.enums.push((name, Vec::new())),
            b"Member" => declared.enums.last_mut().unwrap().1.push(name),
            b"FunctionImport" => function = vec![name, attribute("ReturnType"), attribute("IsSideEffecting")],
            b"Parameter" => function.push(format!("{name} {}", attribute("Type"))),
            _ => {}
        }
    }
}

/// The folder of the recorded answers, from `RECORDED_1C_DIR` or beside the repository.
fn recorded() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test of its own; shared::env belongs to the product")]
    let named = std::env::var("RECORDED_1C_DIR").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recorded-1c");
    let folder = named.unwrap_or(beside);
    std::fs::read_to_string(folder.join("metadata.xml")).ok()
}

#[tokio::test]
async fn what_a_real_server_declares_is_declared_here_with_the_same_types() {
    let Some(real) = recorded() else {
        eprintln!("SKIPPED: no recorded answers; set RECORDED_1C_DIR to the folder with metadata.xml");
        return;
    };
    let response = Visitor::new().ask("$metadata", &[]).await;
    let (real, ours) = (read(&real), read(&response.text().await.unwrap()));
    assert!(real.properties.len() > 80);
    for (name, properties) in &real.properties {
        assert_eq!(ours.properties.get(name), Some(properties), "{name}");
        assert_eq!(ours.keys.get(name), real.keys.get(name), "key of {name}");
        assert_eq!(ours.open.contains(name), real.open.contains(name), "openness of {name}");
        let links = ours.navigations.get(name).cloned().unwrap_or_default();
        assert!(links.is_superset(&real.navigations.get(name).cloned().unwrap_or_default()), "navigations of {name}");
    }
    assert!(ours.sets.is_superset(&real.sets) && ours.associations.is_superset(&real.associations));
    assert_eq!(ours.enums, real.enums);
    assert!(ours.functions.is_superset(&real.functions), "{:?}", real.functions.difference(&ours.functions));
    // Those of ut11_terms.txt, which no recorded answer holds, beside the few of ut11.txt.
    let terms = include_str!("../../src/schema/ut11_terms.txt").lines();
    let terms: BTreeSet<&str> = terms.filter_map(|line| line.strip_prefix("entity ")?.split(' ').next()).collect();
    assert!(terms.len() > 15 && terms.iter().all(|set| ours.sets.contains(*set)));
    let added: Vec<_> = ours.sets.difference(&real.sets).filter(|set| !terms.contains(set.as_str())).collect();
    let invented = [
        "Catalog_Валюты",
        "Catalog_Партнеры",
        "Catalog_ПричиныОтменыЗаказовКлиентов",
        "Catalog_Склады",
        "Catalog_УпаковкиЕдиницыИзмерения",
        "Catalog_ХарактеристикиНоменклатуры",
        "Document_ВозвратТоваровОтКлиента",
        "Document_ВозвратТоваровОтКлиента_Товары",
    ];
    assert_eq!(added, invented);
}

#[tokio::test]
async fn a_navigation_is_declared_only_to_a_published_set() {
    let response = Visitor::new().ask("$metadata", &[]).await;
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/xml"));
    let ours = read(&response.text().await.unwrap());
    for (owner, links) in &ours.navigations {
        for link in links {
            let (name, _) = link.split_once(' ').unwrap();
            assert!(ours.associations.contains(&format!("{owner}_{name}")), "{owner}/{name}");
            assert!(ours.properties[owner].contains_key(&format!("{name}_Key")), "{owner}/{name}");
        }
    }
}

#[tokio::test]
async fn every_declared_set_answers_with_its_declared_fields() {
    let visitor = Visitor::new();
    let ours = read(&visitor.ask("$metadata", &[]).await.text().await.unwrap());
    for set in &ours.sets {
        for row in visitor.rows(set, &[("$top", "1")]).await {
            let sent: BTreeSet<String> =
                row.as_object().unwrap().keys().filter(|name| !name.contains('@')).cloned().collect();
            let declared: BTreeSet<String> = ours.properties[set].keys().cloned().collect();
            assert_eq!(sent, declared, "{set}");
        }
    }
}
