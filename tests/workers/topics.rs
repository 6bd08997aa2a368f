//! Topics that are not there: the workers say what to create, and create nothing.

use std::time::Duration;

use tests::{TestOnec, clickhouse, folder, postgres, test_workers, topics};

#[tokio::test(flavor = "multi_thread")]
async fn workers_refuse_to_start_without_their_topics_and_name_the_command_that_makes_them() {
    let (onec, postgres, clickhouse, topics, folder) =
        (TestOnec::start().await, postgres().await, clickhouse().await, topics().await, folder());
    let extractor = test_workers::extractor(&onec, &postgres, &topics, folder.path());
    let loader = test_workers::loader(&topics, &postgres, &clickhouse, folder.path());
    for launch in [extractor, loader] {
        let mut process = launch.env("KAFKA_TOPIC_PREFIX", "nobody-made-these").start().expect("start the worker");
        let status = process.finished(Duration::from_secs(60)).await.expect("it ends by itself");
        assert!(!status.success());
        let output = process.output();
        assert!(output.contains("The topic nobody-made-these.products.v1 does not exist"), "{output}");
        assert!(output.contains("--create --topic nobody-made-these.products.v1"), "{output}");
    }
}
