//! Datasets that are folders only: orders with their lines, and stock, which is replaced as a whole.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Value, json};
use tests::await_true;
use tests::ledger::SOON;

use crate::stand::{Stand, await_line, start, text};

/// Sums of a dealer's orders, or of a warehouse's stock, by reference: as the base's ledger says, or as reports count.
type Sums = BTreeMap<String, Vec<String>>;

fn sums(list: &Value, of: &str, figures: &[&str]) -> Sums {
    let list = list.as_array().expect("a list of the ledger");
    let figure = |entry: &Value, name: &str| match &entry[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    list.iter()
        .map(|entry| (text(entry, of).to_owned(), figures.iter().map(|name| figure(entry, name)).collect()))
        .collect()
}

async fn orders_of_1c(stand: &Stand) -> Sums {
    let ledger = stand.onec.ask("/ledger?dataset=orders").await;
    let figures = ["lines", "quantity", "amount", "vat", "discount", "cancelled_lines", "cancelled_amount"];
    sums(&ledger["dealers"], "of", &figures)
}

async fn orders_of_warehouse(stand: &Stand) -> Sums {
    type Row = (String, String, String, String, String, String, String, String);
    let rows: Vec<Row> = stand
        .clickhouse
        .client("audit_ro")
        .query(
            "SELECT toString(dealer_id), toString(count()), toString(sumIf(quantity, is_cancelled = 0)),
                    toString(sumIf(amount, is_cancelled = 0)), toString(sumIf(vat, is_cancelled = 0)),
                    toString(sumIf(discount, is_cancelled = 0)), toString(countIf(is_cancelled = 1)),
                    toString(sumIf(amount, is_cancelled = 1))
             FROM dw.order_line FINAL WHERE is_deleted = 0 GROUP BY dealer_id",
        )
        .fetch_all()
        .await
        .expect("ask the warehouse");
    rows.into_iter().map(|(dealer, a, b, c, d, e, f, g)| (dealer, vec![a, b, c, d, e, f, g])).collect()
}

async fn await_orders(stand: &Stand, what: &str) {
    let until = Instant::now() + SOON;
    loop {
        let (truth, shown) = (orders_of_1c(stand).await, orders_of_warehouse(stand).await);
        if !truth.is_empty() && truth == shown {
            return;
        }
        assert!(Instant::now() < until, "{what}: not within {SOON:?}: {truth:?} in 1C, {shown:?} in the warehouse");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

async fn stock_of_1c(stand: &Stand) -> Sums {
    sums(&stand.onec.ask("/ledger?dataset=stock").await["warehouses"], "warehouse", &["on_hand", "to_ship"])
}

/// As reports see it: by the portal's own user, through the view.
async fn stock_of_warehouse(stand: &Stand) -> Sums {
    let rows: Vec<(String, String, String)> = stand
        .clickhouse
        .client("portal_ro")
        .query("SELECT toString(warehouse_id), toString(sum(on_hand)), toString(sum(to_ship)) FROM report.stock GROUP BY warehouse_id")
        .fetch_all()
        .await
        .expect("ask the warehouse");
    rows.into_iter().map(|(warehouse, on_hand, to_ship)| (warehouse, vec![on_hand, to_ship])).collect()
}

async fn await_stock(stand: &Stand, what: &str) {
    await_true(what, SOON, async || stock_of_1c(stand).await == stock_of_warehouse(stand).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_stand_with_every_line_state_and_reason_and_follow_each_change() {
    let stand = Stand::start().await;
    let (_extractor, _loader) = (start(stand.extractor()), start(stand.loader()));
    await_orders(&stand, "the orders of the warehouse are those of 1C").await;
    let all = stand.onec.ask("/documents?kind=order&limit=1000").await;
    let all: Vec<&Value> = all.as_array().expect("a list").iter().filter(|order| order["is_posted"] == true).collect();
    let [called_off, closed, unposted, deleted, moved] = &all[..5] else { panic!("five orders") };
    let reason = "SELECT count() FROM dw.cancel_reason FINAL WHERE is_deleted = 0";
    await_true("the reasons are there", SOON, async || stand.warehouse_count(reason).await > 0).await;

    stand.change(called_off, "cancel-line", json!({ "line": 1 })).await;
    stand.change(closed, "status", json!({ "status": "Закрыт" })).await;
    stand.change(unposted, "unpost", json!({})).await;
    stand.change(deleted, "delete", json!({})).await;
    stand.change(moved, "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
    await_orders(&stand, "the changes have arrived").await;
    let state = format!(
        "SELECT count() FROM dw.order_line FINAL WHERE is_deleted = 0 AND order_id = toUUID('{}') AND state = 'closed'",
        text(closed, "ref")
    );
    await_true("its state is ours", SOON, async || stand.warehouse_count(&state).await > 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_stock_no_moment_shows_half_a_reading() {
    let stand = Stand::start().await;
    // Several pages, whatever their size was meant to be.
    stand.fault(json!({ "kind": "heavy", "most": 25, "path": "Balance" })).await;
    let (_extractor, _loader) = (start(stand.extractor()), start(stand.loader()));
    await_stock(&stand, "the stock of the warehouse is that of 1C").await;
    let mut truths = vec![stock_of_1c(&stand).await];
    for round in 0..4 {
        stand.onec.change("/balances/shift", json!({ "by": 7 })).await;
        truths.push(stock_of_1c(&stand).await);
        let until = Instant::now() + SOON;
        loop {
            let shown = stock_of_warehouse(&stand).await;
            assert!(truths.contains(&shown), "round {round}: {shown:?} was never the stock: {truths:?}");
            if Some(&shown) == truths.last() {
                break;
            }
            assert!(Instant::now() < until, "round {round} never arrived");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_is_suddenly_gone_is_held_and_shown_on_until_an_operator_lets_it_through() {
    let stand = Stand::start().await;
    let (extractor, _loader) = (start(stand.extractor()), start(stand.loader()));
    await_stock(&stand, "the stock of the warehouse is that of 1C").await;
    let before = stock_of_warehouse(&stand).await;
    assert!(!before.is_empty());
    stand.onec.change("/balances/empty", json!({})).await;
    await_line(&extractor, &["ERROR", "extractor release stock"]).await;
    assert_eq!(stock_of_warehouse(&stand).await, before, "what stood is shown on");
    stand.command(&["release", "stock"]).await;
    await_true("it is let through", SOON, async || stock_of_warehouse(&stand).await.is_empty()).await;
}
