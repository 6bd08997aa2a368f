//! The zip archive of a workbook, written from its beginning to its end: sizes stand behind each part, so that nothing waits
//! for them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

/// Twice as fast as the usual 6, and a seventh larger.
const LEVEL: i64 = 2;

pub struct Package {
    zip: Option<ZipWriter<StreamWriter<Packed>>>,
    packed: Packed,
}

/// What is packed and not taken yet.
#[derive(Clone, Default)]
struct Packed(Arc<Mutex<Vec<u8>>>);

impl Packed {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Package {
    pub fn new() -> Self {
        let packed = Packed::default();
        Self { zip: Some(ZipWriter::new_stream(packed.clone())), packed }
    }

    fn zip(&mut self) -> io::Result<&mut ZipWriter<StreamWriter<Packed>>> {
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
