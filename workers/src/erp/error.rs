//! Why 1C was not read, in sentences that say what to mend.

#[derive(Debug, thiserror::Error)]
pub enum ErpError {
    #[error("1C at {url} does not answer: {cause}. The next try follows by itself.")]
    Unreachable { url: String, cause: String },
    #[error(
        "1C refuses the user {user:?} (401): mend ONEC_USER or the password. The same password is tried once more within \
         {minutes} min, one that changed in its file at once."
    )]
    Refused { user: String, minutes: u64 },
    #[error("The user {user:?} may not read {entity} in 1C: {message}: ask its administrator for the right to it.")]
    NoRights { user: String, entity: String, message: String },
    #[error("1C does not publish {entity} (404): ask its administrator to add it to the standard OData composition.")]
    NotPublished { entity: String },
    #[error(
        "The web server before 1C does not know the address of {entity} ({status}, {message}): check the address and the \
         publication in ONEC_URL, whether {entity} is published, and how long an address it takes (this one has {length} bytes)."
    )]
    WrongAddress { entity: String, status: u16, message: String, length: usize },
    #[error(
        "The question for {entity} is redirected ({status}) to {to}: give ONEC_URL the address where 1C answers itself."
    )]
    Redirected { entity: String, status: u16, to: String },
    #[error("1C does not understand the question for {entity} ({status}): {message}")]
    NotUnderstood { entity: String, status: u16, message: String },
    #[error("1C is not ready ({status}): {message}. The next try follows by itself.")]
    NotReady { status: u16, message: String },
    #[error("1C could not build the answer for {entity}: {cause}.")]
    TooHeavy { entity: String, cause: String },
    #[error("1C takes too long over {entity}: no byte came within {seconds} s.")]
    TooSlow { entity: String, seconds: u64 },
    #[error("The answer of 1C for {entity} {problem}.")]
    Broken { entity: String, problem: String },
    #[error("The answer of 1C for {entity} is larger than {limit} bytes.")]
    TooLarge { entity: String, limit: usize },
    #[error("{0}")]
    Setup(String),
}

impl ErpError {
    /// Whether the same question for a smaller page may do.
    pub fn wants_smaller_page(&self) -> bool {
        matches!(self, Self::TooHeavy { .. } | Self::TooSlow { .. } | Self::TooLarge { .. })
    }

    /// Whether someone must mend something first.
    pub fn needs_a_person(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::NoRights { .. } | Self::NotPublished { .. } | Self::WrongAddress { .. } => {
                true
            }
            Self::Redirected { .. } | Self::NotUnderstood { .. } | Self::Setup(_) => true,
            Self::Unreachable { .. } | Self::NotReady { .. } | Self::TooSlow { .. } => false,
            Self::TooHeavy { .. } | Self::TooLarge { .. } | Self::Broken { .. } => false,
        }
    }
}
