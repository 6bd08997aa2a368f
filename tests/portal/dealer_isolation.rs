//! Rule 17's two locks, each tried by itself. A foreign canary in any byte is a release blocker.
//!
//! Which test turns red when a guard is taken out, as tried by hand:
//!
//! | taken out | red |
//! | --- | --- |
//! | the scope, where `run::dealers` writes it into a query | `no_byte_of_any_answer_holds_another_dealers_canary`; `sales`: three of four |
//! | whether a dealer named in the address is the viewer's, in `Filter::read` and `run::narrowed` | `no_byte_of_any_answer_holds_another_dealers_canary`; `sales::a_wrong_filter_is_answered_beside_its_field_and_asks_nothing` |
//! | the parameter, in a view | `every_view_demands_its_dealers_and_reads_final`; what then shows: `a_view_without_its_filter_would_show_everything` |

use clickhouse::Client;
use shared::report::catalogue::open_views;
use shared::report::write::FORMATS;
use tests::clickhouse;

use crate::export_stand::{await_state, reporter, start};
use crate::formats::paper;
use crate::stand::{Stand, URAL, VOLGA, canary};

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_any_answer_holds_another_dealers_canary() {
    let stand = Stand::start().await;
    let (volga, ural) = (stand.dealer(&[VOLGA]).await, stand.dealer(&[URAL]).await);
    let catalogue = shared::report::catalogue::Catalogue::read(&tests::datasets(), None).expect("the reports");
    let every_report = catalogue.all().iter().flat_map(|report| {
        let words = report
            .columns
            .iter()
            .flat_map(|column| [format!("?sort={}", column.name), format!("?sort=-{}", column.name)]);
        let words = words.chain(["", "?page=2", "?former=1"].map(str::to_owned));
        let files = FORMATS.iter().map(|format| format.code);
        let files = files.flat_map(|code| [format!("?format={code}"), format!("?format={code}&dealer={URAL}")]);
        let path = report.path();
        words.chain(files).chain([format!("?dealer={URAL}")]).map(move |word| format!("{path}{word}"))
    });
    let paths = [
        "/".to_owned(),
        "/reports/sales?page=999".to_owned(),
        "/reports/sales?sort=product&period=month".to_owned(),
        "/reports/sales?search=%D0%9A%D0%90%D0%9D%D0%90%D0%A0%D0%95%D0%99%D0%9A%D0%90".to_owned(),
        "/reports/sales?search=%25%27%20OR%201%3D1%20--".to_owned(),
        "/reports/sales?group=80000000-0000-4000-8000-000002000001".to_owned(),
        format!("/reports/sales?dealers=%5B%27{URAL}%27%5D&param_dealers=%5B%27{URAL}%27%5D"),
        "/reports/sales?format=csv&group=80000000-0000-4000-8000-000002000001".to_owned(),
    ];
    let mut own_seen = 0;
    for path in &every_report.chain(paths).collect::<Vec<_>>() {
        for request in [volga.page(path), volga.fragment(path), volga.page(path).header("x-dealer-id", URAL)] {
            let body = all_text(path, request).await;
            assert!(!body.contains(&canary(URAL)), "{path} shows a foreign row: {body}");
            own_seen += usize::from(body.contains(&canary(VOLGA)));
            if path.ends_with("format=parquet") || path.ends_with("format=xlsx") {
                assert!(body.contains(&canary(VOLGA)), "{path} does not show what is packed in it");
            }
        }
        // The same address, asked by the other in between: no cache is shared.
        let body = all_text(path, ural.page(path)).await;
        assert!(!body.contains(&canary(VOLGA)), "{path} shows a foreign row: {body}");
    }
    assert!(own_seen > 20, "the canaries are not where they should be: {own_seen}");
}

/// Of an answer that is no refusal for haste; what a file packs is unpacked.
async fn all_text(path: &str, request: reqwest::RequestBuilder) -> String {
    let answer = loop {
        let answer = request.try_clone().expect("a request without a body").send().await.expect("an answer");
        if answer.status().as_u16() != 429 {
            break answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    let is_file = answer.status().is_success() && answer.headers().contains_key("content-disposition");
    let body = answer.bytes().await.expect("a body");
    let format =
        FORMATS.iter().map(|format| format.code).find(|code| is_file && path.contains(&format!("format={code}")));
    tests::written::text(format.unwrap_or_default(), &body)
}

/// The same of the API: every report, every format, every order, asked by a stranger's program.
#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_the_api_holds_another_dealers_canary() {
    let stand = Stand::start().await;
    let catalogue = shared::report::catalogue::Catalogue::read(&tests::datasets(), None).expect("the reports");
    let mut own_seen = 0;
    for report in catalogue.all() {
        let root = format!("/api/v1/reports/{}", report.name);
        let orders = report.columns.iter().flat_map(|column| [column.name.clone(), format!("-{}", column.name)]);
        let former = if report.is_compared() { "&former=1" } else { "" };
        let mut paths: Vec<String> =
            orders.map(|sort| format!("{root}/rows?sort={sort}&limit=10000{former}")).collect();
        paths.extend(["/api/v1/reports".to_owned(), "/api/v1/reports/dealers".to_owned(), root.clone()]);
        for format in FORMATS {
            let dealer = format!("{root}/file?format={}&dealer={URAL}", format.code);
            paths.extend([format!("{root}/file?format={}", format.code), dealer]);
        }
        paths.push(format!("{root}/rows?dealer={URAL}"));
        // A program has the burst of a viewer.
        for paths in paths.chunks(15) {
            let (volga, ural) = (stand.program(&[VOLGA]).await, stand.program(&[URAL]).await);
            for path in paths {
                for (program, own, foreign) in [(&volga, VOLGA, URAL), (&ural, URAL, VOLGA)] {
                    let body = all_text(path, program.request(path).header("x-dealer-id", foreign)).await;
                    assert!(!body.contains(&canary(foreign)), "{path} shows a foreign row");
                    own_seen += usize::from(body.contains(&canary(own)));
                }
            }
        }
    }
    assert!(own_seen > 20, "the canaries are not where they should be: {own_seen}");
}

/// The same of what programs have made in the background: every report, every format.
#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_a_programs_export_holds_another_dealers_canary() {
    let stand = Stand::start().await;
    let _reporter = start(reporter(&stand));
    let (volga, ural) = (stand.program(&[VOLGA]).await, stand.program(&[URAL]).await);
    let catalogue = shared::report::catalogue::Catalogue::read(&tests::datasets(), None).expect("the reports");
    for report in catalogue.open_to(shared::report::role::Role::Dealer) {
        for format in FORMATS {
            for (program, other, own, foreign) in [(&volga, &ural, VOLGA, URAL), (&ural, &volga, URAL, VOLGA)] {
                let address = format!("/api/v1/reports/{}/exports?format={}", report.name, format.code);
                let refused = program.post(&format!("{address}&dealer={foreign}")).await;
                assert_eq!(refused.status.as_u16(), 400, "{address}: {}", refused.text);
                let asked = program.post(&address).await;
                assert_eq!(asked.status.as_u16(), 202, "{address}: {}", asked.text);
                let file = program.path(asked.header("location")) + "/file";
                await_state(&stand, file.trim_end_matches("/file"), "done").await;
                let bytes = program.request(&file).send().await.expect("an answer").bytes().await.expect("a file");
                let text = match format.code {
                    "pdf" => paper(&bytes),
                    code => tests::written::text(code, &bytes),
                };
                assert!(text.contains(&canary(own)) && !text.contains(&canary(foreign)), "{address}: {text}");
                let told = other.get(&file).await;
                assert!(told.status.as_u16() == 404 && !told.text.contains(&canary(own)), "{address}: {}", told.text);
            }
        }
        // Another hour.
        crate::staff::sql(&stand, "UPDATE job SET created_at = created_at - interval '1 hour'").await;
    }
}

async fn refusal(client: &Client, sql: &str) -> Option<String> {
    client.query_raw(sql).fetch_bytes("TabSeparated").ok()?.collect().await.err().map(|cause| cause.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn clickhouse_lets_the_portals_user_read_views_with_their_dealers_and_nothing_else() {
    let clickhouse = clickhouse().await;
    for user in ["portal_ro", "export_ro"] {
        let client = clickhouse.client(user);
        for sql in [
            "SELECT * FROM dw.sale",
            "SELECT * FROM dw.group_tree",
            "SELECT count() FROM report.sale",
            "SELECT * FROM report.product_group",
            "SELECT * FROM report.dealer",
            "INSERT INTO dw.sale (line_no) VALUES (1)",
            "CREATE TABLE report.x (a UInt8) ENGINE = Memory",
            "CREATE TEMPORARY TABLE x (a UInt8)",
            "DROP VIEW report.sale",
            "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
            "SELECT * FROM remote('127.0.0.1', 'dw', 'sale')",
            "SELECT * FROM file('/etc/passwd', 'LineAsString', 'a String')",
            "SELECT * FROM system.query_log",
            "SET readonly = 0",
            "SELECT 1 SETTINGS max_execution_time = 1000",
            "KILL QUERY WHERE 1",
        ] {
            assert!(refusal(&client, sql).await.is_some(), "{user} may run: {sql}");
        }
        let fine = format!("SELECT * FROM report.sale(dealers = ['{VOLGA}'])");
        assert_eq!(refusal(&client, &fine).await, None);
        let none: u64 =
            client.query("SELECT count() FROM report.sale(dealers = [])").fetch_one().await.expect("no rows");
        assert_eq!(none, 0);
        let tables: Vec<String> =
            client.query("SELECT DISTINCT database FROM system.tables").fetch_all().await.unwrap_or_default();
        assert!(tables.iter().all(|database| database == "report"), "{tables:?}");
    }
    let owner = Client::default().with_url(clickhouse.url()).with_user("owner");
    assert!(refusal(&owner, "SELECT 1").await.is_some(), "somebody signs in as owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_that_ends_queries_reads_nobodys_rows() {
    let clickhouse = clickhouse().await;
    let client = clickhouse.client("canceller");
    for sql in [
        "SELECT * FROM dw.sale",
        "SELECT * FROM report.sale(dealers = [])",
        "SELECT * FROM report.freshness",
        "SELECT * FROM system.query_log",
        "SELECT * FROM system.users",
        "INSERT INTO dw.sale (line_no) VALUES (1)",
        "CREATE TABLE report.x (a UInt8) ENGINE = Memory",
        "DROP VIEW report.sale",
        "SYSTEM SHUTDOWN",
        "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    ] {
        assert!(refusal(&client, sql).await.is_some(), "canceller may run: {sql}");
    }
    assert_eq!(refusal(&client, "SELECT query_id FROM system.processes").await, None);
    assert_eq!(refusal(&client, "KILL QUERY WHERE query_id = 'none' ASYNC").await, None);
}

/// The mutant of the second lock: a view that forgot its parameter shows the foreign rows, and the first lock is blind
/// to it. What keeps such a view out is `every_view_demands_its_dealers`.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_without_its_filter_would_show_everything() {
    let stand = Stand::start().await;
    let migrator = stand.clickhouse.client("migrator");
    let view = include_str!("../../assets/datasets/sales/sale.sql");
    let mutant = view.replace("WHERE s.dealer_id IN {dealers:Array(UUID)}", "WHERE length({dealers:Array(UUID)}) > 0");
    assert_ne!(view, mutant);
    migrator.query_raw(&mutant).execute().await.expect("the mutant view");
    let volga = stand.dealer(&[VOLGA]).await;
    let body =
        volga.page("/reports/sales?sort=product&page=2").send().await.expect("a page").text().await.expect("a body");
    assert!(body.contains(&canary(URAL)), "the isolation test could not see a missing filter");
}

#[test]
fn every_view_demands_its_dealers_and_reads_final() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/migrations/clickhouse");
    let migrations = std::fs::read_dir(folder).expect("the migrations").map(|entry| entry.expect("a migration").path());
    let mut files: Vec<_> = migrations
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("its text")))
        .collect();
    let datasets = tests::datasets();
    let of_datasets = datasets.all().iter().flat_map(|dataset| dataset.definition().views.iter());
    files.extend(of_datasets.map(|view| (view.path.clone(), view.text.clone())));
    let open: Vec<&str> = open_views(&datasets).collect();
    let mut views = 0;
    for (path, sql) in files {
        let code: String =
            sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n");
        assert!(!code.to_uppercase().contains("PREWHERE"), "{path}");
        if !code.contains("VIEW report.") {
            continue;
        }
        views += 1;
        assert!(code.contains("DEFINER = owner SQL SECURITY DEFINER"), "{path}");
        let tables = datasets.all().iter().map(|dataset| format!("dw.{}", dataset.table)).chain(["dw.pass".to_owned()]);
        for table in tables {
            // A longer name is another table, or the view of a snapshot.
            let others = |after: &&str| !after.starts_with(|next: char| next == '_' || next.is_ascii_alphanumeric());
            for after in code.split(&table).skip(1).filter(others) {
                let words: Vec<&str> = after.split_whitespace().take(3).collect();
                let is_final = words.first() == Some(&"FINAL") || words.get(2) == Some(&"FINAL");
                assert!(is_final, "{path}: {words:?}");
            }
        }
        // The list that reports are checked by: who adds a name there has this test to answer.
        let has_no_dealers = open.iter().any(|view| code.contains(&format!("VIEW report.{view} ")));
        assert!(has_no_dealers || code.contains("dealer_id IN {dealers:Array(UUID)}"), "{path}");
    }
    assert!(views >= 5, "{views} views");
}

#[test]
fn every_user_has_its_grants_and_every_pin_stands() {
    let users = include_str!("../../shared/clickhouse/users.xml");
    let (_, list) = users.split_once("<users>").expect("users");
    for name in ["loader", "migrator", "owner", "portal_ro", "export_ro", "audit_ro", "canceller", "default"] {
        let start = list.find(&format!("\n    <{name}>")).unwrap_or_else(|| panic!("no {name}"));
        let end = list[start..].find(&format!("</{name}>")).expect("its end") + start;
        assert!(list[start..end].contains("<grants>"), "{name} has no <grants>: it may read everything");
    }
    let known = ["loader", "migrator", "owner", "portal_ro", "export_ro", "audit_ro", "canceller", "default"];
    assert_eq!(list.matches("<profile>").count(), known.len(), "a user that this test does not know");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_pinned_for_every_user() {
    let clickhouse = clickhouse().await;
    let final_pins = [
        ("optimize_move_to_prewhere_if_final", "0"),
        ("apply_prewhere_after_final", "0"),
        ("do_not_merge_across_partitions_select_final", "0"),
        ("use_skip_indexes_if_final_exact_mode", "1"),
    ];
    let portal_pins = [
        ("readonly", "1"),
        ("max_execution_time", "15"),
        ("result_overflow_mode", "throw"),
        ("cancel_http_readonly_queries_on_client_close", "1"),
        ("max_rows_to_read", "200000000"),
    ];
    let loader_pins = [
        ("async_insert", "0"),
        ("insert_deduplicate", "1"),
        ("deduplicate_blocks_in_dependent_materialized_views", "1"),
    ];
    for user in ["loader", "migrator", "portal_ro", "export_ro", "audit_ro", "canceller"] {
        let mut pins = final_pins.to_vec();
        match user {
            "portal_ro" => pins.extend(portal_pins),
            "export_ro" => {
                pins.extend([("readonly", "1"), ("max_execution_time", "600"), ("result_overflow_mode", "throw")])
            }
            "loader" => pins.extend(loader_pins),
            "audit_ro" => pins.push(("readonly", "1")),
            _ => {}
        }
        for (name, pinned) in pins {
            let sql = "SELECT value FROM system.settings WHERE name = {name:String}";
            let value: String =
                clickhouse.client(user).query_raw(sql).param("name", name).fetch_one().await.expect("the setting");
            assert_eq!(value, pinned, "{name} of {user}");
        }
    }
}

/// What may be read without dealers holds no column that could name one, or anything a dealer bought.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_view_holds_nothing_of_any_dealer() {
    let clickhouse = clickhouse().await;
    for view in open_views(&tests::datasets()) {
        let sql =
            format!("SELECT name FROM system.columns WHERE database = 'report' AND table = '{view}' ORDER BY name");
        let columns: Vec<String> =
            clickhouse.client("portal_ro").query(&sql).fetch_all().await.expect("the view's columns");
        let known: &[&str] = match view {
            "brand" => &["brand_id", "brand_name"],
            "currency" => &["currency_code", "currency_id", "currency_name"],
            "freshness" => &["as_of", "dataset", "interval_s"],
            "group_tree" => &["ancestors", "group_id"],
            "price_group" => &["price_group_code", "price_group_id", "price_group_name"],
            "stock" => &[
                "free",
                "on_hand",
                "product_article",
                "product_code",
                "product_folded",
                "product_group_id",
                "product_id",
                "product_name",
                "product_unit",
                "to_ship",
                "warehouse_id",
                "warehouse_name",
            ],
            "pass" => &["dataset", "interval_s", "partition", "partitions", "pass", "read_at", "rows_version"],
            other => panic!("{other} is open: say here which columns it has, and that they are nobody's"),
        };
        assert_eq!(columns, known, "{view}");
    }
}

/// A report that is for others is asked for by no other door.
#[test]
fn the_portal_asks_the_catalogue_by_role() {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../portal/src"))];
    let mut asked = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("sources") {
            let path = entry.expect("a source").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text: String = std::fs::read_to_string(&path).expect("text").split_whitespace().collect();
            asked += text.matches(".open_to(").count();
            // `main` only checks them, and draws none.
            let others = [".catalogue().get(", ".catalogue().all(", "catalogue.get("];
            assert!(!others.iter().any(|other| text.contains(other)), "{}", path.display());
        }
    }
    assert!(asked >= 4, "{asked}");
}

/// The files below a folder that make a scope.
fn makers_of_scopes(root: &str) -> Vec<String> {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(root)];
    let mut makers = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("sources") {
            let path = entry.expect("a source").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && std::fs::read_to_string(&path).expect("text").contains("DealerScope::granted")
            {
                makers.push(path.file_name().expect("a name").to_string_lossy().into_owned());
            }
        }
    }
    makers.sort();
    makers
}

/// The first lock's door: who may make a scope.
#[test]
fn only_sign_in_makes_a_scope() {
    assert_eq!(makers_of_scopes("portal/src"), ["viewer.rs"]);
}

/// The reporter's two doors: a file that was asked for, and a mail.
#[test]
fn only_a_stored_grant_makes_a_scope_in_the_reporter() {
    assert_eq!(makers_of_scopes("workers/src"), ["export.rs", "view.rs"]);
}
