//! A view as its recipient may see it now: the only place where a delivery's scope is made.

use std::sync::Arc;

use chrono::NaiveDate;
use shared::access;
use shared::deliveries::{CLAIMS_DAYS, Mail, Reason};
use shared::ids::DealerId;
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::run::Engine;
use shared::report::scope::DealerScope;
use sqlx::PgPool;

use super::unsent::Unsent;

pub struct View {
    pub report: Arc<Definition>,
    pub scope: DealerScope,
    pub filter: Filter,
    /// "Today" of the filter: the due day, by the delivery's clock.
    pub today: NaiveDate,
}

impl View {
    /// By the recipient's own claims and grants, never by those of the owner.
    pub async fn of(pool: &PgPool, engine: &Engine, mail: &Mail, today: NaiveDate) -> Result<Self, Unsent> {
        let closed = |what: &str| Unsent::because(Reason::Access, what);
        let seen = access::of_absent(pool, &mail.subject, CLAIMS_DAYS).await?;
        let (role, dealers) =
            seen.ok_or_else(|| Unsent::because(Reason::Absent, "no claims of late that let anybody in"))?;
        if dealers.is_empty() {
            return Err(closed("no dealer is the recipient's"));
        }
        engine.catalogue().get(&mail.report).ok_or_else(|| Unsent::gone("the report"))?;
        let report = engine.catalogue().one_open_to(role, &mail.report);
        let report = report.ok_or_else(|| closed("the report is for others"))?.clone();
        let scope = DealerScope::granted(dealers);
        let pairs: Vec<(String, String)> = form_urlencoded::parse(mail.query.as_bytes()).into_owned().collect();
        let filter = Filter::read(&report, &scope, today, &pairs).map_err(|refused| match refused.of("dealer") {
            Some(_) => closed("the view is of a dealer who is not the recipient's"),
            None => Unsent::gone("a filter"),
        })?;
        Ok(Self { report, scope, filter: filter.first_page(), today })
    }

    /// Whose rows it shows.
    pub fn dealers(&self) -> Vec<DealerId> {
        let narrowed = self.filter.dealer.and_then(|dealer| self.scope.narrowed_to(dealer));
        narrowed.as_ref().unwrap_or(&self.scope).dealers().to_vec()
    }
}
