//! What requests share: the base, the schema as faults have left it, prepared drawings, rules and counts.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::{
    base::{Base, Moment, Table},
    faults::{Fault, Faults, Kind},
    generate::{self, Dice},
    http::Pool,
    odata::{json::Drawing, query::Level, select::Member},
    options::Options,
    schema::{self, Property, Schema},
    stats::Stats,
};

/// Which infobase answers at the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    #[default]
    First,
    /// The same configuration with other content and other references.
    Second,
    /// No document and no item.
    Empty,
}

/// Which base answers, and the others that have.
#[derive(Debug, Default)]
struct Parked {
    now: Standing,
    bases: HashMap<Standing, Base>,
}

/// One stand-in. Locks are held for one request at most, and a panic in another request does not poison them.
#[derive(Debug)]
pub struct Server {
    pub options: Options,
    pub stats: Stats,
    base: RwLock<Base>,
    parked: Mutex<Parked>,
    /// What faults start from: UT 11, and what was published since.
    published: Mutex<Schema>,
    schema: RwLock<Arc<Schema>>,
    prepared: Mutex<HashMap<Wish, Arc<Prepared>>>,
    faults: Mutex<Faults>,
    sessions: Mutex<Pool>,
    password: Mutex<String>,
    dice: Mutex<Dice>,
    /// The last query of each set, for the fault that serves a page twice.
    last_query: Mutex<HashMap<String, String>>,
}

/// Set, select and level: what a drawing depends on.
pub type Wish = (String, Option<String>, Level);

/// A select that was asked for once is prepared for all further pages.
#[derive(Debug)]
pub struct Prepared {
    pub members: Vec<Member>,
    pub drawing: Drawing,
}

/// More selects than this are not a reader but a test of memory.
const MAX_PREPARED: usize = 64;

impl Server {
    /// Versions of later writes count from the present time, so that none of an earlier run comes again.
    pub fn new(options: Options, base: Base) -> Self {
        let server = Self {
            stats: Stats::default(),
            base: RwLock::new(advanced(base)),
            parked: Mutex::default(),
            published: Mutex::new(Schema::ut11()),
            schema: RwLock::new(Arc::new(Schema::ut11())),
            prepared: Mutex::default(),
            faults: Mutex::default(),
            sessions: Mutex::default(),
            password: Mutex::new(options.password.clone()),
            dice: Mutex::new(Dice::new(options.plan.seed ^ 0x5eed)),
            last_query: Mutex::default(),
            options,
        };
        for fault in server.options.faults.clone() {
            if let Err(reason) = server.add_fault(fault) {
                tracing::warn!("A fault was not set: {reason}");
            }
        }
        server
    }

    pub fn base(&self) -> RwLockReadGuard<'_, Base> {
        self.base.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn base_mut(&self) -> RwLockWriteGuard<'_, Base> {
        self.base.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The base of this kind answers from now on, as it was left.
    pub fn switch(&self, to: Standing) {
        let mut parked = locked(&self.parked);
        if parked.now == to {
            return;
        }
        let plan = &self.options.plan;
        let mut next = parked.bases.remove(&to).unwrap_or_else(|| {
            advanced(match to {
                Standing::First => generate::base(plan),
                Standing::Second => generate::second(plan),
                Standing::Empty => generate::empty(plan),
            })
        });
        next.lists.resize_with(self.schema().lists().count(), Table::default);
        let former = std::mem::replace(&mut *self.base_mut(), next);
        let from = std::mem::replace(&mut parked.now, to);
        parked.bases.insert(from, former);
    }

    pub fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.schema.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        locked(&self.faults)
    }

    pub fn sessions(&self) -> MutexGuard<'_, Pool> {
        locked(&self.sessions)
    }

    pub fn password(&self) -> String {
        locked(&self.password).clone()
    }

    pub fn set_password(&self, password: String) {
        *locked(&self.password) = password;
    }

    /// A fresh chance for one request.
    pub fn dice(&self) -> Dice {
        Dice::new(locked(&self.dice).roll())
    }

    /// Remembers the query of a set and returns the one before it.
    pub fn swap_query(&self, set: &str, query: &str) -> Option<String> {
        locked(&self.last_query).insert(set.to_owned(), query.to_owned())
    }

    pub fn prepared<E>(&self, wish: Wish, prepare: impl FnOnce() -> Result<Prepared, E>) -> Result<Arc<Prepared>, E> {
        if let Some(found) = locked(&self.prepared).get(&wish) {
            return Ok(Arc::clone(found));
        }
        let fresh = Arc::new(prepare()?);
        let mut all = locked(&self.prepared);
        if all.len() >= MAX_PREPARED {
            all.clear();
        }
        all.insert(wish, Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Puts a rule in force; one of the schema takes effect at once and needs a field that exists.
    pub fn add_fault(&self, fault: Fault) -> Result<(), String> {
        if fault.kind.is_of_schema() {
            let mut changed = Schema::clone(&self.schema());
            change(&mut changed, &fault.kind)?;
            self.set_schema(changed);
        }
        self.faults().add(fault);
        Ok(())
    }

    /// No rule is in force, and the schema is as published.
    pub fn clear_faults(&self) {
        self.faults().clear();
        let published = locked(&self.published).clone();
        self.set_schema(published);
    }

    /// Publishes further sets, in the language of `ut11.txt`; their rows are given later.
    pub fn publish(&self, text: &str) -> Result<(), String> {
        locked(&self.published).extend(text)?;
        let mut standing = Schema::clone(&self.schema());
        standing.extend(text)?;
        self.base_mut().lists.resize_with(standing.lists().count(), Table::default);
        self.set_schema(standing);
        Ok(())
    }

    fn set_schema(&self, schema: Schema) {
        *self.schema.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(schema);
        locked(&self.prepared).clear();
    }
}

fn advanced(mut base: Base) -> Base {
    base.last_version += u64::try_from(Moment::now_in_moscow().0).unwrap_or(0) << 20;
    base
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Applies a fault of the schema to a type and to what repeats its fields: the row type and the flat set.
fn change(schema: &mut Schema, kind: &Kind) -> Result<(), String> {
    if let Kind::WithdrawSet { set } = kind {
        return schema.withdraw(set).then_some(()).ok_or_else(|| format!("there is no set {set}"));
    }
    let (Kind::RenameField { set, field, .. }
    | Kind::RemoveField { set, field }
    | Kind::RetypeField { set, field, .. }
    | Kind::AddField { set, field, .. }) = kind
    else {
        return Ok(());
    };
    let of = schema.named_mut(set).ok_or_else(|| format!("there is no type {set}"))?;
    let found = of.properties.iter().position(|property| property.name == *field);
    match (kind, found) {
        (Kind::AddField { r#type, .. }, None) => {
            let (kind, place) = (edm(r#type)?, Property::NEW);
            of.properties.push(Property { name: field.clone(), origin: field.clone(), kind, is_nullable: true, place });
        }
        (Kind::AddField { .. }, Some(_)) => return Err(format!("{set} has the field {field} already")),
        (_, None) => return Err(format!("{set} has no field {field}")),
        (Kind::RenameField { to, .. }, Some(at)) => of.properties[at].name.clone_from(to),
        (Kind::RemoveField { .. }, Some(at)) => {
            of.properties.remove(at);
        }
        (Kind::RetypeField { to, .. }, Some(at)) => of.properties[at].kind = edm(to)?,
        _ => {}
    }
    Ok(())
}

fn edm(name: &str) -> Result<schema::Kind, String> {
    schema::Kind::from_edm(name)
        .ok_or_else(|| format!("{name} is no type; write it as in $metadata, Edm.String for instance"))
}
