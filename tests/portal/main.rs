//! The portal over HTTP and in the browser, on real parts: a file per feature.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod answers;
mod api_openapi;
mod api_paging;
mod api_reports;
mod api_surfaces;
mod api_tags;
mod api_tokens;
mod browser_clicks;
mod browser_exports;
mod browser_htmx;
mod browser_look;
mod browser_road;
mod check_reports;
mod dealer_isolation;
mod deployed;
mod downloads;
mod export_faults;
mod export_stand;
mod exports;
mod figures;
mod formats;
mod freshness;
mod html;
mod imports;
mod languages;
mod live_assets;
mod report_engine;
mod sales;
mod sessions;
mod sign_in;
mod stand;
mod web;
