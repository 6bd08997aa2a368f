//! The queries of the product are checked when they are compiled, by what `./dev prepare` wrote of them into `.sqlx`. That is
//! held here against the code, and against a PostgreSQL as the migrations make it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};
use stack::parts;
use tests::postgres;

const CRATES: [&str; 3] = ["shared", "portal", "workers"];

/// What follows the name of a query that is checked.
const CHECKED: [&str; 6] = ["!", "_as!", "_scalar!", "_file!", "_file_as!", "_file_scalar!"];

/// What `.sqlx` says of each query, by its text.
fn described() -> BTreeMap<String, Value> {
    let files = std::fs::read_dir(parts::workspace().join(".sqlx")).expect("what ./dev prepare wrote");
    let read = files.map(|file| {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("its text");
        let query: Value = serde_json::from_str(&text).expect("JSON");
        (query["query"].as_str().expect("the query").to_owned(), query["describe"].clone())
    });
    read.collect()
}

/// The first literal of a text, as it stands there.
fn literal(text: &str) -> &str {
    let (before, after) = text.split_once('"').expect("a literal");
    let is_raw = before.ends_with("r#");
    let literal = after.split(if is_raw { "\"#" } else { "\"" }).next().unwrap_or_default();
    assert!(is_raw || !literal.contains('\\'), "a query stands as it is, or in r#\"…\"#: {literal}");
    literal
}

/// The texts of the checked queries in a source of this crate, and the names of all others.
fn queries(of_crate: &str, source: &str) -> (Vec<String>, Vec<String>) {
    let (mut checked, mut others) = (Vec::new(), Vec::new());
    for after in source.split("sqlx::query").skip(1) {
        let (name, words) = after.split_once('(').expect("a call");
        match name {
            _ if !CHECKED.contains(&name) => others.push(format!("sqlx::query{name}")),
            _ if name.starts_with("_file") => {
                let path = parts::workspace().join(of_crate).join(literal(words));
                checked.push(std::fs::read_to_string(path).expect("the file of a query"));
            }
            _ => checked.push(literal(words).to_owned()),
        }
    }
    (checked, others)
}

#[test]
fn every_query_of_the_product_is_checked_when_compiled_and_no_other_is_described() {
    let (mut in_code, mut unchecked) = (BTreeSet::new(), Vec::new());
    for name in CRATES {
        let mut files = Vec::new();
        crate::sources(&parts::workspace().join(name).join("src"), &mut files);
        for file in files {
            let source = std::fs::read_to_string(&file).expect("a source");
            let (checked, others) = queries(name, &source);
            in_code.extend(checked);
            unchecked.extend(others.into_iter().map(|other| format!("{}: {other}", file.display())));
        }
    }
    assert!(unchecked.is_empty(), "checked only when they run: {unchecked:#?}");
    let described: BTreeSet<String> = described().into_keys().collect();
    let (missing, stale) = (in_code.difference(&described), described.difference(&in_code));
    let (missing, stale) = (missing.collect::<Vec<_>>(), stale.collect::<Vec<_>>());
    assert!(in_code.len() > 50, "{} queries in the code", in_code.len());
    assert!(
        missing.is_empty() && stale.is_empty(),
        "run ./dev prepare. Not described: {missing:#?}. Nowhere: {stale:#?}"
    );
}

#[tokio::test]
async fn every_query_is_described_as_a_migrated_postgresql_describes_it() {
    let database = postgres().await;
    let mut complaints = Vec::new();
    for (query, wanted) in described() {
        match database.pool.describe(AssertSqlSafe(query.clone()).into_sql_str()).await {
            Ok(found) => {
                let found = serde_json::to_value(found).expect("a description");
                if found != wanted {
                    complaints.push(format!("{query}\n  is now {found}\n  and was {wanted}"));
                }
            }
            Err(error) => complaints.push(format!("{query}\n  {error}")),
        }
    }
    assert!(complaints.is_empty(), "mend these queries and run ./dev prepare:\n{}", complaints.join("\n"));
}

#[test]
fn a_query_is_found_however_it_is_written() {
    let source =
        "sqlx::query!(\"SELECT\n 1\", a)\nsqlx::query_as!(Row, r#\"SELECT 2 AS \"two!\"\"#)\nsqlx::query(\"SELECT 3\")";
    let (checked, others) = queries("shared", source);
    assert_eq!(checked, ["SELECT\n 1", "SELECT 2 AS \"two!\""]);
    assert_eq!(others, ["sqlx::query"]);
}
