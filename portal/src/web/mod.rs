//! HTTP, before any feature: what a request is, what it may do, how an answer leaves.

pub mod address;
pub mod assets;
pub mod choose_language;
pub mod csrf;
pub mod download;
pub mod draw_error;
pub mod flow;
pub mod headers;
pub mod health;
pub mod input;
pub mod language;
pub mod limits;
pub mod places;
pub mod refusals;
pub mod return_to;
pub mod signed_out;
pub mod tag;
pub mod trace;
pub mod want;
pub mod whose;
