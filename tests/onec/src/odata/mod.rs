//! The standard OData interface: a resource and its options in, an answer out.

mod arguments;
pub mod atom;
mod balance;
pub mod error;
mod filter;
mod find;
pub mod json;
mod order;
pub mod query;
mod reckoned;
pub mod select;
mod target;

use error::Refusal;
pub use query::decode;
use query::{Format, Level, Query};
use select::Linking;
use target::{Target, target};
use uuid::Uuid;

use crate::{
    base::{Base, Moment, Place, Row, Set, source},
    faults::Kind,
    http::{Answer, Request},
    schema::{self, Schema, Type},
    server::{Prepared, Server},
};

const BOM: &[u8] = "\u{feff}".as_bytes();

/// Answers a request for `resource`, the decoded path below the OData root. `buffer` becomes the body.
pub fn answer(server: &Server, request: &Request, resource: &str, met: &[Kind], buffer: Vec<u8>) -> Answer {
    let (mut format, mut query) = Query::parse(&request.query, &request.accept);
    if met.contains(&Kind::SamePage)
        && let Some(before) = server.swap_query(resource, &request.query)
    {
        (format, query) = Query::parse(&before, &request.accept);
    }
    server.swap_query(resource, &request.query);
    let asked = Asked { server, request, resource, format, met };
    let result = match request.method.as_str() {
        "GET" | "HEAD" => query.and_then(|query| asked.answer(&query, buffer)),
        _ => Err(Refusal::new(405, 19, format!("Метод HTTP \"{}\" недопустим.", request.method))),
    };
    let mut answer = result.unwrap_or_else(|refusal| asked.refuse(&refusal));
    if request.method == "HEAD" {
        answer.body.clear();
    }
    answer.with("DataServiceVersion", "3.0")
}

struct Asked<'a> {
    server: &'a Server,
    request: &'a Request,
    resource: &'a str,
    format: Format,
    met: &'a [Kind],
}

/// What the rows of a page share.
struct Sheet<'a> {
    of: &'a Type,
    /// The name of a virtual table; empty for a set.
    table: &'a str,
    prepared: &'a Prepared,
    /// Rows on all pages.
    total: usize,
}

impl Asked<'_> {
    fn answer(&self, query: &Query, buffer: Vec<u8>) -> Result<Answer, Refusal> {
        let schema = self.server.schema();
        match self.resource {
            "" => Ok(self.service(&schema)),
            "$metadata" => Ok(Answer::new(200, "application/xml;charset=utf-8", schema::document(&schema))),
            _ if query.expands => Err(Refusal::unsupported("$expand")),
            path => match target(&schema, path)? {
                Target::Set(of) => self.list(&schema, of, query, buffer),
                Target::Count(of) => self.count(&schema, of, query),
                Target::Entity(of, reference, line) => self.entity(&schema, of, reference, line, query, buffer),
                Target::Navigation(of, reference, name) => self.follow(&schema, (of, reference, name), query, buffer),
                Target::Table(function, arguments, is_count) => {
                    let answer = if balance::is_of(function) { balance::answer } else { reckoned::answer };
                    answer(self, &schema, (function, arguments, is_count), query, buffer)
                }
            },
        }
    }

    fn list(&self, schema: &Schema, of: &Type, query: &Query, buffer: Vec<u8>) -> Result<Answer, Refusal> {
        let prepared = self.prepared(schema, of, query, of.name.clone())?;
        let base = self.server.base();
        let found = self.find(&base, schema, of, query, true)?;
        self.carry(found.places.len())?;
        let set = Set::of(of);
        let rows = found.places.iter().filter_map(|place| base.row(set, *place));
        let sheet = Sheet { of, table: "", prepared: &prepared, total: found.total };
        let drawn = self.page(&base, &sheet, rows, query, buffer);
        drop(base);
        self.disturb(set, &found.places);
        Ok(drawn)
    }

    fn page<'r>(
        &self,
        base: &'r Base,
        sheet: &Sheet<'_>,
        rows: impl Iterator<Item = Row<'r>>,
        query: &Query,
        buffer: Vec<u8>,
    ) -> Answer {
        let Sheet { of, table, prepared, total } = *sheet;
        let count = (query.counts_inline && self.server.options.habits.counts_inline).then_some(total);
        let mut body = buffer;
        match query.format {
            Format::Json(level) => {
                self.open_json(&mut body);
                if level != Level::None {
                    body.extend_from_slice(
                        format!("\"odata.metadata\":\"{}$metadata#{}\",", self.root(), of.name).as_bytes(),
                    );
                }
                if let Some(count) = count {
                    body.extend_from_slice(format!("\"odata.count\":\"{count}\",").as_bytes());
                }
                body.extend_from_slice(b"\"value\":[");
                for (at, row) in rows.enumerate() {
                    if at > 0 {
                        body.push(b',');
                    }
                    prepared.drawing.draw(&mut body, base, row, json::Place::List);
                }
                body.extend_from_slice(b"]}");
            }
            Format::Atom if !table.is_empty() => {
                self.atom(base, &self.root(), of, prepared).table(&mut body, table, rows);
            }
            Format::Atom => {
                let root = self.root();
                let page = self.atom(base, &root, of, prepared);
                page.open_feed(&mut body, count);
                for row in rows {
                    page.entry(&mut body, row, false);
                }
                body.extend_from_slice(atom::CLOSE_FEED.as_bytes());
            }
        }
        self.ok("feed", body)
    }

    fn find(
        &self,
        base: &Base,
        schema: &Schema,
        of: &Type,
        query: &Query,
        is_page: bool,
    ) -> Result<find::Found, Refusal> {
        let filter = match &query.filter {
            Some(text) => Some(filter::bind(&filter::parse(text)?, schema, of)?),
            None => None,
        };
        // Ordering by an invented field is ignored on sets that belong to a recorder.
        let is_of_recorder = of.key.first().is_some_and(|key| key == "Recorder");
        let order = match &query.order_by {
            Some(text) if is_page && !is_of_recorder => Some(order::Order::parse(text, schema, of)?),
            _ => None,
        };
        let (skip, top) = if is_page { self.window(query) } else { (0, None) };
        let (set, filter, order) = (Set::of(of), filter.as_ref(), order.as_ref());
        let search = find::Search { set, filter, order, is_stable: is_of_recorder, skip, top };
        Ok(find::find(base, &search, &mut self.server.dice()))
    }

    /// How many rows to leave out and to send.
    fn window(&self, query: &Query) -> (usize, Option<usize>) {
        let sends_all = query.counts_inline && self.server.options.habits.inline_count_sends_all;
        if sends_all { (0, None) } else { (query.skip, query.top) }
    }

    fn count(&self, schema: &Schema, of: &Type, query: &Query) -> Result<Answer, Refusal> {
        self.counted(self.find(&self.server.base(), schema, of, query, false)?.total)
    }

    fn counted(&self, total: usize) -> Result<Answer, Refusal> {
        if !self.server.options.habits.counts {
            return Err(Refusal::unsupported("$count"));
        }
        let mut body = if self.server.options.habits.has_bom { BOM.to_vec() } else { Vec::new() };
        body.extend_from_slice(total.to_string().as_bytes());
        Ok(Answer::new(200, "text/plain;charset=utf-8", body))
    }

    fn entity(
        &self,
        schema: &Schema,
        of: &Type,
        reference: Uuid,
        line: Option<u32>,
        query: &Query,
        buffer: Vec<u8>,
    ) -> Result<Answer, Refusal> {
        let prepared = self.prepared(schema, of, query, of.name.clone())?;
        let base = self.server.base();
        let set = Set::of(of);
        let place = base.find(set, reference).map(|place| Place { line: line.unwrap_or(place.line), ..place });
        let row = place.and_then(|place| base.row(set, place)).ok_or_else(|| Refusal::no_entity(&of.name))?;
        let mut body = buffer;
        match query.format {
            Format::Json(level) => {
                self.open_json(&mut body);
                if level != Level::None {
                    let address = format!("\"odata.metadata\":\"{}$metadata#{}/@Element\",", self.root(), of.name);
                    body.extend_from_slice(address.as_bytes());
                }
                prepared.drawing.draw_inside(&mut body, &base, row, json::Place::Single);
                body.push(b'}');
            }
            Format::Atom => self.atom(&base, &self.root(), of, &prepared).entry(&mut body, row, true),
        }
        Ok(self.ok("entry", body))
    }

    /// `Document_X(guid'…')/Контрагент`
    fn follow(
        &self,
        schema: &Schema,
        (of, reference, name): (&Type, Uuid, &str),
        query: &Query,
        buffer: Vec<u8>,
    ) -> Result<Answer, Refusal> {
        let navigation = of.navigation(name).ok_or_else(|| Refusal::no_property(name))?;
        let target = schema.named(&navigation.target).ok_or_else(|| Refusal::no_set(&navigation.target))?;
        let key = of.property(&format!("{name}_Key")).ok_or_else(|| Refusal::no_property(name))?;
        let linked = {
            let base = self.server.base();
            let set = Set::of(of);
            let row = base.find(set, reference).and_then(|place| base.row(set, place));
            row.and_then(|row| json::linked(row, source(of, key)))
        };
        let linked = linked.ok_or_else(|| Refusal::no_entity(&target.name))?;
        self.entity(schema, target, linked, None, query, buffer)
    }

    /// `wish` names the type, and what of it there is.
    fn prepared(
        &self,
        schema: &Schema,
        of: &Type,
        query: &Query,
        wish: String,
    ) -> Result<std::sync::Arc<Prepared>, Refusal> {
        let level = match query.format {
            Format::Json(level) => level,
            Format::Atom => Level::Minimal,
        };
        self.server.prepared((wish, query.select.clone(), level), || {
            let linking = Linking { with_select: self.server.options.habits.links_with_select };
            let mut members = select::members(schema, of, query.select.as_deref(), level, linking)?;
            // Rows of a virtual table, and records, have no address that a link could begin with.
            let has_address = of.key.iter().any(|part| part == "Ref_Key");
            members.retain(|member| has_address || !matches!(member.content, select::Content::Link { .. }));
            select::disorder(&mut members, &mut self.server.dice());
            Ok(Prepared { drawing: json::Drawing::new(&of.name, members.clone()), members })
        })
    }

    /// Whether a page of so many entries can be built.
    fn carry(&self, entries: usize) -> Result<(), Refusal> {
        let is_too_much = |kind: &Kind| matches!(kind, Kind::Heavy { most } if entries > *most);
        if !self.met.iter().any(is_too_much) {
            return Ok(());
        }
        self.server.stats.faulted();
        Err(Refusal::runtime("Недостаточно памяти."))
    }

    /// Documents that come and go between this page and the next.
    fn disturb(&self, set: Set, page: &[Place]) {
        for kind in self.met {
            let (Kind::InsertBetween { documents } | Kind::DeleteBetween { documents }) = kind else { continue };
            if !matches!(set, Set::Documents | Set::Lines | Set::Orders | Set::OrderLines) {
                continue;
            }
            let mut base = self.server.base_mut();
            let on_page: Vec<_> = page.iter().filter_map(|place| base.papers(set).get(place.slot).cloned()).collect();
            if matches!(kind, Kind::DeleteBetween { .. }) {
                for document in on_page.iter().take(*documents) {
                    _ = base.delete(document.reference);
                }
            } else if let Some(first) = on_page.first() {
                for _ in 0..*documents {
                    base.add(first.deed, first.partner, first.date, first.lines.clone());
                }
            }
        }
    }

    fn service(&self, schema: &Schema) -> Answer {
        let sets = schema.sets().map(|set| set.name.as_str());
        match self.format {
            Format::Atom => {
                Answer::new(200, "application/atomsvc+xml;charset=utf-8", atom::service(&self.root(), sets))
            }
            Format::Json(level) => {
                let mut body = Vec::new();
                self.open_json(&mut body);
                if level != Level::None {
                    body.extend_from_slice(format!("\"odata.metadata\":\"{}$metadata\",", self.root()).as_bytes());
                }
                let sets: Vec<_> = sets.map(|name| serde_json::json!({"name": name, "url": name})).collect();
                body.extend_from_slice(format!("\"value\":{}}}", serde_json::Value::Array(sets)).as_bytes());
                self.ok("", body)
            }
        }
    }

    /// `{`, after the byte order mark where the server has that habit.
    fn open_json(&self, body: &mut Vec<u8>) {
        if self.server.options.habits.has_bom {
            body.extend_from_slice(BOM);
        }
        body.push(b'{');
    }

    fn ok(&self, atom_kind: &str, body: Vec<u8>) -> Answer {
        let content_type = match self.format {
            Format::Atom => format!("application/atom+xml;type={atom_kind};charset=utf-8"),
            Format::Json(Level::None) => "application/json;odata=nometadata;charset=utf-8".into(),
            Format::Json(Level::Minimal) => "application/json;odata=minimalmetadata;charset=utf-8".into(),
            Format::Json(Level::Full) => "application/json;odata=fullmetadata;charset=utf-8".into(),
        };
        Answer::new(200, &content_type, body)
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        match self.format {
            Format::Atom => Answer::new(refusal.status, "application/xml;charset=utf-8", refusal.xml()),
            Format::Json(_) => {
                let mut body = if self.server.options.habits.has_bom { BOM.to_vec() } else { Vec::new() };
                body.extend_from_slice(refusal.json().as_bytes());
                Answer::new(refusal.status, crate::http::JSON_TEXT, body)
            }
        }
    }

    fn root(&self) -> String {
        let host = if self.request.host.is_empty() { "localhost" } else { &self.request.host };
        format!("http://{host}{}/odata/standard.odata/", self.server.options.publication)
    }

    fn atom<'a>(&self, base: &'a Base, root: &'a str, of: &'a Type, prepared: &'a Prepared) -> atom::Page<'a> {
        atom::Page { base, root, of, members: &prepared.members, now: Moment::now_in_moscow() }
    }
}
