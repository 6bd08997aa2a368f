//! The description of the API: valid by a public validator, and a client that a public generator makes of it reads rows.

use std::path::Path;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use shared::report::write;
use stack::parts::Parts;
use stack::process::Launch;
use tests::{Program, folder};

use crate::stand::{Stand, VOLGA};

const DOCUMENT: &str = "/api/v1/reports/openapi.json";

/// Python with the tools of `tests/stack/parts/openapi`; what it said.
async fn python(folder: &Path, extra: &str, words: &[&str]) -> String {
    let tools = Parts::locate().openapi_tools();
    let path = format!("{}:{extra}", tools.display());
    let log = folder.join(format!("{}.log", tests::fresh_name("python-")));
    let launch =
        Launch::new("python3", "python3", &log).env("PYTHONPATH", path).args(words.iter().copied()).folder(folder);
    let mut process = launch.start().expect("python3");
    let status = process.finished(Duration::from_secs(120)).await;
    let said = process.output();
    assert!(status.is_some_and(|status| status.success()), "{words:?}: {said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_holds_every_report_with_its_filters_and_columns_and_nobodys_data() {
    let stand = Stand::start().await;
    let program = stand.program(&[VOLGA]).await;
    let open = Program::send(program.bare(Method::GET, DOCUMENT)).await;
    assert_eq!(open.status, StatusCode::OK, "it asks for no token");
    assert!(!open.text.contains("КАНАРЕЙКА") && !open.text.contains(VOLGA), "it holds a dealer's data");
    let document: Value = serde_json::from_str(&open.text).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let catalogue = shared::report::catalogue::Catalogue::read(&tests::datasets(), None).unwrap();
    for report in catalogue.open_to(shared::report::role::Role::Dealer) {
        let of = |part: &str| &document["paths"][format!("/api/v1/reports/{}{part}", report.name)]["get"];
        let names = |part: &str| -> Vec<&str> {
            of(part)["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect()
        };
        for filter in &report.filters {
            for taken in filter.kind.taken(&filter.name) {
                assert!(names("/rows").contains(&taken.name.as_str()) && names("/file").contains(&taken.name.as_str()));
            }
        }
        assert!(names("/rows").contains(&"cursor") && names("/file").contains(&"format"));
        let (_, answer) = of("/rows")["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
            .as_str()
            .unwrap()
            .rsplit_once('/')
            .unwrap();
        let schemas = &document["components"]["schemas"];
        let (_, row) =
            schemas[answer]["properties"]["rows"]["items"]["$ref"].as_str().unwrap().rsplit_once('/').unwrap();
        let fields = schemas[row]["properties"].as_object().unwrap();
        assert!(report.columns.iter().all(|column| fields.contains_key(&column.name)), "{fields:?}");
        let codes = of("/file")["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .find(|parameter| parameter["name"] == "format")
            .unwrap();
        assert_eq!(codes["schema"]["enum"].as_array().unwrap().len(), write::streamed().count());
        let order = &document["paths"][format!("/api/v1/reports/{}/exports", report.name)]["post"];
        let mut taken = order["parameters"].as_array().unwrap().clone();
        let at = taken.iter().position(|parameter| parameter["name"] == "format").unwrap();
        assert_eq!(taken.remove(at)["schema"]["enum"].as_array().unwrap().len(), write::FORMATS.len());
        let of_file = of("/file")["parameters"].as_array().unwrap().iter();
        assert_eq!(taken, of_file.filter(|parameter| parameter["name"] != "format").cloned().collect::<Vec<_>>());
        assert!(order["responses"]["202"]["headers"]["Location"].is_object(), "{order}");
    }
    // With a token that does not hold it is refused all the same.
    assert_eq!(Program::at(&stand.portal, "x").get(DOCUMENT).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_client_lists_reports_reads_all_rows_part_by_part_and_has_an_export_made() {
    let stand = Stand::start().await;
    let _reporter = crate::export_stand::start(crate::export_stand::reporter(&stand));
    let program = stand.program(&[VOLGA]).await;
    let (folder, document) = (folder(), program.get(DOCUMENT).await.text);
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("openapi.json"), &document).unwrap();
    let said =
        python(folder.path(), "", &["-m", "openapi_spec_validator", "--schema", "3.1", &at("openapi.json")]).await;
    assert!(said.contains("OK"), "{said}");

    // Its formatter is a program of its own, which changes nothing of what runs.
    std::fs::write(
        at("config.yml"),
        "post_hooks: []\npackage_name_override: reports_client\nproject_name_override: reports-client\n\
        content_type_overrides:\n  text/csv; charset=utf-8: application/octet-stream\n  '*/*': application/octet-stream\n",
    )
    .unwrap();
    let words =
        ["-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta", "none", "--overwrite", "--path"];
    let rest = [&at("openapi.json"), "--config", &at("config.yml"), "--output-path", &at("made/reports_client")];
    std::fs::create_dir_all(folder.path().join("made")).unwrap();
    python(folder.path(), "", &[&words[..], &rest.map(AsRef::as_ref)].concat()).await;

    let script = include_str!("api_client.py");
    std::fs::write(at("read.py"), script).unwrap();
    let said = python(folder.path(), &at("made"), &[&at("read.py"), &stand.portal.url, &program.token, VOLGA]).await;
    assert!(said.contains("60 rows of Sales, and a file of 60"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operations_are_described_each_and_a_public_validator_and_a_generator_take_it() {
    let stand = Stand::start().await;
    let answer =
        Program::send(stand.program(&[VOLGA]).await.bare(Method::GET, "/api/v1/operations/openapi.json")).await;
    assert_eq!(answer.status, StatusCode::OK, "it asks for no token: {}", answer.text);
    let document: Value = serde_json::from_str(&answer.text).unwrap();
    for route in portal::operations::api_routes() {
        let described = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        assert!(described["responses"]["403"].is_object(), "{} {}: {described}", route.method, route.path);
    }
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("openapi.json"), &answer.text).unwrap();
    let said =
        python(folder.path(), "", &["-m", "openapi_spec_validator", "--schema", "3.1", &at("openapi.json")]).await;
    assert!(said.contains("OK"), "{said}");
    std::fs::write(at("config.yml"), "post_hooks: []\n").unwrap();
    let words = ["-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta", "none", "--path"];
    let rest = [&at("openapi.json"), "--config", &at("config.yml"), "--output-path", &at("made")];
    python(folder.path(), "", &[&words[..], &rest.map(AsRef::as_ref)].concat()).await;
}
