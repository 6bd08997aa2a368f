//! A document that does not fit leaves its former version standing, unless what could be read of it says that nothing of it
//! stands any more, or that it is another dealer's: then the former rows go, whoever looks at them.

use std::collections::HashMap;

use uuid::Uuid;

use super::Reader;
use crate::erp::read::Salvage;
use crate::erp::records::Records;
use crate::extract::Stop;
use crate::extract::place::Place;

impl Reader {
    /// Takes away the former rows of documents that do not fit, where they may not stand on.
    pub(super) async fn withdraw(&self, misfits: &HashMap<Uuid, Salvage>) -> Result<(), Stop> {
        let asked: Vec<Uuid> = misfits.keys().copied().collect();
        if asked.is_empty() {
            return Ok(());
        }
        let mut known = self.ledger().of_keys(&self.pass, &asked).await?;
        known.retain(|key, known| misfits.get(key).is_some_and(|salvage| must_go(*salvage, &known.places)));
        if known.is_empty() {
            return Ok(());
        }
        let (count, dataset) = (known.len(), self.pass.dataset);
        tracing::warn!(
            dataset.name = dataset.name(),
            pass.withdrawn = count,
            "Took away the former rows of {count} of {dataset} that do not fit: unposted, marked deleted, or another dealer's"
        );
        self.publisher.publish(&self.pass, &Records::gone(dataset, known.into_keys().collect())).await
    }
}

fn must_go(salvage: Salvage, former: &[Place]) -> bool {
    let mut rows = former.iter().filter(|place| place.lines > 0).peekable();
    let is_down = salvage.stands == Some(false) && rows.peek().is_some();
    is_down || salvage.dealer_id.is_some_and(|dealer| rows.any(|place| place.dealer_id != dealer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn former_rows_stand_on_only_while_the_document_stands_with_the_same_dealer_or_does_not_say() {
        let (volga, ural) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let former = [Place { dealer_id: Some(volga), day: None, lines: 2 }];
        for (stands, dealer_id, goes) in [
            (Some(true), Some(Some(volga)), false),
            (None, Some(Some(volga)), false),
            (Some(true), None, false),
            (None, None, false),
            (Some(false), Some(Some(volga)), true),
            (Some(false), None, true),
            (Some(true), Some(Some(ural)), true),
            (None, Some(None), true),
        ] {
            assert_eq!(must_go(Salvage { stands, dealer_id }, &former), goes, "{stands:?} {dealer_id:?}");
        }
        assert!(!must_go(Salvage { stands: Some(false), dealer_id: None }, &[Place::NOWHERE]), "it has no rows");
    }
}
