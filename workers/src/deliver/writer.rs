//! Who writes a format's files here: its own writer, or that of paper.

use std::io;

use shared::jobs::Reason;
use shared::report::write::{Format, Open};

use super::failure::Failure;
use super::pdf;

/// None of so many rows, where the format is of no use for as many.
pub fn of(format: &Format, rows: u64) -> Result<Open, Failure> {
    if rows > format.most_rows {
        return Err(Failure::because(Reason::TooManyRows, format!("{rows} rows, as {}", format.code)));
    }
    Ok(format.open.unwrap_or(pdf::open))
}

/// A part that does not come is the warehouse's fault, unless its writer says that it cannot make one of what it was given.
pub fn failed(cause: io::Error) -> Failure {
    match cause.kind() {
        io::ErrorKind::InvalidData => Failure::because(Reason::Internal, cause),
        _ => Failure::because(Reason::Warehouse, cause),
    }
}
