//! A small installation: one program, three stores, nothing prepared.

use std::path::Path;

use reqwest::StatusCode;
use sqlx::Executor as _;
use stack::process::Launch;
use tests::test_portal::export_files;
use tests::{Person, TestClickHouse, TestKeycloak, TestOnec, TestPortal, TestPostgres, TestTopics};
use tests::{await_true, environment, folder, fresh_name, ledger, postgres, test_workers};

use crate::road::{SOON, dealer};

/// Stores that hold nothing at all, and a 1C base.
struct Stores {
    onec: TestOnec,
    postgres: TestPostgres,
    clickhouse: TestClickHouse,
    topics: TestTopics,
}

impl Stores {
    async fn empty() -> Self {
        let (onec, postgres, clickhouse) = tokio::join!(TestOnec::start(), postgres(), TestClickHouse::bare(None));
        postgres.pool.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.expect("empty the database");
        let topics = TestTopics { brokers: environment().kafka_brokers.clone(), prefix: fresh_name("one-") };
        Self { onec, postgres, clickhouse, topics }
    }

    /// The words by which the portal does all of it.
    fn all_in_one(&self, portal: Launch, folder: &Path) -> Launch {
        let workers = ["migrator", "audit_ro", "loader", "export_ro", "canceller"]
            .map(|user| (format!("CLICKHOUSE_{}_PASSWORD", user.to_uppercase()), TestClickHouse::password(user)));
        portal
            .args(["serve", "--with-workers"])
            .envs(workers)
            .envs(self.onec.variables())
            .envs(self.topics.variables())
            .envs(test_workers::each_second())
            .env("EXPORT_FILES", export_files(folder))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_program_over_empty_stores_carries_a_sale_from_1c_to_page_and_file_and_ends_in_order() {
    let (stores, keycloak, at) = (Stores::empty().await, TestKeycloak::shared(), folder());
    let with_workers = |portal| stores.all_in_one(portal, at.path());
    let mut portal =
        TestPortal::start_with(&stores.postgres, &stores.clickhouse, &keycloak, at.path(), with_workers).await;
    ledger::await_equal(&stores.onec, &stores.clickhouse, SOON).await;

    let person = Person::signed_in(&portal, &keycloak.dealer(&[&dealer(1)]).await).await;
    let page = person.get("/reports/sales?period=year").await;
    assert!(page.status == StatusCode::OK && page.text.contains("<td"), "{} {}", page.status, page.text);
    let token = person.get("/exports").await.form_token();
    let fields = [("form_token", &*token), ("report", "sales"), ("format", "pdf"), ("query", "period=year")];
    let ordered = person.post("/exports", &fields).await;
    assert_eq!(ordered.status, StatusCode::SEE_OTHER, "{}", ordered.text);
    await_true("the reporter has made the file", SOON, async || {
        let state: String =
            sqlx::query_scalar("SELECT state FROM job").fetch_one(&stores.postgres.pool).await.expect("one job");
        state == "done"
    })
    .await;
    let file = person.get(&format!("{}/file", ordered.location())).await;
    assert!(file.status == StatusCode::OK && file.text.starts_with("%PDF"), "{} {}", file.status, file.text);

    let status = portal.process.stop();
    assert!(status.is_some_and(|status| status.success()), "{}", portal.process.output());
    let left = "SELECT count(*) FROM slot WHERE state = 'running'";
    let running: i64 = sqlx::query_scalar(left).fetch_one(&stores.postgres.pool).await.expect("ask PostgreSQL");
    assert_eq!(running, 0, "passes that were dropped");
}
