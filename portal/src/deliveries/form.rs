//! What the form of a new delivery says: as it was filled in, and checked, or a sentence beside each field that does not fit.

use chrono::NaiveTime;
use chrono_tz::Tz;
use shared::deliveries::{Days, Direction, LONGEST_TITLE, Over, Person, RECIPIENTS, Schedule, Threshold};
use shared::money::Amount;
use shared::report::definition::Definition;
use shared::report::write::{self, FORMATS};

/// As it stands in the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    pub title: String,
    pub format: String,
    pub rhythm: String,
    pub weekdays: Vec<String>,
    pub month_day: String,
    pub time: String,
    pub timezone: String,
    pub recipients: Vec<String>,
    /// Empty: no threshold.
    pub column: String,
    pub over: String,
    pub direction: String,
    pub value: String,
}

/// What fits.
#[derive(Debug, PartialEq, Eq)]
pub struct Checked {
    pub title: String,
    pub format: &'static str,
    pub schedule: Schedule,
    pub recipients: Vec<String>,
    pub threshold: Option<Threshold>,
}

/// A field, and the name of the sentence.
pub type Wrong = (&'static str, &'static str);

impl Filled {
    /// What a new form holds: each working morning, to the viewer.
    pub fn fresh(subject: &str, timezone: Tz) -> Self {
        Self {
            format: FORMATS.first().map(|format| format.code).unwrap_or_default().to_owned(),
            rhythm: "weekdays".to_owned(),
            month_day: "1".to_owned(),
            time: "08:00".to_owned(),
            timezone: timezone.name().to_owned(),
            recipients: vec![subject.to_owned()],
            ..Self::default()
        }
    }

    pub fn of(pairs: &[(String, String)]) -> Self {
        let all = |name: &str| {
            pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let one = |name: &str| all(name).pop().unwrap_or_default().trim().to_owned();
        Self {
            title: one("title")
                .split(|letter: char| letter.is_control() || letter.is_whitespace())
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
            format: one("format"),
            rhythm: one("rhythm"),
            weekdays: all("weekday"),
            month_day: one("month_day"),
            time: one("time"),
            timezone: one("timezone"),
            recipients: all("recipient"),
            column: one("column"),
            over: one("over"),
            direction: one("direction"),
            value: one("value"),
        }
    }

    /// `people`: whom the viewer may choose, beside himself.
    pub fn check(&self, report: &Definition, subject: &str, people: &[Person]) -> Result<Checked, Vec<Wrong>> {
        let mut wrong: Vec<Wrong> = Vec::new();
        if self.title.chars().count() > LONGEST_TITLE {
            wrong.push(("title", "wrong-title"));
        }
        let format = write::format(&self.format);
        if format.is_none() {
            wrong.push(("format", "wrong-choice"));
        }
        let days = match &*self.rhythm {
            "weekly" => Days::read(&format!("weekly {}", self.weekdays.join(" "))).ok_or(("rhythm", "wrong-weekdays")),
            "monthly" => Days::read(&format!("monthly {}", self.month_day)).ok_or(("rhythm", "wrong-month-day")),
            other => Days::read(other).ok_or(("rhythm", "wrong-choice")),
        };
        let days = days.map_err(|error| wrong.push(error)).ok();
        let at = NaiveTime::parse_from_str(&self.time, "%H:%M").map_err(|_| wrong.push(("time", "wrong-time"))).ok();
        let timezone = self.timezone.parse::<Tz>().map_err(|_| wrong.push(("timezone", "wrong-timezone"))).ok();
        let mut recipients = self.recipients.clone();
        recipients.sort_unstable();
        recipients.dedup();
        let may_get = |who: &String| who == subject || people.iter().any(|person| person.subject == *who);
        if recipients.is_empty() || recipients.len() > RECIPIENTS || !recipients.iter().all(may_get) {
            wrong.push(("recipient", "wrong-recipients"));
        }
        let threshold = self.threshold(report).map_err(|error| wrong.push(error)).ok().flatten();
        match (format, days, at, timezone) {
            (Some(format), Some(days), Some(at), Some(timezone)) if wrong.is_empty() => Ok(Checked {
                title: self.title.clone(),
                format: format.code,
                schedule: Schedule { days, at, timezone },
                recipients,
                threshold,
            }),
            _ => Err(wrong),
        }
    }

    fn threshold(&self, report: &Definition) -> Result<Option<Threshold>, Wrong> {
        if self.column.is_empty() {
            return Ok(None);
        }
        let over = match &*self.over {
            "total" => Over::Total,
            "row" => Over::Row,
            _ => return Err(("column", "wrong-choice")),
        };
        let direction = match &*self.direction {
            "above" => Direction::Above,
            "below" => Direction::Below,
            _ => return Err(("column", "wrong-choice")),
        };
        // As people write figures: with spaces, with a comma.
        let value: String = self.value.chars().filter(|letter| !letter.is_whitespace()).collect();
        let value = value.replace(',', ".");
        Amount::parse(&value).map_err(|_| ("value", "wrong-value"))?;
        let threshold = Threshold { column: self.column.clone(), over, direction, value };
        threshold.column(report).ok_or(("column", "wrong-choice"))?;
        Ok(Some(threshold))
    }
}

#[cfg(test)]
mod tests {
    use super::Filled;
    use shared::deliveries::Person;
    use shared::report::catalogue::Catalogue;

    fn wrong(change: impl FnOnce(&mut Filled)) -> Vec<&'static str> {
        let catalogue = Catalogue::read(&shared::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
        let sales = catalogue.all().iter().find(|report| report.name == "sales").unwrap().clone();
        let mut filled = Filled::fresh("me", chrono_tz::Europe::Moscow);
        change(&mut filled);
        let people = [Person { subject: "colleague".to_owned(), name: "Ольга".to_owned() }];
        match filled.check(&sales, "me", &people) {
            Ok(_) => Vec::new(),
            Err(wrong) => wrong.into_iter().map(|(field, _)| field).collect(),
        }
    }

    #[test]
    fn each_field_that_does_not_fit_is_named() {
        assert_eq!(wrong(|_| {}), Vec::<&str>::new());
        assert_eq!(wrong(|filled| filled.recipients.push("colleague".to_owned())), Vec::<&str>::new());
        assert_eq!(wrong(|filled| filled.recipients.push("stranger".to_owned())), ["recipient"]);
        assert_eq!(wrong(|filled| filled.recipients.clear()), ["recipient"]);
        assert_eq!(wrong(|filled| filled.title = "x".repeat(101)), ["title"]);
        assert_eq!(wrong(|filled| filled.format = "doc".to_owned()), ["format"]);
        assert_eq!(wrong(|filled| filled.rhythm = "hourly".to_owned()), ["rhythm"]);
        assert_eq!(wrong(|filled| filled.rhythm = "weekly".to_owned()), ["rhythm"]);
        assert_eq!(wrong(|filled| filled.timezone = "Mars/Olympus".to_owned()), ["timezone"]);
        assert_eq!(wrong(|filled| filled.time = "25:00".to_owned()), ["time"]);
        let threshold = |value: &'static str, column: &'static str| {
            wrong(|filled| {
                filled.column = column.to_owned();
                (filled.over, filled.direction) = ("total".to_owned(), "below".to_owned());
                filled.value = value.to_owned();
            })
        };
        assert_eq!(threshold("1 000,5", "revenue"), Vec::<&str>::new());
        assert_eq!(threshold("много", "revenue"), ["value"]);
        assert_eq!(threshold("1", "product"), ["column"], "no figures stand there");
        assert_eq!(threshold("1", "nothing"), ["column"]);
    }
}
