//! The zip archive of a workbook, written from its beginning to its end: sizes stand behind each part, so that nothing waits
//! for them.

use std::io::{self, Write as _};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use crate::report::write::sink::Sink;

/// Twice as fast as the usual 6, and a seventh larger.
const LEVEL: i64 = 2;

pub struct Package {
    zip: Option<ZipWriter<StreamWriter<Sink>>>,
    /// What is packed and not taken yet.
    packed: Sink,
}

impl Package {
    pub fn new() -> Self {
        let packed = Sink::default();
        Self { zip: Some(ZipWriter::new_stream(packed.clone())), packed }
    }

    fn zip(&mut self) -> io::Result<&mut ZipWriter<StreamWriter<Sink>>> {
        self.zip.as_mut().ok_or_else(|| io::Error::other("the archive has ended"))
    }

    /// Ends the part before, and begins this one. A part holds less than 4 GiB: Excel opens no larger one.
    pub fn begin(&mut self, path: &str) -> io::Result<()> {
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(LEVEL));
        self.zip()?.start_file(path, options).map_err(io::Error::other)
    }

    pub fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.zip()?.write_all(content)
    }

    /// What has been packed since the last time.
    pub fn taken(&self) -> Vec<u8> {
        self.packed.take()
    }

    /// The rest of the archive.
    pub fn finish(&mut self) -> io::Result<Vec<u8>> {
        let zip = self.zip.take().ok_or_else(|| io::Error::other("the archive has ended"))?;
        zip.finish().map_err(io::Error::other)?;
        Ok(self.packed.take())
    }
}
