//! The service: workspaces kept in a store, each with its compiled snapshot, changed by whoever may.
//!
//! For each workspace there is one lock for changes, and one snapshot that questions are put to. A question never waits for a change: it takes the
//! newest snapshot, which is replaced in a moment when a change has been committed.

mod accept;
mod apply;
mod authenticate;
mod commit;
mod draft;
mod files;
mod founding;
mod gate;
mod held;
mod preview;
mod read;
mod setup;
mod standing;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use portcullis::matrix::Plane;
use portcullis::{Snapshot, Writer};
use portcullis_store::{Entry, Id, Outcome, Store};
use tokio::sync::watch;

pub use accept::Accepted;
pub use apply::Made;
pub use authenticate::{Answered, Caller};
pub use commit::{Change, Done};
pub use founding::{Founding, Was};
pub use preview::{MemberPreview, Preview};
pub use setup::{Operator, Setup, SetupCode};

use crate::Refusal;
use crate::hearing::{Published, token};
use crate::limits::Bounds;
use crate::operation::Scope;
use crate::outside::{Outside, random};
use crate::secret::Hash;
use crate::state::{State, compile};

/// Who does something.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Whoever showed a key.
    Key(Caller),
    /// A user of the machine that the data are on, breaking the glass: holds everything, and is audited as `local:USER`.
    Local(String),
}

/// From where something is done, as far as the audit trail says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whence {
    /// The address.
    pub address: Option<String>,
    /// What whoever asked for it calls the request.
    pub request: Option<String>,
}

impl Whence {
    /// An audit entry that says it.
    fn told(&self, entry: Entry) -> Entry {
        Entry { address: self.address.clone(), request: self.request.clone(), ..entry }
    }
}

/// One call of the service: who, and from where.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who.
    pub actor: Actor,
    /// From where.
    pub whence: Whence,
}

impl Call {
    /// A call of whoever showed a key.
    #[must_use]
    pub const fn of_key(caller: Caller) -> Call {
        Call { actor: Actor::Key(caller), whence: Whence { address: None, request: None } }
    }

    /// A call of a user of the machine.
    #[must_use]
    pub fn local(user: impl Into<String>) -> Call {
        Call { actor: Actor::Local(user.into()), whence: Whence::default() }
    }

    fn actor_name(&self) -> String {
        match &self.actor {
            Actor::Key(caller) => caller.member.to_string(),
            Actor::Local(user) => format!("local:{user}"),
        }
    }

    const fn key(&self) -> Option<Id> {
        match &self.actor {
            Actor::Key(caller) => Some(caller.key),
            Actor::Local(_) => None,
        }
    }
}

/// One workspace.
struct Tenant {
    id: Id,
    working: Mutex<Working>,
    published: RwLock<Arc<Published>>,
    /// The number of what is published, told to whoever waits for the next one.
    told: watch::Sender<u64>,
}

/// What a change works on.
struct Working {
    state: State,
    writer: Writer,
}

/// What is known of a key when it is shown.
#[derive(Debug)]
pub(crate) struct Known {
    workspace: Id,
    member: Id,
    pub(crate) subject: Box<str>,
    hash: Hash,
    /// When the first of it and those that it was made through expires.
    pub(crate) expires: Option<i64>,
    pub(crate) scopes: BTreeSet<Scope>,
    /// What their policies leave, if they have some.
    pub(crate) left: Option<Plane>,
}

/// Workspaces, and who may change what in them.
pub struct Service {
    store: Arc<dyn Store>,
    outside: Arc<dyn Outside>,
    bounds: Bounds,
    tenants: RwLock<BTreeMap<Id, Arc<Tenant>>>,
    keys: RwLock<HashMap<Id, Arc<Known>>>,
    /// The workspace of each invitation, also of those that are over: who tries one again is noted there.
    invitations: RwLock<HashMap<Id, Id>>,
    /// When keys were used last, to the minute, until it is written.
    used: Mutex<BTreeMap<(Id, Id), i64>>,
    /// How many showed what opens nothing, until it is written.
    failed: AtomicU64,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Service {
    /// Loads every workspace of a store.
    ///
    /// # Errors
    /// When one cannot be read or does not compile.
    pub fn open(store: Arc<dyn Store>, outside: Arc<dyn Outside>) -> Result<Service, Refusal> {
        Service::open_within(store, outside, Bounds::default())
    }

    /// Loads every workspace of a store, within bounds.
    ///
    /// # Errors
    /// As [`Service::open`].
    pub fn open_within(
        store: Arc<dyn Store>,
        outside: Arc<dyn Outside>,
        bounds: Bounds,
    ) -> Result<Service, Refusal> {
        let service = Service {
            store,
            outside,
            bounds,
            tenants: RwLock::default(),
            keys: RwLock::default(),
            invitations: RwLock::default(),
            used: Mutex::default(),
            failed: AtomicU64::new(0),
        };
        for workspace in service.store.workspaces()? {
            let state = State::read(&*service.store, workspace.id);
            state.and_then(|state| service.take_in(state)).map_err(|refusal| {
                let name = portcullis::text::quoted(&workspace.name);
                Refusal::Invalid(format!("the workspace {name} cannot be loaded: {refusal}"))
            })?;
        }
        Ok(service)
    }

    /// Compiles a workspace and puts it in force.
    fn take_in(&self, state: State) -> Result<(), Refusal> {
        let writer = compile(&state)?;
        let tenant = Tenant {
            id: state.workspace.id,
            published: RwLock::new(published(&state, &writer)),
            told: watch::Sender::new(state.workspace.revision),
            working: Mutex::new(Working { state, writer }),
        };
        {
            let working = tenant.working();
            self.know_new_secrets(&working.state, working.writer.snapshot().schema());
        }
        self.tenants.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.id, Arc::new(tenant));
        Ok(())
    }

    /// The workspace that a call is for. One that the caller has no part in is not told from one that is not there.
    fn tenant(&self, call: &Call, workspace: Id) -> Result<Arc<Tenant>, Refusal> {
        let none = || Refusal::NoWorkspace(workspace.to_string());
        if matches!(&call.actor, Actor::Key(caller) if caller.workspace != workspace) {
            return Err(none());
        }
        self.find(workspace).ok_or_else(none)
    }

    fn find(&self, workspace: Id) -> Option<Arc<Tenant>> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(&workspace).cloned()
    }

    /// The workspace of a name or an id, for whoever acts on the machine itself.
    #[must_use]
    pub fn workspace_named(&self, name: &str) -> Option<Id> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let by_id = Id::parse(name).filter(|id| tenants.contains_key(id));
        by_id.or_else(|| {
            tenants.values().find(|one| one.published().snapshot.workspace() == name).map(|one| one.id)
        })
    }

    /// The snapshot of a workspace that is in force, to put questions to.
    ///
    /// # Errors
    /// [`Refusal::NoWorkspace`].
    pub fn snapshot(&self, call: &Call, workspace: Id) -> Result<Arc<Snapshot>, Refusal> {
        Ok(Arc::clone(&self.tenant(call, workspace)?.published().snapshot))
    }

    /// The token of the newest revision of a workspace: `EPOCH.NUMBER`, opaque to whoever is given it.
    ///
    /// # Errors
    /// [`Refusal::NoWorkspace`].
    pub fn revision(&self, call: &Call, workspace: Id) -> Result<String, Refusal> {
        Ok(String::from(&*self.tenant(call, workspace)?.published().token))
    }

    /// The number of the revision that a token names. It may be one that is yet to come.
    ///
    /// # Errors
    /// [`Refusal::MalformedToken`]; [`Refusal::UnknownRevision`] when it is of another epoch: of another workspace, or of this one before it was
    /// imported or restored.
    pub fn read_token(&self, call: &Call, workspace: Id, token: &str) -> Result<u64, Refusal> {
        self.tenant(call, workspace)?.published().read_token(token)
    }

    /// Notes in the audit trail what changed nothing: a local command that reads, a sign-in.
    ///
    /// # Errors
    /// Those of the store.
    pub fn note(&self, call: &Call, workspace: Id, operation: &str, outcome: Outcome) -> Result<(), Refusal> {
        let tenant = self.tenant(call, workspace)?;
        self.store.note(tenant.id, &self.entry(call, operation, outcome, None)?)?;
        Ok(())
    }

    /// An audit entry of a call.
    fn entry(
        &self,
        call: &Call,
        operation: impl Into<String>,
        outcome: Outcome,
        payload: Option<String>,
    ) -> Result<Entry, Refusal> {
        let entry = self.entry_of(call.actor_name(), operation, outcome, payload)?;
        Ok(call.whence.told(Entry { credential: call.key(), ..entry }))
    }

    /// An audit entry of somebody by name.
    fn entry_of(
        &self,
        actor: impl Into<String>,
        operation: impl Into<String>,
        outcome: Outcome,
        payload: Option<String>,
    ) -> Result<Entry, Refusal> {
        Ok(Entry {
            time: self.outside.now(),
            actor: actor.into(),
            credential: None,
            address: None,
            request: None,
            operation: operation.into(),
            outcome,
            payload,
            salt: random(&*self.outside)?,
        })
    }
}

impl Tenant {
    fn working(&self) -> MutexGuard<'_, Working> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts what was committed in force, and tells whoever waits for it. The keys are known by then.
    fn publish(&self, state: &State, writer: &Writer) {
        let next = published(state, writer);
        let revision = next.revision;
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *published, next).supersede();
        drop(published);
        self.told.send_replace(revision);
    }
}

fn published(state: &State, writer: &Writer) -> Arc<Published> {
    let workspace = &state.workspace;
    Published::new(workspace.id, Arc::clone(writer.snapshot()), workspace.epoch, workspace.revision)
}
