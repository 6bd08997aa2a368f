//! Mails of deliveries: what is due is read as its recipient may read it, written as a letter and handed to the mail server.

mod body;
mod config;
mod letter;
mod post;
mod postman;
mod view;

pub use self::config::MailConfig;
pub use self::postman::Postman;
