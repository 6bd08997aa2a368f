//! HTTP, before any feature: what a request is, what it may do, how an answer leaves.

pub mod address;
pub mod assets;
pub mod input;
pub mod language;
pub mod want;
