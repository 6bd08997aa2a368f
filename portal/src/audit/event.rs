//! What is written down.

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// A kind of event, each with its code in the table and its words `audit-…` in the locales.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Event { $($(#[$doc])* $name,)* }

        impl Event {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As the table and addresses have it.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The name of its words.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => concat!("audit-", $code),)* }
            }
        }
    };
}

events! {
    SignedIn = "signed-in",
    /// Keycloak or the way back did not hold.
    SignInRefused = "sign-in-refused",
    SignedOut = "signed-out",
    /// By Keycloak: its back channel, or a refresh that it refused.
    SessionEnded = "session-ended",
    /// A page, an action or a dealer that is not this person's, or too many requests.
    Refused = "refused",
    ReportOpened = "report-opened",
    /// A file of a report, made at once or taken once it was made.
    FileTaken = "file-taken",
    ExportAsked = "export-asked",
    /// A delivery by mail was set up: whose, and to whom.
    Subscribed = "subscribed",
    Granted = "granted",
    GrantTaken = "grant-taken",
    /// A manager may look as his dealers from now on.
    LookAllowed = "look-allowed",
    LookForbidden = "look-forbidden",
    LookBegun = "look-begun",
    /// A page that was opened while looking as a dealer.
    LookPage = "look-page",
    LookEnded = "look-ended",
    /// A word to the workers: run now, pause, read again, let through, replay.
    SyncSteered = "sync-steered",
    SetAsideSeen = "set-aside-seen",
    JobCancelled = "job-cancelled",
    AuditRead = "audit-read",
}

impl Event {
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.code() == code)
    }
}
