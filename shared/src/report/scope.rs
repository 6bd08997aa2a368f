//! Whose rows a report may show. A report cannot be run without one.

use std::sync::Arc;

use crate::ids::DealerId;

/// The dealers whose rows a viewer may see: the first of the two locks (the second stands in ClickHouse's views).
///
/// Only the portal's `auth::viewer` (for a person) and a stored grant (for a delivery) may make one; a test reads the
/// sources and holds them to it. An empty scope is legal and sees nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DealerScope(Arc<[DealerId]>);

impl DealerScope {
    pub fn granted(dealers: impl IntoIterator<Item = DealerId>) -> Self {
        let mut dealers: Vec<_> = dealers.into_iter().collect();
        dealers.sort_unstable();
        dealers.dedup();
        Self(dealers.into())
    }

    /// Sorted, each once.
    pub fn dealers(&self) -> &[DealerId] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same viewer looking at one dealer only; none if this scope does not hold that dealer.
    pub fn narrowed_to(&self, dealer: DealerId) -> Option<Self> {
        self.0.contains(&dealer).then(|| Self(Arc::from([dealer])))
    }
}
