//! Catalogs that only their schema knows: the small ones of UT 11, and one that a test makes up.

use onec::Onec;
use serde_json::{Value, json};

use crate::visitor::{Visitor, small, text};

const BRANDS: &str = "Catalog_Бренды";
const SCHEMA: &str = "# made up
entity Catalog_Бренды key Ref_Key
  Ref_Key:guid! DataVersion:text DeletionMark:bool Code:text Description:text Страна:text Наценка:num Товаров:i64
  Основан:date Склад_Key:guid Сайты:*Catalog_Бренды_Сайты_RowType
  > Склад Catalog_Склады
complex Catalog_Бренды_Сайты_RowType
  Ref_Key:guid! LineNumber:i64! Адрес:text
";
const CENTRAL: &str = "37615a36-5893-11e6-8caa-0050568b35ac";
const TERMIA: &str = "aaaaaaaa-0000-11ee-8a01-000000000001";

fn termia() -> Value {
    json!({"Ref_Key": TERMIA, "Code": "Т1  ", "Description": "Термия", "Страна": "Россия", "Наценка": 12.5,
        "Товаров": 3, "Основан": "1999-05-01T00:00:00", "Склад_Key": CENTRAL,
        "Сайты": [{"LineNumber": "1", "Адрес": "example.org"}]})
}

async fn published() -> Visitor {
    let visitor = Visitor::new();
    visitor.admin("/schema", SCHEMA).await;
    visitor.admin(&format!("/rows/{BRANDS}"), &json!([termia(), {"Description": "Норд"}]).to_string()).await;
    visitor
}

#[tokio::test]
async fn warehouses_lie_in_a_folder_and_have_no_code() {
    let visitor = Visitor::new();
    let rows = visitor.rows("Catalog_Склады", &[]).await;
    assert!(rows.iter().all(|row| row.get("Code").is_none()));
    let folder = rows.iter().find(|row| row["IsFolder"] == true).unwrap();
    assert!(rows.iter().any(|row| row["Parent_Key"] == folder["Ref_Key"]));
    assert!(rows.iter().any(|row| row["DeletionMark"] == true));
    assert!(rows.iter().any(|row| row["Ref_Key"] == CENTRAL && row["Description"] == "Центральный склад"));
    let shop = rows.iter().find(|row| row["Parent_Key"] == folder["Ref_Key"]).unwrap();
    let parent = visitor.json(&format!("Catalog_Склады(guid'{}')/Parent", text(shop, "Ref_Key")), &[]).await;
    assert_eq!(parent["Ref_Key"], folder["Ref_Key"]);
    assert_eq!(visitor.admin_get("/ledger?dataset=warehouses").await["items"], rows.len());
}

#[tokio::test]
async fn a_made_up_catalog_is_in_the_metadata_and_answers_like_any_other() {
    let visitor = published().await;
    let metadata = visitor.ask("$metadata", &[]).await.text().await.unwrap();
    assert!(metadata.contains(r#"<EntitySet Name="Catalog_Бренды""#));
    assert!(metadata.contains(r#"<Property Name="Наценка" Type="Edm.Double" Nullable="true"/>"#));
    let row = visitor.json(&format!("{BRANDS}(guid'{TERMIA}')"), &[]).await;
    for (field, value) in termia().as_object().unwrap() {
        let served = if field == "Товаров" { json!("3") } else { value.clone() };
        assert_eq!(row[field], served, "{field}");
    }
    let names = async |options: &[(&str, &str)]| -> Vec<String> {
        visitor.rows(BRANDS, options).await.iter().map(|row| text(row, "Description").to_owned()).collect()
    };
    assert_eq!(names(&[("$orderby", "Ref_Key")]).await, ["Норд", "Термия"]);
    assert_eq!(names(&[("$orderby", "Ref_Key"), ("$top", "1"), ("$skip", "1")]).await, ["Термия"]);
    assert_eq!(names(&[("$filter", "Наценка gt 10 and Основан lt datetime'2000-01-01T00:00:00'")]).await, ["Термия"]);
    assert_eq!(names(&[("$filter", "Склад/Description eq 'Центральный склад'")]).await, ["Термия"]);
    assert_eq!(names(&[("$filter", "Code eq 'Т1'")]).await, ["Термия"]);
    assert_eq!(visitor.refusal(BRANDS, &[("$select", "Поле")]).await, (400, "10".into()));
    let unset = &visitor.rows(BRANDS, &[("$filter", "Description eq 'Норд'")]).await[0];
    assert_eq!((&unset["Основан"], &unset["Сайты"]), (&json!("0001-01-01T00:00:00"), &json!([])));
    let atom = visitor.ask(BRANDS, &[]).await.text().await.unwrap();
    assert!(
        atom.contains("<category term=\"StandardODATA.Catalog_Бренды\"")
            && atom.contains("<d:Наценка>12.5</d:Наценка>")
    );
    assert_eq!(visitor.admin_get(&format!("/ledger?dataset={}", crate::visitor::encoded(BRANDS))).await["items"], 2);
}

#[tokio::test]
async fn every_write_of_a_row_gives_it_a_new_version() {
    let visitor = published().await;
    let fetch = async || visitor.json(&format!("{BRANDS}(guid'{TERMIA}')"), &[]).await;
    let mut versions = std::collections::BTreeSet::from([text(&fetch().await, "DataVersion").to_owned()]);
    let path = |action: &str| format!("/rows/{BRANDS}/{TERMIA}/{action}");
    for (action, body) in [
        ("set", r#"{"field":"Страна","value":"Италия"}"#),
        ("set", r#"{"field":"Description","value":"Термия-М"}"#),
        ("touch", ""),
        ("mark-deleted", ""),
    ] {
        visitor.admin(&path(action), body).await;
        assert!(versions.insert(text(&fetch().await, "DataVersion").to_owned()), "{action} {body}");
    }
    let row = fetch().await;
    assert_eq!(
        (&row["Страна"], &row["Description"], &row["DeletionMark"]),
        (&json!("Италия"), &json!("Термия-М"), &json!(true))
    );
    let held = visitor.admin(&path("set"), r#"{"field":"Наценка","value":"много"}"#).await;
    assert_eq!(held["is_truth"], false);
    assert_eq!(fetch().await["Наценка"], "много");
    assert_eq!(visitor.admin_get(&format!("/rows/{BRANDS}")).await[1]["Наценка"], 12.5, "the truth stands");
    visitor.admin(&format!("/rows/{BRANDS}"), &json!({"Ref_Key": TERMIA, "Description": "Заново"}).to_string()).await;
    let row = fetch().await;
    assert_eq!((&row["Description"], &row["Страна"], &row["Наценка"]), (&json!("Заново"), &json!(""), &json!(0)));
    visitor.admin(&path("delete"), "").await;
    assert_eq!(visitor.rows(BRANDS, &[]).await.len(), 1);
}

#[tokio::test]
async fn what_was_published_outlives_cleared_faults_and_is_empty_in_another_base() {
    let visitor = published().await;
    let fault = format!(r#"{{"kind":"rename-field","set":"{BRANDS}","field":"Страна","to":"Откуда"}}"#);
    visitor.admin("/faults", &fault).await;
    assert!(visitor.rows(BRANDS, &[("$filter", "Откуда eq 'Россия'")]).await[0].get("Страна").is_none());
    visitor.admin("/faults/clear", "").await;
    assert_eq!(visitor.rows(BRANDS, &[("$filter", "Страна eq 'Россия'")]).await.len(), 1);
    visitor.admin("/base", r#"{"kind":"second"}"#).await;
    assert!(visitor.rows(BRANDS, &[]).await.is_empty());
    visitor.admin("/base", r#"{"kind":"first"}"#).await;
    assert_eq!(visitor.rows(BRANDS, &[]).await.len(), 2);
}

#[tokio::test]
async fn a_schema_and_rows_may_be_given_at_the_start() {
    let mut options = small();
    options.extra_schema = Some(SCHEMA.into());
    options.extra_rows = Some(json!({BRANDS: [termia()]}).to_string());
    assert_eq!(Visitor::of(options.clone()).rows(BRANDS, &[]).await[0]["Ref_Key"], TERMIA);
    options.extra_rows = Some(json!({BRANDS: [{"Поле": 1}]}).to_string());
    assert!(format!("{:#}", Onec::start(options.clone()).unwrap_err()).contains("has no field Поле"));
    options.extra_schema = Some("entity Catalog_Бренды key Ref_Key\n  Ref_Key:много".into());
    let refused = format!("{:#}", Onec::start(options).unwrap_err());
    assert!(refused.contains("line 2 of the schema: много is no type"), "{refused}");
}

#[tokio::test]
async fn a_schema_that_cannot_be_is_refused_and_nothing_of_it_stays() {
    let visitor = Visitor::new();
    let publish = async |text: &'static str| {
        let response = visitor.client.post(format!("{}/schema", visitor.running.admin_url)).body(text).send().await;
        let response = response.unwrap();
        assert_eq!(response.status(), 400, "{text}");
        response.text().await.unwrap()
    };
    let before = visitor.admin_get("/schema").await;
    let twice = "entity Catalog_А key Ref_Key\n  Ref_Key:guid!\nentity Catalog_Склады key Ref_Key\n  Ref_Key:guid!";
    assert!(publish(twice).await.contains("declared twice"));
    assert!(publish("entity Catalog_А key Code\n  Code:text!").await.contains("no Ref_Key"));
    assert!(publish("entity Catalog_А key").await.contains("has a key"));
    assert!(publish("выдумка").await.contains("line 1"));
    assert_eq!(visitor.refusal("Catalog_А", &[]).await, (404, "8".into()));
    assert_eq!(visitor.admin_get("/schema").await, before);
}
