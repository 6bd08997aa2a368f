//! typst, fed with values and two sources of ours. It reads no file, no clock and no font but the two that are compiled in.

use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};

use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Dict, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use super::unfit;

/// Has ₽, № and the thin spaces of Russian numbers. A letter that it lacks is drawn as a box.
pub const REGULAR: &[u8] = include_bytes!("../../../../assets/fonts/Roboto-Regular.ttf");
pub const BOLD: &[u8] = include_bytes!("../../../../assets/fonts/Roboto-Bold.ttf");

/// What a document is made by. Read once: typst never forgets the name of a source.
pub static REPORT: LazyLock<Source> = LazyLock::new(|| Source::detached(include_str!("report.typ")));
pub static FEET: LazyLock<Source> = LazyLock::new(|| Source::detached(include_str!("feet.typ")));

static FONTS: LazyLock<Vec<Font>> =
    LazyLock::new(|| [REGULAR, BOLD].into_iter().filter_map(|font| Font::new(Bytes::new(font), 0)).collect());
static BOOK: LazyLock<LazyHash<FontBook>> = LazyLock::new(|| LazyHash::new(FontBook::from_fonts(FONTS.iter())));

/// One run at a time, whatever the number of jobs: a run takes most of the memory that a job takes.
static TURN: Mutex<()> = Mutex::new(());

/// The pages of a source for these values.
pub fn typeset(source: &Source, values: Dict, is_tagged: bool) -> io::Result<Vec<u8>> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let written = pages(source, values).and_then(|document| {
        let options = PdfOptions { tagged: is_tagged, ..PdfOptions::default() };
        typst_pdf::pdf(&document, &options).map_err(|errors| told(&errors))
    });
    // What typst keeps for a next compilation is no use to another table.
    typst::comemo::evict(0);
    written
}

fn pages(source: &Source, values: Dict) -> io::Result<PagedDocument> {
    let library = LazyHash::new(Library::builder().with_inputs(values).build());
    typst::compile(&Sheet { library, source }).output.map_err(|errors| told(&errors))
}

/// Without a word of the values.
fn told(errors: &[SourceDiagnostic]) -> io::Error {
    let words: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    unfit(format!("typst: {}", words.join("; ")))
}

struct Sheet<'a> {
    library: LazyHash<Library>,
    source: &'a Source,
}

impl World for Sheet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &BOOK
    }

    fn main(&self) -> FileId {
        self.source.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.source.id() { Ok(self.source.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
