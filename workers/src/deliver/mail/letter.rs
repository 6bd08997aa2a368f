//! A letter: one recipient, what it says in HTML and as plain text, a file, and the way out that mail programs offer by a button
//! (RFC 8058). Every header is written by lettre's encoders: a line end in a name is a letter of that name.

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart};
use lettre::{Address, Message};
use url::Url;
use uuid::Uuid;

/// A file that goes along.
pub struct Enclosed {
    pub name: String,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

pub struct Letter<'a> {
    /// The same for each try: whoever has seen it knows it again.
    pub id: Uuid,
    pub from: &'a Mailbox,
    pub to: (&'a str, Address),
    pub subject: &'a str,
    pub written_at: DateTime<Utc>,
    pub text: String,
    pub html: String,
    pub enclosed: Option<Enclosed>,
    pub unsubscribe: &'a Url,
}

impl Letter<'_> {
    pub fn message(self) -> Result<Message, lettre::error::Error> {
        let header = |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let id = format!("<{}@{}>", self.id, self.from.email.domain());
        let head = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(one_line(self.to.0)), self.to.1))
            .subject(one_line(self.subject))
            .date(self.written_at.into())
            .message_id(Some(id))
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(header("List-Unsubscribe", format!("<{}>", self.unsubscribe)))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        let words = MultiPart::alternative_plain_html(self.text, self.html);
        let Some(file) = self.enclosed else { return head.multipart(words) };
        let kind = ContentType::parse(file.media_type)
            .or_else(|_| ContentType::parse("application/octet-stream"))
            .unwrap_or(ContentType::TEXT_PLAIN);
        head.multipart(
            MultiPart::mixed().multipart(words).singlepart(Attachment::new(file.name).body(file.bytes, kind)),
        )
    }
}

/// Names come from people and from 1C. Spaces that hold a figure together stay.
fn one_line(text: &str) -> String {
    let ends = |letter: char| letter.is_control() || letter == ' ';
    text.split(ends).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Enclosed, Letter};
    use uuid::Uuid;

    fn written(name: &str, subject: &str, file: &str) -> String {
        let from = "Портал <portal@example.com>".parse().unwrap();
        let letter = Letter {
            id: Uuid::from_u128(7),
            from: &from,
            to: (name, "olga@example.com".parse().unwrap()),
            subject,
            written_at: "2026-11-30T05:00:00Z".parse().unwrap(),
            text: "text".to_owned(),
            html: "<p>html</p>".to_owned(),
            enclosed: Some(Enclosed { name: file.to_owned(), media_type: "text/csv", bytes: b"a;b".to_vec() }),
            unsubscribe: &"https://portal.example/unsubscribe/abc".parse().unwrap(),
        };
        String::from_utf8(letter.message().unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_line_end_in_a_name_makes_no_header_of_its_own() {
        for evil in [
            "x\r\nBcc: all@example.com",
            "x\nBcc: all@example.com",
            "x\rBcc: all@example.com",
            "Ольга\r\nBcc: all@example.com",
        ] {
            let mail = written(evil, evil, evil);
            let is_header = |line: &str| line.to_ascii_lowercase().starts_with("bcc");
            assert!(!mail.split(['\r', '\n']).any(is_header), "{mail}");
            assert_eq!(mail.matches("\r\nTo: ").count(), 1, "{mail}");
        }
    }

    #[test]
    fn a_letter_says_that_a_program_wrote_it_and_how_to_get_no_more() {
        let mail = written("Olga", "Sales", "sales.csv");
        for header in [
            "Message-ID: <00000000-0000-0000-0000-000000000007@example.com>",
            "Auto-Submitted: auto-generated",
            "List-Unsubscribe: <https://portal.example/unsubscribe/abc>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "Date: Mon, 30 Nov 2026 05:00:00 +0000",
        ] {
            assert!(mail.contains(&format!("{header}\r\n")), "{header} in\n{mail}");
        }
    }
}
