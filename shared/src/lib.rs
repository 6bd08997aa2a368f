//! What the portal and the workers both need, and the schema of both stores.

pub mod access;
pub mod assets;
pub mod clickhouse;
pub mod clock;
pub mod dataset;
pub mod deliveries;
pub mod env;
pub mod file_store;
pub mod files;
pub mod ids;
pub mod jobs;
pub mod language;
pub mod localised;
pub mod money;
pub mod parts;
pub mod postgres;
pub mod problem;
pub mod report;
pub mod schema;
pub mod shutdown;
pub mod steering;
pub mod telemetry;
pub mod words;
