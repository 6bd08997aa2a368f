//! The sync as administrators see and steer it: each word is found by the extractors as a row, and stands in the audit.

use reqwest::StatusCode;
use serde_json::json;
use tests::Program;

use crate::staff::{count, events, program, signed_in, sql, submit, sync_is_known};
use crate::stand::Stand;

const SYNC: &str = "/operations/sync";

#[tokio::test(flavor = "multi_thread")]
async fn each_word_is_a_row_for_the_extractors_and_stands_in_the_audit() {
    let stand = Stand::start().await;
    let (admin, user) = signed_in(&stand, "admin").await;
    let empty = admin.get(SYNC).await.text;
    assert!(empty.contains("Ни один экстрактор ещё не запускался"), "what to do next: {empty}");
    sync_is_known(&stand).await;
    for (key, day) in [(1, "2026-01-15"), (2, "2026-02-15")] {
        let key = format!("00000000-0000-4000-8000-{key:012}");
        sql(&stand, &format!("INSERT INTO sent (dataset, key, batch, data_version, sold_on, lines) VALUES ('sales', '{key}', 1, 'v', '{day}', 1)")).await;
    }
    let page = admin.get(SYNC).await.text;
    assert!(page.contains("Продажи") && page.contains("Прочесть сейчас"), "{page}");
    let tell = async |word: &str, fields: &[(&str, &str)]| {
        submit(&admin, SYNC, &format!("{SYNC}/sales/{word}"), fields).await.status
    };
    assert_eq!(tell("run", &[]).await, StatusCode::SEE_OTHER);
    assert_eq!(count(&stand, "SELECT count(*) FROM slot WHERE job = 'sales' AND state = 'queued'").await, 1);

    assert_eq!(tell("pause", &[("reason", "")]).await, StatusCode::BAD_REQUEST);
    assert_eq!(tell("resume", &[]).await, StatusCode::NOT_FOUND, "it was not paused");
    assert_eq!(tell("pause", &[("reason", "закрытие месяца")]).await, StatusCode::SEE_OTHER);
    let page = admin.get(SYNC).await.text;
    assert!(page.contains("закрытие месяца") && page.contains("Возобновить"), "{page}");
    assert_eq!(tell("resume", &[]).await, StatusCode::SEE_OTHER);
    assert_eq!(count(&stand, "SELECT count(*) FROM paused").await, 0);

    for (from, to) in [("2026-02-30", ""), ("2026-03-01", "2026-02-01")] {
        assert_eq!(tell("reread", &[("from", from), ("to", to)]).await, StatusCode::BAD_REQUEST, "{from}–{to}");
    }
    assert_eq!(tell("reread", &[("from", "2026-02-01"), ("to", "2026-02-28")]).await, StatusCode::SEE_OTHER);
    let forgotten = "SELECT count(*) FROM sent WHERE data_version = '' AND sold_on = '2026-02-15'";
    assert_eq!(
        (count(&stand, forgotten).await, count(&stand, "SELECT count(*) FROM sent WHERE data_version = ''").await),
        (1, 1)
    );
    assert_eq!(count(&stand, "SELECT count(*) FROM slot WHERE job = 'sales-full'").await, 1);

    assert_eq!(tell("release", &[]).await, StatusCode::NOT_FOUND, "nothing is held");
    sql(&stand, "INSERT INTO held (dataset, span, known, missing) VALUES ('sales', 'all', 100, 70)").await;
    assert!(admin.get(SYNC).await.text.contains("не нашлось 70 документов"));
    assert_eq!(tell("release", &[]).await, StatusCode::SEE_OTHER);
    assert_eq!(count(&stand, "SELECT count(*) FROM held WHERE released_at IS NOT NULL").await, 1);

    let dates = submit(&admin, SYNC, &format!("{SYNC}/dealers/reread"), &[("from", "2026-01-01")]).await;
    assert_eq!(dates.status, StatusCode::BAD_REQUEST, "a catalog has no days");
    assert_eq!(submit(&admin, SYNC, &format!("{SYNC}/nothing/run"), &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        events(&stand, &user.id).await[1..],
        [
            "sync-steered sales run now",
            "sync-steered sales pause: закрытие месяца",
            "sync-steered sales resume",
            "sync-steered sales read again 2026-02-01–2026-02-28",
            "sync-steered sales let deletions through"
        ]
    );
    let (manager, _) = signed_in(&stand, "manager").await;
    let page = manager.get(SYNC).await.text;
    assert!(page.contains("Продажи") && !page.contains("Прочесть сейчас"), "a manager watches: {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_is_told_where_the_dataset_is() {
    let stand = Stand::start().await;
    let (admin, _) = signed_in(&stand, "admin").await;
    sync_is_known(&stand).await;
    sql(&stand, "INSERT INTO slot (job, slot_at, dataset, state, attempt, reason, not_before) VALUES ('sales', now(), 'sales', 'queued', 2, '1C answers 500 <b>', now() + interval '1 minute')").await;
    sql(&stand, "INSERT INTO slot (job, slot_at, dataset, state, started_at, lease_until) VALUES ('dealers', now(), 'dealers', 'running', now() - interval '70 seconds', now() + interval '1 minute')").await;
    let page = admin.get(SYNC).await.text;
    assert!(page.contains("Не получилось: 1C answers 500 &lt;b&gt;") && page.contains("Читается 70 с"), "{page}");
    sql(&stand, "UPDATE cron_job SET said_at = now() - interval '3 minutes'").await;
    assert!(admin.get(SYNC).await.text.contains("Экстракторы молчат"));
    // The first load of a dataset says how far it is.
    sql(&stand, "UPDATE slot SET state = 'done', finished_at = now() WHERE state = 'running'").await;
    sql(&stand, "UPDATE progress SET is_loaded = false, loaded_to = now() - interval '50 days'").await;
    sql(&stand, "INSERT INTO sent (dataset, key, batch, data_version, sold_on, lines) VALUES ('sales', '00000000-0000-4000-8000-000000000001', 1, 'v', current_date - 100, 1)").await;
    sql(&stand, "UPDATE slot SET state = 'running', reason = NULL, started_at = now() - interval '10 minutes', lease_until = now() + interval '1 minute' WHERE job = 'sales'").await;
    let page = admin.get(SYNC).await.text;
    assert!(page.contains("Первая загрузка: 50\u{a0}%") || page.contains("Первая загрузка: 50 %"), "{page}");
    assert!(page.contains("Осталось около 10 мин"), "{page}");
    let told = program(&stand, "admin").await.json("/api/v1/operations/sync").await;
    let sales = told["datasets"].as_array().unwrap().iter().find(|dataset| dataset["dataset"] == "sales").unwrap();
    assert_eq!((&sales["percent"], &sales["has_days"]), (&json!(50), &json!(true)), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_is_listed_looked_at_and_read_again() {
    let stand = Stand::start().await;
    let (admin, user) = signed_in(&stand, "admin").await;
    sync_is_known(&stand).await;
    assert!(admin.get("/operations/set-aside").await.text.contains("Ничего не отложено"));
    let key = "00000000-0000-4000-8000-000000000001";
    sql(&stand, &format!("INSERT INTO rejected (dataset, key, data_version, reason, pass, raw) VALUES ('sales', '{key}', 'v', 'Дата is <no date>', 1, '{{\"Ref_Key\": \"{key}\", \"Secret\": \"<i>\"}}')")).await;
    let lost = "00000000-0000-4000-8000-000000000002";
    sql(&stand, &format!("INSERT INTO misfit (topic, partition, \"offset\", dataset, key, reason, raw) VALUES ('erp.sales.v1', 3, 77, 'sales', '{lost}', 'no JSON', '{{broken')")).await;
    sql(
        &stand,
        &format!("INSERT INTO sent (dataset, key, batch, data_version, lines) VALUES ('sales', '{lost}', 1, 'v', 1)"),
    )
    .await;
    let page = admin.get("/operations/set-aside?dataset=sales").await.text;
    assert!(page.contains("Дата is &lt;no date&gt;") && page.contains("erp.sales.v1/3/77"), "{page}");
    let look = format!("/operations/set-aside/document?dataset=sales&key={key}&source=1c");
    let shown = admin.get(&look).await;
    assert!(
        shown.status == StatusCode::OK && shown.text.contains("&quot;Secret&quot;: &quot;&lt;i&gt;&quot;"),
        "{}",
        shown.text
    );
    let other = format!("/operations/set-aside/document?dataset=sales&key={lost}&source=erp.sales.v1%2F3%2F77");
    assert!(admin.get(&other).await.text.contains("{broken"));
    assert_eq!(admin.get(&look.replace("sales", "dealers")).await.status, StatusCode::NOT_FOUND);

    let (one, all) = ([("dataset", "sales"), ("key", key)], [("dataset", "sales")]);
    let again = submit(&admin, "/operations/set-aside", "/operations/set-aside/replay", &one).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.text);
    assert_eq!(
        (count(&stand, "SELECT count(*) FROM rejected").await, count(&stand, "SELECT count(*) FROM misfit").await),
        (0, 1)
    );
    let again = submit(&admin, "/operations/set-aside", "/operations/set-aside/replay", &all).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    let forgotten = format!("SELECT count(*) FROM sent WHERE key = '{lost}' AND data_version = ''");
    assert_eq!((count(&stand, "SELECT count(*) FROM misfit").await, count(&stand, &forgotten).await), (0, 1));
    let again = submit(&admin, "/operations/set-aside", "/operations/set-aside/replay", &all).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "nothing is left");
    let told = events(&stand, &user.id).await;
    assert!(
        told.contains(&format!("set-aside-seen sales {key}"))
            && told.contains(&format!("sync-steered sales replay {key}")),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_comparison_is_shown_with_what_differs_first() {
    let stand = Stand::start().await;
    let (admin, _) = signed_in(&stand, "admin").await;
    assert!(admin.get("/operations/reconciliation").await.text.contains("Ещё ничего не сверялось"));
    sql(&stand, "INSERT INTO reconciliation (warehouse_table, span, sent_documents, sent_lines, sent_amount, standing_documents, standing_lines, standing_amount, is_equal, compared_at, differed_at) VALUES ('sale', 202610, 10, 20, 12345678, 10, 20, 12345678, true, now(), null), ('sale', 202609, 5, 9, 100000, 4, 8, 90000, false, now(), now())").await;
    let page = admin.get("/operations/reconciliation").await.text.replace(['\u{a0}', '\u{202f}'], " ");
    assert!(page.contains("Расходится 1 месяц") && page.contains("1 234,57"), "{page}");
    let (wrong, right) = (page.find("2026-09").unwrap(), page.find("2026-10").unwrap());
    assert!(wrong < right && page.contains("10,00 → 9,00"), "{page}");
    assert!(!page.contains("1С и отправленное"), "nothing was compared with 1C yet: {page}");
    sql(&stand, "INSERT INTO source_reconciliation (dataset, span, source_documents, source_lines, source_amount, sent_documents, sent_lines, sent_amount, is_equal) VALUES ('sales', 202608, 7, 12, 770000, 7, 11, 660000, false)").await;
    let page = admin.get("/operations/reconciliation").await.text.replace(['\u{a0}', '\u{202f}'], " ");
    assert!(page.contains("1С и отправленное") && page.contains("77,00 → 66,00"), "{page}");
    let told = program(&stand, "manager").await.json("/api/v1/operations/reconciliation").await;
    let (warehouse, source) = (&told["in_warehouse"][0], &told["with_source"][0]);
    assert_eq!((&warehouse["month"], &warehouse["found_amount"]), (&json!("2026-09"), &json!("9.00")));
    assert_eq!((&source["what"], &source["expected_lines"]), (&json!("sales"), &json!(12)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_everybodys_jobs_and_cancels_one() {
    let stand = Stand::start().await;
    let (admin, user) = signed_in(&stand, "admin").await;
    assert!(admin.get("/operations/jobs").await.text.contains("Никто ещё не заказывал"));
    let (person, asker) = crate::export_stand::volga(&stand).await;
    let job = crate::export_stand::order(&person, "").await;
    let id = job.rsplit('/').next().unwrap();
    let page = admin.get("/operations/jobs").await.text;
    assert!(page.contains("Продажи") && page.contains("В очереди"), "{page}");
    let cancelled = submit(&admin, "/operations/jobs", &format!("/operations/jobs/{id}/cancel"), &[]).await;
    assert_eq!(cancelled.status, StatusCode::SEE_OTHER);
    assert!(person.get(&job).await.text.contains("Отменено"));
    assert_eq!(events(&stand, &user.id).await[1..], [format!("job-cancelled {} {id}", asker.id)]);
    let machine = program(&stand, "admin").await;
    let told = machine.json("/api/v1/operations/jobs").await;
    assert_eq!((&told["jobs"][0]["id"], &told["jobs"][0]["state"]), (&json!(id), &json!("cancelled")));
    let url = format!("{}/api/v1/operations/jobs/{id}", stand.portal.url);
    let again = Program::send(stack::http().unwrap().delete(url).bearer_auth(&machine.token)).await;
    assert_eq!(again.status, StatusCode::NO_CONTENT, "one that is over stays as it is");
}
