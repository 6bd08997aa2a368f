//! What a page of 1C becomes: documents or items as members of their messages, rows of a snapshot, or keys only.

mod keys;
mod rows;
mod write;

use std::ops::Range;
use std::sync::Arc;

use chrono::NaiveDateTime;
use shared::dataset::{Dataset, Kind, What, YEARS};
use uuid::Uuid;

pub use self::keys::{Key, Keys};
pub use self::rows::Rows;
use self::write::{end_object, joined, short_enough, write};
use super::given::Given;
use super::mapping::{Filter, Mapping, Target};
use super::read::{Misfit, Salvage, Sink};
use crate::record::{self, json};

/// A document or an item of 1C as the mapping read it.
#[derive(Debug, Clone)]
pub struct Document {
    pub id: Uuid,
    pub data_version: String,
    /// Posted, not marked for deletion and, by the mapping's filter, one that counts: only then its rows stand in the reports.
    pub stands: bool,
    /// It vanished from 1C.
    pub is_gone: bool,
    /// What it counts by, where the mapping does not name it.
    pub unknown_word: Option<String>,
    /// An item has none, and no date.
    pub dealer_id: Option<Uuid>,
    pub dated: Option<NaiveDateTime>,
    /// The sum of the dataset's total over its lines, in ten-thousandths, wrapping.
    pub total: i64,
    /// Of `Records::text`: its fields, each with a comma behind it.
    fields: Range<usize>,
    /// Of `Records::lines`.
    lines: Range<usize>,
}

/// A page of documents or items. Their values stand here as the messages will have them.
#[derive(Debug)]
pub struct Records {
    pub dataset: Dataset,
    pub documents: Vec<Document>,
    /// Of `text`; the lines of a document follow each other, each with a comma behind it.
    lines: Vec<Range<usize>>,
    text: Vec<u8>,
    draft: Draft,
    is_negative: bool,
    filter: Option<Arc<Filter>>,
}

/// The document that is being read.
#[derive(Debug, Default)]
struct Draft {
    id: Uuid,
    data_version: String,
    is_marked_deleted: Option<bool>,
    is_posted: Option<bool>,
    word: Option<String>,
    dealer_id: Option<Option<Uuid>>,
    dated: Option<NaiveDateTime>,
    /// Where its text begins.
    start: usize,
    fields: Range<usize>,
    section: usize,
    lines: Vec<DraftLine>,
}

#[derive(Debug, Clone)]
struct DraftLine {
    /// Its section's number, and its own there.
    position: (usize, u32),
    text: Range<usize>,
    total: i64,
}

impl Draft {
    /// Whether its rows stand in the reports. None: what was read does not tell.
    fn stands(&self, what: What, filter: Option<&Filter>) -> Option<bool> {
        let counts = match (filter, self.word.as_deref()) {
            (None, _) => Some(true),
            (Some(filter), Some(word)) => Some(filter.counts(word)),
            (Some(_), None) => None,
        };
        if what == What::Catalog {
            return counts;
        }
        match (self.is_posted, self.is_marked_deleted, counts) {
            (Some(false), ..) | (_, Some(true), _) | (.., Some(false)) => Some(false),
            (Some(true), Some(false), Some(true)) => Some(true),
            _ => None,
        }
    }
}

impl Sink for Records {
    fn of(mapping: &Mapping) -> Self {
        Self { is_negative: mapping.is_negative, filter: mapping.filter.clone(), ..Self::empty(mapping.dataset) }
    }

    fn begin(&mut self) {
        let mut lines = std::mem::take(&mut self.draft.lines);
        lines.clear();
        self.draft = Draft { start: self.text.len(), lines, ..Draft::default() };
    }

    fn header(&mut self, given: Given<'_>) -> Result<(), String> {
        let draft = &mut self.draft;
        match given.rule.target {
            Target::Id => draft.id = given.key()?,
            Target::DataVersion => draft.data_version = given.text()?.into_owned(),
            Target::IsMarkedDeleted => draft.is_marked_deleted = Some(given.flag()?),
            Target::IsPosted => draft.is_posted = Some(given.flag()?),
            Target::Counts => draft.word = Some(given.word()?.into_owned()),
            Target::LineNo => {}
            Target::Field(at) => return self.field(at, given),
        }
        Ok(())
    }

    fn begin_lines(&mut self, section: usize) {
        self.draft.lines.retain(|line| line.position.0 != section);
        self.draft.section = section;
    }

    fn begin_line(&mut self) {
        let at = self.text.len();
        self.text.push(b'{');
        self.draft.lines.push(DraftLine { position: (self.draft.section, 0), text: at..at + 1, total: 0 });
    }

    fn line(&mut self, given: Given<'_>) -> Result<(), String> {
        let Some(line) = self.draft.lines.last_mut() else { return Ok(()) };
        match given.rule.target {
            Target::LineNo => line.position.1 = given.ordinal()?,
            Target::Field(at) => {
                let definition = self.dataset.definition();
                let written = write(&mut self.text, &definition.lines[at], given, self.is_negative)?;
                if definition.total == Some(at) {
                    line.total = written.unwrap_or_default();
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end_line(&mut self) {
        end_object(&mut self.text);
        if let Some(line) = self.draft.lines.last_mut() {
            line.text.end = self.text.len();
        }
    }

    fn end(&mut self, problem: Option<String>) -> Option<Misfit> {
        let what = self.dataset.what;
        let stands = self.draft.stands(what, self.filter.as_deref());
        let does_stand = stands == Some(true);
        let problem = problem.or_else(|| self.undated(does_stand));
        if let Some(reason) = problem {
            self.text.truncate(self.draft.start);
            return Some(Misfit { reason, salvage: Salvage { stands, dealer_id: self.draft.dealer_id } });
        }
        let (lines, total) = self.close_lines();
        let draft = &mut self.draft;
        let word = draft.word.take().unwrap_or_default();
        let is_unknown = does_stand && self.filter.as_ref().is_some_and(|filter| !filter.knows(&word));
        self.documents.push(Document {
            id: draft.id,
            data_version: std::mem::take(&mut draft.data_version),
            stands: does_stand,
            is_gone: false,
            unknown_word: is_unknown.then_some(word),
            dealer_id: draft.dealer_id.flatten(),
            dated: (what == What::Document).then(|| draft.dated.unwrap_or_default()),
            total: if does_stand { total } else { 0 },
            fields: draft.fields.clone(),
            lines,
        });
        None
    }
}

impl Records {
    fn empty(dataset: Dataset) -> Self {
        let (documents, lines, text) = (Vec::new(), Vec::new(), Vec::new());
        Self { dataset, documents, lines, text, draft: Draft::default(), is_negative: false, filter: None }
    }

    /// Keys that 1C has no more.
    pub fn gone(dataset: Dataset, keys: Vec<Uuid>) -> Self {
        let gone = |id| Document {
            id,
            data_version: String::new(),
            stands: false,
            is_gone: true,
            unknown_word: None,
            dealer_id: None,
            dated: None,
            total: 0,
            fields: 0..0,
            lines: 0..0,
        };
        Self { documents: keys.into_iter().map(gone).collect(), ..Self::empty(dataset) }
    }

    /// With their dates, in their order.
    pub fn dated(&self) -> Vec<(Uuid, NaiveDateTime)> {
        self.documents.iter().map(|document| (document.id, document.dated.unwrap_or_default())).collect()
    }

    /// Its fields as its message has them, each with a comma behind it.
    pub fn fields(&self, document: &Document) -> &[u8] {
        &self.text[document.fields.clone()]
    }

    /// The lines of a document, each where it ends, with its comma, and where the first begins.
    pub fn lines(&self, document: &Document) -> &[Range<usize>] {
        &self.lines[document.lines.clone()]
    }

    /// These lines with commas between them.
    pub fn joined(&self, lines: &[Range<usize>]) -> &[u8] {
        joined(&self.text, lines)
    }

    fn field(&mut self, at: usize, given: Given<'_>) -> Result<(), String> {
        let definition = self.dataset.definition();
        if self.draft.fields.is_empty() {
            // All of them follow each other, behind the lines.
            self.draft.fields = self.text.len()..self.text.len();
        }
        if let Some(place) = &definition.place {
            if at == place.dealer {
                self.draft.dealer_id = Some(given.reference()?);
            }
            if at == place.dated {
                self.draft.dated = given.moment()?;
                // Whether it must be set is known at the end.
                let dated = self.draft.dated.unwrap_or_default();
                json::name(&mut self.text, &definition.fields[at].name);
                match definition.fields[at].kind {
                    Kind::Day => json::day(&mut self.text, dated.date()),
                    _ => json::moment(&mut self.text, dated),
                }
                self.text.push(b',');
                self.draft.fields.end = self.text.len();
                return Ok(());
            }
        }
        write(&mut self.text, &definition.fields[at], given, false)?;
        self.draft.fields.end = self.text.len();
        if self.dataset.what == What::Document {
            short_enough(&definition.fields[at], &given)?;
        }
        Ok(())
    }

    /// A document that stands must have a day that the warehouse can hold; another needs none.
    fn undated(&self, stands: bool) -> Option<String> {
        if !stands || self.dataset.what != What::Document {
            return None;
        }
        match self.draft.dated {
            None => Some("the date of the document is empty".to_owned()),
            Some(at) if record::is_in_range(at.date()) => None,
            Some(at) => {
                Some(format!("the document is dated {at}, outside the years {} to {}", YEARS.start(), YEARS.end()))
            }
        }
    }

    /// Puts the draft's lines in the order of their numbers; servers send them so, and mostly nothing moves. Returns where they
    /// are now, and their total.
    fn close_lines(&mut self) -> (Range<usize>, i64) {
        let lines = &mut self.draft.lines;
        let follow =
            |pair: &[DraftLine]| pair[0].position <= pair[1].position && pair[0].text.end == pair[1].text.start;
        if !lines.windows(2).all(follow) {
            lines.sort_by_key(|line| line.position);
            for line in lines.iter_mut() {
                let start = self.text.len();
                self.text.extend_from_within(line.text.clone());
                line.text = start..self.text.len();
            }
        }
        let first = self.lines.len();
        let mut total = 0i64;
        for line in lines.drain(..) {
            total = total.wrapping_add(line.total);
            self.lines.push(line.text);
        }
        (first..self.lines.len(), total)
    }
}

#[cfg(test)]
mod tests;
