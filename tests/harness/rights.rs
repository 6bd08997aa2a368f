//! What each program may do with which table of PostgreSQL, where each has a role of its own: as `manifests/base/postgres` sets it up.

use sqlx::{Connection as _, PgConnection};
use stack::parts::Parts;
use stack::postgres::{Postgres, Settings};

/// A role, a table, what it may, what it may not.
const RIGHTS: [(&str, &str, &str, &str); 11] = [
    ("portal", "audit_event", "SELECT", "UPDATE, DELETE, TRUNCATE"),
    ("portal", "audit_event", "INSERT", "UPDATE"),
    ("portal", "dealer_grant", "INSERT", "TRUNCATE"),
    ("portal", "current_grant", "SELECT", "INSERT, UPDATE, DELETE"),
    ("portal", "reconciliation", "SELECT", "INSERT, UPDATE, DELETE"),
    ("portal", "source_reconciliation", "SELECT", "INSERT, UPDATE, DELETE"),
    ("portal", "program", "INSERT", "TRUNCATE"),
    ("workers", "program", "SELECT", "INSERT, UPDATE, DELETE"),
    ("workers", "current_grant", "SELECT", "INSERT, UPDATE, DELETE"),
    ("workers", "sent", "INSERT", "TRUNCATE"),
    ("workers", "misfit", "INSERT", "TRUNCATE"),
];
/// The workers have no business there: who grants, who looks, what was written down of people.
const CLOSED_TO_WORKERS: [&str; 5] = ["audit_event", "dealer_grant", "may_look", "look", "live_look"];

async fn may(connection: &mut PgConnection, role: &str, table: &str, rights: &str) -> bool {
    let asked = sqlx::query_scalar("SELECT has_table_privilege($1, $2, $3)").bind(role).bind(table).bind(rights);
    asked.fetch_one(connection).await.unwrap_or_else(|cause| panic!("{role} {table} {rights}: {cause}"))
}

#[tokio::test]
async fn each_program_may_what_it_needs_and_no_more_after_a_restore_too() {
    let at = tests::folder();
    let settings = Settings {
        port: stack::ports::free().unwrap(),
        folder: at.path().join("postgres"),
        log: at.path().join("postgres.log"),
        durable: false,
    };
    let server = Postgres::start(&Parts::locate(), &settings).await.unwrap();
    let mut admin = PgConnection::connect(&server.url("postgres")).await.unwrap();
    for statement in [
        "CREATE ROLE owner LOGIN",
        "CREATE ROLE portal LOGIN",
        "CREATE ROLE workers LOGIN",
        "CREATE DATABASE portal OWNER owner",
    ] {
        sqlx::query(statement).execute(&mut admin).await.unwrap();
    }
    let mut admin = PgConnection::connect(&server.url("portal")).await.unwrap();
    let grants = std::fs::read_to_string(stack::parts::workspace().join("manifests/base/postgres/grants.sql")).unwrap();
    let grants = async |admin: &mut PgConnection| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(grants.clone())).execute(admin).await.unwrap();
    };
    grants(&mut admin).await;
    let owner = server.url("portal").replace("app@", "owner@");
    let pool = sqlx::PgPool::connect(&owner).await.unwrap();
    shared::postgres::migrate(&pool).await.unwrap();
    for when in ["as migrated", "after a restore"] {
        for (role, table, may_do, may_not) in RIGHTS {
            assert!(may(&mut admin, role, table, may_do).await, "{when}: {role} needs {may_do} on {table}");
            assert!(!may(&mut admin, role, table, may_not).await, "{when}: {role} has one of {may_not} on {table}");
        }
        for table in CLOSED_TO_WORKERS {
            let any = "SELECT, INSERT, UPDATE, DELETE";
            assert!(!may(&mut admin, "workers", table, any).await, "{when}: workers have one of {any} on {table}");
        }
        grants(&mut admin).await;
    }
}
