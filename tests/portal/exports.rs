//! Files made in the background, over HTTP: who gets which page, and whose a file is.

use reqwest::{Method, StatusCode};
use stack::process::Process;
use tests::Person;

use crate::export_stand::{
    Row, await_state, files, order, order_as, order_of, order_path, reporter, row, start, volga, write_large_report,
};
use crate::stand::{Line, Product, Stand, TODAY, URAL, VOLGA};

const NOBODYS: &str = "/exports/11111111-1111-4111-8111-111111111111";

async fn stand() -> (Stand, Process) {
    let stand = Stand::start().await;
    let reporter = start(reporter(&stand));
    (stand, reporter)
}

/// The bytes of an address, and the head of its answer.
async fn bytes(person: &Person, path: &str) -> (StatusCode, reqwest::header::HeaderMap, Vec<u8>) {
    // Not packed on the way: its length is told.
    let request = person.request(Method::GET, path).header("accept-encoding", "identity");
    let answer = request.send().await.expect("an answer");
    let (status, head) = (answer.status(), answer.headers().clone());
    (status, head, answer.bytes().await.expect("a body").to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_background_is_the_download_byte_for_byte() {
    let (stand, _reporter) = stand().await;
    let (person, _) = volga(&stand).await;
    for query in ["", "sort=product&former=1", &format!("dealer={VOLGA}&period=month")] {
        let job = order(&person, query).await;
        let done = await_state(&stand, &job, "done").await;
        let page = person.get(&job).await.text;
        assert!(page.contains("Файл готов") && page.contains(&format!("{job}/file")), "{page}");
        assert!(!page.contains("http-equiv=\"refresh\"") && !page.contains("hx-sse:connect"), "{page}");
        let (status, head, file) = bytes(&person, &format!("{job}/file")).await;
        let mark = if query.is_empty() { "" } else { "&" };
        let (_, straight, download) = bytes(&person, &format!("/reports/sales?{query}{mark}format=csv")).await;
        assert_eq!((status, &file), (StatusCode::OK, &download), "{query}");
        assert_eq!(Some(done.written), done.total);
        for name in ["content-type", "content-disposition"] {
            assert_eq!(head[name], straight[name]);
        }
        assert_eq!(head["content-length"], file.len().to_string());
        assert_eq!(head["cache-control"], "private, no-store");
    }
    assert!(person.get("/exports").await.text.matches("Файл готов").count() == 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_set_offers_forms_and_a_link_to_its_file_begins_no_job() {
    let stand = Stand::start_with(|launch| launch.env("PORTAL_EXPORT_JOB_ROWS", "20")).await;
    let (person, _) = volga(&stand).await;
    let page = person.get("/reports/sales").await.text;
    assert!(page.contains("action=\"/exports\"") && page.contains("готовится в фоне"), "{page}");
    assert!(!page.contains("format=csv"), "no link that would take long: {page}");
    let told = person.get("/reports/sales?format=csv&search=%D0%A2%D0%BE%D0%B2%D0%B0%D1%80").await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.text.contains("action=\"/exports\"") && told.text.contains("value=\"search=%D0%A2"), "{}", told.text);
    let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM job").fetch_one(&stand.postgres.pool).await.unwrap();
    assert_eq!(jobs, 0);
    // What is small streams at once, as ever.
    let small = person.get("/reports/sales?search=%D0%BD%D0%B8%D1%87%D1%82%D0%BE&format=csv").await;
    assert_eq!((small.status, small.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_on_paper_is_made_in_the_background_however_few_its_rows_are() {
    let stand = Stand::start().await;
    let (person, _) = volga(&stand).await;
    let page = person.get("/reports/sales").await.text;
    assert!(
        page.contains("name=\"format\" value=\"pdf\"") && !page.contains("format=pdf"),
        "a form and no link: {page}"
    );
    assert!(page.contains("format=csv"), "what is small is a link: {page}");
    let told = person.get("/reports/sales?sort=product&format=pdf").await;
    assert_eq!((told.status, told.header("content-disposition")), (StatusCode::UNPROCESSABLE_ENTITY, ""));
    for words in ["action=\"/exports\"", "value=\"pdf\"", "value=\"sort=product\"", "PDF готовится в фоне"]
    {
        assert!(told.text.contains(words), "{words}: {}", told.text);
    }
    let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM job").fetch_one(&stand.postgres.pool).await.unwrap();
    assert_eq!(jobs, 0, "no link begins a job");
    let _reporter = start(reporter(&stand));
    let job = order_as(&person, "sales", "pdf", "").await.location().to_owned();
    await_state(&stand, &job, "done").await;
    let (status, head, file) = bytes(&person, &format!("{job}/file")).await;
    assert_eq!((status, &head["content-type"]), (StatusCode::OK, &"application/pdf".parse().unwrap()));
    assert!(file.starts_with(b"%PDF-1.7") && file.ends_with(b"%%EOF\n"), "{} bytes", file.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rows_than_anybody_reads_on_paper_are_refused_with_words_that_name_another_format() {
    let reports = tests::folder();
    write_large_report(reports.path(), 100_001);
    let stand = Stand::of_site(&[Product::called(1, "Насос")], &[Line::of(1, TODAY, 100)], Some(reports.path())).await;
    let (person, _) = volga(&stand).await;
    let page = person.get("/reports/large").await.text;
    assert!(page.contains("value=\"xlsx\"") && !page.contains("value=\"pdf\""), "it is not offered: {page}");
    let told = person.get("/reports/large?format=pdf").await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.text.contains("не длиннее") && !told.text.contains("value=\"pdf\""), "{}", told.text);
    let _reporter = start(reporter(&stand).env("PORTAL_REPORTS_DIR", reports.path()));
    let job = order_as(&person, "large", "pdf", "").await.location().to_owned();
    let failed = await_state(&stand, &job, "failed").await;
    assert_eq!((failed.reason.as_deref(), failed.attempt, files(&stand)), (Some("too-many-rows"), 1, Vec::new()));
    assert!(person.get(&job).await.text.contains("Выберите Excel или CSV"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_job_is_answered_like_one_that_is_nowhere() {
    let (stand, _reporter) = stand().await;
    let (person, _) = volga(&stand).await;
    let job = order(&person, "").await;
    await_state(&stand, &job, "done").await;
    let colleague = volga(&stand).await.0;
    let stranger = Person::signed_in(&stand.portal, &stand.keycloak.dealer(&[URAL]).await).await;
    let alike = |text: &str, path: &str| {
        let without_id = text.split("Номер обращения").next().unwrap_or_default();
        without_id.replace(path.rsplit('/').next().unwrap_or_default(), "").replace(&path[..path.len().min(45)], "")
    };
    for who in [&colleague, &stranger] {
        let token = who.get("/exports").await.form_token();
        for rest in ["", "/file", "/events"] {
            let (theirs, nobodys) = (format!("{job}{rest}"), format!("{NOBODYS}{rest}"));
            let (seen, none) = (who.get(&theirs).await, who.get(&nobodys).await);
            assert_eq!((seen.status, none.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{rest}");
            assert_eq!(alike(&seen.text, &theirs).len(), alike(&none.text, &nobodys).len(), "{rest}");
        }
        let cancelled = who.post(&format!("{job}/cancel"), &[("form_token", &token)]).await;
        assert_eq!(cancelled.status, StatusCode::NOT_FOUND);
        assert!(who.get("/exports").await.text.contains("не заказывали"), "nobody else's list");
    }
    assert_eq!(bytes(&person, &format!("{job}/file")).await.0, StatusCode::OK);
    assert_eq!(person.get("/exports/not-an-id").await.status, StatusCode::NOT_FOUND);
}

pub async fn grant(stand: &Stand, subject: &str, dealers: &[&str]) {
    sqlx::query("DELETE FROM dealer_grant WHERE subject = $1")
        .bind(subject)
        .execute(&stand.postgres.pool)
        .await
        .unwrap();
    for dealer in dealers {
        sqlx::query("INSERT INTO dealer_grant (subject, dealer_id, granted_by) VALUES ($1, $2::uuid, 'test')")
            .bind(subject)
            .bind(dealer)
            .execute(&stand.postgres.pool)
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_taken_away_takes_the_file_along_before_and_after_it_is_made() {
    let stand = Stand::start().await;
    let user = stand.keycloak.user("manager", &[]).await;
    grant(&stand, &user.id, &[VOLGA, URAL]).await;
    let manager = Person::signed_in(&stand.portal, &user).await;
    let (both, one) = (order(&manager, "").await, order(&manager, &format!("dealer={VOLGA}")).await);
    grant(&stand, &user.id, &[VOLGA]).await;
    let _reporter = start(reporter(&stand));
    let refused = await_state(&stand, &both, "failed").await;
    assert_eq!((refused.reason.as_deref(), refused.attempt), (Some("access"), 1));
    assert!(manager.get(&both).await.text.contains("больше не открыт"));
    assert_eq!(manager.get(&format!("{both}/file")).await.status, StatusCode::NOT_FOUND);
    // What is still granted comes, and is gone with its grant.
    await_state(&stand, &one, "done").await;
    assert_eq!(files(&stand).len(), 1, "one file, of what is still granted");
    assert_eq!(bytes(&manager, &format!("{one}/file")).await.0, StatusCode::OK);
    grant(&stand, &user.id, &[URAL]).await;
    let told = manager.get(&format!("{one}/file")).await;
    assert_eq!(told.status, StatusCode::NOT_FOUND);
    let page = manager.get(&one).await.text;
    assert!(page.contains("больше не открыт") && !page.contains("/file") && !page.contains(".csv"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_taken_away_while_the_file_is_written_leaves_no_file() {
    let reports = tests::folder();
    write_large_report(reports.path(), 400_000);
    let stand = Stand::of_site(&[Product::called(1, "Насос")], &[Line::of(1, TODAY, 100)], Some(reports.path())).await;
    let user = stand.keycloak.user("manager", &[]).await;
    grant(&stand, &user.id, &[VOLGA]).await;
    let manager = Person::signed_in(&stand.portal, &user).await;
    let job = order_path(&manager, "large", "").await;
    let _reporter = start(reporter(&stand).env("PORTAL_REPORTS_DIR", reports.path()));
    // Past the look at the start: ClickHouse is at work.
    await_state(&stand, &job, "running").await;
    crate::export_stand::await_query(&stand, &job, "rows").await;
    grant(&stand, &user.id, &[]).await;
    let failed = await_state(&stand, &job, "failed").await;
    assert_eq!((failed.reason.as_deref(), failed.attempt, files(&stand)), (Some("access"), 1, Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_past_its_time_is_gone_with_words_and_from_the_store() {
    let stand = Stand::start().await;
    let mut worker = start(reporter(&stand));
    let (person, _) = volga(&stand).await;
    let job = order(&person, "").await;
    await_state(&stand, &job, "done").await;
    sqlx::query("UPDATE job SET expires_at = now()").execute(&stand.postgres.pool).await.unwrap();
    let told = person.get(&format!("{job}/file")).await;
    assert_eq!(told.status, StatusCode::GONE);
    assert!(told.text.contains("Срок хранения файла истёк") && told.text.contains("Заказать ещё раз"), "{}", told.text);
    assert!(person.get(&job).await.text.contains("Файл удалён"));
    worker.stop();
    let _worker = start(reporter(&stand));
    tests::await_true("it is swept away", crate::export_stand::SOON, async || files(&stand).is_empty()).await;
    assert_eq!(person.get(&format!("{job}/file")).await.status, StatusCode::GONE);
    // A file that somebody else removed is no error of the person's either.
    let again = order(&person, "").await;
    assert_ne!(again, job);
    await_state(&stand, &again, "done").await;
    std::fs::remove_file(stand.folder.path().join("exports").join(&files(&stand)[0])).unwrap();
    assert_eq!(person.get(&format!("{again}/file")).await.status, StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_waits_without_javascript_and_a_job_that_waits_is_cancelled() {
    let stand = Stand::start().await;
    let (person, _) = volga(&stand).await;
    assert!(person.get("/exports").await.text.contains("не заказывали"));
    let job = order(&person, "").await;
    let page = person.get(&job).await;
    assert!(page.text.contains("<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>"), "{}", page.text);
    assert!(page.text.contains("hx-sse:connect=\"/exports/") && page.text.contains("В очереди"), "{}", page.text);
    let token = page.form_token();
    assert_eq!(person.post(&format!("{job}/cancel"), &[("form_token", "other")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(person.get(&format!("{job}/cancel")).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let cancelled = person.post(&format!("{job}/cancel"), &[("form_token", &token)]).await;
    assert_eq!((cancelled.status, cancelled.location()), (StatusCode::SEE_OTHER, &*job));
    assert!(person.get(&job).await.text.contains("Отменено"));
    let _reporter = start(reporter(&stand));
    let other = order(&person, "").await;
    await_state(&stand, &other, "done").await;
    let Row { state, attempt, .. } = row(&stand, &job).await;
    assert_eq!((&*state, attempt), ("cancelled", 0), "nobody takes it up");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_eleventh_file_of_an_hour_is_refused_with_a_sentence() {
    let stand = Stand::start().await;
    let (person, _) = volga(&stand).await;
    for number in 0..10 {
        order(&person, &format!("search={number}")).await;
    }
    let same = order(&person, "search=0").await;
    assert!(same.starts_with("/exports/"), "what was asked for is no further one");
    let told = order_of(&person, "sales", "search=more").await;
    assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(told.text.contains("За час заказано десять файлов") && told.text.contains("минут"), "{}", told.text);
    assert!((3000..=3600).contains(&told.header("retry-after").parse::<u32>().unwrap()));
    for (report, query) in [("nothing", ""), ("sales", "period=own&from=x&to=y"), ("sales", &format!("dealer={URAL}"))]
    {
        let told = order_of(&person, report, query).await;
        assert!(told.status.is_client_error() && told.status != StatusCode::TOO_MANY_REQUESTS, "{report} {query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_each_change_once_and_end_with_the_job_or_the_session() {
    let stand = Stand::start().await;
    let (person, user) = volga(&stand).await;
    let job = order(&person, "").await;
    let events = |seen: &str| {
        let request = person.request(Method::GET, &format!("{job}/events?seen={seen}"));
        async { person.send(request).await }
    };
    let reporter_later = async {
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        start(reporter(&stand))
    };
    let (told, _reporter) = tokio::join!(events("Queued.0.0.0"), reporter_later);
    assert_eq!((told.status, told.header("content-type")), (StatusCode::OK, "text/event-stream"));
    assert_eq!(told.header("x-accel-buffering"), "no");
    assert!(!told.text.contains("В очереди"), "what the page had drawn is not told again: {}", told.text);
    assert!(told.text.contains("id: Done.1.") && told.text.contains("Файл готов"), "{}", told.text);
    assert!(told.text.ends_with("event: end\ndata: end\n\n"), "{}", told.text);
    // Whoever comes back with the last id is told nothing twice, and let go.
    let id = told.text.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    let request = person.request(Method::GET, &format!("{job}/events")).header("Last-Event-ID", &id);
    assert_eq!(person.send(request).await.text, "event: end\ndata: end\n\n");

    let waiting = Stand::start().await;
    let (person, _) = volga(&waiting).await;
    let job = order(&person, "").await;
    let open = person.send(person.request(Method::GET, &format!("{job}/events?seen=Queued.0.0.0")));
    let ends = async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        sqlx::query("UPDATE session SET revoked_at = now()").execute(&waiting.postgres.pool).await.unwrap();
    };
    let (told, ()) = tokio::join!(open, ends);
    assert!(told.text.contains("/login") && told.text.ends_with("event: end\ndata: end\n\n"), "{}", told.text);
    // A browser that comes back after that is answered by a stream, too: all else it would ask for ever.
    let told = person.get(&format!("{job}/events")).await;
    assert_eq!((told.status, told.header("content-type")), (StatusCode::OK, "text/event-stream"));
    assert!(told.text.ends_with("event: end\ndata: end\n\n") && !user.id.is_empty());
}
