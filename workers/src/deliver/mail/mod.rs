//! Mails of deliveries: what is due is read as its recipient may read it, written as a letter and handed to the mail server.

mod alarm;
mod body;
mod config;
mod letter;
mod packing;
mod post;
mod postman;
mod said;
mod unsent;
mod view;

pub use self::config::MailConfig;
pub use self::postman::Postman;
