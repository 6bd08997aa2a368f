//! Files of a report: the same rows, other clothes.

pub mod csv;
