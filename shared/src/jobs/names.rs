//! Words that the pages' side and the workers' side share.

/// The channel that tells workers of a job to be claimed.
pub const QUEUED: &str = "job_queued";
/// The channel that tells them of one that was cancelled; its payload is the job's id.
pub const CANCELLED: &str = "job_cancelled";

/// The kind of job that makes a file of a report.
pub const EXPORT: &str = "export";
