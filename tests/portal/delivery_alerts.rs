//! Thresholds: said once when a figure passes, once when that is over, and to each by his own rows.

use tests::TestMail;

use crate::delivery_stand::{await_over, come_due, create, employee, last, manager, postman, stand, to};
use crate::stand::{ROUBLE, Stand, URAL, VOLGA, run};

/// A sale of so much for Volga today; a negative one is a return.
async fn sell(stand: &Stand, revenue: i64) {
    let sql = format!(
        "INSERT INTO dw.sale SELECT '{VOLGA}', toDate32(today()), generateUUIDv4(), 1, now(), 'Н', '{VOLGA}', '{ROUBLE}', \
         toUUID('70000000-0000-4000-8000-000001000000'), 1, {revenue}, 0, 0, 1, 0"
    );
    run(&stand.clickhouse.client("migrator"), &sql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_is_told_once_when_passed_and_once_when_over_to_each_by_his_own_rows() {
    let (stand, mail) = (stand().await, TestMail::start().await);
    let _postman = postman(&stand, &mail).start().expect("start");
    let (owner, _) = manager(&stand, &[VOLGA, URAL]).await;
    let ((_, volga), (_, ural)) = (employee(&stand, &[VOLGA]).await, employee(&stand, &[URAL]).await);
    let fields = [("column", "revenue"), ("over", "total"), ("direction", "above"), ("value", "1 000 000")];
    create(&stand, &owner, &fields, &[&volga, &ural]).await;
    let mut rounds = 0;
    let mut look = async || {
        rounds += 2;
        come_due(&stand).await;
        await_over(&stand, rounds).await;
        (to(&mail, &volga).len(), to(&mail, &ural).len())
    };
    assert_eq!(look().await, (0, 0), "below, and nothing was said before");
    sell(&stand, 2_000_000).await;
    assert_eq!(look().await, (1, 0), "passed by Volga's rows alone");
    assert_eq!(look().await, (1, 0), "once");
    assert_eq!(last(&stand, &volga).await.0, "quiet");
    sell(&stand, -2_000_000).await;
    assert_eq!(look().await, (2, 0), "over");
    assert_eq!(look().await, (2, 0), "once");
    let mails = to(&mail, &volga);
    assert_eq!(
        mails[0].header("Subject"),
        "Продажи: «Выручка» больше 1 000 000".replace("1 000 000", "1\u{202f}000\u{202f}000")
    );
    assert!(mails[1].header("Subject").contains("больше не выше") && mails[0].files.is_empty());
    assert!(owner.get("/deliveries").await.text.contains("о пороге ничего нового"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_of_any_row_names_the_rows() {
    let (stand, mail) = (stand().await, TestMail::start().await);
    let _postman = postman(&stand, &mail).start().expect("start");
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    let fields = [("column", "revenue"), ("over", "row"), ("direction", "below"), ("value", "130")];
    create(&stand, &owner, &fields, &[&user]).await;
    come_due(&stand).await;
    await_over(&stand, 1).await;
    let [received] = &to(&mail, &user)[..] else { panic!("{:?}", last(&stand, &user).await) };
    assert_eq!(received.text.matches("Товар ").count(), 1, "the one that was sold for 120: {}", received.text);
    assert!(received.text.contains("120"), "{}", received.text);
}
