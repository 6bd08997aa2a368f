//! The product's Kafka topics under a prefix per test.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;

use crate::test_environment::{environment, fresh_name};

/// The topics of one test. Deleted with it.
#[derive(Debug)]
pub struct TestTopics {
    /// `KAFKA_BROKERS`.
    pub brokers: String,
    /// `KAFKA_TOPIC_PREFIX`.
    pub prefix: String,
}

/// Fresh topics in the shared broker.
pub async fn topics() -> TestTopics {
    TestTopics::on(&environment().kafka_brokers).await
}

impl TestTopics {
    /// Fresh topics in the broker at `brokers`: for tests that break a broker of their own.
    pub async fn on(brokers: &str) -> Self {
        let prefix = fresh_name("test-");
        stack::kafka::create_topics(brokers, &prefix).await.expect("create topics");
        Self { brokers: brokers.to_owned(), prefix }
    }

    /// The full name of a topic: `sales` gives `<prefix>.sales.v1`.
    pub fn name(&self, dataset: &str) -> String {
        format!("{}.{dataset}.v1", self.prefix)
    }

    /// The variables of a process that uses them.
    pub fn variables(&self) -> Vec<(String, String)> {
        [("KAFKA_BROKERS", &self.brokers), ("KAFKA_TOPIC_PREFIX", &self.prefix)]
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .to_vec()
    }
}

impl Drop for TestTopics {
    fn drop(&mut self) {
        let (brokers, prefix) = (self.brokers.clone(), self.prefix.clone());
        crate::test_processes::aside(async move {
            let admin: Result<AdminClient<DefaultClientContext>, _> =
                ClientConfig::new().set("bootstrap.servers", &brokers).set("log_level", "0").create();
            let datasets = shared::dataset::Catalogue::compiled_in().expect("the datasets");
            let topics = workers::kafka::topics::wanted(&prefix, &datasets);
            let names: Vec<_> = topics.iter().map(|topic| topic.name.as_str()).collect();
            let options = AdminOptions::new().request_timeout(Some(Duration::from_secs(3)));
            if let Ok(admin) = admin {
                let _ = admin.delete_topics(&names, &options).await;
            }
        });
    }
}
