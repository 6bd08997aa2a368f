use super::*;
use crate::base::{CLOSED, Deed, Set};

fn plan() -> Plan {
    Plan {
        dealers: 5,
        products: 120,
        lines: 3_000,
        years: 3,
        seed: 7,
        canaries: false,
        junk_dates: false,
        now: Moment::of(2026, 3, 5).at(14 * 3600),
    }
}

fn texts(base: &Base) -> String {
    let rows = format!(
        "{:?}{:?}{:?}",
        base.products.rows().collect::<Vec<_>>(),
        base.partners.rows().collect::<Vec<_>>(),
        base.legal_entities.rows().collect::<Vec<_>>()
    );
    rows + &format!("{:?}", base.documents.rows().collect::<Vec<_>>())
}

#[test]
fn the_same_plan_makes_the_same_base() {
    assert_eq!(texts(&base(&plan())), texts(&base(&plan())));
    assert_ne!(texts(&base(&plan())), texts(&base(&Plan { seed: 8, ..plan() })));
}

#[test]
fn a_base_has_exactly_the_lines_it_was_asked_for_over_about_as_many_years() {
    let base = base(&Plan { lines: 20_000, ..plan() });
    assert_eq!(base.documents.rows().map(|document| document.lines.len()).sum::<usize>(), 20_000);
    let first = base.documents.rows().next().expect("a first document").date;
    let years = (plan().now.0 - first.0) as f64 / (365.0 * 86_400.0);
    assert!((2.4..3.8).contains(&years), "{years}");
    assert!(base.documents.rows().all(|document| document.date <= plan().now));
}

#[test]
fn a_base_made_a_week_later_holds_the_same_documents_under_the_same_versions() {
    let (earlier, later) = (base(&plan()), base(&Plan { now: plan().now.days_later(7), ..plan() }));
    let kept: Vec<_> =
        earlier.documents.rows().filter(|row| later.find(Set::Documents, row.reference).is_some()).collect();
    assert!(kept.len() > 250, "{}", kept.len());
    // The oldest document is cut to make the number of lines exact.
    let same = kept
        .iter()
        .filter(|row| later.documents.by_reference(row.reference).is_some_and(|same| same.version == row.version));
    assert!(same.count() >= kept.len() - 1);
}

#[test]
fn products_and_dealers_have_names_of_their_own() {
    let base = base(&Plan { products: 8_000, dealers: 900, ..plan() });
    let names: std::collections::HashSet<_> =
        base.products.rows().filter(|row| !row.is_folder).map(|row| &row.name).collect();
    assert_eq!(names.len(), 8_000);
    let names: std::collections::HashSet<_> = base.partners.rows().map(|row| &row.name).collect();
    assert_eq!(names.len(), 903);
    let named = |n| base.partners.by_reference(dealer_reference(n)).map(|row| row.name.to_string());
    assert_eq!(
        [named(1), named(2), named(3)].map(Option::unwrap_or_default),
        ["Волга-Тепло", "Урал-Климат", "Север-Комфорт"]
    );
}

#[test]
fn every_folder_lies_in_another_or_at_the_top_and_no_deeper_than_three() {
    let base = base(&plan());
    for row in base.products.rows() {
        let mut depth = 0;
        let mut at = row.parent;
        while !at.is_nil() {
            let parent = base.products.by_reference(at).expect("a parent that exists");
            assert!(parent.is_folder);
            at = parent.parent;
            depth += 1;
        }
        assert!(depth <= 3 && (row.is_folder || depth >= 2), "{} lies {depth} deep", row.name);
    }
}

#[test]
fn a_canary_stands_in_every_text_of_its_dealer_and_in_none_of_another() {
    let base = base(&Plan { canaries: true, ..plan() });
    for document in base.documents.rows() {
        let n = (document.partner.as_u128() & 0xffff_ffff) as u64;
        assert!(document.number.contains(&canary(n)) && document.comment.contains(&canary(n)));
        for line in &document.lines {
            let name =
                base.products.by_reference(line.product).map(|product| product.name.to_string()).unwrap_or_default();
            assert!(!name.contains("Zq") || name.contains(&canary(n)), "{name} in a document of dealer {n}");
        }
    }
    let sold: std::collections::HashSet<_> =
        base.documents.rows().flat_map(|document| &document.lines).map(|line| line.product).collect();
    let own = base.products.rows().filter(|row| row.name.contains("Zq") && sold.contains(&row.reference));
    assert_eq!(own.count(), 5);
}

#[test]
fn vat_is_a_sixth_of_the_revenue_and_some_documents_are_no_sales() {
    let base = base(&plan());
    for line in base.documents.rows().flat_map(|document| &document.lines) {
        assert!((line.revenue.0 - line.vat.0 * 6).abs() <= 300 && line.revenue.0 > 0, "{line:?}");
    }
    assert!(base.documents.rows().any(|document| document.is_deleted));
    assert!(base.documents.rows().any(|document| !document.is_posted && !document.is_deleted));
}

#[test]
fn junk_dates_come_only_when_asked_for() {
    let years = |base: &Base| base.documents.rows().map(|document| document.date.civil().0).collect::<Vec<_>>();
    assert!(years(&base(&plan())).iter().all(|year| (2022..=2026).contains(year)));
    let junk = years(&base(&Plan { junk_dates: true, ..plan() }));
    assert!([1, 209, 2106].iter().all(|year| junk.contains(year)));
}

/// Figures of the stand-in as it was before it had orders: whatever is drawn besides must not move them.
#[test]
fn the_sales_of_a_seed_are_what_they_have_always_been() {
    let now = Moment::of(2026, 3, 5).at(14 * 3600);
    let base = base(&Plan { dealers: 4, products: 60, lines: 1_500, seed: 1, now, ..plan() });
    let ledger = base.ledger(&[Deed::Sale]);
    assert_eq!((ledger.documents, ledger.lines, ledger.revenue.as_str()), (136, 1_382, "75104991.11"));
    assert_eq!(ledger.months[0].xor, "6936824490997351261");
    assert_eq!(base.ledger(&[Deed::Return]).months[0].xor, "3835190682306182511");
    assert_eq!(base.product_ledger().xor, "18163615639484226693");
    assert_eq!(base.documents.rows().fold(0, |xor, row| xor ^ row.version), 886_557_375_873);
}

#[test]
fn orders_are_in_proportion_to_sales_and_none_is_of_the_future() {
    let base = base(&Plan { lines: 20_000, ..plan() });
    let (orders, sales) = (base.orders(), base.documents.len());
    assert!((sales * 8 / 10..sales * 12 / 10).contains(&orders.len()), "{} of {sales}", orders.len());
    assert!(orders.rows().all(|order| order.date <= plan().now));
    for order in orders.rows() {
        let terms = order.terms.as_ref().expect("terms of an order");
        assert_eq!(terms.lines.len(), order.lines.len());
        let codes: std::collections::HashSet<_> = terms.lines.iter().map(|line| line.code).collect();
        assert_eq!(codes.len(), order.lines.len(), "a code is one line's");
        let age = (plan().now.0 - order.date.0) / 86_400;
        let is_off = order.standing_lines().next().is_none();
        assert!(!is_off || age > 60 && terms.status == CLOSED, "called off whole after {age} days: {order:?}");
    }
}

#[test]
fn a_canary_stands_in_every_text_of_an_order_too() {
    let base = base(&Plan { canaries: true, ..plan() });
    for order in base.orders().rows() {
        let own = canary((order.partner.as_u128() & 0xffff_ffff) as u64);
        let theirs = &order.terms.as_ref().expect("terms of an order").customer_number;
        assert!([&order.number, &order.comment, theirs].iter().all(|text| text.contains(&own)), "{order:?}");
    }
}
