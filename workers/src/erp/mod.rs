//! The 1C server: only this folder knows that it speaks OData, and only `mapping` knows its names.

pub mod check;
pub mod client;
pub mod error;
pub mod given;
pub mod mapping;
pub mod page_size;
pub mod pages;
pub mod password;
pub mod propose;
pub mod read;
pub mod records;
pub mod refusal;
pub mod scalar;
pub mod url;

pub use client::Client;
pub use error::ErpError;
pub use mapping::Mapping;
