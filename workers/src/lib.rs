//! What runs behind the portal: 1C to Kafka (`extract`), Kafka to ClickHouse (`load`). The two halves do not know each
//! other: they meet at a topic and at `record`. 1C names live in the datasets' mappings, read by `erp` only.

pub mod config;
pub mod deliver;
pub mod erp;
pub mod exit;
pub mod extract;
pub mod health;
pub mod kafka;
pub mod load;
pub mod memory;
pub mod migrate;
pub mod record;
pub mod together;
pub mod waiting;
