//! Where a job's page is.

use uuid::Uuid;

pub fn path(id: Uuid) -> String {
    format!("/exports/{id}")
}
