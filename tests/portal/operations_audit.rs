//! The audit: one walk yields exactly its events, nothing of them can be changed, and administrators find them again.

use reqwest::{Method, StatusCode};
use tests::Person;

use crate::staff::{count, events, program, signed_in, sql};
use crate::stand::{Stand, URAL, VOLGA, canary};

#[tokio::test(flavor = "multi_thread")]
async fn one_walk_yields_exactly_these_events_without_secrets_or_search_words() {
    let stand = Stand::start().await;
    let user = stand.keycloak.dealer(&[VOLGA]).await;
    let person = Person::at(&stand.portal);
    // A way back that nobody began.
    assert_eq!(person.get("/login/callback?state=wrong&code=secret-code").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(person.sign_in(&user, "/").await.status, StatusCode::SEE_OTHER);
    for path in ["/reports/sales", "/reports/sales?search=geheim", "/reports/sales?sort=product"] {
        assert_eq!(person.get(path).await.status, StatusCode::OK);
    }
    assert_eq!(person.get(&format!("/reports/sales?dealer={URAL}")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(person.get("/reports/sales?format=csv&search=geheim").await.status, StatusCode::OK);
    let page = person.get("/reports/sales").await;
    let wrong = [("report", "sales"), ("format", "csv"), ("form_token", "wrong")];
    assert_eq!(person.post("/exports", &wrong).await.status, StatusCode::FORBIDDEN);
    let order =
        [("report", "sales"), ("format", "csv"), ("query", "search=geheim"), ("form_token", &page.form_token())];
    assert_eq!(person.post("/exports", &order).await.status, StatusCode::SEE_OTHER);
    assert_eq!(person.post("/logout", &[("form_token", &page.form_token())]).await.status, StatusCode::SEE_OTHER);
    let keycloak = Person::at(&stand.portal);
    let forged = keycloak.request(Method::POST, "/logout/backchannel").form(&[("logout_token", "a.b.c")]);
    assert_eq!(keycloak.send(forged).await.status, StatusCode::BAD_REQUEST);

    let told = events(&stand, &user.id).await;
    assert_eq!(
        told,
        [
            "signed-in dealer",
            "report-opened sales",
            "refused sales another's dealer",
            "file-taken sales csv",
            "refused /exports the form token is missing or another session's",
            "export-asked sales csv",
            "signed-out",
        ]
    );
    let anybody: Vec<String> = sqlx::query_scalar(
        "SELECT event || ' ' || about || ' ' || host(address) FROM audit_event WHERE actor IS NULL ORDER BY id",
    )
    .fetch_all(&stand.postgres.pool)
    .await
    .unwrap();
    assert_eq!(anybody, ["sign-in-refused Stale 127.0.0.1", "sign-in-refused logout token 127.0.0.1"]);
    let all: Vec<String> =
        sqlx::query_scalar("SELECT audit_event::text FROM audit_event").fetch_all(&stand.postgres.pool).await.unwrap();
    let all = all.join("\n");
    let cookie = person.cookies().map(|cookies| cookies.to_str().unwrap().to_owned()).unwrap_or_default();
    for secret in ["geheim", "secret-code", "a.b.c", &page.form_token()] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    assert!(!all.contains(&cookie) || cookie.is_empty());
    let whose = "SELECT count(*) FROM audit_event WHERE event IN ('report-opened', 'file-taken', 'export-asked')
                 AND dealers = ARRAY['5b0d6f0e-d0d0-11ee-8a01-000000000001'::uuid] AND length(session) = 8";
    assert_eq!(count(&stand, whose).await, 3, "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_written_can_be_changed_and_what_is_young_stays() {
    let stand = Stand::start().await;
    signed_in(&stand, "admin").await;
    let pool = &stand.postgres.pool;
    for statement in [
        "UPDATE audit_event SET actor = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "SELECT audit_forget(1) / 0",
    ] {
        assert!(sqlx::query(statement).execute(pool).await.is_err(), "{statement}");
    }
    sql(&stand, "INSERT INTO audit_event (event, at) VALUES ('signed-in', now() - interval '400 days'), ('signed-in', now() - interval '190 days')").await;
    assert_eq!(count(&stand, "SELECT audit_forget(365)").await, 1);
    assert_eq!(count(&stand, "SELECT audit_forget(1)").await, 1, "half a year stays, whatever is asked for");
    assert_eq!(count(&stand, "SELECT count(*) FROM audit_event").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_finds_events_by_kind_person_dealer_and_day_and_takes_them_along() {
    let stand = Stand::start().await;
    crate::staff::dealers_are_known(&stand).await;
    let (admin, administrator) = signed_in(&stand, "admin").await;
    let user = stand.keycloak.dealer(&[VOLGA]).await;
    let person = Person::signed_in(&stand.portal, &user).await;
    person.get("/reports/sales").await;
    sql(&stand, "INSERT INTO audit_event (event, actor_name, about, at) VALUES ('refused', '=cmd', 'x', '2020-05-05T20:59:59Z'), ('refused', 'late', 'y', '2020-05-05T21:00:00Z')").await;
    let rows = async |query: &str| {
        let page = admin.get(&format!("/operations/audit?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        page.text.matches("<tr>").count() - 1
    };
    assert_eq!(rows("event=report-opened").await, 1);
    assert_eq!(rows(&format!("who={}", user.id)).await, 2);
    assert_eq!(rows(&format!("dealer={VOLGA}&event=report-opened")).await, 1);
    assert_eq!(rows("event=refused&from=2020-05-05&to=2020-05-05").await, 1, "a day of Moscow");
    assert_eq!(rows("event=refused&from=2020-05-06&to=2020-05-06").await, 1);
    let page = admin.get(&format!("/operations/audit?who={}", user.id)).await.text;
    assert!(page.contains("Отчёт открыт") && page.contains(&canary(VOLGA)), "{page}");
    assert!(admin.get("/operations/audit?event=look-begun").await.text.contains("Таких записей нет"));
    // What does not fit asks for nothing.
    for query in ["event=nothing", "dealer=x&from=y&to=2020-99-99", "before=x"] {
        assert!(rows(query).await >= 4, "{query}");
    }
    // In pages of a hundred, each event once.
    sql(
        &stand,
        "INSERT INTO audit_event (event, about) SELECT 'session-ended', n::text FROM generate_series(1, 150) AS n",
    )
    .await;
    let first = admin.get("/operations/audit?event=session-ended").await.text;
    assert_eq!(first.matches("<tr>").count() - 1, 100);
    let next = first
        .split("rel=\"next\" href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .replace("&amp;", "&");
    assert_eq!(admin.get(&next).await.text.matches("<tr>").count() - 1, 50);

    let file = admin.get("/operations/audit.csv?event=refused").await;
    assert!(file.header("content-disposition").contains("audit.csv"), "{:?}", file.headers);
    let mut lines = csv::Reader::from_reader(file.text.as_bytes());
    let names: Vec<_> = lines.records().map(|line| line.unwrap()[4].to_owned()).collect();
    assert_eq!(names, ["late", "'=cmd"], "no formula of somebody's name");
    let machine = program(&stand, "admin").await;
    let some = machine.json("/api/v1/operations/audit?event=session-ended").await;
    assert_eq!(some["events"].as_array().unwrap().len(), 100);
    let rest = machine.json(&format!("/api/v1/operations/audit?event=session-ended&before={}", some["before"])).await;
    assert_eq!((rest["events"].as_array().unwrap().len(), rest["before"].is_null()), (50, true));
    let read = events(&stand, &administrator.id).await;
    assert!(
        read.iter().any(|event| event.starts_with("audit-read event=report-opened")),
        "who reads it is written down: {read:?}"
    );
}
