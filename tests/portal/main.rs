//! The portal over HTTP and in the browser, on real parts: a file per feature.

mod sessions;
mod sign_in;
mod web;
