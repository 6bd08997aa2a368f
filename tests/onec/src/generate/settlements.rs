//! What dealers owe and what they paid: by month and contract a debt, mostly paid some weeks later. Records of the register by due
//! date, and the payments that wrote some of them. Each month of a contract has dice of its own, so a base made later holds the
//! same and more.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    Known,
    dice::Dice,
    lists::{ROUBLE, reference},
    prices::money,
    terms::{BETWEEN_COMPANIES, Contract, contracts, number_of, numbered},
};
use crate::base::{FROM_A_CUSTOMER, Moment, ORGANISATION, Partner};

/// The first month of it all.
const FIRST: (i64, i64) = (2025, 1);
/// The others of a large base owe nothing.
const MOST: usize = 100;

/// Records of `AccumulationRegister_РасчетыСКлиентамиПоСрокам_RecordType`, and documents.
#[derive(Default)]
pub struct Settlements {
    pub records: Vec<Json>,
    pub payments: Vec<Json>,
}

pub fn of(known: &Known<'_>) -> Settlements {
    let mut made = Settlements::default();
    for dealer in known.dealers().take(MOST) {
        for (contract, turn) in contracts(dealer.reference, &known.canary_of(dealer.reference)).iter().zip(0..) {
            for (month, number) in months(known.plan.now).zip(0..) {
                made.month(known, dealer, (contract, turn), month, number);
            }
        }
    }
    made.of_no_dealer(known);
    made
}

/// The first days of the months up to now.
pub fn months(now: Moment) -> impl Iterator<Item = Moment> {
    let month = |at: i64| Moment::of(FIRST.0 + at / 12, FIRST.1 + at % 12, 1);
    (0..).map(month).take_while(move |first| *first <= now)
}

/// What is owed, of which sale, and by when.
struct Debt<'a> {
    key: Uuid,
    contract: &'a Contract,
    document: Uuid,
    since: Moment,
    due: Moment,
}

impl Settlements {
    fn month(
        &mut self,
        known: &Known<'_>,
        dealer: &Partner,
        (contract, turn): (&Contract, u128),
        first: Moment,
        month: u128,
    ) {
        let (id, now) = (dealer.reference, known.plan.now);
        let seed = known.plan.seed ^ contract.reference.as_u128() as u64 ^ (contract.reference.as_u128() >> 64) as u64;
        let mut dice = Dice::new(seed ^ (u64::try_from(month).unwrap_or(0) << 48) ^ 0x5e77_1e00);
        dice.roll();
        let number = u128::from(number_of(id)) << 16 | month;
        let since = first.days_later(dice.between(0, 26)).at(dice.between(9 * 3600, 17 * 3600));
        let amount = dice.between(1_000_000, 400_000_000) * 100;
        let paid_at = since.days_later(contract.days + dice.between(-8, 40)).at(dice.between(9 * 3600, 17 * 3600));
        let (is_paid, is_half, is_ahead) = (dice.chance(0.8), dice.chance(0.1), dice.chance(0.08));
        let fate = dice.below(40);
        if since > now {
            return;
        }
        let debt = Debt {
            key: contract.key,
            contract,
            document: numbered(0x5a1e + turn, id, number),
            since,
            due: since.days_later(contract.days).at(0),
        };
        let is_undone = fate == 0;
        self.record(
            &debt,
            (debt.document, "Document_РеализацияТоваровУслуг", since),
            "Receipt",
            (amount, 0),
            !is_undone,
        );
        if is_undone || !is_paid || paid_at > now {
            return;
        }
        let part = if is_half { amount / 2 / 100 * 100 } else { amount };
        let payment = numbered(0x9a10 + turn, id, number);
        self.record(&debt, (payment, PAYMENT, paid_at), "Expense", (part, 0), true);
        let mut rows = vec![payment_row(payment, 1, id, contract.object, contract.currency, part)];
        let mut total = part;
        let quarter = part / 400 * 100;
        if is_ahead {
            let ahead = Debt { document: payment, since: paid_at, due: Moment::EMPTY, ..debt };
            self.record(&ahead, (payment, PAYMENT, paid_at), "Receipt", (0, quarter), true);
            rows.push(payment_row(payment, rows.len() + 1, id, contract.object, contract.currency, quarter));
            total += quarter;
        }
        // A payer pays for another dealer, too: each row is its own partner's.
        let other = known.dealers().map(|dealer| dealer.reference).find(|other| *other != id);
        if let (1, 0, Some(other)) = (number_of(id), month % 6, other) {
            let theirs = &contracts(other, "")[0];
            rows.push(payment_row(payment, rows.len() + 1, other, theirs.object, theirs.currency, quarter));
            total += quarter;
        }
        let payer = known.legal_entity_of(id);
        self.payments.push(payment_of(known, id, payment, (paid_at, number), (payer, contract), (total, rows), fate));
    }

    fn record(
        &mut self,
        debt: &Debt<'_>,
        (recorder, kind, period): (Uuid, &str, Moment),
        side: &str,
        (owed, ahead): (i64, i64),
        is_active: bool,
    ) {
        let document_kind = if ahead == 0 { "Document_РеализацияТоваровУслуг" } else { PAYMENT };
        let number = self.records.len() as u128 + 1;
        self.records.push(json!({"Ref_Key": reference(0x5e77, number), "Recorder": recorder,
            "Recorder_Type": format!("StandardODATA.{kind}"), "Period": period.to_string(), "LineNumber": 1, "Active": is_active,
            "RecordType": side, "АналитикаУчетаПоПартнерам_Key": debt.key, "ОбъектРасчетов_Key": debt.contract.object,
            "Валюта_Key": debt.contract.currency, "РасчетныйДокумент": debt.document,
            "РасчетныйДокумент_Type": format!("StandardODATA.{document_kind}"), "ДатаПлановогоПогашения": debt.due.to_string(),
            "ДатаВозникновения": debt.since.to_string(), "Долг": money(owed), "ДолгРегл": money(owed), "ДолгУпр": money(owed),
            "Предоплата": money(ahead), "ПредоплатаРегл": money(ahead), "ПредоплатаУпр": money(ahead)}));
    }

    /// What no dealer may see: between the owner's companies, and under a key that the catalog does not hold (yet).
    fn of_no_dealer(&mut self, known: &Known<'_>) {
        let contract = Contract {
            reference: Uuid::nil(),
            number: String::new(),
            currency: ROUBLE,
            days: 0,
            key: BETWEEN_COMPANIES,
            object: Uuid::nil(),
        };
        let since = known.plan.now.days_later(-40).at(10 * 3600);
        for (key, n) in [(BETWEEN_COMPANIES, 1), (reference(0x4ebf, 0xdead), 2)] {
            let document = reference(0x5a1d, n);
            let debt = Debt { key, contract: &contract, document, since, due: since.at(0) };
            self.record(&debt, (document, "Document_РеализацияТоваровУслуг", since), "Receipt", (777_000_000, 0), true);
        }
    }
}

const PAYMENT: &str = "Document_ПоступлениеБезналичныхДенежныхСредств";

fn payment_row(payment: Uuid, line: usize, partner: Uuid, object: Uuid, currency: Uuid, amount: i64) -> Json {
    json!({"Ref_Key": payment, "LineNumber": line.to_string(), "Партнер_Key": partner, "ОбъектРасчетов_Key": object,
        "Сумма": money(amount), "ВалютаВзаиморасчетов_Key": currency, "СуммаВзаиморасчетов": money(amount),
        "СтавкаНДС_Key": Uuid::nil(), "СуммаНДС": 0, "СтатьяДвиженияДенежныхСредств_Key": Uuid::nil(), "Комментарий": ""})
}

fn payment_of(
    known: &Known<'_>,
    dealer: Uuid,
    reference: Uuid,
    (paid_at, number): (Moment, u128),
    (payer, contract): (Uuid, &Contract),
    (total, rows): (i64, Vec<Json>),
    fate: u64,
) -> Json {
    let canary = known.canary_of(dealer);
    json!({"Ref_Key": reference, "Number": format!("ТДБП-{:06}  ", number & 0xf_ffff), "Date": paid_at.to_string(),
        "Posted": fate > 2, "DeletionMark": fate == 1, "Организация_Key": ORGANISATION, "Контрагент": payer,
        "Контрагент_Type": "StandardODATA.Catalog_Контрагенты", "Валюта_Key": contract.currency,
        "СуммаДокумента": money(total),
        "НазначениеПлатежа": format!("Оплата по договору {}", contract.number),
        "НомерВходящегоДокумента": format!("{canary}{}", number % 997), "ДатаВходящегоДокумента": paid_at.at(0).to_string(),
        "ПроведеноБанком": true, "ДатаПроведенияБанком": paid_at.at(0).to_string(),
        "ХозяйственнаяОперация": FROM_A_CUSTOMER, "РасшифровкаПлатежа": rows})
}
