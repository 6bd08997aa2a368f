//! What each of the manufacturer's staff may do besides reading reports: one table, which every route of `operations` names a row of.

use shared::report::role::Role;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// How fresh each dataset is, what runs, what was compared.
    WatchSync,
    /// Run now, pause, read again, let deletions through, replay what was set aside.
    SteerSync,
    /// What was set aside holds whole documents of any dealer.
    SeeSetAside,
    /// Dealers and who sees them: a manager those of his own dealers.
    SeePeople,
    /// A manager grants his own dealers only.
    Grant,
    /// Which managers may look as their dealers.
    AllowLooking,
    /// Of a manager only if he was allowed to, and as his own dealers.
    Look,
    SeeJobs,
    CancelJobs,
    SeeAudit,
}

impl Right {
    pub const ALL: [Self; 10] = [
        Self::WatchSync,
        Self::SteerSync,
        Self::SeeSetAside,
        Self::SeePeople,
        Self::Grant,
        Self::AllowLooking,
        Self::Look,
        Self::SeeJobs,
        Self::CancelJobs,
        Self::SeeAudit,
    ];

    pub const fn is_of(self, role: Role) -> bool {
        match role {
            Role::Admin => true,
            Role::Manager => matches!(self, Self::WatchSync | Self::SeePeople | Self::Grant | Self::Look),
            Role::Dealer => false,
        }
    }
}
