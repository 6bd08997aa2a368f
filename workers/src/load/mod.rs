//! Kafka to ClickHouse.
