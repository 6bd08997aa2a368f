//! A bucket of one test in a real server of S3.

use stack::parts::Parts;
use stack::s3::{S3, Settings};

const NAME: &str = "exports";
/// Of `EXPORT_FILES`: the bucket has other tenants.
const PREFIX: &str = "portal";

/// Empty, and gone with the test.
pub struct TestBucket {
    server: S3,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl TestBucket {
    pub async fn start() -> Self {
        let folder = crate::folder();
        let settings = Settings { port: stack::ports::free().expect("a port"), log: folder.path().join("s3.log") };
        let server = S3::start(&Parts::locate(), &settings).await.expect("start a server of S3");
        let bucket = Self { server, http: stack::http().expect("a client"), _folder: folder };
        let made = bucket.http.put(bucket.address("")).send().await.expect("make the bucket");
        assert!(made.status().is_success(), "{}", made.status());
        bucket
    }

    fn address(&self, rest: &str) -> String {
        format!("{}/{NAME}{rest}", self.server.url())
    }

    /// What portal and reporter are told.
    pub fn variables(&self) -> Vec<(String, String)> {
        self.variables_at(&self.server.url())
    }

    /// The same with something before the server.
    pub fn variables_at(&self, endpoint: &str) -> Vec<(String, String)> {
        [
            ("EXPORT_FILES", format!("s3://{NAME}/{PREFIX}")),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// host:port.
    pub fn authority(&self) -> String {
        self.server.url().trim_start_matches("http://").to_owned()
    }

    /// The names of all whole files.
    pub async fn files(&self) -> Vec<String> {
        self.keys("?list-type=2").await
    }

    /// The names of those that are half sent.
    pub async fn halves(&self) -> Vec<String> {
        self.keys("?uploads").await
    }

    async fn keys(&self, listed: &str) -> Vec<String> {
        let text = self.http.get(self.address(listed)).send().await.expect("ask for a list").text().await;
        let text = text.expect("a list");
        text.split("<Key>").skip(1).filter_map(|rest| rest.split('<').next()).map(str::to_owned).collect()
    }
}
