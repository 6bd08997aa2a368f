//! One document out of many: pages of each run behind those of the run before, the trees of their tags under one root, a foot laid
//! over each page once all are counted.
//!
//! Tags stay: a run is a `Part` of the one `Document`, with a table of its own, for no tag can reach over runs that are not there
//! yet. What is laid over is marked as an artifact. Names of table heads are made different, or those of one run would be heads of
//! all.

use std::collections::{HashMap, HashSet};
use std::io;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat, dictionary};

use super::object_file::ObjectFile;
use super::unfit;

/// Behind the foot's name in a page's resources.
const FOOT: &str = "PortalFoot";

pub struct Joined {
    file: ObjectFile,
    /// Of what every run hangs on.
    page_tree: u32,
    tag_root: u32,
    tag_document: u32,
    /// What stands before and behind the content of every page: the page's own state ends, the foot follows.
    before: u32,
    behind: u32,
    pages: Vec<u32>,
    /// What will be laid over each page.
    feet: Vec<u32>,
    feet_written: usize,
    runs: Vec<u32>,
    /// Of each page: the list of the elements that stand on it.
    tags_of: Vec<u32>,
    heads: Vec<(Vec<u8>, u32)>,
    /// What the first run says of the whole.
    catalog: Dictionary,
    trailer: Dictionary,
    /// XMP, which counts the pages.
    metadata: Option<Stream>,
}

/// A run, on its way into the file.
struct Run {
    document: Document,
    pages: Vec<ObjectId>,
    tags: Option<Tags>,
}

struct Tags {
    root: ObjectId,
    document: ObjectId,
}

impl Joined {
    pub fn new() -> io::Result<Self> {
        let mut file = ObjectFile::new();
        let [page_tree, tag_root, tag_document, before, behind] = std::array::from_fn(|_| file.number());
        let stream = |content: String| Object::Stream(Stream::new(Dictionary::new(), content.into_bytes()));
        file.write(before, &stream("q\n".to_owned()))?;
        let foot = format!("\nQ\n/Artifact <</Type /Pagination /Subtype /Footer>> BDC\nq /{FOOT} Do Q\nEMC\n");
        file.write(behind, &stream(foot))?;
        Ok(Self {
            file,
            page_tree,
            tag_root,
            tag_document,
            before,
            behind,
            pages: Vec::new(),
            feet: Vec::new(),
            feet_written: 0,
            runs: Vec::new(),
            tags_of: Vec::new(),
            heads: Vec::new(),
            catalog: Dictionary::new(),
            trailer: Dictionary::new(),
            metadata: None,
        })
    }

    pub fn pages(&self) -> usize {
        self.pages.len()
    }

    /// What is whole of the file and was not taken yet.
    pub fn taken(&mut self) -> Vec<u8> {
        self.file.taken()
    }

    /// Puts the pages of a run of so many rows behind the others. Unless it is the last, its last page is left out, for it is seldom
    /// full: how many rows of the table's end must come again. Always fewer than it has.
    pub fn add(&mut self, run: &[u8], rows: usize, is_last: bool) -> io::Result<usize> {
        let mut run = Run::read(run)?;
        let again = if is_last { 0 } else { run.without_last_page(rows)? };
        let number = self.runs.len();
        if number == 0 {
            self.keep_what_is_said(&run)?;
        }
        let mut copy = Copy { numbers: HashMap::new(), todo: Vec::new() };
        let first_key = self.tags_of.len() as i64;
        if let Some(tags) = &run.tags {
            let name = format!("r{number:05}-");
            self.heads.extend(
                name_heads(&mut run.document, name.as_bytes())
                    .into_iter()
                    .map(|(id, element)| (id, copy.number(&mut self.file, element))),
            );
            let element = run.document.get_dictionary_mut(tags.document).map_err(unfit)?;
            element.set("S", "Part");
            copy.numbers.insert(tags.root, self.tag_root);
            let of_pages = run.tags_of_pages(tags)?;
            for mut tags in of_pages {
                copy.translate(&mut self.file, &mut tags);
                let number = self.file.number();
                self.file.write(number, &tags)?;
                self.tags_of.push(number);
            }
            let document = copy.number(&mut self.file, tags.document);
            self.runs.push(document);
        } else {
            self.runs.push(0);
        }
        if let (0, Ok(outlines)) = (number, run.document.catalog().and_then(|catalog| catalog.get(b"Outlines"))) {
            let mut outlines = outlines.clone();
            copy.translate(&mut self.file, &mut outlines);
            self.catalog.set("Outlines", outlines);
        }
        for page in run.pages.clone() {
            let number = copy.number(&mut self.file, page);
            self.pages.push(number);
            let foot = self.file.number();
            self.feet.push(foot);
            self.under_foot(&mut run.document, page, (foot, first_key), &mut copy)?;
        }
        let tag_document = run.tags.as_ref().map(|tags| (tags.document, self.tag_document));
        copy.all(&mut self.file, &mut run.document, tag_document)?;
        Ok(again)
    }

    /// Prepares a page for its foot and for its place.
    fn under_foot(
        &mut self,
        document: &mut Document,
        page: ObjectId,
        (foot, first_key): (u32, i64),
        copy: &mut Copy,
    ) -> io::Result<()> {
        let resources = match document.get_dictionary(page).and_then(|page| page.get(b"Resources")) {
            Ok(resources) => resolved(document, resources),
            Err(_) => Object::Dictionary(Dictionary::new()),
        };
        let mut resources = resources.as_dict().map_err(unfit)?.clone();
        let drawn = resources.get(b"XObject").map(|drawn| resolved(document, drawn));
        let mut drawn = drawn.ok().and_then(|drawn| drawn.as_dict().cloned().ok()).unwrap_or_default();
        drawn.set(FOOT, copy.own(foot));
        resources.set("XObject", drawn);
        let (before, behind, page_tree) = (copy.own(self.before), copy.own(self.behind), copy.own(self.page_tree));
        let page = document.get_dictionary_mut(page).map_err(unfit)?;
        page.set("Resources", resources);
        page.set("Parent", page_tree);
        let contents = match page.get(b"Contents") {
            Ok(Object::Array(parts)) => parts.clone(),
            Ok(one) => vec![one.clone()],
            Err(_) => Vec::new(),
        };
        page.set("Contents", [vec![before], contents, vec![behind]].concat());
        if let Ok(key) = page.get(b"StructParents").and_then(Object::as_i64) {
            page.set("StructParents", first_key + key);
        }
        Ok(())
    }

    /// Language, marks and title: all runs say the same.
    fn keep_what_is_said(&mut self, run: &Run) -> io::Result<()> {
        let catalog = run.document.catalog().map_err(unfit)?;
        for key in ["Lang", "MarkInfo", "ViewerPreferences"] {
            if let Ok(said) = catalog.get(key.as_bytes()) {
                self.catalog.set(key, resolved(&run.document, said));
            }
        }
        self.metadata = catalog.get(b"Metadata").ok().and_then(|metadata| match resolved(&run.document, metadata) {
            Object::Stream(stream) => Some(stream),
            _ => None,
        });
        let trailer = &run.document.trailer;
        if let Ok(said) = trailer.get(b"Info") {
            let number = self.file.number();
            self.file.write(number, &resolved(&run.document, said))?;
            self.trailer.set("Info", Object::Reference((number, 0)));
        }
        if let Ok(id) = trailer.get(b"ID") {
            self.trailer.set("ID", id.clone());
        }
        Ok(())
    }

    /// Lays pages over those that have no foot yet.
    pub fn lay_over(&mut self, feet: &[u8]) -> io::Result<()> {
        let mut run = Run::read(feet)?;
        let mut copy = Copy { numbers: HashMap::new(), todo: Vec::new() };
        for page in run.pages.clone() {
            let Some(number) = self.feet.get(self.feet_written).copied() else { break };
            self.feet_written += 1;
            let content = run.document.get_page_content(page);
            let page = run.document.get_dictionary(page).map_err(unfit)?;
            let mut form = dictionary! { "Type" => "XObject", "Subtype" => "Form" };
            form.set("BBox", page.get(b"MediaBox").map_err(unfit)?.clone());
            if let Ok(resources) = page.get(b"Resources") {
                form.set("Resources", resources.clone());
            }
            let mut form = Stream::new(form, content);
            form.compress().map_err(unfit)?;
            let mut form = Object::Stream(form);
            copy.translate(&mut self.file, &mut form);
            self.file.write(number, &form)?;
        }
        copy.all(&mut self.file, &mut run.document, None)
    }

    /// The trees over all runs, and the end of the file.
    pub fn end(mut self) -> io::Result<Vec<u8>> {
        let reference = |number: u32| Object::Reference((number, 0));
        let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => reference(self.page_tree) };
        catalog.extend(&self.catalog);
        let kids: Vec<Object> = self.pages.iter().copied().map(reference).collect();
        let pages = dictionary! { "Type" => "Pages", "Count" => kids.len() as i64, "Kids" => kids };
        self.file.write(self.page_tree, &pages.into())?;
        if self.runs.iter().all(|run| *run != 0) {
            let runs: Vec<Object> = self.runs.iter().copied().map(reference).collect();
            let document = dictionary! {
                "Type" => "StructElem", "S" => "Document", "P" => reference(self.tag_root), "K" => runs,
            };
            self.file.write(self.tag_document, &document.into())?;
            let next = self.tags_of.len() as i64;
            let keys = self.tags_of.iter().enumerate();
            let numbers: Vec<Object> =
                keys.flat_map(|(key, tags)| [Object::Integer(key as i64), reference(*tags)]).collect();
            let mut root = dictionary! {
                "Type" => "StructTreeRoot", "K" => reference(self.tag_document), "ParentTreeNextKey" => next,
                "ParentTree" => dictionary! { "Nums" => numbers },
            };
            if !self.heads.is_empty() {
                self.heads.sort();
                let heads = self.heads.drain(..);
                let names: Vec<Object> = heads
                    .flat_map(|(id, number)| [Object::String(id, StringFormat::Literal), reference(number)])
                    .collect();
                root.set("IDTree", dictionary! { "Names" => names });
            }
            self.file.write(self.tag_root, &root.into())?;
            catalog.set("StructTreeRoot", reference(self.tag_root));
        }
        if let Some(mut metadata) = self.metadata.take() {
            metadata.content = counted(&metadata.content, self.pages.len());
            let number = self.file.number();
            self.file.write(number, &Object::Stream(Stream::new(metadata.dict, metadata.content)))?;
            catalog.set("Metadata", reference(number));
        }
        let root = self.file.number();
        self.file.write(root, &catalog.into())?;
        self.trailer.set("Root", reference(root));
        self.file.end(self.trailer)
    }
}

/// What is said of the first run's pages is said of all.
fn counted(xmp: &[u8], pages: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(xmp);
    let (open, close) = ("<xmpTPg:NPages>", "</xmpTPg:NPages>");
    match text.split_once(open).and_then(|(before, rest)| Some((before, rest.split_once(close)?.1))) {
        Some((before, behind)) => format!("{before}{open}{pages}{close}{behind}").into_bytes(),
        None => xmp.to_vec(),
    }
}

fn resolved(document: &Document, object: &Object) -> Object {
    match document.dereference(object) {
        Ok((_, object)) => object.clone(),
        Err(_) => object.clone(),
    }
}

impl Run {
    fn read(bytes: &[u8]) -> io::Result<Self> {
        let document = Document::load_mem(bytes).map_err(unfit)?;
        let pages = document.get_pages().into_values().collect();
        let root = document.catalog().and_then(|catalog| catalog.get(b"StructTreeRoot")?.as_reference()).ok();
        let tags = root.and_then(|root| {
            let kids = document.get_dictionary(root).ok()?.get(b"K").ok()?;
            let document = match kids {
                Object::Reference(kid) => *kid,
                Object::Array(kids) => kids.first()?.as_reference().ok()?,
                _ => return None,
            };
            Some(Tags { root, document })
        });
        Ok(Self { document, pages, tags })
    }

    /// Takes the last page away with the tags of what stands on it, if that is whole rows and others stand before it. How many rows.
    fn without_last_page(&mut self, of: usize) -> io::Result<usize> {
        let Some(tags) = &self.tags else { return Ok(0) };
        let Some(page) = self.pages.last().copied() else { return Ok(0) };
        let mut look = Look { document: &self.document, page, rows: 0, is_torn: false, gone: HashSet::new() };
        look.at(tags.document, None);
        let Look { rows, is_torn, gone, .. } = look;
        if is_torn || rows == 0 || rows >= of {
            return Ok(0);
        }
        self.pages.pop();
        for object in self.document.objects.values_mut() {
            let Ok(Object::Array(kids)) = object.as_dict_mut().and_then(|element| element.get_mut(b"K")) else {
                continue;
            };
            kids.retain(|kid| kid.as_reference().map_or(true, |kid| !gone.contains(&kid)));
        }
        Ok(rows)
    }

    /// By the keys of this run, in their order: the elements of each page.
    fn tags_of_pages(&self, tags: &Tags) -> io::Result<Vec<Object>> {
        let root = self.document.get_dictionary(tags.root).map_err(unfit)?;
        let tree = root.get(b"ParentTree").map(|tree| resolved(&self.document, tree)).map_err(unfit)?;
        let numbers = tree.as_dict().and_then(|tree| tree.get(b"Nums")).map_err(unfit)?;
        let numbers = resolved(&self.document, numbers);
        let pairs = numbers.as_array().map_err(unfit)?;
        let of_pages = pairs.chunks(2).filter_map(|pair| pair.get(1)).take(self.pages.len());
        Ok(of_pages.map(|tags| resolved(&self.document, tags)).collect())
    }
}

/// A walk through tags, for those that stand on a page.
struct Look<'a> {
    document: &'a Document,
    page: ObjectId,
    /// Of a table, on that page alone.
    rows: usize,
    /// Something but the table as a whole stands on this page and on others.
    is_torn: bool,
    /// Elements that stand on that page alone.
    gone: HashSet<ObjectId>,
}

impl Look<'_> {
    /// Whether it stands on the page, and whether on others.
    fn at(&mut self, element: ObjectId, inherited: Option<ObjectId>) -> (bool, bool) {
        let Ok(dictionary) = self.document.get_dictionary(element) else { return (false, false) };
        let page = dictionary.get(b"Pg").and_then(Object::as_reference).ok().or(inherited);
        let kids = match dictionary.get(b"K") {
            Ok(Object::Array(kids)) => kids.as_slice(),
            Ok(one) => std::slice::from_ref(one),
            Err(_) => &[],
        };
        let (mut here, mut elsewhere) = (false, false);
        for kid in kids {
            let (is_here, is_elsewhere) = match kid {
                Object::Reference(kid) => self.at(*kid, page),
                Object::Dictionary(content) => {
                    let page = content.get(b"Pg").and_then(Object::as_reference).ok().or(page);
                    (page == Some(self.page), page != Some(self.page))
                }
                _ => (page == Some(self.page), page != Some(self.page)),
            };
            here |= is_here;
            elsewhere |= is_elsewhere;
        }
        let kind = dictionary.get(b"S").and_then(Object::as_name).unwrap_or_default();
        match (here, elsewhere) {
            (true, false) => {
                self.gone.insert(element);
                self.rows += usize::from(kind == b"TR");
            }
            (true, true) => self.is_torn |= !matches!(kind, b"Document" | b"Table" | b"TBody" | b"Part" | b"Div"),
            _ => {}
        }
        (here, elsewhere)
    }
}

/// Gives the heads of a run's tables names of their own. What they are called then, and where they are.
fn name_heads(document: &mut Document, run: &[u8]) -> Vec<(Vec<u8>, ObjectId)> {
    let mut heads = Vec::new();
    let renamed = |id: &mut Object| {
        if let Object::String(name, _) = id {
            *name = [run, name].concat();
        }
    };
    for (id, object) in &mut document.objects {
        let Ok(element) = object.as_dict_mut() else { continue };
        if !element.has(b"S") || !element.has(b"P") {
            continue;
        }
        if let Ok(name) = element.get_mut(b"ID") {
            renamed(name);
            if let Object::String(name, _) = name {
                heads.push((name.clone(), *id));
            }
        }
        let attributes = match element.get_mut(b"A") {
            Ok(Object::Array(all)) => all.as_mut_slice(),
            Ok(one) => std::slice::from_mut(one),
            Err(_) => &mut [],
        };
        for attribute in attributes {
            let Ok(Object::Array(names)) = attribute.as_dict_mut().and_then(|said| said.get_mut(b"Headers")) else {
                continue;
            };
            names.iter_mut().for_each(renamed);
        }
    }
    heads
}

/// Objects of a document, under numbers of the file. What nothing leads to stays behind.
struct Copy {
    numbers: HashMap<ObjectId, u32>,
    todo: Vec<ObjectId>,
}

/// A reference that holds in the file already, while those beside it do not yet.
const OWN: u16 = u16::MAX;

impl Copy {
    fn own(&self, number: u32) -> Object {
        Object::Reference((number, OWN))
    }

    fn number(&mut self, file: &mut ObjectFile, object: ObjectId) -> u32 {
        let todo = &mut self.todo;
        *self.numbers.entry(object).or_insert_with(|| {
            todo.push(object);
            file.number()
        })
    }

    fn translate(&mut self, file: &mut ObjectFile, object: &mut Object) {
        match object {
            Object::Reference((number, OWN)) => *object = Object::Reference((*number, 0)),
            Object::Reference(id) => *object = Object::Reference((self.number(file, *id), 0)),
            Object::Array(objects) => objects.iter_mut().for_each(|object| self.translate(file, object)),
            Object::Dictionary(dictionary) => self.translate_all(file, dictionary),
            Object::Stream(stream) => self.translate_all(file, &mut stream.dict),
            _ => {}
        }
    }

    fn translate_all(&mut self, file: &mut ObjectFile, dictionary: &mut Dictionary) {
        dictionary.iter_mut().for_each(|(_, object)| self.translate(file, object));
    }

    /// Writes what was asked for, and what that leads to. `tags`: the element under which a run hangs.
    fn all(&mut self, file: &mut ObjectFile, document: &mut Document, tags: Option<(ObjectId, u32)>) -> io::Result<()> {
        let mut next = 0;
        while let Some(id) = self.todo.get(next).copied() {
            next += 1;
            let Some(mut object) = document.objects.remove(&id) else { continue };
            if let (Some((run, whole)), Ok(element)) = (tags, object.as_dict_mut())
                && run == id
            {
                element.set("P", self.own(whole));
            }
            self.translate(file, &mut object);
            let number = self.number(file, id);
            file.write(number, &object)?;
        }
        Ok(())
    }
}
