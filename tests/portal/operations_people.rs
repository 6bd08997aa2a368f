//! Who sees which dealer: granted with an end and a reason, taken back, and gone with its time.

use reqwest::StatusCode;
use serde_json::json;
use tests::{Person, Program};

use crate::staff::{count, dealers_are_known, events, program, signed_in, sql, submit};
use crate::stand::{NORTH, Stand, URAL, VOLGA, canary};

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_opens_a_dealer_to_somebody_and_takes_it_back() {
    let stand = Stand::start().await;
    dealers_are_known(&stand).await;
    let (admin, administrator) = signed_in(&stand, "admin").await;
    let user = stand.keycloak.dealer(&[URAL]).await;
    let person = Person::signed_in(&stand.portal, &user).await;
    let sees = async || person.get("/reports/sales").await.text.contains(&canary(VOLGA));
    assert!(!sees().await);

    let page = format!("/operations/people/{}", user.id);
    let shown = admin.get(&page).await;
    assert!(
        shown.status == StatusCode::OK && shown.text.contains(&canary(URAL)),
        "his dealer by Keycloak: {}",
        shown.text
    );
    let grants = format!("{page}/grants");
    for (fields, told) in [
        ([("dealer", VOLGA), ("until", ""), ("reason", " ")], "зачем"),
        ([("dealer", VOLGA), ("until", "2020-01-01"), ("reason", "отпуск")], "более поздний"),
        ([("dealer", VOLGA), ("until", "завтра"), ("reason", "отпуск")], "более поздний"),
        ([("dealer", "11111111-1111-4111-8111-111111111111"), ("until", ""), ("reason", "отпуск")], "из списка"),
    ] {
        let refused = submit(&admin, &page, &grants, &fields).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{fields:?}");
        assert!(refused.text.contains(told) && refused.text.contains("aria-invalid"), "{fields:?}: {}", refused.text);
    }
    assert!(!sees().await);
    let day = (shared::clock::now() + chrono::Duration::days(3)).format("%Y-%m-%d").to_string();
    let given =
        submit(&admin, &page, &grants, &[("dealer", VOLGA), ("until", &day), ("reason", "замещает <b>коллегу</b>")])
            .await;
    assert_eq!((given.status, given.location()), (StatusCode::SEE_OTHER, page.replace('-', "%2D").as_str()));
    assert!(sees().await);
    let shown = admin.get(&page).await.text;
    assert!(shown.contains("замещает &lt;b&gt;коллегу") && shown.contains("открыл: Пробный Человек"), "{shown}");

    // Its time is over: nobody has to take it back.
    sql(&stand, &format!("UPDATE dealer_grant SET until = now() - interval '1 second' WHERE subject = '{}'", user.id))
        .await;
    assert!(!sees().await);
    assert!(admin.get(&page).await.text.contains("срок вышел"));
    sql(&stand, "UPDATE dealer_grant SET until = NULL").await;
    assert!(sees().await);
    let taken = submit(&admin, &page, &format!("{grants}/{VOLGA}/take"), &[]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER);
    assert!(!sees().await);
    assert_eq!(
        submit(&admin, &page, &format!("{grants}/{VOLGA}/take"), &[]).await.status,
        StatusCode::NOT_FOUND,
        "twice"
    );
    let events = events(&stand, &administrator.id).await;
    let granted = format!("granted {} замещает <b>коллегу</b>", user.id);
    assert_eq!(events, ["signed-in admin", &granted, &format!("grant-taken {}", user.id)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_has_never_been_here_is_found_in_keycloak_and_sees_the_dealer_at_the_first_sign_in() {
    let stand = Stand::start().await;
    dealers_are_known(&stand).await;
    stand.keycloak.may_look_at_people(&stand.portal.client).await;
    let (admin, _) = signed_in(&stand, "admin").await;
    let user = stand.keycloak.dealer(&[]).await;
    let found = admin.get(&format!("/operations/people?search={}", user.name)).await.text;
    assert!(found.contains(&user.id.replace('-', "%2D")) && found.contains("ещё не входил"), "{found}");
    let page = format!("/operations/people/{}", user.id);
    let given =
        submit(&admin, &page, &format!("{page}/grants"), &[("dealer", VOLGA), ("reason", "новый сотрудник")]).await;
    assert_eq!(given.status, StatusCode::SEE_OTHER, "{}", given.text);
    let person = Person::signed_in(&stand.portal, &user).await;
    assert!(person.get("/reports/sales").await.text.contains(&canary(VOLGA)));
    // Nobody is called so.
    assert_eq!(
        admin.get("/operations/people/11111111-1111-4111-8111-111111111111").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(admin.get("/operations/people/..%2Fclients").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keycloak_s_word_those_are_listed_who_have_been_here_and_the_page_says_so() {
    let stand = Stand::start().await;
    let (admin, _) = signed_in(&stand, "admin").await;
    let user = stand.keycloak.dealer(&[VOLGA]).await;
    Person::signed_in(&stand.portal, &user).await;
    let listed = admin.get("/operations/people?search=%D0%9F%D1%80%D0%BE%D0%B1").await;
    assert_eq!(listed.status, StatusCode::OK);
    assert!(
        listed.text.contains("Keycloak не дал списка людей") && listed.text.contains(&user.id.replace('-', "%2D")),
        "{}",
        listed.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_has_to_do_with_his_own_dealers_alone() {
    let stand = Stand::start().await;
    dealers_are_known(&stand).await;
    let (manager, user) = signed_in(&stand, "manager").await;
    let give =
        format!("INSERT INTO dealer_grant (subject, dealer_id, granted_by) VALUES ('{}', '{VOLGA}', 'test')", user.id);
    sql(&stand, &give).await;
    let own = stand.keycloak.dealer(&[VOLGA]).await;
    let foreign = stand.keycloak.dealer(&[URAL]).await;
    for user in [&own, &foreign] {
        Person::signed_in(&stand.portal, user).await;
    }
    sql(
        &stand,
        &format!("INSERT INTO dealer_grant (subject, dealer_id, granted_by) VALUES ('{}', '{URAL}', 'test')", own.id),
    )
    .await;
    let people = manager.get("/operations/people").await.text;
    let is_listed = |id: &str| people.contains(&id.replace('-', "%2D"));
    assert!(is_listed(&own.id) && !is_listed(&foreign.id), "{people}");
    assert!(!people.contains(&canary(URAL)), "another's dealer has no name here: {people}");
    let dealers = manager.get("/operations/dealers").await.text;
    assert!(dealers.contains(&canary(VOLGA)) && !dealers.contains(&canary(URAL)), "{dealers}");
    assert_eq!(manager.get(&format!("/operations/people/{}", foreign.id)).await.status, StatusCode::NOT_FOUND);
    let page = format!("/operations/people/{}", own.id);
    assert!(!manager.get(&page).await.text.contains(&canary(URAL)));
    let refused = submit(&manager, &page, &format!("{page}/grants"), &[("dealer", URAL), ("reason", "хочу")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "a foreign dealer cannot be granted");
    let refused = submit(&manager, &page, &format!("{page}/grants/{URAL}/take"), &[]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "nor taken back");
    assert_eq!(count(&stand, &format!("SELECT count(*) FROM dealer_grant WHERE subject = '{}'", own.id)).await, 1);
    let given = submit(&manager, &page, &format!("{page}/grants"), &[("dealer", VOLGA), ("reason", "ещё раз")]).await;
    assert_eq!(given.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_grant_and_take_back_as_pages_do() {
    let stand = Stand::start().await;
    dealers_are_known(&stand).await;
    let machine = program(&stand, "admin").await;
    let user = stand.keycloak.dealer(&[URAL]).await;
    let person = Person::signed_in(&stand.portal, &user).await;
    let at = |path: &str| format!("{}/api/v1/operations/people/{}{path}", stand.portal.url, user.id);
    let send = async |method: reqwest::Method, path: &str, body: serde_json::Value| {
        let request = stack::http().unwrap().request(method, at(path)).bearer_auth(&machine.token).json(&body);
        Program::send(request.header("accept-language", "en")).await
    };
    let given =
        send(reqwest::Method::POST, "/grants", json!({ "dealer_id": VOLGA, "until": null, "reason": "by program" }))
            .await;
    assert_eq!(given.status, StatusCode::CREATED, "{}", given.text);
    assert!(person.get("/reports/sales").await.text.contains(&canary(VOLGA)));
    let shown = machine.json(&format!("/api/v1/operations/people/{}", user.id)).await;
    assert_eq!(
        (&shown["grants"][0]["dealer_id"], &shown["grants"][0]["reason"]),
        (&json!(VOLGA), &json!("by program"))
    );
    assert_eq!(shown["claimed"], json!([URAL]));
    let taken = send(reqwest::Method::DELETE, &format!("/grants/{VOLGA}"), json!({})).await;
    assert_eq!(taken.status, StatusCode::NO_CONTENT);
    assert!(!person.get("/reports/sales").await.text.contains(&canary(VOLGA)));
    for (body, field) in [
        (json!({ "dealer_id": NORTH, "reason": "not known" }), "dealer_id"),
        (json!({ "dealer_id": VOLGA, "reason": "" }), "reason"),
        (json!({ "dealer_id": VOLGA, "reason": "late", "until": "2020-01-01" }), "until"),
    ] {
        let refused = send(reqwest::Method::POST, "/grants", body.clone()).await;
        let problem = tests::program::problem(&refused);
        assert_eq!((refused.status, &problem["parameter"]), (StatusCode::BAD_REQUEST, &json!(field)), "{body}");
    }
    let refused = send(reqwest::Method::POST, "/grants", json!({ "dealer": VOLGA })).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
}
