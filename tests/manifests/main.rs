//! The manifests without a cluster: kustomize renders them, and every rule of the house is a function from what it
//! rendered to complaints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod broken;
mod complaint;
mod configuration;
mod disruption;
mod images;
mod ingress;
mod lifecycle;
mod network;
mod policy;
mod readme;
mod resources;
mod restricted;
mod rules;
mod scaling;
mod schema;
mod secrets;
mod selector;
mod site;
mod skaffold;
mod tools;
mod variables;
mod waivers;
