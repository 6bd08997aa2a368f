//! A PDF file that is written object by object, in memory that does not grow with it: objects are packed into streams as they
//! come (PDF 1.5), and only their places are kept for the table at the end. No library does that: each holds the whole file.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use lopdf::{Dictionary, Object, Stream, Writer, dictionary};

use super::unfit;

const HEAD: &[u8] = b"%PDF-1.7\n%\x93\x8c\x8b\x9e\n";
/// Objects of a packed stream. A reader unpacks all of them to see one.
const PACKED: usize = 200;

/// Where an object lies.
#[derive(Debug, Clone, Copy)]
enum Place {
    Nowhere,
    At(u64),
    /// Of a packed stream: its number, the position in it.
    In(u32, u16),
}

#[derive(Default)]
pub struct ObjectFile {
    /// Of each number, from 1 on.
    places: Vec<Place>,
    /// Bytes that were given away.
    given: u64,
    bytes: Vec<u8>,
    /// Numbers and beginnings of what waits to be packed.
    waiting: Vec<(u32, usize)>,
    waiting_bytes: Vec<u8>,
}

impl ObjectFile {
    pub fn new() -> Self {
        Self { bytes: HEAD.to_vec(), ..Self::default() }
    }

    /// A number for an object that will be written.
    pub fn number(&mut self) -> u32 {
        self.places.push(Place::Nowhere);
        self.places.len() as u32
    }

    /// What is whole of the file and was not taken yet.
    pub fn taken(&mut self) -> Vec<u8> {
        self.given += self.bytes.len() as u64;
        std::mem::take(&mut self.bytes)
    }

    pub fn write(&mut self, number: u32, object: &Object) -> io::Result<()> {
        if matches!(object, Object::Stream(_)) {
            return self.unpacked(number, object);
        }
        self.waiting.push((number, self.waiting_bytes.len()));
        Writer::write_object(&mut self.waiting_bytes, object).map_err(unfit)?;
        self.waiting_bytes.push(b'\n');
        if self.waiting.len() >= PACKED { self.pack() } else { Ok(()) }
    }

    fn unpacked(&mut self, number: u32, object: &Object) -> io::Result<()> {
        self.put(number, Place::At(self.given + self.bytes.len() as u64));
        writeln!(self.bytes, "{number} 0 obj")?;
        Writer::write_object(&mut self.bytes, object).map_err(unfit)?;
        self.bytes.extend_from_slice(b"\nendobj\n");
        Ok(())
    }

    fn put(&mut self, number: u32, place: Place) {
        if let Some(known) = self.places.get_mut(number as usize - 1) {
            *known = place;
        }
    }

    fn pack(&mut self) -> io::Result<()> {
        let (waiting, objects) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.waiting_bytes));
        if waiting.is_empty() {
            return Ok(());
        }
        let stream = self.number();
        let mut content = String::new();
        for (position, (number, begins)) in waiting.iter().enumerate() {
            content.push_str(&format!("{number} {begins} "));
            self.put(*number, Place::In(stream, position as u16));
        }
        let first = content.len() as i64;
        let packed = packed(&[content.as_bytes(), &objects])?;
        let dictionary = dictionary! {
            "Type" => "ObjStm", "N" => waiting.len() as i64, "First" => first, "Filter" => "FlateDecode",
        };
        self.unpacked(stream, &Object::Stream(Stream::new(dictionary, packed)))
    }

    /// The table of all objects, and with it the end of the file. `trailer`: `Root` and what else it says.
    pub fn end(&mut self, trailer: Dictionary) -> io::Result<Vec<u8>> {
        self.pack()?;
        let number = self.number();
        let begins = self.given + self.bytes.len() as u64;
        self.put(number, Place::At(begins));
        let mut table = vec![0; 11];
        table[9..].fill(0xff);
        for place in &self.places {
            let (kind, first, second) = match *place {
                Place::Nowhere => (0, 0, u16::MAX),
                Place::At(begins) => (1, begins, 0),
                Place::In(stream, position) => (2, u64::from(stream), position),
            };
            table.push(kind);
            table.extend_from_slice(&first.to_be_bytes());
            table.extend_from_slice(&second.to_be_bytes());
        }
        let mut dictionary = dictionary! {
            "Type" => "XRef", "Size" => self.places.len() as i64 + 1, "Filter" => "FlateDecode",
            "W" => vec![1.into(), 8.into(), 2.into()],
        };
        dictionary.extend(&trailer);
        let table = Object::Stream(Stream::new(dictionary, packed(&[&table])?));
        self.unpacked(number, &table)?;
        self.bytes.extend_from_slice(format!("startxref\n{begins}\n%%EOF\n").as_bytes());
        Ok(self.taken())
    }
}

fn packed(parts: &[&[u8]]) -> io::Result<Vec<u8>> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    for part in parts {
        packer.write_all(part)?;
    }
    packer.finish()
}
