//! The same rows, totals and facts in every format, cell by cell, as other programs read them.

use std::process::Command;

use serde_json::Value;
use shared::report::write;
use tests::written::{self, Written};
use tests::{Person, SignedIn};

use crate::export_stand::{await_state, order_as, reporter, start, volga};
use crate::stand::{DOLLAR, Line, METRE, Product, RUSSIAN, Stand, TODAY, VOLGA, YEAR_AGO};

async fn file(who: &SignedIn, address: &str) -> Vec<u8> {
    let answer = who.page(address).send().await.expect("a file");
    assert!(answer.status().is_success(), "{address}: {}", answer.status());
    answer.bytes().await.expect("its bytes").to_vec()
}

/// The file of each format that tells what it holds.
async fn every_file(who: &SignedIn, address: &str) -> Vec<(&'static str, Written)> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let json = text(file(who, &format!("{address}format=json")).await);
    let kinds = written::kinds(&json);
    let mut all = Vec::new();
    for format in write::streamed().map(|format| format.code) {
        let bytes = file(who, &format!("{address}format={format}")).await;
        all.push((
            format,
            match format {
                "csv" => written::csv(&text(bytes), &kinds),
                "xlsx" => written::xlsx(&bytes, &kinds),
                "parquet" => written::parquet(&bytes, &kinds),
                "json" => written::json(&text(bytes), &kinds),
                "csv-data" => {
                    let whole = text(file(who, &format!("{address}format=csv")).await);
                    let rows: Vec<&str> = whole.split("\r\n\r\n").collect();
                    assert_eq!(
                        text(bytes).trim_start_matches('\u{feff}').trim_end(),
                        rows[1],
                        "the rows of the other CSV"
                    );
                    continue;
                }
                other => panic!("nobody reads {other}: teach tests::written to"),
            },
        ));
    }
    all
}

/// What a script says of a file that it is given as its argument.
fn read_by(script: &str, file: &std::path::Path) -> String {
    let output = Command::new("python3")
        .arg(format!("{}/portal/{script}", env!("CARGO_MANIFEST_DIR")))
        .arg(file)
        .env("PYTHONPATH", stack::parts::Parts::locate().root().join("readers"))
        .output()
        .expect("run python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The file on paper, which the report service makes, as its tags tell it.
async fn on_paper(stand: &Stand, person: &Person, query: &str) -> Value {
    let ordered = order_as(person, "sales", "pdf", query).await;
    let job = ordered.location().to_owned();
    await_state(stand, &job, "done").await;
    let answer = person.request(reqwest::Method::GET, &format!("{job}/file")).send().await.expect("a file");
    serde_json::from_str(&paper(&answer.bytes().await.expect("its bytes"))).expect("JSON")
}

/// What the tags of a file on paper say, as JSON.
pub fn paper(bytes: &[u8]) -> String {
    let folder = tests::folder();
    let path = folder.path().join("report.pdf");
    std::fs::write(&path, bytes).expect("keep the file");
    read_by("read_pdf.py", &path)
}

/// Facts that differ by the moment of asking.
fn without_age(mut written: Written) -> Written {
    written.facts.retain(|(name, _)| name != "Данные на");
    written
}

async fn all_alike(who: &SignedIn, address: &str) -> Written {
    let mut all = every_file(who, address).await.into_iter().map(|(format, written)| (format, without_age(written)));
    let (_, first) = all.next().expect("a format");
    for (format, other) in all {
        assert_eq!(other, first, "{format}");
    }
    first
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_holds_the_same_facts_totals_and_rows_cell_by_cell() {
    let stand = Stand::of_trade(&RUSSIAN).await;
    let volga = stand.dealer(&[VOLGA]).await;
    let whole = all_alike(&volga, "/reports/sales?").await;
    assert_eq!((whole.rows.len(), whole.totals.len()), (64, 1));
    assert_eq!(whole.facts[0], ("Отчёт".to_owned(), "Продажи".to_owned()));
    assert!(whole.facts.contains(&("Строк".to_owned(), "64".to_owned())), "{:?}", whole.facts);
    let narrowed = all_alike(&volga, "/reports/sales?search=%D0%BD%D0%B0%D1%81%D0%BE%D1%81&sort=product&").await;
    assert_eq!(narrowed.rows.len(), 16);
    let none = all_alike(&volga, "/reports/sales?search=nothing+of+that+name&").await;
    assert_eq!((none.rows.len(), none.totals.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn currencies_units_returns_and_identifiers_are_the_same_in_every_format() {
    let products = [
        Product { code: "00000000042", article: "3-5", ..Product::called(1, "Насос") },
        Product {
            code: "4601234567890123", article: "1E5", ..Product::called(2, "Котёл\n\"двойной\"; _x0041_ <b>&")
        },
        Product { code: "007", article: "", unit: METRE, ..Product::called(3, "Труба 😀") },
    ];
    let lines = [
        Line::of(1, TODAY, 100),
        Line::of(1, TODAY, 40).in_currency(DOLLAR),
        Line::of(1, YEAR_AGO, 50).in_currency(DOLLAR),
        Line::of(2, TODAY, -300),
        Line::of(3, YEAR_AGO, 77),
    ];
    let stand = Stand::of(&products, &lines).await;
    let volga = stand.dealer(&[VOLGA]).await;
    let whole = all_alike(&volga, "/reports/sales?former=1&").await;
    assert_eq!((whole.rows.len(), whole.totals.len()), (4, 2));
    for identifier in ["00000000042", "4601234567890123", "007", "3-5", "1E5"] {
        assert!(whole.rows.iter().flatten().any(|cell| cell == identifier), "{identifier}: {:?}", whole.rows);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_on_paper_holds_the_same_facts_totals_and_rows_by_its_tags() {
    let stand = Stand::of_trade(&RUSSIAN).await;
    let _reporter = start(reporter(&stand));
    let (seen, (person, _)) = (stand.dealer(&[VOLGA]).await, volga(&stand).await);
    for (query, rows) in [("", 64), ("search=%D0%BD%D0%B0%D1%81%D0%BE%D1%81&sort=product", 16), ("search=nothing", 0)] {
        let json = file(&seen, &format!("/reports/sales?{query}&format=json")).await;
        let json = String::from_utf8(json).expect("UTF-8");
        let kinds = written::kinds(&json);
        let mut other = without_age(written::json(&json, &kinds));
        let read = on_paper(&stand, &person, query).await;
        let paper = without_age(written::pdf(&read, &kinds, other.totals.len()));
        if other.totals.len() == 1 {
            // What they are all in stands in the heads.
            other.rows.iter_mut().chain(&mut other.totals).for_each(|row| drop(row.pop()));
            assert!(read["tables"][0][0].to_string().contains("₽"), "{}", read["tables"][0][0]);
        }
        assert_eq!((&paper, paper.rows.len()), (&other, rows), "{query}");
        assert_eq!(
            (&read["language"], &read["title"], &read["is_marked"]),
            (&"ru".into(), &"Продажи".into(), &true.into())
        );
        assert_eq!(read["headings"], serde_json::json!(["Продажи"]));
        let pages = read["pages"].as_array().expect("pages");
        for (at, page) in pages.iter().enumerate() {
            let foot = format!("Страница {} из {}", at + 1, pages.len());
            assert!(page.as_str().is_some_and(|page| page.contains(&foot)), "{foot}: {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn currencies_returns_and_what_looks_like_markup_stand_on_paper_as_they_are() {
    let words = r##"#panic("x") *b* _i_ [a] $1$ \ " <b> `c` = @d // e"##;
    let products = [Product::called(1, words), Product::called(2, "№ 5 «Кран» — 1/2″"), Product::called(3, "Котёл")];
    let lines = [
        Line::of(1, TODAY, 100),
        Line::of(1, TODAY, 40).in_currency(DOLLAR),
        Line::of(2, TODAY, -300),
        Line::of(3, TODAY, 7),
    ];
    let stand = Stand::of(&products, &lines).await;
    let _reporter = start(reporter(&stand));
    let (seen, (person, _)) = (stand.dealer(&[VOLGA]).await, volga(&stand).await);
    let json = String::from_utf8(file(&seen, "/reports/sales?format=json").await).expect("UTF-8");
    let kinds = written::kinds(&json);
    let other = without_age(written::json(&json, &kinds));
    let paper = without_age(written::pdf(&on_paper(&stand, &person, "").await, &kinds, other.totals.len()));
    assert_eq!((&paper, other.totals.len()), (&other, 2));
    assert!(paper.rows.iter().any(|row| row[0] == words), "{:?}", paper.rows);
}

/// What readers of other makers see of the same files.
#[tokio::test(flavor = "multi_thread")]
async fn other_makers_readers_see_typed_columns_formulas_and_their_values() {
    let stand = Stand::of_trade(&RUSSIAN).await;
    let volga = stand.dealer(&[VOLGA]).await;
    let folder = tests::folder();
    for format in ["xlsx", "parquet"] {
        let bytes = file(&volga, &format!("/reports/sales?format={format}")).await;
        std::fs::write(folder.path().join(format!("sales.{format}")), bytes).expect("keep the file");
    }
    read_by("read_files.py", folder.path());
}
