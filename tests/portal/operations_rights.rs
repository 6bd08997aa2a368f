//! Every route of the staff × every role: the table of rights is what the router does.

use portal::auth::right::Right;
use portal::operations::{Route, api_routes, page_routes};
use reqwest::{Method, StatusCode};
use shared::report::role::Role;
use tests::{Person, Program};

use crate::staff::{dealers_are_known, program, signed_in, sync_is_known};
use crate::stand::{Stand, VOLGA};

/// An address of a route, with parts that name nothing.
fn address(path: &str) -> String {
    let nothing = "11111111-1111-4111-8111-111111111111";
    path.replace("{subject}", nothing)
        .replace("{dealer}", nothing)
        .replace("{id}", nothing)
        .replace("{dataset}", "nothing")
}

/// Nobody got as far as the handler.
fn is_turned_away(status: StatusCode) -> bool {
    matches!(status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED | StatusCode::SEE_OTHER)
}

#[test]
fn each_right_opens_some_page_and_each_page_has_its_like_for_programs() {
    let (pages, api) = (page_routes(), api_routes());
    for right in Right::ALL {
        assert!(pages.iter().any(|route| route.right == right), "{right:?} opens nothing");
    }
    // Looking as a dealer is for eyes.
    let of_people: Vec<_> =
        Right::ALL.into_iter().filter(|right| !api.iter().any(|route| route.right == *right)).collect();
    assert_eq!(of_people, [Right::AllowLooking, Right::Look]);
}

/// Asks for a route as a person; what is posted carries a token of the session.
async fn ask(person: &Person, route: &Route, token: &str) -> StatusCode {
    let path = address(route.path);
    if route.method != Method::POST {
        return person.get(&path).await.status;
    }
    let (token, dealer) = (("form_token", token), ("dealer", VOLGA));
    let fields = [token, dealer, ("reason", "test"), ("allow", "true"), ("dataset", "nothing")];
    let status = person.post(&path, &fields).await.status;
    // A look that was begun closes everything else.
    person.post("/operations/look/end", &[token]).await;
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_to_those_roles_alone_that_have_its_right() {
    // Slow enough for a person, and too slow for this.
    let stand =
        Stand::start_with(|launch| launch.env("PORTAL_REQUESTS_PER_SECOND", "500").env("PORTAL_REQUESTS_BURST", "500"))
            .await;
    dealers_are_known(&stand).await;
    sync_is_known(&stand).await;
    for role in Role::ALL {
        let user = stand.keycloak.user(role.name(), &[VOLGA]).await;
        let person = Person::signed_in(&stand.portal, &user).await;
        let own_page = if role == Role::Dealer { "/exports" } else { "/operations/sync" };
        let token = person.get(own_page).await.form_token();
        for route in page_routes() {
            let status = ask(&person, &route, &token).await;
            let (method, path) = (&route.method, route.path);
            // A manager looks only once he is allowed to.
            let is_open = route.right.is_of(role) && !(role == Role::Manager && route.right == Right::Look);
            match role {
                Role::Dealer => assert_eq!(status, StatusCode::NOT_FOUND, "a dealer at {method} {path}"),
                _ if is_open => {
                    let went_in =
                        !is_turned_away(status) || (*method == Method::POST && status == StatusCode::SEE_OTHER);
                    assert!(went_in && !status.is_server_error(), "{role:?} at {method} {path}: {status}");
                }
                _ => assert_eq!(status, StatusCode::FORBIDDEN, "{role:?} at {method} {path}"),
            }
        }
    }
    let nobody = Person::at(&stand.portal);
    for route in page_routes().iter().filter(|route| route.method == Method::GET) {
        let answer = nobody.get(&address(route.path)).await;
        assert!(answer.status == StatusCode::SEE_OTHER && answer.location().starts_with("/login"), "{}", route.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_for_programs_takes_the_token_of_those_roles_alone_and_of_its_own_audience() {
    let stand =
        Stand::start_with(|launch| launch.env("PORTAL_REQUESTS_PER_SECOND", "500").env("PORTAL_REQUESTS_BURST", "500"))
            .await;
    dealers_are_known(&stand).await;
    let asked = async |program: &Program, route: &Route| {
        let request = program.request(&address(route.path));
        let request = match route.method {
            Method::GET => request,
            _ => {
                let url = format!("{}{}", stand.portal.url, address(route.path));
                let body = serde_json::json!({ "word": "run", "dealer_id": VOLGA, "reason": "test" });
                stack::http().unwrap().request(route.method.clone(), url).bearer_auth(&program.token).json(&body)
            }
        };
        Program::send(request).await
    };
    for role in Role::ALL {
        let program = program(&stand, role.name()).await;
        for route in api_routes() {
            let answer = asked(&program, &route).await;
            let (method, path) = (&route.method, route.path);
            match role {
                Role::Dealer => assert_eq!(answer.status, StatusCode::NOT_FOUND, "a dealer at {method} {path}"),
                _ if route.right.is_of(role) => {
                    let status = answer.status;
                    assert!(
                        !is_turned_away(status) && !status.is_server_error(),
                        "{role:?} at {method} {path}: {status} {}",
                        answer.text
                    );
                }
                _ => assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role:?} at {method} {path}"),
            }
        }
    }
    // A token for reports, of an administrator's program or not, opens nothing here; neither does none.
    let elsewhere = stand.keycloak.machine_with("admin", &[], |_| {}).await;
    let elsewhere = Program::at(&stand.portal, stand.keycloak.token_of(&elsewhere).await);
    let nobody = Program::at(&stand.portal, "");
    for route in api_routes() {
        for program in [&elsewhere, &nobody] {
            assert_eq!(asked(program, &route).await.status, StatusCode::UNAUTHORIZED, "{}", route.path);
        }
    }
    // And the other way round.
    let operations = program(&stand, "dealer").await;
    assert_eq!(operations.get("/api/v1/reports").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_without_the_form_token_of_this_session_changes_nothing() {
    let stand = Stand::start().await;
    dealers_are_known(&stand).await;
    sync_is_known(&stand).await;
    let (admin, _) = signed_in(&stand, "admin").await;
    let (other, _) = signed_in(&stand, "admin").await;
    let foreign = other.get("/operations/sync").await.form_token();
    for token in ["", "x", foreign.as_str()] {
        for path in ["/operations/sync/sales/run", "/operations/sync/sales/resume"] {
            let answer = admin.post(path, &[("form_token", token)]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {token:?}");
        }
        let fields = [("form_token", token), ("dealer", VOLGA), ("reason", "test")];
        assert_eq!(admin.post("/operations/look", &fields).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(crate::staff::count(&stand, "SELECT count(*) FROM slot").await, 0);
    assert_eq!(crate::staff::count(&stand, "SELECT count(*) FROM look").await, 0);
}
