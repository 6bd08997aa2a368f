//! Programs that start before what they need: alive, not ready, saying what is missing, and at work by themselves later.

use std::time::Duration;

use serde_json::json;
use sqlx::{Connection, Executor};
use stack::parts::Parts;
use stack::postgres::Postgres;
use stack::process::{Launch, Process};
use tests::ledger::{self, SOON};
use tests::{TestClickHouse, TestOnec, TestTopics, await_true, environment, folder, fresh_name, launch, test_workers};

use crate::stand::{Stand, await_line, has_line, start};

const PASSWORD: &str = "Пароль/1 @:%";

/// A program that waits, and its health port.
pub struct Waiting {
    pub process: Process,
    health: String,
}

impl Waiting {
    pub fn start(launch: Launch, variable: &str) -> Self {
        let listen = format!("127.0.0.1:{}", stack::ports::free().expect("a port"));
        Self { process: start(launch.env(variable, &listen)), health: format!("http://{listen}") }
    }

    async fn ask(&self, path: &str) -> Option<(u16, String)> {
        let answer = stack::http().expect("a client").get(format!("{}{path}", self.health)).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// Alive and not ready, for this reason.
    pub async fn lacks(&mut self, reason: &str) {
        let name = self.process.name().to_owned();
        await_true(&format!("{name} says that {reason}"), SOON, async || {
            self.ask("/readyz").await.is_some_and(|(status, text)| status == 503 && text.contains(reason))
        })
        .await;
        assert_eq!(self.ask("/livez").await.expect("an answer of /livez").0, 200, "{name} is alive");
        assert!(self.process.is_running(), "{name} goes on: {}", self.process.output());
    }

    async fn ready(&self) {
        let name = self.process.name();
        await_true(&format!("{name} is ready"), SOON, async || {
            self.ask("/readyz").await.is_some_and(|(status, _)| status == 200)
        })
        .await;
    }
}

/// PostgreSQL that asks for passwords, with the role `owner` and its database `portal`.
async fn postgres_with_a_password(settings: &stack::postgres::Settings) -> Postgres {
    let mut server = Postgres::start(&Parts::locate(), settings).await.expect("start a PostgreSQL");
    let mut admin = sqlx::PgConnection::connect(&server.url("postgres")).await.expect("connect");
    let role = format!("CREATE ROLE owner LOGIN PASSWORD '{PASSWORD}'");
    for statement in [role.as_str(), "CREATE DATABASE portal OWNER owner"] {
        admin.execute(sqlx::AssertSqlSafe(statement.to_owned())).await.expect("prepare the server");
    }
    let rules = "host all owner 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
    std::fs::write(settings.folder.join("data/pg_hba.conf"), rules).expect("write pg_hba.conf");
    server.restart().await.expect("restart PostgreSQL");
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_wait_for_stores_schemas_and_topics_and_begin_by_themselves() {
    let (onec, mut clickhouse, at) = (TestOnec::start().await, TestClickHouse::bare(None).await, folder());
    let topics = TestTopics { brokers: environment().kafka_brokers.clone(), prefix: fresh_name("late-") };
    let settings = stack::postgres::Settings {
        port: stack::ports::free().expect("a port"),
        folder: at.path().join("postgres"),
        log: at.path().join("postgres.log"),
        durable: false,
    };
    let password = at.path().join("password");
    std::fs::write(&password, format!("{PASSWORD}\n")).expect("write the password");
    let url = format!("postgres://owner@127.0.0.1:{}/portal", settings.port);
    let words = |program: &str| {
        launch(program, at.path())
            .envs(topics.variables())
            .envs(onec.variables())
            .env("DATABASE_URL", &url)
            .env("DATABASE_PASSWORD_FILE", &password)
            .envs(test_workers::each_second())
    };
    let portal = words("portal")
        .envs(clickhouse.variables("portal_ro"))
        .env("PORTAL_LISTEN", "127.0.0.1:0")
        .env("PORTAL_URL", "http://127.0.0.1:1")
        .env("PORTAL_SECRET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        .env("OIDC_ISSUER", "http://127.0.0.1:1/realms/dealers")
        .env("OIDC_CLIENT_SECRET", "secret")
        .env("EXPORT_FILES", format!("file://{}", at.path().display()));
    clickhouse.server.process.kill();
    let mut extractor = Waiting::start(words("extractor").envs(clickhouse.variables("audit_ro")), "HEALTH_LISTEN");
    let mut loader = Waiting::start(words("loader").envs(clickhouse.variables("loader")), "HEALTH_LISTEN");
    let mut portal = Waiting::start(portal, "PORTAL_HEALTH_LISTEN");
    for program in [&mut extractor, &mut loader, &mut portal] {
        program.lacks("PostgreSQL does not answer").await;
    }

    let _server = postgres_with_a_password(&settings).await;
    for program in [&mut extractor, &mut loader, &mut portal] {
        program.lacks("PostgreSQL has no schema yet").await;
    }
    let mut migrate = start(words("migrate").envs(clickhouse.variables("migrator")));
    await_line(&migrate, &["Waiting: ClickHouse (CLICKHOUSE_URL) does not answer"]).await;
    // As if migrate stood between the two stores.
    let owner = url.replace("owner@", "owner:%D0%9F%D0%B0%D1%80%D0%BE%D0%BB%D1%8C%2F1%20%40%3A%25@");
    let pool = sqlx::PgPool::connect(&owner).await.expect("connect with the password in the address");
    shared::postgres::migrate(&pool).await.expect("migrate PostgreSQL");
    for program in [&mut extractor, &mut loader, &mut portal] {
        program.lacks("ClickHouse has no schema yet").await;
    }

    clickhouse.server.restart().await.expect("start ClickHouse again");
    let status = migrate.finished(SOON).await.expect("migrate ends");
    assert!(status.success(), "{}", migrate.output());
    portal.ready().await;
    for program in [&mut extractor, &mut loader] {
        program.lacks("--create --topic").await;
    }
    stack::kafka::create_topics(&topics.brokers, &topics.prefix).await.expect("create the topics");
    extractor.ready().await;
    loader.ready().await;
    ledger::await_equal(&onec, &clickhouse, SOON).await;

    // A newer release has migrated further, and an older one came back.
    for newer in [
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of a newer release', true, '', 0)",
        "INSERT INTO warehouse_migration (name) VALUES ('9999_of_a_newer_release.sql')",
    ] {
        pool.execute(newer).await.expect("a newer schema");
    }
    let again = start(words("migrate").envs(clickhouse.variables("migrator"))).finished(SOON).await;
    assert!(again.is_some_and(|status| status.success()), "an older migrate leaves a newer schema as it is");
    portal.ready().await;

    // A newer program, so to say, over this schema.
    let older = "DELETE FROM warehouse_migration WHERE name = '0050_report_pass.sql'";
    assert_eq!(pool.execute(older).await.expect("an older schema").rows_affected(), 1);
    portal.lacks("ClickHouse has no schema yet, or one older").await;
    for program in [&extractor, &loader, &portal] {
        assert!(!program.process.output().contains("Пароль"), "{} shows no password", program.process.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extractor_is_not_ready_while_1c_is_away_refuses_it_or_is_asked_for_the_wrong_thing() {
    let stand = Stand::start().await;
    let password = stand.folder.path().join("password");
    std::fs::write(&password, stack::onec::PASSWORD).expect("write the password");
    let launch = stand.extractor().without_env("ONEC_PASSWORD").env("ONEC_PASSWORD_FILE", password.as_os_str());
    let mut extractor = Waiting::start(launch, "HEALTH_LISTEN");
    extractor.ready().await;
    let sales = "Document_РеализацияТоваровУслуг";
    for (fault, reason) in [
        (json!({ "kind": "drop" }), "does not answer"),
        (json!({ "kind": "status", "status": 403 }), "1C is not ready (403): Начало сеанса"),
        (json!({ "kind": "status", "status": 404, "path": sales }), "sales: The web server before 1C does not know"),
        (
            json!({ "kind": "redirect", "location": "http://login.example/" }),
            "redirected (302) to http://login.example/",
        ),
        (json!({ "kind": "rename-field", "set": sales, "field": "Date", "to": "Дата" }), "Date"),
    ] {
        stand.fault(fault).await;
        extractor.lacks(reason).await;
        stand.heal().await;
        extractor.ready().await;
    }
    stand.onec.change("/password", json!({ "password": "новый" })).await;
    extractor.lacks("1C refuses the user").await;
    std::fs::write(&password, "новый").expect("write the password");
    extractor.ready().await;

    // Two at once would take turns at the slots.
    assert!(extractor.process.stop().is_some_and(|status| status.success()));
    let elsewhere = stand.extractor().env("ONEC_URL", stand.onec.url().replace("/odata/", "/data/"));
    Waiting::start(elsewhere, "HEALTH_LISTEN").lacks("check the address and the publication in ONEC_URL").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loader_waits_for_the_schema_of_a_warehouse_that_was_made_anew() {
    let (onec, postgres, clickhouse, topics, at) = (
        TestOnec::start().await,
        tests::postgres().await,
        TestClickHouse::bare(None).await,
        tests::topics().await,
        folder(),
    );
    let mut loader = start(test_workers::loader(&topics, &postgres, &clickhouse, at.path()));
    let _extractor = start(test_workers::extractor(&onec, &postgres, &clickhouse, &topics, at.path()));
    await_line(&loader, &["Failed to store a batch", "tried again"]).await;
    assert!(loader.is_running(), "{}", loader.output());
    test_workers::migrate(&postgres.url, &clickhouse, at.path()).await;
    ledger::await_equal(&onec, &clickhouse, SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_gives_up_in_time_with_one_sentence() {
    let at = folder();
    let launch = launch("migrate", at.path())
        .args(["--within", "4"])
        .env("DATABASE_URL", "postgres://owner@127.0.0.1:1/portal")
        .env("CLICKHOUSE_URL", "http://127.0.0.1:1")
        .env("CLICKHOUSE_PASSWORD", "none");
    let mut migrate = start(launch);
    let status = migrate.finished(Duration::from_secs(20)).await.expect("it ends by itself");
    assert!(!status.success());
    assert!(has_line(&migrate, &["ERROR", "PostgreSQL (DATABASE_URL) did not answer in time"]), "{}", migrate.output());
    assert_eq!(migrate.output().lines().count(), 2, "what it waits for, and the end: {}", migrate.output());
}
