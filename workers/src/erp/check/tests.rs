use shared::dataset::Catalogue;

use super::*;

fn mapping(dataset: &str) -> Mapping {
    Mapping::of(Catalogue::compiled_in().unwrap().get(dataset).unwrap(), "ut11").unwrap()
}

const SMALL: &str = r#"<edmx:Edmx xmlns:edmx="x"><Schema>
 <EntityType Name="Catalog_Партнеры"><Property Name="Ref_Key" Type="Edm.Guid"/><Property Name="DataVersion" Type="Edm.String"/>
  <Property Name="ОсновнойМенеджер_Key" Type="Edm.Guid"/><Property Name="БизнесРегион_Key" Type="Edm.Guid"/>
  <Property Name="Description" Type="Edm.String"/><Property Name="Code" Type="Edm.Int32"/></EntityType>
 <EntityContainer><EntitySet Name="Catalog_Партнеры" EntityType="StandardODATA.Catalog_Партнеры"/></EntityContainer></Schema></edmx:Edmx>"#;

#[test]
fn what_is_not_published_missing_or_retyped_is_named() {
    let metadata = Metadata::parse(SMALL).unwrap();
    let dealers = metadata.problems(&mapping("dealers"));
    assert_eq!(dealers.len(), 2, "{dealers:?}");
    assert!(dealers.iter().any(|line| line.contains("has no property Клиент")));
    assert!(dealers.iter().any(|line| line.contains("declares Code as Edm.Int32")));
    let sales = metadata.problems(&mapping("sales"));
    assert!(sales[0].contains("Document_РеализацияТоваровУслуг is not published"));
    assert!(Metadata::parse("<html>no</html>").is_err());

    let document = SMALL.replace("Catalog_Партнеры", "Document_РеализацияТоваровУслуг");
    let sales = Metadata::parse(&document).unwrap().problems(&mapping("sales"));
    assert!(sales.iter().any(|line| line.contains("has no property ХозяйственнаяОперация")), "{sales:?}");
}

/// A register with its records, whose last ones a function returns.
fn register(name: &str, characteristic: &str) -> String {
    let property = |(name, kind)| format!("<Property Name=\"{name}\" Type=\"Edm.{kind}\"/>");
    let properties: String = [
        ("Номенклатура_Key", "Guid"),
        (characteristic, "Guid"),
        ("СерияЦО_Key", "Guid"),
        ("ВидЦены_Key", "Guid"),
        ("Упаковка_Key", "String"),
        ("Упаковка_Key_Type", "String"),
        ("Валюта_Key", "Guid"),
        ("Цена", "Double"),
        ("Period", "DateTime"),
    ]
    .map(property)
    .concat();
    let records = format!("{name}_RecordType");
    format!(
        r#"<EntityType Name="{records}">{properties}</EntityType><EntitySet Name="{records}" EntityType="StandardODATA.{records}"/>
        <FunctionImport Name="SliceLast" ReturnType="Collection(StandardODATA.{records})">
        <Parameter Name="bindingParameter" Type="StandardODATA.{records}"/><Parameter Name="Period" Type="Edm.DateTime"/></FunctionImport>"#
    )
}

#[test]
fn of_two_registers_the_first_that_is_published_is_checked_and_named_and_a_function_by_what_it_returns() {
    let prices = mapping("prices");
    let newer = register("InformationRegister_ЦеныНоменклатуры25", "ХарактеристикаЦО_Key");
    let older = register("InformationRegister_ЦеныНоменклатуры", "Характеристика_Key");
    let read = |sets: &str| {
        let metadata = Metadata::parse(&format!("<edmx:Edmx xmlns:edmx=\"x\">{sets}</edmx:Edmx>")).unwrap();
        (metadata.problems(&prices), metadata.note(&prices).unwrap_or_default())
    };
    let (problems, note) = read(&format!("{newer}{older}"));
    assert!(problems.is_empty(), "a composite field is a reference: {problems:?}");
    assert!(note.starts_with("prices is read from InformationRegister_ЦеныНоменклатуры25_RecordType. "), "{note}");
    assert!(note.contains("InformationRegister_ЦеныНоменклатуры_RecordType is published too"), "{note}");
    let (problems, note) = read(&older);
    assert_eq!(
        (problems.len(), note.as_str()),
        (0, "prices is read from InformationRegister_ЦеныНоменклатуры_RecordType.")
    );
    let (problems, note) = read("");
    assert!(
        problems[0]
            .contains("_RecordType or InformationRegister_ЦеныНоменклатуры_RecordType is not published: add one")
    );
    assert_eq!(note, "");
    let (problems, _) = read(&older.replace("SliceLast", "SliceFirst"));
    assert!(problems[0].contains("has no virtual table SliceLast"), "{problems:?}");
    let (problems, _) = read(&older.replace("Упаковка_Key_Type", "Тип"));
    assert!(problems[0].contains("declares Упаковка_Key as Edm.String"), "{problems:?}");
}

/// Answers recorded from a real 1C server lie beside the repository; without them there is nothing to check here.
pub fn recorded(file: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/recorded-1c");
    let folder = shared::env::or("RECORDED_1C_DIR", beside);
    let text = std::fs::read_to_string(format!("{folder}/{file}")).ok();
    if text.is_none() {
        eprintln!("note: {folder}/{file} is not there; set RECORDED_1C_DIR to check against a real server's answers");
    }
    text
}

#[test]
fn the_names_of_the_mappings_exist_in_the_metadata_of_a_real_server() {
    let Some(xml) = recorded("metadata.xml") else { return };
    let metadata = Metadata::parse(&xml).unwrap();
    for dataset in ["sales", "products", "orders", "stock", "legal_entities"] {
        let problems = metadata.problems(&mapping(dataset));
        assert!(problems.is_empty(), "{problems:?}");
    }
}

/// The texts of the properties of each recorded Atom entry, by name.
fn entries(xml: &str, entity: &str) -> Vec<HashMap<String, String>> {
    let mut reader = Reader::from_str(xml);
    let (mut entries, mut path, mut is_ours) = (Vec::new(), Vec::<String>::new(), false);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                let name = String::from_utf8_lossy(tag.local_name().as_ref()).into_owned();
                if name == "properties" && is_ours {
                    entries.push(HashMap::new());
                }
                path.push(name);
            }
            Event::Empty(tag) if tag.local_name().as_ref() == b"category" => {
                is_ours = attribute(&tag, "term").is_some_and(|term| bare(&term) == entity);
            }
            Event::Empty(tag) if is_ours && path.last().is_some_and(|last| last == "properties") => {
                let name = String::from_utf8_lossy(tag.local_name().as_ref()).into_owned();
                entries.last_mut().unwrap().insert(name, String::new());
            }
            Event::Text(text) if is_ours && path.len() > 1 && path[path.len() - 2] == "properties" => {
                let name = path.last().unwrap().clone();
                let text = text.decode().unwrap().into_owned();
                entries.last_mut().unwrap().entry(name).or_default().push_str(&text);
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Eof => return entries,
            _ => {}
        }
    }
}

#[test]
fn recorded_products_of_a_real_server_are_read_through_the_mapping() {
    let Some(xml) = recorded("products.xml") else { return };
    let mapping = mapping("products");
    let entries = entries(&xml, &mapping.entity);
    assert_eq!(entries.len(), 5);
    let json: Vec<_> = entries
        .iter()
        .map(|entry| {
            let fields = mapping.header.names.iter().filter_map(|mapped| {
                let text = entry.get(&mapped.erp_name)?.as_str();
                let value = if mapped.literal == Literal::Flag {
                    text.to_owned()
                } else {
                    serde_json::to_string(text).unwrap()
                };
                Some(format!("{:?}:{value}", mapped.erp_name))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        })
        .collect();
    let body = format!("{{\"value\":[{}]}}", json.join(","));
    let (read, count) = crate::erp::read::answer::<crate::erp::records::Records>(body.as_bytes(), &mapping).unwrap();
    assert!(count.rejected.is_empty(), "{:?}", count.rejected);
    let fields = |document: &crate::erp::records::Document| String::from_utf8(read.fields(document).to_vec()).unwrap();
    let is_whole = |document: &crate::erp::records::Document| {
        !document.data_version.is_empty() && !fields(document).contains("\"name\":\"\"")
    };
    assert!(read.documents.iter().all(is_whole));
}
