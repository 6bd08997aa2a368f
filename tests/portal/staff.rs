//! The manufacturer's staff at a portal: an administrator, managers, and what the sync has written down.

use tests::{Person, Program, TestUser};

use crate::stand::{Stand, URAL, VOLGA};

/// Signed in with this role; the person and who that is at Keycloak.
pub async fn signed_in(stand: &Stand, role: &str) -> (Person, TestUser) {
    let user = stand.keycloak.user(role, &[]).await;
    (Person::signed_in(&stand.portal, &user).await, user)
}

/// A program of the staff, with a token for the API of operations.
pub async fn program(stand: &Stand, role: &str) -> Program {
    let machine = stand
        .keycloak
        .machine_with(role, &[], |client| {
            let mappers = client["protocolMappers"].as_array_mut().expect("the mappers");
            for mapper in mappers {
                if mapper["protocolMapper"] == "oidc-audience-mapper" {
                    mapper["config"]["included.custom.audience"] = "portal-operations".into();
                }
            }
        })
        .await;
    Program::at(&stand.portal, stand.keycloak.token_of(&machine).await)
}

/// The ledger knows these dealers, as it does once they were read.
pub async fn dealers_are_known(stand: &Stand) {
    for dealer in [VOLGA, URAL] {
        sql(
            stand,
            &format!(
                "INSERT INTO sent (dataset, key, batch, data_version, lines) VALUES ('dealers', '{dealer}', 1, 'v', 1)"
            ),
        )
        .await;
    }
}

/// As if extractors had said what they read.
pub async fn sync_is_known(stand: &Stand) {
    sql(
        stand,
        "INSERT INTO cron_job (job, dataset, reach, cron, next_at) VALUES
            ('sales', 'sales', 'usual', '0 * * * * *', now() + interval '1 minute'),
            ('sales-full', 'sales', 'everything', '0 0 3 * * *', now() + interval '1 hour'),
            ('dealers', 'dealers', 'usual', '0 * * * * *', now() + interval '1 minute')",
    )
    .await;
    sql(stand, "INSERT INTO progress (dataset, pass, claimed_at, is_loaded, done_pass, done_at) VALUES ('sales', 1, now(), true, 1, now())")
        .await;
}

pub async fn sql(stand: &Stand, sql: &str) {
    let done = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&stand.postgres.pool).await;
    done.unwrap_or_else(|cause| panic!("{cause}: {sql}"));
}

pub async fn count(stand: &Stand, sql: &str) -> i64 {
    let found = sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&stand.postgres.pool).await;
    found.unwrap_or_else(|cause| panic!("{cause}: {sql}"))
}

/// `event about detail` of everything in the audit by this person, oldest first.
pub async fn events(stand: &Stand, subject: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', event, nullif(about, ''), nullif(detail, '')) FROM audit_event WHERE actor = $1 ORDER BY id",
    )
    .bind(subject)
    .fetch_all(&stand.postgres.pool)
    .await
    .expect("the audit")
}

/// Sends a form of a page that this person has open.
pub async fn submit(person: &Person, page: &str, path: &str, fields: &[(&str, &str)]) -> tests::Answer {
    let token = person.get(page).await.form_token();
    let fields: Vec<_> = fields.iter().copied().chain([("form_token", token.as_str())]).collect();
    person.post(path, &fields).await
}
