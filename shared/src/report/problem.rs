//! Why a folder is no report: one sentence that names the file, the line and the mend.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct Problem {
    pub file: String,
    pub line: usize,
    pub problem: String,
}

impl Problem {
    pub(super) fn new(file: impl Into<String>, line: usize, problem: impl Into<String>) -> Self {
        Self { file: file.into(), line, problem: problem.into() }
    }
}
