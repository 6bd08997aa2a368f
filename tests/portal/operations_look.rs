//! Looking as a dealer: that dealer's rows and no others, nothing changed, every page written down, and an end.

use reqwest::StatusCode;

use crate::staff::{count, dealers_are_known, events, signed_in, sql, submit};
use crate::stand::{Stand, URAL, VOLGA, canary};

const DEALERS: &str = "/operations/dealers";

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_looks_as_a_dealer_read_only_and_every_page_is_written_down() {
    let stand = Stand::start().await;
    dealers_are_known(&stand).await;
    let (admin, user) = signed_in(&stand, "admin").await;
    assert_eq!(admin.get("/").await.location(), "/operations/sync", "no rows of his own");
    assert_eq!(admin.get("/reports/sales").await.status, StatusCode::FORBIDDEN);
    for (dealer, reason, status) in [
        (VOLGA, "", StatusCode::BAD_REQUEST),
        ("11111111-1111-4111-8111-111111111111", "проверка", StatusCode::NOT_FOUND),
        ("nobody", "проверка", StatusCode::BAD_REQUEST),
    ] {
        let refused = submit(&admin, DEALERS, "/operations/look", &[("dealer", dealer), ("reason", reason)]).await;
        assert_eq!(refused.status, status, "{dealer} {reason:?}");
    }
    let begun = submit(&admin, DEALERS, "/operations/look", &[("dealer", VOLGA), ("reason", "звонок №7")]).await;
    assert_eq!((begun.status, begun.location()), (StatusCode::SEE_OTHER, "/"));

    let page = admin.get("/reports/sales").await;
    assert!(page.text.contains(&canary(VOLGA)) && !page.text.contains(&canary(URAL)), "{}", page.text);
    for path in ["/", "/reports/sales", "/reports/nothing"] {
        let page = admin.get(path).await.text;
        assert!(page.contains("Вы смотрите как дилер") && page.contains("/operations/look/end"), "{path}: {page}");
    }
    assert_eq!(admin.get(&format!("/reports/sales?dealer={URAL}")).await.status, StatusCode::BAD_REQUEST);
    // Read only: no files of the background, no page of the staff, no other look.
    let token = page.form_token();
    let order = [("report", "sales"), ("format", "csv"), ("query", ""), ("form_token", token.as_str())];
    assert_eq!(admin.post("/exports", &order).await.status, StatusCode::FORBIDDEN);
    assert_eq!(count(&stand, "SELECT count(*) FROM job").await, 0);
    for path in ["/exports", DEALERS, "/operations/audit", "/operations/sync"] {
        assert_eq!(admin.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let other = [("dealer", URAL), ("reason", "ещё"), ("form_token", token.as_str())];
    assert_eq!(admin.post("/operations/look", &other).await.status, StatusCode::FORBIDDEN);

    let ended = admin.post("/operations/look/end", &[("form_token", token.as_str())]).await;
    assert_eq!((ended.status, ended.location()), (StatusCode::SEE_OTHER, DEALERS));
    assert_eq!(admin.get("/reports/sales").await.status, StatusCode::FORBIDDEN);
    assert!(!admin.get(DEALERS).await.text.contains("Вы смотрите как дилер"));

    let told = events(&stand, &user.id).await;
    let pages: Vec<_> = told.iter().filter(|event| event.starts_with("look-page")).map(String::as_str).collect();
    assert_eq!(
        pages,
        [
            "look-page /reports/sales",
            "look-page /",
            "look-page /reports/sales",
            "look-page /reports/nothing",
            "look-page /reports/sales"
        ]
    );
    assert!(told.contains(&"look-begun звонок №7".to_owned()) && told.contains(&"look-ended".to_owned()), "{told:?}");
    let of_look =
        "SELECT count(*) FROM audit_event WHERE event IN ('look-begun', 'look-page', 'report-opened', 'look-ended')
                   AND look = (SELECT id FROM look) AND dealers = ARRAY['5b0d6f0e-d0d0-11ee-8a01-000000000001'::uuid]";
    assert_eq!(count(&stand, of_look).await, 9, "each says in which look, and as whom: {told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_ends_with_its_time_and_with_what_it_rests_on() {
    let stand = Stand::start().await;
    dealers_are_known(&stand).await;
    let (manager, user) = signed_in(&stand, "manager").await;
    for dealer in [VOLGA, URAL] {
        sql(
            &stand,
            &format!(
                "INSERT INTO dealer_grant (subject, dealer_id, granted_by) VALUES ('{}', '{dealer}', 'test')",
                user.id
            ),
        )
        .await;
    }
    let look = async |dealer: &str| {
        submit(&manager, DEALERS, "/operations/look", &[("dealer", dealer), ("reason", "звонок")]).await
    };
    assert!(!manager.get(DEALERS).await.text.contains("/operations/look"), "nobody has allowed him to");
    assert_eq!(look(VOLGA).await.status, StatusCode::FORBIDDEN);

    let (admin, _) = signed_in(&stand, "admin").await;
    let page = format!("/operations/people/{}", user.id);
    let allow = async |allow: &str| {
        let done = submit(&admin, &page, &format!("{page}/looking"), &[("allow", allow)]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    };
    allow("true").await;
    let is_looking = async || {
        let page = manager.get("/reports/sales").await.text;
        assert!(page.contains(&canary(VOLGA)), "his own dealer in any case");
        assert_eq!(page.contains("Вы смотрите как дилер"), !page.contains(&canary(URAL)), "one dealer, or all of his");
        page.contains("Вы смотрите как дилер")
    };
    assert_eq!(look(VOLGA).await.location(), "/");
    assert!(is_looking().await);
    // Its time is over.
    sql(&stand, "UPDATE look SET ends_at = now() - interval '1 second'").await;
    assert!(!is_looking().await);
    // It may be begun again; what he may not any more ends it at once.
    assert_eq!(look(VOLGA).await.location(), "/");
    assert!(is_looking().await);
    allow("false").await;
    assert!(!is_looking().await);
    allow("true").await;
    assert!(is_looking().await);
    sql(&stand, &format!("DELETE FROM dealer_grant WHERE dealer_id = '{VOLGA}'")).await;
    let page = manager.get("/reports/sales").await.text;
    assert!(!page.contains(&canary(VOLGA)) && page.contains(&canary(URAL)), "{page}");
}
