//! Components: pure functions to `Markup` that know no request. Pages and fragments are made of them.

pub mod chart;
pub mod delivery_link;
pub mod export_form;
pub mod filters;
pub mod freshness;
pub mod in_place;
pub mod menu;
pub mod message;
pub mod notice;
pub mod pager;
pub mod shell;
pub mod strip;
pub mod table;
