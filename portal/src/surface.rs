//! What one process serves: pages for people, the API for dealers' programs, the one for whoever runs the portal, or all.

use clap::ValueEnum;

/// A part of the address space with its own deployment in a large installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Surface {
    /// Pages, signing in, assets.
    Web,
    /// `/api/v1/reports`, by bearer token.
    ReportsApi,
    /// `/api/v1/operations`, by bearer token.
    OperationsApi,
}

/// One of them, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surfaces(Option<Surface>);

impl Surfaces {
    /// None: all.
    pub const fn of(one: Option<Surface>) -> Self {
        Self(one)
    }

    pub const fn web(self) -> bool {
        matches!(self.0, None | Some(Surface::Web))
    }

    pub const fn reports_api(self) -> bool {
        matches!(self.0, None | Some(Surface::ReportsApi))
    }

    pub const fn operations_api(self) -> bool {
        matches!(self.0, None | Some(Surface::OperationsApi))
    }
}
