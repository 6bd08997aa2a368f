//! As in a cluster: browsers know names that lead nowhere from here, and the parts reach each other at other addresses.

use std::time::Duration;

use serde_json::{Value, json};
use stack::keycloak::{self, DEMO_PEOPLE_JSON, Keycloak, Realm};
use stack::parts::Parts;
use stack::process::Process;
use tests::{
    TestClickHouse, TestKeycloak, TestPortal, TestPostgres, TestUser, await_true, clickhouse, folder, launch, postgres,
};

use crate::stand::{VOLGA, seed, seed_common};

/// Nobody listens there.
const PORTAL: &str = "http://portal.localhost:21";
const SSO: &str = "http://portal.localhost:22";

struct Deployed {
    admin: TestKeycloak,
    keycloak: Keycloak,
    portal: TestPortal,
    /// Where the portal really listens.
    address: String,
    postgres: TestPostgres,
    _clickhouse: TestClickHouse,
    folder: tempfile::TempDir,
}

impl Deployed {
    async fn start() -> Self {
        let (clickhouse, postgres, folder) = (clickhouse().await, postgres().await, folder());
        seed_common(&clickhouse.client("migrator")).await;
        seed(&clickhouse.client("migrator"), VOLGA).await;
        let settings = keycloak::Settings {
            port: stack::ports::free().expect("a port"),
            management_port: stack::ports::free().expect("a port"),
            folder: folder.path().join("keycloak"),
            log: folder.path().join("keycloak.log"),
            realm: Realm::Test,
            portal_url: PORTAL.to_owned(),
            public_url: Some(SSO.to_owned()),
        };
        let keycloak = Keycloak::start(&Parts::locate(), &settings).await.expect("start a Keycloak");
        let admin = TestKeycloak::at(&keycloak.url());
        let address = format!("127.0.0.1:{}", stack::ports::free().expect("a port"));
        let client = admin.portal_client_at(PORTAL, &format!("http://{address}")).await;
        let portal = TestPortal::start_with(&postgres, &clickhouse, &admin, folder.path(), |launch| {
            launch
                .envs(client.variables())
                .env("OIDC_ISSUER", keycloak::issuer(SSO))
                .env("OIDC_INTERNAL_URL", keycloak.issuer())
                .env("PORTAL_URL", PORTAL)
                .env("PORTAL_LISTEN", &address)
                .env("PORTAL_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1")
        })
        .await;
        Self { admin, keycloak, portal, address, postgres, _clickhouse: clickhouse, folder }
    }

    /// Runs the smoke test to its end.
    async fn smoke(&self, user: &str, password: &str, within: &str) -> (bool, Process) {
        let mut smoke = launch("smoke", self.folder.path())
            .args(["--within", within])
            .env("SMOKE_PORTAL_URL", PORTAL)
            .env("SMOKE_PORTAL_ADDRESS", &self.address)
            .env("SMOKE_KEYCLOAK_URL", SSO)
            .env("SMOKE_KEYCLOAK_ADDRESS", format!("127.0.0.1:{}", self.keycloak.port()))
            .env("SMOKE_USER", user)
            .env("SMOKE_PASSWORD", password)
            .start()
            .expect("start the smoke test");
        let status = smoke.finished(Duration::from_secs(90)).await.expect("the smoke test ends");
        (status.success(), smoke)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dealer_signs_in_by_public_names_while_the_parts_meet_elsewhere() {
    let deployed = Deployed::start().await;
    let (passed, smoke) = deployed.smoke("volga", "volga", "60s").await;
    assert!(passed, "{}\n{}", smoke.output(), deployed.portal.process.output());
    for step in ["Keycloak's form at http://portal.localhost:22/", "volga is signed in", "rows of Sales: "] {
        assert!(smoke.output().contains(step), "{step} in {}", smoke.output());
    }
    let (passed, smoke) = deployed.smoke("volga", "wrong", "2s").await;
    assert!(!passed && smoke.output().contains("does not let volga in"), "{}", smoke.output());
    let (passed, smoke) = deployed.smoke("nobody", "nobody", "2s").await;
    assert!(!passed && smoke.output().contains("/reports/sales answers 403"), "{}", smoke.output());

    let page =
        stack::http().expect("a client").get(format!("http://{}/", deployed.address)).send().await.expect("a page");
    let policy = page.headers()["content-security-policy"].to_str().expect("a policy").to_owned();
    assert!(policy.contains("form-action 'self' http://portal.localhost:22;"), "{policy}");

    let sessions = async || -> i64 {
        let question = sqlx::query_scalar("SELECT count(*) FROM session WHERE subject = $1 AND revoked_at IS NULL");
        question
            .bind("00000000-0000-4000-8000-000000000001")
            .fetch_one(&deployed.postgres.pool)
            .await
            .expect("sessions")
    };
    assert_eq!(sessions().await, 1);
    let volga = TestUser { id: "00000000-0000-4000-8000-000000000001".to_owned(), name: "volga".to_owned() };
    deployed.admin.end_sessions(&volga).await;
    await_true("the back channel ends it", Duration::from_secs(10), async || sessions().await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_people_arrive_by_a_partial_import_and_a_second_one_changes_nothing() {
    let deployed = Deployed::start().await;
    let admin = &deployed.admin;
    let all =
        async |path: &str| admin.call(reqwest::Method::GET, path, None).await.as_array().cloned().unwrap_or_default();
    for (kind, path) in [
        ("users", "/users?max=100"),
        ("groups", "/groups"),
        ("clients", "/clients?clientId=volga-machine"),
        ("clients", "/clients?clientId=operations-machine"),
    ] {
        for found in all(path).await {
            let id = found["id"].as_str().expect("an id");
            admin.call(reqwest::Method::DELETE, &format!("/{kind}/{id}"), None).await;
        }
    }
    let (passed, smoke) = deployed.smoke("volga", "volga", "1s").await;
    assert!(!passed, "nobody is left: {}", smoke.output());

    let mut people: Value = serde_json::from_str(DEMO_PEOPLE_JSON).expect("the demo people");
    people["ifResourceExists"] = json!("SKIP");
    let first = admin.call(reqwest::Method::POST, "/partialImport", Some(people.clone())).await;
    let second = admin.call(reqwest::Method::POST, "/partialImport", Some(people)).await;
    assert_eq!((&first["added"], &first["skipped"]), (&json!(10), &json!(0)), "{first}");
    assert_eq!((&second["added"], &second["skipped"]), (&json!(0), &json!(10)), "{second}");
    let mut ids: Vec<_> =
        all("/users?max=100").await.iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    let agreed = [1, 2, 3, 4, 6].map(|number| format!("00000000-0000-4000-8000-00000000000{number}"));
    assert_eq!(ids, agreed, "grants are made to these ids");
    let (passed, smoke) = deployed.smoke("volga", "volga", "30s").await;
    assert!(passed, "{}", smoke.output());
    // The program's account came with them: a client alone has none after a partial import.
    let form =
        [("grant_type", "client_credentials"), ("client_id", "volga-machine"), ("client_secret", "volga-machine")];
    assert!(!admin.tokens(&form).await.access.is_empty());
}
