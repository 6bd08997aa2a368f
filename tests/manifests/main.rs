//! The manifests without a cluster: kustomize renders them, and every rule of the house is a function from what it
//! rendered to complaints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(dead_code, reason = "the rules that use it follow")]

mod complaint;
mod schema;
mod site;
mod tools;

/// What all rules say about a site, a line each.
fn said(complaints: &[complaint::Complaint]) -> String {
    complaints.iter().map(|complaint| format!("\n  {complaint}")).collect()
}

#[test]
fn every_object_fits_the_schemas_of_the_two_newest_minors() {
    for site in [site::Site::dev(), site::Site::production()] {
        let complaints = schema::complaints(site);
        assert!(complaints.is_empty(), "{}:{}", site.name, said(&complaints));
    }
}
