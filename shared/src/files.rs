//! A report as a file: the same rows in the same order, all of them, with all that the page says of them. Downloads, APIs and
//! exports take their files from here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use chrono_tz::Tz;
use futures_util::{Stream, stream};

use crate::clock;
use crate::language::Language;
use crate::report::definition::{Column, Definition, Source};
use crate::report::filter::Filter;
use crate::report::run::{Choice, Engine, Freshness, RowStream, RunError};
use crate::report::scope::DealerScope;
use crate::report::table::Line;
use crate::report::write::{Contents, Fact, Format, Open, Writer};
use crate::words::{Text, age, facts};

/// A file that is asked for.
pub struct Wanted<'a> {
    pub report: &'a Arc<Definition>,
    pub scope: &'a DealerScope,
    pub filter: &'a Filter,
    pub language: Language,
    pub format: &'static Format,
}

/// A file whose rows are on their way.
pub struct File {
    pub contents: Contents,
    /// `Продажи ООО Волга-Тепло 2025-12-01…2026-11-29.xlsx`
    pub name: String,
    /// The same for old programs, without names of others' making: `sales-2025-12-01-2026-11-29.xlsx`
    pub plain_name: String,
    format: &'static Format,
    rows: RowStream,
    /// Rows that `parts` has given.
    written: Arc<AtomicU64>,
}

/// Asks for it. An error before the first row is an answer, not half a file. `job`: the name of the question of a job, by which
/// ClickHouse can be told to end it; such a one may take minutes.
pub async fn open(engine: &Engine, wanted: Wanted<'_>, job: Option<&str>) -> Result<File, RunError> {
    let Wanted { report, scope, filter, language, format } = wanted;
    let filter = &filter.first_page();
    let (options, dealers, freshness, (totals, rows)) = tokio::try_join!(
        engine.options(report, scope),
        engine.dealers(scope),
        engine.freshness(&report.datasets),
        engine.stream(report, scope, filter, job)
    )?;
    let whose = facts::whose(Text::of(language), filter, &dealers);
    let title = report.title.get(language);
    let told =
        Told { report, filter, language, options: &options, whose: &whose, freshness, timezone: engine.timezone() };
    let places = |column: &Column| match column.source {
        Source::Field(field) => rows.decimal_places(field),
        Source::ShareOf(_) | Source::ChangeOf(_) => 0,
    };
    let scales = report.columns.iter().map(places).collect();
    let contents = Contents { scales, ..told.contents(&totals, rows.count()) };
    let (name, plain_name) = names(report, &[title, only(&whose)], filter, format);
    Ok(File { contents, name, plain_name, format, rows, written: Arc::default() })
}

/// What a file, or a part of its rows, says of them.
pub struct Told<'a> {
    pub report: &'a Arc<Definition>,
    pub filter: &'a Filter,
    pub language: Language,
    /// Of each filter.
    pub options: &'a [Vec<Choice>],
    /// Whose rows they are, by name.
    pub whose: &'a [&'a str],
    pub freshness: Freshness,
    pub timezone: Tz,
}

impl Told<'_> {
    /// `count`: rows in all.
    pub fn contents(&self, totals: &[Line], count: u64) -> Contents {
        let Told { report, filter, language, options, whose, freshness, timezone } = *self;
        let text = Text::of(language);
        let fact = |key: &str, name: &str, value: String| Fact { key: key.to_owned(), name: name.to_owned(), value };
        let mut told = vec![
            fact("report", text.get("fact-report"), report.title.get(language).to_owned()),
            fact("dealer", text.get("fact-dealer"), whose.join(", ")),
        ];
        told.extend(
            facts::chosen(text, report, filter, (options, &[]))
                .into_iter()
                .map(|chosen| fact(chosen.key, chosen.title, chosen.words)),
        );
        told.push(fact("as_of", text.get("fact-as-of"), age::as_of(text, freshness, clock::now(), timezone)));
        told.push(fact("rows", text.get("fact-rows"), count.to_string()));
        Contents {
            report: report.clone(),
            language,
            facts: told,
            freshness,
            count,
            scales: Vec::new(),
            totals: totals.to_vec(),
            total_labels: totals.iter().map(|total| facts::total_label(text, report, totals, total)).collect(),
            currency_title: text.get("currency-column").to_owned(),
            facts_title: text.get("facts-title").to_owned(),
        }
    }
}

fn only<'a>(whose: &[&'a str]) -> &'a str {
    if let [dealer] = whose { dealer } else { "" }
}

fn names(report: &Definition, words: &[&str], filter: &Filter, format: &Format) -> (String, String) {
    let days = filter.period().map(|period| format!("{}…{}", period.first, period.last)).unwrap_or_default();
    let words = words.iter().copied().chain([days.as_str()]).map(file_word).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join(" ");
    let plain = format!("{}-{}", report.name, days.replace('…', "-"));
    let with_extension = |name: &str| format!("{name}.{}", format.extension);
    (with_extension(&name), with_extension(plain.trim_end_matches('-')))
}

/// Without what a file name may not hold.
fn file_word(text: &str) -> String {
    let fine = text.chars().map(|c| if c.is_control() || "/\\:*?\"<>|«»".contains(c) { ' ' } else { c });
    fine.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

enum Next {
    Head,
    Rows,
    End,
}

impl File {
    pub fn media_type(&self) -> &'static str {
        self.format.media_type
    }

    /// Some rows, for one who looks at them and makes no file; none at the end.
    pub async fn rows(&mut self) -> Result<Option<Vec<Line>>, RunError> {
        self.rows.next().await
    }

    pub fn format(&self) -> &'static Format {
        self.format
    }

    /// Counts the rows as `parts` gives them.
    pub fn written(&self) -> Arc<AtomicU64> {
        self.written.clone()
    }

    /// Head, then rows as they come, then the end, as the writer of `open` has them. After an error what came before it is half a
    /// file, and none.
    pub fn parts(self, open: Open) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
        let name = self.contents.report.name.clone();
        let written = self.written;
        let state = (name, open(self.contents), self.rows, Next::Head);
        stream::try_unfold(state, move |(name, writer, mut rows, next): (String, Box<dyn Writer>, _, _)| {
            let written = written.clone();
            async move {
                let ((part, writer), next) = match next {
                    Next::Head => (step(writer, |writer| writer.head()).await?, Next::Rows),
                    Next::Rows => {
                        let read = RowStream::next(&mut rows).await.inspect_err(|cause| {
                            tracing::warn!(%cause, report = name, "A file was cut: ClickHouse failed under way");
                        });
                        match read.map_err(|cause| std::io::Error::other(cause.to_string()))? {
                            Some(rows) => {
                                written.fetch_add(rows.len() as u64, Ordering::Relaxed);
                                (step(writer, |writer| writer.rows(rows)).await?, Next::Rows)
                            }
                            None => (step(writer, |writer| writer.end()).await?, Next::End),
                        }
                    }
                    Next::End => return Ok(None),
                };
                Ok(Some((Bytes::from(part), (name, writer, rows, next))))
            }
        })
    }
}

/// A step of a writer, beside the other tasks where it is slow. One that nobody waits for any more is ended all the same.
async fn step(
    mut writer: Box<dyn Writer>,
    work: impl FnOnce(&mut dyn Writer) -> std::io::Result<Vec<u8>> + Send + 'static,
) -> std::io::Result<(Vec<u8>, Box<dyn Writer>)> {
    let is_slow = writer.is_slow();
    let work = move || work(&mut *writer).map(|part| (part, writer));
    if is_slow {
        return tokio::task::spawn_blocking(work)
            .await
            .map_err(|panic| std::io::Error::new(std::io::ErrorKind::InvalidData, panic))?;
    }
    work()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::{Writer, step};
    use crate::report::table::Line;

    /// Waits in its own thread until another task goes on.
    struct Slow(std::sync::Mutex<mpsc::Receiver<()>>);

    impl Writer for Slow {
        fn is_slow(&self) -> bool {
            true
        }

        fn head(&mut self) -> std::io::Result<Vec<u8>> {
            let waited = self.0.lock().unwrap().recv_timeout(Duration::from_secs(10));
            waited.map(|()| b"head".to_vec()).map_err(std::io::Error::other)
        }

        fn rows(&mut self, _: Vec<Line>) -> std::io::Result<Vec<u8>> {
            panic!("a row that cannot be written")
        }

        fn end(&mut self) -> std::io::Result<Vec<u8>> {
            Ok(Vec::new())
        }
    }

    #[tokio::test]
    async fn a_slow_step_holds_up_no_other_task_and_a_panic_in_it_is_an_error_of_its_rows() {
        let (go_on, waits) = mpsc::channel();
        let other = tokio::spawn(async move { go_on.send(()) });
        let (part, writer) = step(Box::new(Slow(waits.into())), |writer| writer.head()).await.unwrap();
        assert_eq!((part.as_slice(), other.await.unwrap()), (b"head".as_slice(), Ok(())));
        let failed = step(writer, |writer| writer.rows(Vec::new())).await.err().unwrap();
        assert_eq!(failed.kind(), std::io::ErrorKind::InvalidData);
    }
}
