//! What an answer looks like: sign-in, formats, levels, entries.

use onec::{Sessions, UrlLimit};
use reqwest::header;

use crate::visitor::{LINES, PRODUCTS, SALES, Visitor, small, text};

#[tokio::test]
async fn only_the_user_with_a_cyrillic_name_in_utf8_gets_in() {
    let visitor = Visitor::new();
    let url = format!("{}/?$format=json", visitor.running.url);
    let response = visitor.client.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Basic realm=\"1C:Enterprise 8.3\"");
    assert_eq!(visitor.client.get(&url).basic_auth("Обмен", Some("нет")).send().await.unwrap().status(), 401);
    // «Обмен:Пароль-1С» in cp1251.
    let in_cp1251 = "Basic zuHs5e06z+Dw7uv8LTHR";
    assert_eq!(visitor.client.get(&url).header("Authorization", in_cp1251).send().await.unwrap().status(), 401);
    assert_eq!(visitor.client.get(&url).basic_auth("Обмен", Some("Пароль-1С")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_service_document_lists_the_published_sets() {
    let visitor = Visitor::new();
    let service = visitor.json("", &[]).await;
    assert!(text(&service, "odata.metadata").ends_with("/base/ut/odata/standard.odata/$metadata"));
    let names: Vec<&str> = service["value"].as_array().unwrap().iter().map(|set| text(set, "name")).collect();
    for set in [SALES, LINES, PRODUCTS, "Catalog_Партнеры", "Catalog_Контрагенты"] {
        assert!(names.contains(&set), "{set}");
    }
    let atom = visitor.ask("", &[]).await.text().await.unwrap();
    assert!(atom.contains("<collection href=\"Catalog_Партнеры\">"));
    assert_eq!(visitor.client.get(visitor.running.url.replace("/ut/", "/bp/")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn atom_is_the_default_and_accept_or_format_ask_for_json() {
    let visitor = Visitor::new();
    let atom = visitor.ask(SALES, &[("$top", "1")]).await;
    assert!(atom.headers()["content-type"].to_str().unwrap().starts_with("application/atom+xml;type=feed"));
    let body = atom.text().await.unwrap();
    assert!(body.contains("<category term=\"StandardODATA.Document_РеализацияТоваровУслуг\""));
    assert!(body.contains("<d:element m:type=\"StandardODATA.Document_РеализацияТоваровУслуг_Товары_RowType\">"));
    assert!(body.contains("<d:LineNumber>1</d:LineNumber>") && body.matches("<d:Ref_Key>").count() == 1);
    assert!(body.contains("<d:СкидкиНаценки m:type=\"Collection("));
    assert!(body.contains("<d:АдресДоставки/>"));
    let by_accept = visitor.request(SALES, &[("$top", "1")]).header("Accept", "application/json").send().await.unwrap();
    assert!(by_accept.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
    let refused = visitor.ask("Catalog_Нет", &[]).await.text().await.unwrap();
    assert!(refused.contains("<m:code>8</m:code>"));
}

#[tokio::test]
async fn nometadata_drops_the_address_and_the_links_of_minimal_metadata() {
    let visitor = Visitor::new();
    let minimal = visitor.json(SALES, &[("$top", "1")]).await;
    assert!(text(&minimal, "odata.metadata").ends_with("$metadata#Document_РеализацияТоваровУслуг"));
    let row = &minimal["value"][0];
    assert_eq!(text(row, "Партнер@navigationLinkUrl"), format!("{SALES}(guid'{}')/Партнер", text(row, "Ref_Key")));
    assert!(row.get("Грузополучатель@navigationLinkUrl").is_none(), "an empty reference has no link");
    let none = visitor.ask(SALES, &[("$top", "1"), ("$format", "application/json;odata=nometadata")]).await;
    let none: serde_json::Value = serde_json::from_str(&none.text().await.unwrap()).unwrap();
    assert!(none.get("odata.metadata").is_none() && none["value"][0].get("Партнер@navigationLinkUrl").is_none());
}

#[tokio::test]
async fn the_order_of_fields_is_not_stable() {
    let mut orders = std::collections::BTreeSet::new();
    for seed in 0..4 {
        let mut options = small();
        options.plan.seed = seed;
        let body = Visitor::of(options).ask(SALES, &[("$format", "json"), ("$top", "1")]).await.text().await.unwrap();
        let mut fields = ["Number", "Товары", "Date", "Posted", "Валюта_Key"];
        fields.sort_by_key(|field| body.find(&format!("\"{field}\"")));
        orders.insert(fields);
    }
    assert!(orders.len() > 1, "{orders:?}");
}

#[tokio::test]
async fn int64_travels_as_a_string_and_money_as_a_number() {
    let line = &Visitor::new().rows(LINES, &[("$top", "1"), ("$orderby", "Ref_Key,LineNumber")]).await[0];
    assert_eq!(line["LineNumber"], "1");
    assert_eq!(line["СрокПоставки"], "0");
    assert!(line["СуммаСНДС"].is_number() && line["СтатусУказанияСерий"].is_number());
}

#[tokio::test]
async fn rows_of_a_section_repeat_the_reference_in_a_list_and_not_in_an_entity() {
    let visitor = Visitor::new();
    let row = &visitor.rows(SALES, &[("$top", "1")]).await[0];
    assert_eq!(row["Товары"][0]["Ref_Key"], row["Ref_Key"]);
    let body = visitor.ask(SALES, &[("$format", "json"), ("$top", "1")]).await.text().await.unwrap();
    assert_eq!(body.matches("\"Ref_Key\"").count(), body.matches("\"LineNumber\"").count() + 1, "once in each object");
    let entity = visitor.json(&format!("{SALES}(guid'{}')", text(row, "Ref_Key")), &[]).await;
    assert!(text(&entity, "odata.metadata").ends_with("#Document_РеализацияТоваровУслуг/@Element"));
    assert!(entity["Товары"][0].get("Ref_Key").is_none());
    assert_eq!(entity["Number"], row["Number"]);
    let dealer = visitor.json(&format!("{SALES}(guid'{}')/Партнер", text(row, "Ref_Key")), &[]).await;
    assert_eq!(dealer["Ref_Key"], row["Партнер_Key"]);
}

#[tokio::test]
async fn select_takes_fields_of_sections_stars_and_presentations() {
    let visitor = Visitor::new();
    let names = |row: &serde_json::Value| row.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let row = &visitor.rows(SALES, &[("$top", "1"), ("$select", "Number,Товары/Цена,Товары/LineNumber")]).await[0];
    assert_eq!(names(row), ["Number", "Товары"]);
    assert_eq!(names(&row["Товары"][0]), ["LineNumber", "Ref_Key", "Цена"]);
    let flat = &visitor.rows(SALES, &[("$top", "1"), ("$select", "**")]).await[0];
    assert!(flat.get("СуммаДокумента").is_some() && flat.get("Товары").is_none() && flat.get("Серии").is_none());
    let all = &visitor.rows(SALES, &[("$top", "1"), ("$select", "*")]).await[0];
    assert!(all.get("Товары").is_some());
    let shown =
        &visitor.rows(SALES, &[("$top", "1"), ("$select", "Партнер____Presentation,Presentation,Number")]).await[0];
    assert!(text(shown, "Партнер____Presentation").contains('-'));
    assert_eq!(shown["Presentation"], shown["Number"]);
}

#[tokio::test]
async fn short_codes_come_padded_and_folders_have_null_where_only_items_have_fields() {
    let rows = Visitor::new().rows(PRODUCTS, &[("$select", "Code,IsFolder,Артикул")]).await;
    assert!(rows.iter().all(|row| text(row, "Code").chars().count() >= 11));
    assert!(rows.iter().any(|row| text(row, "Code").ends_with(' ')));
    assert!(rows.iter().all(|row| (row["IsFolder"] == true) == row["Артикул"].is_null()));
}

#[tokio::test]
async fn bodies_have_a_length_and_a_mark_where_the_server_has_that_habit() {
    let mut options = small();
    options.habits.has_bom = true;
    let visitor = Visitor::of(options);
    let response = visitor.ask(SALES, &[("$format", "json"), ("$top", "1")]).await;
    assert!(response.headers().contains_key("content-length") && !response.headers().contains_key("transfer-encoding"));
    assert!(response.bytes().await.unwrap().starts_with("\u{feff}{".as_bytes()));
}

#[tokio::test]
async fn a_compressing_server_sends_the_same_rows() {
    let mut options = small();
    options.habits.compresses = true;
    let visitor = Visitor::of(options);
    let rows = visitor.rows(SALES, &[("$orderby", "Date,Ref_Key"), ("$top", "50")]).await;
    assert_eq!(rows, Visitor::new().rows(SALES, &[("$orderby", "Date,Ref_Key"), ("$top", "50")]).await);
}

#[tokio::test]
async fn iis_refuses_a_long_query_with_a_page() {
    let mut options = small();
    options.habits.url_limit = UrlLimit::Iis;
    let filter = "Партнер/Description ne 'Ромашка' and ".repeat(20) + "Posted eq true";
    let refused = Visitor::of(options).ask(SALES, &[("$filter", &filter)]).await;
    assert_eq!(refused.status(), 404);
    assert!(refused.text().await.unwrap().contains("404.15"));
    assert_eq!(Visitor::new().ask(SALES, &[("$filter", &filter), ("$top", "1")]).await.status(), 200);
}

#[tokio::test]
async fn manual_sessions_are_opened_reused_and_ended() {
    let mut options = small();
    options.habits.sessions = Sessions::Manual { pool: 1, idle_s: 60 };
    let visitor = Visitor::of(options);
    let ask = |name: &'static str, value: String| visitor.request(SALES, &[("$top", "1")]).header(name, value).send();
    let opened = ask("IBSession", "start".into()).await.unwrap();
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("ibsession="));
    assert_eq!(ask("IBSession", "start".into()).await.unwrap().status(), 406);
    assert_eq!(ask("Cookie", cookie.clone()).await.unwrap().status(), 200);
    let finish = visitor.request(SALES, &[("$top", "1")]).header("Cookie", &cookie).header("IBSession", "finish");
    assert_eq!(finish.send().await.unwrap().status(), 200);
    assert_eq!(ask("Cookie", cookie).await.unwrap().status(), 400);
    let automatic = Visitor::new().request(SALES, &[("$top", "1")]).header("IBSession", "start").send().await.unwrap();
    assert!(!automatic.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn nothing_can_be_written() {
    let visitor = Visitor::new();
    let url = format!("{}/{SALES}", visitor.running.url);
    let request = visitor.client.post(url).basic_auth("Обмен", Some("Пароль-1С")).body("{}");
    assert_eq!(request.send().await.unwrap().status(), 405);
}
