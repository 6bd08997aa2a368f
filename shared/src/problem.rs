//! Why a folder is no report and no dataset: one sentence that names the file, the line and the mend.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct Problem {
    pub file: String,
    pub line: usize,
    pub problem: String,
}

impl Problem {
    pub(crate) fn new(file: impl Into<String>, line: usize, problem: impl Into<String>) -> Self {
        Self { file: file.into(), line, problem: problem.into() }
    }

    /// In the line of this byte of the file's text.
    pub(crate) fn at(file: impl Into<String>, text: &str, offset: usize, problem: impl Into<String>) -> Self {
        let line = text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
        Self::new(file, line, problem)
    }
}
