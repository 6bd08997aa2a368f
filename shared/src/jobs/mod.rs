//! The queue of jobs: what somebody asks for on a page (`order`), looks at and cancels (`found`), and a worker claims, keeps
//! and ends (`queue`). All of it is rows of the table `job`, and every clock is PostgreSQL's.
//!
//! A claim draws a fence. Each later write of its holder names it, and changes nothing once somebody else has the job.

mod found;
mod kept;
mod names;
mod order;
mod queue;
mod reason;

pub use self::found::{Job, State, cancel, cancel_any, find, of_subject};
pub use self::kept::keep;
pub use self::names::{CANCELLED, EXPORT, QUEUED};
pub use self::order::{Order, PER_HOUR, Placed, Request, place};
pub use self::queue::{Claim, Made, Outcome, Progress, Queue, Rhythm};
pub use self::reason::Reason;
