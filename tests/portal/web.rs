//! What holds for every answer, whoever asks: S-09, S-10, S-12, S-14, S-18, S-20, R-02, R-10, R-12.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use tests::{Answer, Fault, FaultProxy, Person};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::sign_in::Stage;

fn assert_guarded(what: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{what}: {policy}");
    assert!(
        policy.contains("frame-ancestors 'none'; base-uri 'none'; object-src 'none'") && !policy.contains("unsafe"),
        "{what}"
    );
    for (name, value) in [
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-answered-by", "portal"),
    ] {
        assert_eq!(answer.header(name), value, "{what}");
    }
    assert!(!answer.header("x-request-id").is_empty(), "{what}");
    assert!(!answer.headers.contains_key("server"), "{what}");
    for inline in ["style=", "onclick", "onload", "hx-on", "js:", "<script>"] {
        assert!(
            !answer.text.contains(inline) || !answer.header("content-type").starts_with("text/html"),
            "{what}: {inline}"
        );
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let stage = Stage::set().await;
    let (person, _) = stage.dealer().await;
    let stranger = Person::at(&stage.portal);
    let page = person.get("/").await;
    let (style, _) = page.text.split_once("rel=\"stylesheet\" href=\"").unwrap().1.split_once('"').unwrap();
    for (who, path, status) in [
        (&person, "/", 200),
        (&person, "/nowhere", 404),
        (&person, "/login", 303),
        (&person, "/logout", 405),
        (&person, "/login/callback", 400),
        (&person, "/assets/nothing.js", 404),
        (&stranger, "/", 303),
        (&stranger, "/signed-out", 200),
    ] {
        let answer = who.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_guarded(path, &answer);
        assert_eq!(answer.header("cache-control"), "private, no-store", "{path}");
        let vary: Vec<_> = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
        assert!(vary.join(",").contains("HX-Request-Type, Cookie"), "{path}: {vary:?}");
    }
    let asset = stranger.get(style).await;
    assert_guarded(style, &asset);
    assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
    let packed = stranger.send(stranger.request(Method::GET, style).header("Accept-Encoding", "br")).await;
    assert_eq!(packed.header("content-encoding"), "br");
    let refused = person.send(person.request(Method::POST, "/logout").header("Sec-Fetch-Site", "cross-site")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_guarded("a refused change", &refused);
}

#[tokio::test]
async fn cookies_are_closed_to_scripts_and_other_sites() {
    let stage = Stage::set().await;
    let user = stage.keycloak.dealer(&[]).await;
    let person = Person::at(&stage.portal);
    let done = person.sign_in(&user, "/").await;
    let cookie = done.header("set-cookie");
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain") && !cookie.contains("Max-Age") && !cookie.contains("Expires"), "{cookie}");
}

#[tokio::test]
async fn an_unknown_path_is_a_page_or_a_notice() {
    let stage = Stage::set().await;
    let person = Person::at(&stage.portal);
    let page = person.get("/no/such/path").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text.starts_with("<!DOCTYPE html>") && page.text.contains(page.header("x-request-id")));
    let notice = person.fragment("/no/such/path", "/").await;
    assert_eq!(notice.status, StatusCode::NOT_FOUND);
    assert!(!notice.text.contains("<html"));
    for (name, value) in [("hx-retarget", "#notices"), ("hx-reswap", "innerHTML"), ("hx-push-url", "false")] {
        assert_eq!(notice.header(name), value);
    }
    let english =
        person.send(person.request(Method::GET, "/no/such/path").header("Accept-Language", "en-GB, ru;q=0.5")).await;
    assert!(english.text.contains("lang=\"en\"") && english.text.contains("Page not found"));
}

#[tokio::test]
async fn the_language_is_chosen_by_a_form_that_returns_to_its_page() {
    let stage = Stage::set().await;
    let person = Person::at(&stage.portal);
    let done = person.post("/language", &[("language", "en"), ("return_to", "/signed-out?a=1")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(person.get("/signed-out").await.text.contains("lang=\"en\""));
    assert_eq!(
        person.post("/language", &[("language", "ru"), ("return_to", "https://evil.example")]).await.location(),
        "/"
    );
    assert!(person.get("/signed-out").await.text.contains("lang=\"ru\""));
    assert_eq!(person.post("/language", &[("language", "xx")]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_viewer_who_asks_too_fast_waits_and_others_do_not() {
    let stage =
        Stage::set_with(|launch| launch.env("PORTAL_REQUESTS_BURST", "10").env("PORTAL_REQUESTS_PER_SECOND", "1"))
            .await;
    let ((greedy, _), (modest, _)) = (stage.dealer().await, stage.dealer().await);
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.extend(futures_util::future::join_all((0..30).map(|_| greedy.post("/logout", &[]))).await);
    }
    let turned_away: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS).collect();
    assert!(turned_away.len() > 20, "{}", turned_away.len());
    assert!(
        turned_away.iter().all(|answer| answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0))
    );
    assert_eq!(modest.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn sign_ins_of_one_address_are_limited_and_forwarded_addresses_are_not_believed() {
    let stage = Stage::set_with(|launch| launch.env("PORTAL_SIGN_INS_PER_MINUTE", "5")).await;
    let person = Person::at(&stage.portal);
    let mut statuses = Vec::new();
    for turn in 0..8 {
        let request = person.request(Method::GET, "/login").header("X-Forwarded-For", format!("192.0.2.{turn}"));
        statuses.push(person.send(request).await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 5, "{statuses:?}");
    assert_eq!(statuses[7], StatusCode::TOO_MANY_REQUESTS);
}

/// R-02, R-05: PostgreSQL silent.
#[tokio::test]
async fn without_postgres_the_page_says_so_soon_and_probes_tell_it() {
    let mut proxy = None;
    let stage = {
        let target = url::Url::parse(&tests::environment().postgres_url).unwrap();
        let before = FaultProxy::before(format!("127.0.0.1:{}", target.port().unwrap())).await;
        let port = before.port();
        proxy.replace(before);
        let (postgres, clickhouse) = (tests::postgres().await, tests::clickhouse().await);
        let mut through = url::Url::parse(&postgres.url).unwrap();
        through.set_port(Some(port)).unwrap();
        let (keycloak, folder) = (tests::TestKeycloak::shared(), tests::folder());
        let change = |launch: stack::process::Launch| launch.env("DATABASE_URL", through.as_str());
        let portal = tests::TestPortal::start_with(&postgres, &clickhouse, &keycloak, folder.path(), change).await;
        Stage { portal, keycloak, postgres, clickhouse, folder }
    };
    let (person, _) = stage.dealer().await;
    let mut proxy = proxy.unwrap();
    for fault in [Fault::Blackhole, Fault::Refuse] {
        proxy.set(fault).await;
        let started = Instant::now();
        let answer = person.get("/").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{fault:?}");
        assert!(started.elapsed() < Duration::from_secs(10), "{fault:?}: {:?}", started.elapsed());
        assert!(!answer.text.contains("sqlx") && !answer.text.contains("ostgre"), "no cause on the page");
        let probe = async |path: &str| person.get(&format!("{}{path}", stage.portal.health_url)).await;
        assert_eq!(probe("/livez").await.status, StatusCode::OK);
        assert_eq!(probe("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
        proxy.set(Fault::None).await;
        tests::await_true("it is back", Duration::from_secs(10), async || {
            person.get("/").await.status == StatusCode::OK
        })
        .await;
    }
}

/// What anybody may send costs neither memory nor a log without end.
#[tokio::test]
async fn a_requests_words_are_bounded_in_metrics_and_log() {
    let stage = Stage::set().await;
    let person = Person::at(&stage.portal);
    let long = "a".repeat(7000);
    for turn in 0..300 {
        let method = Method::from_bytes(format!("M{turn}").as_bytes()).unwrap();
        person.send(person.request(method, "/")).await;
    }
    let request = person.request(Method::from_bytes(long.as_bytes()).unwrap(), &format!("/{long}"));
    person.send(request.header("User-Agent", &long).header("Referer", &long)).await;
    person.get(&format!("/login/callback?error={long}&state={long}")).await;
    let metrics = person.get(&format!("{}/metrics", stage.portal.health_url)).await.text;
    let methods: std::collections::BTreeSet<&str> =
        metrics.split("method=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(methods.contains("other") && methods.is_subset(&["GET", "HEAD", "POST", "other"].into()), "{methods:?}");
    let log = stage.portal.process.output();
    assert!(log.lines().count() > 300);
    for line in log.lines() {
        assert!(line.len() < 1000, "{} letters: {line:.1200}", line.len());
    }
}

#[tokio::test]
async fn health_and_metrics_are_not_routed_from_outside() {
    let stage = Stage::set().await;
    let person = Person::at(&stage.portal);
    for path in ["/livez", "/readyz", "/metrics", "/health", "/debug"] {
        assert_eq!(person.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// R-12.
#[tokio::test]
async fn what_is_too_large_is_refused_and_costs_nothing() {
    let stage = Stage::set().await;
    let person = Person::at(&stage.portal);
    let large = person.request(Method::POST, "/language").header("Sec-Fetch-Site", "same-origin");
    let large = large
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("language=ru&a=".to_owned() + &"a".repeat(1 << 20));
    assert_eq!(person.send(large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let wide = person.request(Method::GET, "/signed-out").header("X-Wide", "a".repeat(60_000));
    assert_eq!(person.send(wide).await.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let mut many = person.request(Method::GET, "/signed-out");
    for turn in 0..200 {
        many = many.header(format!("x-{turn}"), "a");
    }
    assert_eq!(person.send(many).await.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(person.get("/signed-out").await.status, StatusCode::OK);
}

/// R-10: headers that never end, and connections that are only held.
#[tokio::test]
async fn slow_visitors_are_cut_off_and_one_address_holds_so_many_connections() {
    let stage = Stage::set_with(|launch| launch.env("PORTAL_CONNECTIONS_PER_ADDRESS", "10")).await;
    let address = stage.portal.url.strip_prefix("http://").unwrap();
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").await.unwrap();
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut open = 0;
    for stream in &mut held {
        let mut byte = [0];
        match tokio::time::timeout(Duration::from_millis(50), stream.read(&mut byte)).await {
            Err(_) => open += 1,
            Ok(end) => assert!(matches!(end, Ok(0) | Err(_)), "closed without a word"),
        }
    }
    assert!((8..=10).contains(&open), "{open}");
    let started = Instant::now();
    let mut rest = Vec::new();
    let last = held.iter_mut().find(|_| true).unwrap();
    let cut = tokio::time::timeout(Duration::from_secs(15), last.read_to_end(&mut rest)).await;
    assert!(cut.is_ok(), "still open after {:?}", started.elapsed());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(Person::at(&stage.portal).get("/signed-out").await.status, StatusCode::OK);
}

/// R-01.
#[tokio::test]
async fn asked_to_stop_it_finishes_what_is_under_way() {
    let mut stage = Stage::set().await;
    let address = stage.portal.url.strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let body = "language=en&return_to=/";
    let head = format!(
        "POST /language HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    stage.portal.process.signal(15);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(TcpStream::connect(&address).await.is_err(), "no new visitors");
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 303"), "{}", String::from_utf8_lossy(&answer));
    let ended = stage.portal.process.wait(Duration::from_secs(5)).expect("it ends");
    assert!(ended.success(), "{ended}");
}
