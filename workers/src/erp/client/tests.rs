//! Against a server of the test's own, whose answers are as plain as those of a web server before 1C.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use reqwest::StatusCode;

use super::*;
use crate::config::{Limits, Password};

/// What the server answers to its n-th request, counted from 0.
type Script = fn(usize, &HeaderMap) -> Response;

struct Server {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Server {
    async fn start(script: Script) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
        let counter = Arc::clone(&asked);
        let answer = move |headers: HeaderMap| {
            let number = counter.fetch_add(1, Ordering::SeqCst);
            async move { script(number, &headers) }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self { address, asked }
    }

    fn client(&self) -> Client {
        let limits = Limits {
            backoff: (Duration::from_millis(1), Duration::from_millis(2)),
            refused: (Duration::from_millis(60), Duration::from_millis(200)),
            ..Limits::default()
        };
        Client::new(OnecSettings {
            url: format!("http://{}/base/odata/standard.odata", self.address),
            user: "Обмен".to_owned(),
            password: Password::Fixed("тайна".to_owned().into()),
            requests_per_second: 10_000.0,
            limits,
        })
        .unwrap()
    }

    async fn said(&self) -> String {
        self.client().get(&Question::of("Catalog_Партнеры")).await.unwrap_err().to_string()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn html(status: u16, title: &str) -> Response {
    let page = format!("<!DOCTYPE html><html><head><title>{title}</title></head><body>long</body></html>");
    (StatusCode::from_u16(status).unwrap(), [("content-type", "text/html")], page).into_response()
}

fn of_1c(status: u16, code: i64, message: &str) -> Response {
    let body = format!(r#"{{"odata.error":{{"code":"{code}","message":{{"lang":"ru","value":"{message}"}}}}}}"#);
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

#[tokio::test]
async fn every_refusal_says_what_it_is_and_what_to_mend() {
    let cases: [(Script, &[&str], usize); 9] = [
        (|_, _| html(200, "Вход"), &["no answer of 1C but an HTML page «Вход»"], 1),
        (|_, _| html(404, "404.15"), &["«404.15»", "ONEC_URL", "publication", "bytes"], 1),
        (|_, _| html(414, "Too long"), &["«Too long»", "how long an address"], 1),
        (|_, _| of_1c(404, 8, "Сущность не найдена"), &["does not publish Catalog_Партнеры", "composition"], 1),
        (|_, _| of_1c(404, 9, "Экземпляр не найден"), &["does not understand", "Экземпляр не найден"], 1),
        (|_, _| of_1c(401, 20, "Нарушение прав доступа!"), &["may not read Catalog_Партнеры", "Нарушение прав"], 1),
        (|_, _| html(500, "Ошибка 1С"), &["could not build", "500, an HTML page «Ошибка 1С»"], 1),
        (|_, _| html(502, "Bad gateway"), &["not ready (502)", "«Bad gateway»"], 6),
        (|_, _| html(429, "Slow down"), &["not ready (429)", "«Slow down»"], 6),
    ];
    for (script, words, asked) in cases {
        let server = Server::start(script).await;
        let said = server.said().await;
        assert!(words.iter().all(|word| said.contains(word)) && !said.contains("<html"), "{said}");
        assert_eq!(server.asked(), asked, "{said}");
    }
}

#[tokio::test]
async fn a_redirect_is_told_with_its_address_and_without_what_may_be_secret_in_it() {
    let server = Server::start(|_, _| {
        let to = "https://ivan:tayna@login.example/sso/%D0%B2%D1%85%D0%BE%D0%B4?ticket=tayna#tayna";
        (StatusCode::FOUND, [("location", to)]).into_response()
    })
    .await;
    let said = server.said().await;
    assert!(said.contains("redirected (302) to https://login.example/sso/вход:"), "{said}");
    assert!(!said.contains("tayna") && !said.contains("ivan"), "{said}");
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn one_that_asks_to_wait_is_waited_for_and_asked_again() {
    let server = Server::start(|number, _| match number {
        0 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "wait").into_response(),
        1 => StatusCode::REQUEST_TIMEOUT.into_response(),
        _ => "{}".into_response(),
    })
    .await;
    let began = Instant::now();
    assert_eq!(server.client().get(&Question::of("X")).await.unwrap(), b"{}");
    assert!(began.elapsed() >= Duration::from_secs(1), "Retry-After was obeyed");
}

#[tokio::test]
async fn a_moment_to_wait_for_is_obeyed_as_seconds_are_and_one_that_is_over_is_not() {
    let server = Server::start(|number, _| {
        let at = |seconds: i64| {
            let at = shared::clock::now() + chrono::Duration::seconds(seconds);
            (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", httpdate::fmt_http_date(at.into()))]).into_response()
        };
        match number {
            0 => at(-3600),
            1 => at(2),
            _ => "{}".into_response(),
        }
    })
    .await;
    let began = Instant::now();
    assert_eq!(server.client().get(&Question::of("X")).await.unwrap(), b"{}");
    // The date has whole seconds.
    let waited = began.elapsed();
    assert!(waited >= Duration::from_millis(900) && waited < Duration::from_secs(60), "{waited:?}");
}

#[tokio::test]
async fn a_refused_password_rests_longer_each_time_and_reading_resumes_by_itself() {
    // The first two, the trials after 60 and 120 ms are refused, the next is let in.
    let server = Server::start(|number, _| if number < 4 { html(401, "401") } else { "{}".into_response() }).await;
    let client = server.client();
    let (mut began, mut trials) = (Instant::now(), Vec::new());
    assert!(client.get(&Question::of("X")).await.unwrap_err().to_string().contains("refuses the user"));
    assert_eq!(server.asked(), 2, "a refusal is believed at the second");
    let deadline = began + Duration::from_secs(20);
    while trials.len() < 3 {
        assert!(Instant::now() < deadline, "tried again after {trials:?} and no more");
        let before = server.asked();
        // Many at once: one of them tries.
        let together = (0..5).map(|_| async { client.get(&Question::of("X")).await.is_ok() });
        let went = futures_util::future::join_all(together).await.into_iter().filter(|is_ok| *is_ok).count();
        if server.asked() > before {
            trials.push(began.elapsed());
            began = Instant::now();
            assert!(
                went > 0 || server.asked() == before + 1,
                "one request only, {} were made",
                server.asked() - before
            );
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let least = [60, 120, 200].map(Duration::from_millis);
    assert!(trials.iter().zip(least).all(|(waited, least)| *waited + Duration::from_millis(1) >= least), "{trials:?}");
    assert_eq!(client.get(&Question::of("X")).await.unwrap(), b"{}");
}

#[tokio::test]
async fn a_refused_password_that_nobody_looked_at_again_does_not_rest_once_more() {
    let server = Server::start(|number, _| match number {
        0 | 1 => html(401, "401"),
        2 => html(503, "Restart"),
        _ => "{}".into_response(),
    })
    .await;
    let client = server.client();
    let mut said = client.get(&Question::of("X")).await;
    while server.asked() == 2 {
        assert!(said.unwrap_err().to_string().contains("refuses the user"));
        tokio::time::sleep(Duration::from_millis(2)).await;
        said = client.get(&Question::of("X")).await;
    }
    assert_eq!(said.unwrap(), b"{}", "the one that met a server that restarts tries it again");
}

#[test]
fn pauses_between_tries_grow_to_their_bound_and_never_beyond() {
    let bounds = (Duration::from_millis(500), Duration::from_secs(30));
    for tried in 1..40 {
        assert!(full_jitter(bounds, tried) <= Duration::from_secs(30));
    }
}
