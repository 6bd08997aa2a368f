//! The API of reports: list, description, rows, files, languages, and what it says to a question that is none.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::report::write;
use tests::Program;
use tests::program::problem;

use crate::stand::{Line, Product, Stand, TODAY, URAL, VOLGA, canary};

#[tokio::test(flavor = "multi_thread")]
async fn a_program_finds_its_way_from_the_list_to_rows_and_files() {
    let stand = Stand::start().await;
    let program = stand.program(&[VOLGA]).await;
    let list = program.json("/api/v1/reports").await;
    let sales = list["reports"].as_array().unwrap().iter().find(|report| report["name"] == "sales").unwrap();
    assert_eq!((&sales["title"], &sales["sort"]), (&json!("Sales"), &json!("-revenue")));
    assert_eq!(sales["columns"][5], json!({ "name": "revenue", "title": "Revenue", "kind": "money" }));
    assert!(sales["filters"][1].get("options").is_none());

    let path = |link: &Value| link.as_str().unwrap().strip_prefix(&stand.portal.url).unwrap().to_owned();
    let described = program.json(&path(&sales["links"]["self"])).await;
    let group = &described["filters"][1];
    assert_eq!((&group["name"], &group["parameters"][0]["kind"]), (&json!("group"), &json!("reference")));
    assert_eq!(group["options"].as_array().unwrap().len(), 2, "{group}");
    let words = json!(["month", "quarter", "year", "own"]);
    assert_eq!(described["filters"][0]["parameters"][0]["values"], words);

    let rows = program.json(&path(&sales["links"]["rows"])).await;
    assert_eq!(
        (&rows["report"], &rows["count"], rows["rows"].as_array().unwrap().len()),
        (&json!("sales"), &json!(60), 50)
    );
    let (first, total) = (&rows["rows"][0], &rows["totals"][0]);
    // Half of 120 × (1 + … + 60) in roubles is of this year.
    assert_eq!((&first["revenue"], &total["revenue"]), (&json!("7200"), &json!("219600")));
    assert_eq!((&first["currency"], &first["change"]), (&json!("RUB"), &json!(0.0)));
    assert!(rows["as_of"].as_str().unwrap().ends_with('Z') && rows["next"].is_string(), "{rows}");

    for format in described["formats"].as_array().unwrap() {
        let code = format["code"].as_str().unwrap();
        let file = program.request(&format!("{}?format={code}", path(&sales["links"]["file"]))).send().await.unwrap();
        assert_eq!(
            (file.status(), file.headers()["content-type"].to_str().unwrap()),
            (StatusCode::OK, format["media_type"].as_str().unwrap())
        );
        assert!(file.headers()["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"sales-"));
        assert!(file.bytes().await.unwrap().len() > 1000, "{code}");
    }
    assert_eq!(described["formats"].as_array().unwrap().len(), write::streamed().count());
    // What is made in the background has no file here, and a sentence that says so.
    let refused = program.get(&format!("{}?format=pdf", path(&sales["links"]["file"]))).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.text.contains("\"parameter\":\"format\"")
            && refused.text.contains(sales["links"]["exports"].as_str().unwrap()),
        "{}",
        refused.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_are_those_of_the_page_and_the_language_is_the_one_asked_for() {
    let products = [Product::called(1, "Насос"), Product::called(2, "Котёл"), Product::called(3, "Кран")];
    let lines =
        [Line::of(1, TODAY, 100), Line::of(2, "addDays(today(), -2)", 300), Line::of(3, "addYears(today(), -1)", 70)];
    let stand = Stand::of(&products, &lines).await;
    let program = stand.program(&[VOLGA]).await;
    let names = async |query: &str| -> Vec<String> {
        let rows = program.json(&format!("/api/v1/reports/sales/rows?{query}")).await;
        rows["rows"].as_array().unwrap().iter().map(|row| row["product"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("").await, ["Котёл", "Насос"]);
    assert_eq!(names("sort=product&limit=1").await, ["Котёл"]);
    assert_eq!(names("search=%D0%BA%D0%BE%D1%82%D0%B5%D0%BB").await, ["Котёл"]);
    assert_eq!(names("former=1&sort=-product").await, ["Насос", "Кран", "Котёл"]);
    assert_eq!(names(&format!("dealer={VOLGA}&search=")).await, ["Котёл", "Насос"]);
    let today = shared::clock::now().with_timezone(&chrono_tz::Europe::Moscow).date_naive();
    assert_eq!(names(&format!("period=own&from={today}&to={today}")).await, ["Насос"]);

    for (language, said, title) in
        [("ru", "ru", "Продажи"), ("en-GB, ru;q=0.5", "en", "Sales"), ("de", "ru", "Продажи")]
    {
        let request = program.bare(Method::GET, "/api/v1/reports/sales/rows").bearer_auth(&program.token);
        // A cookie of pages says nothing here.
        let request = request.header("accept-language", language).header("cookie", "language=en");
        let answer = Program::send(request).await;
        let read: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!((answer.header("content-language"), read["title"].as_str().unwrap()), (said, title), "{language}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_question_is_told_what_is_wrong_with_which_parameter() {
    let stand = Stand::start().await;
    let program = stand.program(&[VOLGA]).await;
    let rows = "/api/v1/reports/sales/rows";
    for (query, parameter) in [
        (format!("dealer={URAL}"), "dealer"),
        ("dealer=00000000-0000-0000-0000-000000000000".to_owned(), "dealer"),
        ("dealer=x".to_owned(), "dealer"),
        ("period=century".to_owned(), "period"),
        ("period=own&from=2026-02-30".to_owned(), "from"),
        ("period=own&from=2026-03-02&to=2026-03-01".to_owned(), "to"),
        ("period=own&from=1990-01-01&to=2026-01-01".to_owned(), "from"),
        ("group=all".to_owned(), "group"),
        (format!("search={}", "x".repeat(201)), "search"),
        ("colour=red".to_owned(), "colour"),
        ("page=2".to_owned(), "page"),
        ("format=csv".to_owned(), "format"),
        (format!("dealers=%5B%27{URAL}%27%5D"), "dealers"),
        (format!("param_dealers=%5B%27{URAL}%27%5D"), "param_dealers"),
        ("sort=colour".to_owned(), "sort"),
        ("sort=--revenue".to_owned(), "sort"),
        ("sort=revenue&sort=product".to_owned(), "sort"),
        ("former=2".to_owned(), "former"),
        ("limit=0".to_owned(), "limit"),
        ("limit=10001".to_owned(), "limit"),
        ("limit=-1".to_owned(), "limit"),
        ("limit=1e3".to_owned(), "limit"),
        ("limit=1&limit=2".to_owned(), "limit"),
        ("cursor=x".to_owned(), "cursor"),
        ("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(), "cursor"),
    ] {
        let path = format!("{rows}?{query}");
        let answer = program.get(&path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.text);
        let told = problem(&answer);
        assert_eq!(told["parameter"], parameter, "{told}");
        assert!(!answer.text.contains(&canary(URAL)) && !answer.text.contains("SELECT"), "{told}");
    }
    for (query, word) in [("", "csv"), ("?format=exe", "csv"), ("?format=csv&limit=5", "limit")] {
        let told = program.problem(&format!("/api/v1/reports/sales/file{query}")).await;
        let said = told["detail"].as_str().unwrap().contains(word) || told["parameter"] == word;
        assert!(said && told["status"] == 400, "{told}");
    }
    for path in ["/api/v1/reports/sales?x=1", "/api/v1/reports?x=1", "/api/v1/reports/dealers?x=1"] {
        assert_eq!(program.problem(path).await["parameter"], "x", "{path}");
    }
    // Said in Russian where Russian is asked for.
    let russian = program.bare(Method::GET, "/api/v1/reports/sales/rows?limit=0").bearer_auth(&program.token);
    let told = problem(&Program::send(russian).await);
    assert_eq!(told["detail"], "Укажите целое число от 1 до 10000.");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_nowhere_or_cannot_be_done_is_a_problem_and_never_a_page() {
    let stand = Stand::start().await;
    let program = stand.program(&[VOLGA]).await;
    for (path, kind) in [
        ("/api/v1/reports/nowhere", "no-such-report"),
        ("/api/v1/reports/nowhere/rows", "no-such-report"),
        ("/api/v1/reports/nowhere/file?format=csv", "no-such-report"),
        ("/api/v1/reports/sales/nothing", "not-found"),
        ("/api/v1/reports/", "not-found"),
        ("/api/v2/reports", "not-found"),
        ("/api", "not-found"),
        ("/api/v1/reports/%FF/rows", "not-found"),
        ("/api/v1/reports/..%2Fsales/rows", "no-such-report"),
    ] {
        let told = program.problem(path).await;
        assert_eq!(
            (&told["status"], &told["type"]),
            (&json!(404), &json!(format!("urn:dealer-portal:problem:{kind}"))),
            "{path}"
        );
    }
    assert_eq!(program.problem("/api/v1/reports/nowhere").await["parameter"], "name");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let request = program.bare(method.clone(), "/api/v1/reports/sales/rows").bearer_auth(&program.token);
        let answer = Program::send(request.body("x".repeat(2000))).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        problem(&answer);
        assert!(answer.header("allow").contains("GET"), "{:?}", answer.headers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_away_is_told_with_when_to_come_again() {
    let stand = Stand::start_with(|launch| launch.env("CLICKHOUSE_URL", "http://127.0.0.1:1")).await;
    let program = stand.program(&[VOLGA]).await;
    let answer = program.get("/api/v1/reports/sales/rows").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
    assert_eq!(problem(&answer)["type"], "urn:dealer-portal:problem:unavailable");
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    assert!(!answer.text.contains("127.0.0.1"), "{}", answer.text);
    assert_eq!(program.get("/api/v1/reports").await.status, StatusCode::OK, "the list asks nobody");
}
