//! PDF: a report on paper. What sets its pages is a large library, so `workers/src/deliver/pdf` has the writer.

use super::writer::Format;

pub const FORMAT: Format = Format {
    code: "pdf",
    extension: "pdf",
    title: "format-pdf",
    media_type: "application/pdf",
    // Some three thousand pages, and a minute of work.
    most_rows: 100_000,
    open: None,
};
