//! Values as the server reads them in a parameter: no SQL is put together from what a person typed.

use clickhouse::query::Query;

use super::definition::Definition;
use super::filter::Filter;
use super::filter::declared::Bound;
use super::literal;
use super::scope::DealerScope;

/// Whose rows: the one source of the parameter that every view demands, and of the quota that is used up.
pub fn scope(query: Query, scope: &DealerScope) -> Query {
    let dealers: Vec<String> = scope.dealers().iter().map(ToString::to_string).collect();
    query.with_setting("quota_key", quota_key(scope)).with_setting("param_dealers", literal::texts(&dealers))
}

/// What is chosen: parameters and their values.
pub fn filter(report: &Definition, filter: &Filter) -> Vec<Bound> {
    let former = report.is_compared().then(|| ("with_former".to_owned(), u8::from(filter.with_former).to_string()));
    let chosen = report.filters.iter().zip(&filter.values);
    let chosen = chosen.flat_map(|(spec, value)| spec.kind.bound(&spec.name, value, filter.compare));
    former.into_iter().chain(chosen).collect()
}

/// The dealer, or a fixed name for a set of several.
fn quota_key(scope: &DealerScope) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    match scope.dealers() {
        [dealer] => dealer.to_string(),
        several => {
            let mut hasher = DefaultHasher::new();
            several.hash(&mut hasher);
            format!("{}-dealers-{:016x}", several.len(), hasher.finish())
        }
    }
}
