//! Components: pure functions to `Markup` that know no report and no request. Pages and fragments are made of them.

pub mod menu;
pub mod message;
pub mod notice;
pub mod shell;
pub mod text;
