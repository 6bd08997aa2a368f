//! The portal over HTTP and in the browser, on real parts: a file per feature.

mod dealer_isolation;
mod sales;
mod sessions;
mod sign_in;
mod stand;
mod web;
