//! Where a person's deliveries are listed.

pub const PATH: &str = "/deliveries";
