//! What is said of a delivery: when it goes out, and why a mail did not.

use chrono::Weekday;
use shared::deliveries::Mailed;
use shared::deliveries::{Days, Direction, Over, Reason, Recipient, Schedule, Threshold};
use shared::report::definition::Definition;
use shared::words::{Text, age, format};

pub const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Mon, "weekday-mon"),
    (Weekday::Tue, "weekday-tue"),
    (Weekday::Wed, "weekday-wed"),
    (Weekday::Thu, "weekday-thu"),
    (Weekday::Fri, "weekday-fri"),
    (Weekday::Sat, "weekday-sat"),
    (Weekday::Sun, "weekday-sun"),
];

/// `каждый день в 08:00 (Europe/Moscow)`
pub fn schedule(text: Text, schedule: &Schedule) -> String {
    let days = match &schedule.days {
        Days::Daily => text.get("delivery-daily").to_owned(),
        Days::Weekdays => text.get("delivery-weekdays").to_owned(),
        Days::Weekly(days) => {
            let named = WEEK.iter().filter(|(day, _)| days.contains(day)).map(|(_, name)| text.get(name));
            text.with("delivery-weekly", &[("days", named.collect::<Vec<_>>().join(", ").into())])
        }
        Days::Monthly(day) => text.with("delivery-monthly", &[("day", (*day).into())]),
    };
    let (time, zone) = (schedule.at.format("%H:%M").to_string(), schedule.timezone.name());
    text.with("delivery-schedule", &[("days", days.into()), ("time", time.into()), ("zone", zone.into())])
}

/// `Только если Выручка (итог) ниже 100 000`
pub fn threshold(text: Text, threshold: &Threshold, report: &Definition) -> String {
    let column = threshold
        .column(report)
        .map_or(threshold.column.as_str(), |column| report.columns[column].title.get(text.language()));
    let over = match threshold.over {
        Over::Total => text.get("threshold-total"),
        Over::Row => text.get("threshold-row"),
    };
    let value = format::number(text.language(), &threshold.value, 4);
    let name = match threshold.direction {
        Direction::Above => "delivery-only-above",
        Direction::Below => "delivery-only-below",
    };
    text.with(name, &[("column", column.into()), ("over", over.into()), ("value", value.into())])
}

/// A reason as the owner reads it: nothing of the recipient stands in it but that.
pub fn reason(text: Text, code: Option<&str>) -> &'static str {
    use shared::jobs::Reason as OfFile;
    text.get(match Reason::from_code(code.unwrap_or_default()) {
        Reason::Access | Reason::File(OfFile::Access) => "delivery-because-access",
        Reason::Absent => "delivery-because-absent",
        Reason::Address => "delivery-because-address",
        Reason::Refused => "delivery-because-refused",
        Reason::MailServer => "delivery-because-mail-server",
        Reason::Late => "delivery-because-late",
        Reason::File(OfFile::Report) => "delivery-because-report",
        Reason::File(OfFile::Warehouse) => "export-because-warehouse",
        Reason::File(OfFile::Storage) => "export-because-storage",
        Reason::File(OfFile::TooMuch) => "export-because-too-much",
        Reason::File(OfFile::TooLong) => "export-because-too-long",
        Reason::File(OfFile::TooManyRows) => "export-because-too-many-rows",
        Reason::File(OfFile::Quota) => "export-because-quota",
        Reason::File(OfFile::Worker) => "export-because-worker",
        Reason::File(OfFile::Internal) => "export-because-internal",
    })
}

/// How it stands with a recipient, and whether that is bad.
pub fn recipient(text: Text, recipient: &Recipient, timezone: chrono_tz::Tz) -> (String, bool) {
    let at = recipient.finished_at.map(|at| age::time(text, at, timezone)).unwrap_or_default();
    let because = || reason(text, recipient.reason.as_deref());
    if recipient.is_unsubscribed {
        return (text.get("recipient-unsubscribed").to_owned(), false);
    }
    if recipient.is_stopped {
        return (text.get("recipient-stopped").to_owned(), true);
    }
    match recipient.state {
        None => (text.get("recipient-nothing-yet").to_owned(), false),
        Some(Mailed::Sending) => (text.get("recipient-sending").to_owned(), false),
        Some(Mailed::Queued) if recipient.reason.is_some() => {
            (text.with("recipient-again", &[("because", because().into())]), true)
        }
        Some(Mailed::Queued) => (text.get("recipient-sending").to_owned(), false),
        Some(Mailed::Sent) => (text.with("recipient-sent", &[("at", at.into())]), false),
        Some(Mailed::Quiet) => (text.with("recipient-quiet", &[("at", at.into())]), false),
        Some(Mailed::Failed) => {
            (text.with("recipient-failed", &[("at", at.into()), ("because", because().into())]), true)
        }
    }
}
