//! The real Keycloak through its admin REST interface: a client per portal, people per test, ended sessions, new keys.

use std::time::Duration;

use serde_json::{Value, json};
use stack::keycloak::{ADMIN, REALM, Realm};

use crate::test_environment::{environment, fresh_name};

/// The administrator of a Keycloak with the test realm.
#[derive(Debug, Clone)]
pub struct TestKeycloak {
    http: reqwest::Client,
    url: String,
}

/// A client registered for one portal.
#[derive(Debug, Clone)]
pub struct PortalClient {
    /// `OIDC_ISSUER`, `OIDC_CLIENT_ID`, `OIDC_CLIENT_SECRET`.
    pub issuer: String,
    pub id: String,
    pub secret: String,
}

impl PortalClient {
    pub fn variables(&self) -> Vec<(String, String)> {
        [("OIDC_ISSUER", &self.issuer), ("OIDC_CLIENT_ID", &self.id), ("OIDC_CLIENT_SECRET", &self.secret)]
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .to_vec()
    }
}

/// A person made for one test; the password is the name.
#[derive(Debug, Clone)]
pub struct TestUser {
    /// `sub` of the tokens.
    pub id: String,
    pub name: String,
}

/// A client of its own for a dealer's program; its service account is who asks.
#[derive(Debug, Clone)]
pub struct TestMachine {
    /// `sub` of the tokens.
    pub subject: String,
    pub client: String,
    pub secret: String,
}

/// What Keycloak gives at its token endpoint; empty where it gives none.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access: String,
    pub id: String,
    pub refresh: String,
}

impl TestKeycloak {
    /// The shared server of the stack.
    pub fn shared() -> Self {
        Self::at(&environment().keycloak_url)
    }

    /// A server of a test's own (`stack::keycloak::Keycloak::url`), or the shared one behind a proxy.
    pub fn at(url: &str) -> Self {
        Self { http: stack::http().expect("a client"), url: url.to_owned() }
    }

    /// `OIDC_ISSUER`.
    pub fn issuer(&self) -> String {
        stack::keycloak::issuer(&self.url)
    }

    /// Registers a client as `realm.json` has it, for a portal at `portal_url` (no trailing slash).
    pub async fn portal_client(&self, portal_url: &str) -> PortalClient {
        self.portal_client_at(portal_url, portal_url).await
    }

    /// The same for a portal that Keycloak itself reaches elsewhere.
    pub async fn portal_client_at(&self, portal_url: &str, internal_url: &str) -> PortalClient {
        let realm: Value = serde_json::from_str(&Realm::Test.json().expect("the realm")).expect("the realm's JSON");
        let (id, secret) = (fresh_name("portal-"), fresh_name("secret-"));
        let text = realm["clients"][0]
            .to_string()
            .replace("${PORTAL_URL}", portal_url)
            .replace("${PORTAL_INTERNAL_URL}", internal_url)
            .replace("${PORTAL_CLIENT_SECRET}", &secret);
        let mut client: Value = serde_json::from_str(&text).expect("the client's JSON");
        client["clientId"] = json!(id);
        self.call(reqwest::Method::POST, "/clients", Some(client)).await;
        PortalClient { issuer: self.issuer(), id, secret }
    }

    /// A dealer's employee: role `dealer`, the dealers (`Ref_Key`s) as his own attribute.
    pub async fn dealer(&self, dealers: &[&str]) -> TestUser {
        self.user("dealer", dealers).await
    }

    /// A person with one realm role and any dealers.
    pub async fn user(&self, role: &str, dealers: &[&str]) -> TestUser {
        let name = fresh_name("person-");
        let person = json!({
            "username": name, "enabled": true, "email": format!("{name}@dealer.example"), "emailVerified": true,
            "firstName": "Пробный", "lastName": "Человек", "attributes": { "dealer_id": dealers },
            "credentials": [{ "type": "password", "value": name, "temporary": false }],
        });
        self.call(reqwest::Method::POST, "/users", Some(person)).await;
        let found = self.call(reqwest::Method::GET, &format!("/users?exact=true&username={name}"), None).await;
        let id = found[0]["id"].as_str().expect("the new person's id").to_owned();
        let role = self.call(reqwest::Method::GET, &format!("/roles/{role}"), None).await;
        self.call(reqwest::Method::POST, &format!("/users/{id}/role-mappings/realm"), Some(json!([role]))).await;
        TestUser { id, name }
    }

    /// A dealer's program: a client as `demo-people.json` has one, whose service account has the role and these dealers.
    pub async fn machine(&self, dealers: &[&str]) -> TestMachine {
        self.machine_with("dealer", dealers, |_| {}).await
    }

    /// The same with another role, or a client that differs.
    pub async fn machine_with(&self, role: &str, dealers: &[&str], change: impl FnOnce(&mut Value)) -> TestMachine {
        let people: Value = serde_json::from_str(stack::keycloak::DEMO_PEOPLE_JSON).expect("the people's JSON");
        let (id, secret) = (fresh_name("machine-"), fresh_name("secret-"));
        let mut client = people["clients"][0].clone();
        client["clientId"] = json!(id);
        client["secret"] = json!(secret);
        change(&mut client);
        self.call(reqwest::Method::POST, "/clients", Some(client)).await;
        let found = self.call(reqwest::Method::GET, &format!("/clients?clientId={id}"), None).await;
        let client = found[0]["id"].as_str().expect("the new client's id").to_owned();
        let path = format!("/clients/{client}/service-account-user");
        let mut account = self.call(reqwest::Method::GET, &path, None).await;
        let subject = account["id"].as_str().expect("the account's id").to_owned();
        account["attributes"] = json!({ "dealer_id": dealers });
        self.call(reqwest::Method::PUT, &format!("/users/{subject}"), Some(account)).await;
        if !role.is_empty() {
            let role = self.call(reqwest::Method::GET, &format!("/roles/{role}"), None).await;
            let path = format!("/users/{subject}/role-mappings/realm");
            self.call(reqwest::Method::POST, &path, Some(json!([role]))).await;
        }
        TestMachine { subject, client: id, secret }
    }

    /// What `realm.json` gives the account of the product's own client: it may look at people.
    pub async fn may_look_at_people(&self, client: &PortalClient) {
        let get = async |path: String| self.call(reqwest::Method::GET, &path, None).await;
        let id = |found: &Value| found[0]["id"].as_str().expect("an id").to_owned();
        let own = id(&get(format!("/clients?clientId={}", client.id)).await);
        let account = get(format!("/clients/{own}/service-account-user")).await;
        let realm = id(&get("/clients?clientId=realm-management".to_owned()).await);
        let role = get(format!("/clients/{realm}/roles/view-users")).await;
        let path = format!("/users/{}/role-mappings/clients/{realm}", account["id"].as_str().expect("an id"));
        self.call(reqwest::Method::POST, &path, Some(json!([role]))).await;
    }

    /// An access token of a program, by client credentials.
    pub async fn token_of(&self, machine: &TestMachine) -> String {
        self.tokens(&[
            ("grant_type", "client_credentials"),
            ("client_id", &machine.client),
            ("client_secret", &machine.secret),
        ])
        .await
        .access
    }

    /// Whatever the realm's token endpoint gives for this form.
    pub async fn tokens(&self, form: &[(&str, &str)]) -> Tokens {
        let url = format!("{}/protocol/openid-connect/token", self.issuer());
        let answer = self.http.post(url).form(form).send().await.expect("ask Keycloak for a token");
        let status = answer.status();
        let answer: Value = answer.json().await.expect("JSON of Keycloak");
        assert!(status.is_success(), "{status} {answer}");
        let word = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        Tokens { access: word("access_token"), id: word("id_token"), refresh: word("refresh_token") }
    }

    /// A token of the administrator, from another realm of the same server.
    pub async fn token_of_another_realm(&self) -> String {
        self.token().await
    }

    /// Lets a person sign in, or no longer.
    pub async fn enable(&self, user: &TestUser, enabled: bool) {
        let path = format!("/users/{}", user.id);
        let mut person = self.call(reqwest::Method::GET, &path, None).await;
        person["enabled"] = json!(enabled);
        self.call(reqwest::Method::PUT, &path, Some(person)).await;
    }

    /// Gives a person other dealers; tokens issued from now on carry them.
    pub async fn set_dealers(&self, user: &TestUser, dealers: &[&str]) {
        let path = format!("/users/{}", user.id);
        let mut person = self.call(reqwest::Method::GET, &path, None).await;
        person["attributes"]["dealer_id"] = json!(dealers);
        self.call(reqwest::Method::PUT, &path, Some(person)).await;
    }

    /// Ends all sessions of a person, as an administrator does; Keycloak then calls each portal's back channel.
    pub async fn end_sessions(&self, user: &TestUser) {
        self.call(reqwest::Method::POST, &format!("/users/{}/logout", user.id), None).await;
    }

    /// The ids (`sid`) of a person's sessions.
    pub async fn sessions(&self, user: &TestUser) -> Vec<String> {
        let sessions = self.call(reqwest::Method::GET, &format!("/users/{}/sessions", user.id), None).await;
        let list = sessions.as_array().cloned().unwrap_or_default();
        list.iter().filter_map(|session| session["id"].as_str().map(str::to_owned)).collect()
    }

    /// Signs with a new key from now on. `forget` also takes the old ones out of the published set, which ends the
    /// validity of every token in the realm: for a server of the test's own.
    pub async fn rotate_keys(&self, forget: bool) {
        let realm = self.call(reqwest::Method::GET, "", None).await;
        let path = "/components?type=org.keycloak.keys.KeyProvider";
        let old = self.call(reqwest::Method::GET, path, None).await;
        let old = old.as_array().cloned().unwrap_or_default();
        let priority = 100 + old.len() * 10;
        let key = json!({
            "name": fresh_name("rsa-"), "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": realm["id"],
            "config": { "priority": [priority.to_string()], "algorithm": ["RS256"], "keySize": ["2048"] },
        });
        self.call(reqwest::Method::POST, "/components", Some(key)).await;
        for component in old.iter().filter(|_| forget) {
            if component["providerId"] == "rsa-generated" {
                let id = component["id"].as_str().expect("a component's id");
                self.call(reqwest::Method::DELETE, &format!("/components/{id}"), None).await;
            }
        }
    }

    /// Changes fields of the realm, such as `{"ssoSessionIdleTimeout": 5}`: for a server of the test's own.
    pub async fn change_realm(&self, fields: Value) {
        self.call(reqwest::Method::PUT, "", Some(fields)).await;
    }

    /// Calls the admin interface below `/admin/realms/dealers`; null where it answers nothing.
    pub async fn call(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/admin/realms/{REALM}{path}", self.url);
        let mut request = self.http.request(method.clone(), url).bearer_auth(self.token().await);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("ask Keycloak's admin interface");
        let status = answer.status();
        let text = answer.text().await.expect("an answer of Keycloak");
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON of Keycloak") }
    }

    /// Lives for a minute only, so that each call asks anew.
    async fn token(&self) -> String {
        let form = [("grant_type", "password"), ("client_id", "admin-cli"), ("username", ADMIN), ("password", ADMIN)];
        let url = format!("{}/realms/master/protocol/openid-connect/token", self.url);
        let request = self.http.post(url).form(&form).timeout(Duration::from_secs(20));
        let answer = request.send().await.expect("sign in as Keycloak's administrator");
        let answer: Value = answer.json().await.expect("a token of Keycloak");
        answer["access_token"].as_str().expect("an access token").to_owned()
    }
}
