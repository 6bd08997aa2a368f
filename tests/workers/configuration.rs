//! Wrong configuration: each program names the variable, tells no secret, and stops.

use std::time::Duration;

use stack::process::Launch;
use tests::{folder, test_processes::launch};

const SECRET: &str = "Тайна-c2VjcmV0";

/// Variables with which each program starts, were the stores there.
fn fits(program: &str, folder: &std::path::Path) -> Launch {
    let launch = launch(program, folder)
        .env("DATABASE_URL", "postgres://app:Тайна-c2VjcmV0@127.0.0.1:1/none")
        .env("CLICKHOUSE_URL", "http://127.0.0.1:1")
        .env("CLICKHOUSE_PASSWORD", SECRET)
        .env("KAFKA_BROKERS", "127.0.0.1:1");
    match program {
        "extractor" => launch
            .env("ONEC_URL", "http://127.0.0.1:1/base/odata/standard.odata")
            .env("ONEC_USER", "Обмен")
            .env("ONEC_PASSWORD", SECRET),
        "portal" => launch
            .env("PORTAL_LISTEN", "127.0.0.1:0")
            .env("PORTAL_HEALTH_LISTEN", "127.0.0.1:0")
            .env("PORTAL_URL", "http://127.0.0.1:1")
            .env("PORTAL_SECRET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
            .env("OIDC_ISSUER", "http://127.0.0.1:1/realms/dealers")
            .env("OIDC_CLIENT_SECRET", SECRET)
            .env("EXPORT_FILES", format!("file://{}", folder.display())),
        "reporter" => launch
            .env("CLICKHOUSE_CANCELLER_PASSWORD", SECRET)
            .env("EXPORT_FILES", format!("file://{}", folder.display()))
            .env("SMTP_URL", "smtps://mail.example")
            .env("SMTP_USER", "portal")
            .env("SMTP_PASSWORD", SECRET)
            .env("MAIL_FROM", "portal@dealer.example")
            .env("PORTAL_URL", "https://portal.example"),
        _ => launch,
    }
}

/// Program, variable, its value (none: not set), and what the sentence says beside the name.
type Case = (&'static str, &'static str, Option<&'static str>, &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("extractor", "DATABASE_URL", None, "is not set"),
    ("extractor", "DATABASE_URL", Some("postgres://app:Тайна-c2VjcmV0@host:port/none"), "is no PostgreSQL address"),
    ("extractor", "DATABASE_PASSWORD", Some("Тайна-c2VjcmV0"), "in one place only"),
    ("loader", "DATABASE_PASSWORD_FILE", Some("/no/such/file"), "cannot be read"),
    ("migrate", "DATABASE_PASSWORD", Some("Тайна-c2VjcmV0"), "in one place only"),
    ("portal", "DATABASE_PASSWORD", Some("Тайна-c2VjcmV0"), "in one place only"),
    ("extractor", "DATABASE_MAX_CONNECTIONS", Some("many"), "\"many\", which does not fit"),
    ("extractor", "KAFKA_BROKERS", None, "is not set"),
    ("extractor", "KAFKA_BROKERS", Some("http://kafka:9092"), "host:port"),
    ("extractor", "KAFKA_BROKERS", Some("kafka:port"), "host:port"),
    ("extractor", "KAFKA_TOPIC_PREFIX", Some("erp sales"), "letters, digits"),
    ("extractor", "ONEC_URL", None, "is not set"),
    ("extractor", "ONEC_URL", Some("ftp://Обмен:Тайна-c2VjcmV0@1c/base"), "no http or https address"),
    ("extractor", "ONEC_USER", None, "is not set"),
    ("extractor", "ONEC_PASSWORD", None, "give ONEC_PASSWORD or ONEC_PASSWORD_FILE a value"),
    ("extractor", "ONEC_PASSWORD_FILE", Some("/no/such/file"), "cannot be read"),
    ("extractor", "ONEC_REQUESTS_PER_SECOND", Some("0"), "between 0.01 and 10000"),
    ("extractor", "ONEC_TIMEZONE", Some("Europe/Atlantis"), "which does not fit"),
    ("extractor", "EXTRACT_CRON_SALES", Some("* * * * *"), "neither off nor a cron line of six fields"),
    ("extractor", "EXTRACT_CRON_RETURNS_FULL", Some("nightly"), "neither off nor a cron line of six fields"),
    ("extractor", "EXTRACT_CRON_AUDIT", Some("nightly"), "neither off nor a cron line of six fields"),
    ("extractor", "CLICKHOUSE_URL", None, "is not set"),
    ("extractor", "CLICKHOUSE_PASSWORD", None, "give CLICKHOUSE_PASSWORD or CLICKHOUSE_PASSWORD_FILE a value"),
    ("extractor", "EXTRACT_CRON", Some("often"), "neither off nor a cron line of six fields"),
    ("extractor", "EXTRACT_WINDOW_DAYS", Some("0"), "1 to 3660 days"),
    ("extractor", "EXTRACT_SALES_WINDOW_DAYS", Some("90"), "give EXTRACT_WINDOW_DAYS"),
    ("extractor", "MAPPINGS_DIR", Some("/etc/mappings"), "give DATASETS_DIR"),
    ("extractor", "DATASETS_DIR", Some("/no/such/folder"), "/no/such/folder"),
    ("loader", "DATASETS_DIR", Some("/no/such/folder"), "/no/such/folder"),
    ("migrate", "DATASETS_DIR", Some("/no/such/folder"), "/no/such/folder"),
    ("portal", "DATASETS_DIR", Some("/no/such/folder"), "/no/such/folder"),
    ("extractor", "HEALTH_LISTEN", Some("8080"), "which does not fit"),
    ("loader", "DATABASE_URL", None, "is not set"),
    ("loader", "CLICKHOUSE_URL", None, "is not set"),
    ("loader", "CLICKHOUSE_URL", Some("loader:Тайна-c2VjcmV0@clickhouse"), "no http or https address"),
    ("loader", "CLICKHOUSE_PASSWORD", None, "give CLICKHOUSE_PASSWORD or CLICKHOUSE_PASSWORD_FILE a value"),
    ("loader", "CLICKHOUSE_PASSWORD_FILE", Some("/no/such/file"), "cannot be read"),
    ("loader", "KAFKA_BROKERS", None, "is not set"),
    ("loader", "KAFKA_BROKERS", Some("kafka"), "host:port"),
    ("migrate", "DATABASE_URL", None, "is not set"),
    ("migrate", "CLICKHOUSE_URL", Some("clickhouse"), "no http or https address"),
    ("migrate", "CLICKHOUSE_PASSWORD", None, "is not set"),
    ("portal", "DATABASE_URL", None, "is not set"),
    ("portal", "CLICKHOUSE_URL", None, "is not set"),
    ("portal", "PORTAL_SECRET_KEY", None, "is not set"),
    ("portal", "PORTAL_SECRET_KEY", Some("Тайна-c2VjcmV0"), "base64 of 32 bytes"),
    ("portal", "PORTAL_URL", Some("http://portal.example/app"), "scheme, host and port only"),
    ("portal", "PORTAL_LISTEN", Some("everywhere"), "which does not fit"),
    ("portal", "PORTAL_TRUSTED_PROXIES", Some("proxy"), "which does not fit"),
    ("portal", "OIDC_ISSUER", Some("keycloak"), "no http or https address"),
    ("portal", "OIDC_INTERNAL_URL", Some("keycloak:8080"), "no http or https address"),
    ("portal", "OIDC_CLIENT_SECRET", None, "is not set"),
    ("portal", "ONEC_TIMEZONE", Some("Moscow"), "which does not fit"),
    ("portal", "PORTAL_ASSETS_DIR", Some("/no/such/folder"), "is no folder"),
    ("portal", "PORTAL_REPORTS_DIR", Some("/no/such/folder"), "/no/such/folder"),
    ("portal", "EXPORT_FILES", None, "is not set"),
    ("portal", "EXPORT_FILES", Some("/var/exports"), "give file:///folder or s3://bucket/prefix"),
    ("reporter", "EXPORT_FILES", None, "is not set"),
    ("reporter", "EXPORT_FILES", Some("file:///no/such/folder"), "which is no folder that can be read"),
    ("reporter", "DATASETS_DIR", Some("/no/such/folder"), "/no/such/folder"),
    ("reporter", "CLICKHOUSE_CANCELLER_PASSWORD", None, "give CLICKHOUSE_CANCELLER_PASSWORD"),
    ("reporter", "SMTP_URL", None, "is not set, but MAIL_FROM is"),
    ("reporter", "SMTP_URL", Some("smtp://portal:Тайна-c2VjcmV0@mail.example"), "is no mail server"),
    ("reporter", "SMTP_URL", Some("smtp://mail.example?tls=off"), "would be sent for all to read"),
    ("reporter", "SMTP_PASSWORD", None, "give SMTP_PASSWORD or SMTP_PASSWORD_FILE a value"),
    ("reporter", "MAIL_FROM", None, "is not set, but SMTP_URL is"),
    ("reporter", "MAIL_FROM", Some("nobody"), "is no address such as"),
    ("reporter", "MAIL_ATTACHMENT_MEGABYTES", Some("100"), "give 1 to 25"),
    ("reporter", "PORTAL_URL", None, "links of mails lead there"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_variable_stops_its_program_with_one_sentence_that_names_it_and_shows_no_secret() {
    let folder = folder();
    let mut failures = Vec::new();
    for (program, variable, value, says) in CASES {
        let launch = fits(program, folder.path());
        let launch = match (*value, variable.strip_suffix("_FILE")) {
            (None, _) => launch.without_env(*variable),
            (Some(value), None) => launch.env(*variable, value),
            (Some(value), Some(secret)) => launch.without_env(secret).env(*variable, value),
        };
        let mut process = launch.start().expect("start the program");
        let ended = process.finished(Duration::from_secs(10)).await;
        let output = process.output();
        let complaint = output.lines().filter(|line| line.contains("\"ERROR\"")).collect::<Vec<_>>();
        let named = complaint.len() == 1 && complaint[0].contains(variable) && complaint[0].contains(&escaped(says));
        let stopped = ended.is_some_and(|status| !status.success());
        if !named || !stopped || output.contains("c2VjcmV0") {
            failures.push(format!("{program}, {variable} = {value:?}: ended {ended:?}, said {output}"));
        }
    }
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), CASES.len(), failures.join("\n"));
}

/// Finished files are those of pages and of the API of reports; the one of operations has none.
#[tokio::test(flavor = "multi_thread")]
async fn a_surface_that_gives_files_demands_where_they_lie() {
    let folder = folder();
    for (surface, demands) in [("web", true), ("reports-api", true), ("operations-api", false)] {
        let launch = fits("portal", folder.path()).args(["serve", "--surface", surface]).without_env("EXPORT_FILES");
        let mut process = launch.start().expect("start the portal");
        let told = if demands { "EXPORT_FILES is not set" } else { "The portal serves" };
        tests::await_true(surface, Duration::from_secs(10), async || process.output().contains(told)).await;
        assert_eq!(process.output().contains("EXPORT_FILES"), demands, "{surface}: {}", process.output());
        process.stop();
    }
}

/// As it stands inside a JSON line.
fn escaped(text: &str) -> String {
    text.replace('"', "\\\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_with_workers_wants_what_each_of_them_wants_and_ends_with_the_first_that_cannot_work() {
    let folder = folder();
    let all = || {
        let users = ["MIGRATOR", "AUDIT_RO", "LOADER", "EXPORT_RO", "CANCELLER"];
        fits("portal", folder.path())
            .args(["serve", "--with-workers"])
            .envs(users.map(|user| (format!("CLICKHOUSE_{user}_PASSWORD"), SECRET)))
            .env("ONEC_URL", "http://127.0.0.1:1/base/odata/standard.odata")
            .env("ONEC_USER", "Обмен")
            .env("ONEC_PASSWORD", SECRET)
    };
    for (launch, says) in [
        (all().without_env("CLICKHOUSE_LOADER_PASSWORD"), "give CLICKHOUSE_LOADER_PASSWORD"),
        (all().without_env("ONEC_URL"), "ONEC_URL is not set"),
        (all().env("HEALTH_LISTEN", "127.0.0.1:0"), "HEALTH_LISTEN is one address"),
        (all().env("ONEC_CONFIGURATION", "ut10"), "ut10"),
        (all().args(["--surface", "web"]), "cannot be used with"),
    ] {
        let mut process = launch.start().expect("start the program");
        let ended = process.finished(Duration::from_secs(20)).await;
        let output = process.output();
        assert!(
            ended.is_some_and(|status| !status.success()) && output.contains(says),
            "{says:?}: {ended:?}, {output}"
        );
        assert!(!output.contains("c2VjcmV0"), "{output}");
    }
}
