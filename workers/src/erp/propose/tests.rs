use shared::dataset::Catalogue;

use super::*;
use crate::erp::Mapping;
use crate::erp::check::tests::recorded;

/// The folder as a site would lay it down; the dataset and its mapping are read and checked, and the base has all that it names.
fn taken(metadata: &Metadata, entity: &str) -> Proposal {
    let proposal = propose(metadata, entity).unwrap();
    let site = tempfile::tempdir().unwrap();
    let folder = site.path().join(&proposal.name);
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("dataset.toml"), &proposal.dataset).unwrap();
    std::fs::write(folder.join("ut11.toml"), &proposal.mapping).unwrap();
    let told = |cause: &dyn std::fmt::Display| format!("{entity}: {cause}\n{}\n{}", proposal.dataset, proposal.mapping);
    let catalogue = Catalogue::read(Some(site.path())).unwrap_or_else(|cause| panic!("{}", told(&cause)));
    let mapping = Mapping::of(catalogue.get(&proposal.name).unwrap(), "ut11");
    let mapping = mapping.unwrap_or_else(|cause| panic!("{}", told(&cause)));
    let problems = metadata.problems(&mapping);
    assert!(problems.is_empty(), "{}", told(&problems.join("\n")));
    proposal
}

const SMALL: &str = r#"<edmx:Edmx xmlns:edmx="x"><Schema>
 <EntityType Name="Document_ЗаявкаДилера"><Property Name="Ref_Key" Type="Edm.Guid"/><Property Name="DataVersion" Type="Edm.String"/>
  <Property Name="DeletionMark" Type="Edm.Boolean"/><Property Name="Posted" Type="Edm.Boolean"/><Property Name="Number" Type="Edm.String"/>
  <Property Name="Date" Type="Edm.DateTime"/><Property Name="Партнер_Key" Type="Edm.Guid"/><Property Name="Валюта_Key" Type="Edm.Guid"/>
  <Property Name="СуммаДокумента" Type="Edm.Double"/><Property Name="ЖелаемаяДата" Type="Edm.DateTime"/>
  <Property Name="Основание" Type="Edm.String"/><Property Name="Основание_Type" Type="Edm.String"/>
  <Property Name="Товары" Type="Collection(StandardODATA.Document_ЗаявкаДилера_Товары_RowType)"/></EntityType>
 <ComplexType Name="Document_ЗаявкаДилера_Товары_RowType"><Property Name="LineNumber" Type="Edm.Int64"/>
  <Property Name="Номенклатура_Key" Type="Edm.Guid"/><Property Name="Количество" Type="Edm.Double"/><Property Name="Сумма" Type="Edm.Double"/></ComplexType>
 <EntityType Name="Catalog_Районы"><Property Name="Ref_Key" Type="Edm.Guid"/><Property Name="DataVersion" Type="Edm.String"/>
  <Property Name="Description" Type="Edm.String"/><Property Name="Code" Type="Edm.String"/><Property Name="Норма" Type="Edm.Double"/>
  <Property Name="СуммаПлана" Type="Edm.Double"/></EntityType>
 <EntityType Name="InformationRegister_Цены"><Property Name="Period" Type="Edm.DateTime"/></EntityType>
 <EntityContainer><EntitySet Name="Document_ЗаявкаДилера" EntityType="StandardODATA.Document_ЗаявкаДилера"/>
  <EntitySet Name="Catalog_Районы" EntityType="StandardODATA.Catalog_Районы"/>
  <EntitySet Name="InformationRegister_Цены" EntityType="StandardODATA.InformationRegister_Цены"/></EntityContainer></Schema></edmx:Edmx>"#;

#[test]
fn a_sites_own_document_becomes_a_folder_that_fits() {
    let Proposal { name, dataset, mapping } = taken(&Metadata::parse(SMALL).unwrap(), "Document_ЗаявкаДилера");
    assert_eq!(name, "zayavka_dilera");
    for line in [
        "title = { ru = \"Заявка дилера\", en = \"Заявка дилера\" }",
        "total = \"summa\"",
        "number = \"code\"",
        "partner_id = { kind = \"reference\", required = true }",
        "summa_dokumenta = { kind = \"money\", currency = \"valyuta_id\" }",
        "zhelaemaya_data = \"day\"",
        "# osnovanie: Основание is a reference of several types",
        "kolichestvo = \"quantity\"",
    ] {
        assert!(dataset.lines().any(|written| written == line), "{line}:\n{dataset}");
    }
    assert!(
        mapping.contains("section = \"Товары\"") && mapping.contains("nomenklatura_id = \"Номенклатура_Key\""),
        "{mapping}"
    );
}

#[test]
fn a_catalog_is_drafted_and_money_without_a_currency_is_left_out_with_a_word() {
    let Proposal { name, dataset, mapping } = taken(&Metadata::parse(SMALL).unwrap(), "Catalog_Районы");
    assert_eq!(name, "rayony");
    assert!(dataset.contains("change = \"scan\"") && dataset.contains("norma = \"quantity\""), "{dataset}");
    assert!(dataset.contains("# summa_plana: СуммаПлана is money, and no field says of what currency"), "{dataset}");
    assert!(!mapping.contains("СуммаПлана"), "{mapping}");
}

#[test]
fn what_cannot_be_drafted_is_refused_with_what_to_do() {
    let metadata = Metadata::parse(SMALL).unwrap();
    let refused = |entity| propose(&metadata, entity).unwrap_err().to_string();
    assert!(refused("Catalog_Нет").contains("add it to the standard OData composition"));
    assert!(refused("InformationRegister_Цены").contains("neither a catalog nor a document"));
}

#[test]
fn whatever_a_real_base_publishes_as_catalog_or_document_of_dealers_can_be_drafted() {
    let Some(xml) = recorded("metadata.xml") else { return };
    let metadata = Metadata::parse(&xml).unwrap();
    let mut drafted = 0;
    for entity in metadata.sets().filter(|set| set.starts_with("Catalog_") || set.starts_with("Document_")) {
        match propose(&metadata, entity) {
            // A tabular section is a set of its own, too.
            Err(ProposeError::Lacks { .. } | ProposeError::OtherKind(_)) => {}
            Err(refused) => panic!("{entity}: {refused}"),
            Ok(_) => {
                taken(&metadata, entity);
                drafted += 1;
            }
        }
    }
    assert!(drafted > 3, "{drafted} drafted");
}
