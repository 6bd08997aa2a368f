//! Deliveries: a view that goes out by mail at set times. The portal's side writes them down (`delivery`, `people`) and takes
//! recipients away (`unsubscribe`); the reporter's side makes mails of them (`outbox`). Tables: `shared/migrations/postgres/0140_delivery.sql`.
//!
//! A mail is a row of its own: what is due becomes rows in the transaction that moves the next time on, so each time goes to each
//! recipient once. Between the mail server's yes and our note of it nobody can say whether it went: it is sent again, under the same
//! Message-ID.

mod delivery;
mod outbox;
mod people;
mod reason;
mod schedule;
mod threshold;
mod unsubscribe;

pub use self::delivery::{
    Created, Delivery, LONGEST_TITLE, Mailed, New, PER_OWNER, RECIPIENTS, Recipient, create, of_owner, pause,
    recipients, remove, resume, send_now,
};
pub use self::outbox::{Mail, Outbox, Outcome, Rhythm};
pub use self::people::{Addressee, CLAIMS_DAYS, Person, addressee, to_choose};
pub use self::reason::Reason;
pub use self::schedule::{Days, Schedule};
pub use self::threshold::{Direction, Over, Threshold};
pub use self::unsubscribe::{Token, unsubscribe};
