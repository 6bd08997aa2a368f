//! `PORTAL_ASSETS_DIR`: a saved file counts within seconds, a broken one harms nothing.

use std::path::Path;
use std::time::Duration;

use tests::{Person, SignedIn, TestPortal, await_true};

use crate::stand::{Stand, VOLGA};

const SOON: Duration = Duration::from_secs(10);

fn compiled(path: &str) -> String {
    std::fs::read_to_string(stack::parts::workspace().join("assets").join(path)).expect("a file of assets/")
}

fn save(folder: &Path, path: &str, text: &str) {
    let place = folder.join(path);
    std::fs::create_dir_all(place.parent().expect("a folder")).expect("make the folder");
    std::fs::write(place, text).expect("save the file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_file_stands_in_place_of_the_compiled_one_and_a_broken_one_waits_for_its_mend() {
    let assets = tests::folder();
    let folder = assets.path();
    let stand = Stand::start_with(|launch| launch.env("PORTAL_ASSETS_DIR", folder)).await;
    let mut portal = stand.portal;
    let volga = stand.keycloak.dealer(&[VOLGA]).await;
    let volga = SignedIn::to(&portal.url, &volga).await;
    let page = async |path: &str| match volga.page(path).send().await {
        Ok(answer) => answer.text().await.unwrap_or_default(),
        Err(_) => String::new(),
    };
    let shows = async |path: &str, text: &str| {
        await_true(&format!("{path} shows {text}"), SOON, async || page(path).await.contains(text)).await;
    };

    save(folder, "portal.css", "body { color: rebeccapurple }");
    await_true("the page links the new style", SOON, async || {
        let text = page("/").await;
        let Some(link) = text.split('"').find(|word| word.starts_with("/assets/portal.") && word.ends_with(".css"))
        else {
            return false;
        };
        page(link).await == "body { color: rebeccapurple }"
    })
    .await;
    assert!(portal.process.is_running(), "the same process, executed anew");

    let errors = compiled("locales/ru/errors.ftl");
    save(folder, "locales/ru/errors.ftl", &errors.replace("Страница не найдена", "Здесь пусто"));
    shows("/nowhere", "Здесь пусто").await;
    let definition = compiled("reports/sales/report.toml");
    save(folder, "reports/sales/report.toml", &definition.replacen("ru = \"", "ru = \"Новые ", 1));
    shows("/reports/sales", "Новые ").await;

    save(folder, "locales/ru/errors.ftl", &format!("{errors}\nbroken = {{ $a"));
    told(&portal, &["ERROR", "locales/ru/errors.ftl, line ", "Mend it there"]).await;
    shows("/nowhere", "Здесь пусто").await;
    // Also after a start from nothing: then what is compiled in stands.
    portal.process.restart().expect("restart the portal");
    portal.ready().await;
    told(&portal, &["ERROR", "what is compiled in is served"]).await;
    shows("/nowhere", "Страница не найдена").await;
    save(folder, "locales/ru/errors.ftl", &errors.replace("Страница не найдена", "Совсем пусто"));
    shows("/nowhere", "Совсем пусто").await;
    save(folder, "reports/sales/report.toml", "title = 1");
    told(&portal, &["ERROR", "reports/sales/report.toml"]).await;
    shows("/reports/sales", "Новые ").await;

    std::fs::remove_dir_all(folder.join("reports")).expect("remove the report's files");
    await_true("what is compiled in stands again", SOON, async || {
        let text = page("/reports/sales").await;
        text.contains("report-results") && !text.contains("Новые ")
    })
    .await;
    let person = Person::at(&portal);
    assert_eq!(person.get("/nowhere").await.status, reqwest::StatusCode::NOT_FOUND);
}

async fn told(portal: &TestPortal, words: &[&str]) {
    await_true(&format!("the log says {words:?}"), SOON, async || {
        portal.process.output().lines().any(|line| words.iter().all(|word| line.contains(word)))
    })
    .await;
}
