//! The beginning of a store, the operator, and new workspaces.
//!
//! A store is set up once: the first workspace, its administrator and the operator's key are made in one transaction, with a code that only whoever
//! started the process was shown, or by whoever has the data folder itself. The operator makes and lists workspaces, and has no rights inside one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::PoisonError;

use portcullis::{DEFAULT_MEMBER_TYPE, Schema};
use portcullis_store::{
    ApiKey, Entry, Id, Member, Millis, Outcome, RealmEdit, Role, RoleVersion, Row, Workspace,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::apply::Settings;
use super::{Service, Whence};
use crate::Refusal;
use crate::naming::{fit, folded};
use crate::operation::Scope;
use crate::outside::{new_id, random};
use crate::secret::{Secret, SecretKind};
use crate::state::{State, schema_of};

/// A new workspace with its administrator. The secrets are shown this once.
#[derive(Debug)]
pub struct Setup {
    /// The workspace.
    pub workspace: Id,
    /// The member who administers it.
    pub member: Id,
    /// The administrator's key.
    pub key: Secret,
    /// The operator's key, of a store that was set up.
    pub operator: Option<Secret>,
}

/// Whoever showed a key of the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    key: Id,
}

/// A code by which a new store is set up: 128 random bits. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SetupCode(Id);

impl SetupCode {
    /// The code, for whoever started the process.
    #[must_use]
    pub fn reveal(&self) -> String {
        self.0.to_string()
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupCode(…)")
    }
}

const SETUP: &str = "setup";
const OPERATOR: &str = "operator/";
const HOUR: Millis = 60 * 60 * 1000;
const TRIES: u32 = 5;

/// How far the setup of a store is.
#[derive(Debug, Serialize, Deserialize)]
enum Progress {
    Offered { hash: [u8; 32], expires: Millis, tries: u32 },
    Done,
}

impl Service {
    fn setup_value(&self) -> Result<Option<Vec<u8>>, Refusal> {
        let found = self.store.realm()?.into_iter().find(|(name, _)| name == SETUP);
        Ok(found.map(|(_, value)| value))
    }

    /// Offers the setup of a store that has not been set up, under a new code that is good for an hour and five tries. Nothing when it
    /// has been.
    ///
    /// # Errors
    /// Those of the store.
    pub fn offer_setup(&self) -> Result<Option<SetupCode>, Refusal> {
        let before = self.setup_value()?;
        if is_done(before.as_deref()) {
            return Ok(None);
        }
        let code = SetupCode(new_id(&*self.outside)?);
        let expires = self.outside.now().saturating_add(HOUR);
        let offered = value(&Progress::Offered { hash: hash_of(&code.reveal()), expires, tries: TRIES })?;
        let edit = RealmEdit { name: SETUP.to_owned(), expected: before, value: Some(offered) };
        self.store.change_realm(&[edit], &self.entry_of("system", "setup.offer", Outcome::Done, None)?)?;
        Ok(Some(code))
    }

    /// Sets a store up with the code that was offered.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`] for a code that is wrong, expired or used up, or when the store was set up before.
    pub fn claim_setup(
        &self,
        code: &str,
        name: &str,
        admin: &str,
        whence: &Whence,
    ) -> Result<Setup, Refusal> {
        let before = self.setup_value()?;
        let offered = before.as_deref().and_then(|value| serde_json::from_slice(value).ok());
        let Some(Progress::Offered { hash, expires, tries }) = offered else {
            return Err(Refusal::Unauthenticated);
        };
        let right: bool = hash_of(code.trim()).ct_eq(&hash).into();
        if tries == 0 || expires <= self.outside.now() {
            return Err(Refusal::Unauthenticated);
        }
        if !right {
            let fewer = value(&Progress::Offered { hash, expires, tries: tries - 1 })?;
            let edit = RealmEdit { name: SETUP.to_owned(), expected: before, value: Some(fewer) };
            let entry = self.entry_of("setup", "setup.claim", Outcome::Refused, None)?;
            self.store.change_realm(&[edit], &whence.told(entry))?;
            return Err(Refusal::Unauthenticated);
        }
        let entry = whence.told(self.founding_entry("setup")?);
        let made = self.set_up(before, &entry, name, "hightouch", admin);
        self.or_noted(made, entry)
    }

    /// Sets a store up without a code: for whoever has the data folder itself.
    ///
    /// # Errors
    /// [`Refusal::Conflict`] when it has been set up.
    pub fn init(&self, user: &str, name: &str, schema: &str, admin: &str) -> Result<Setup, Refusal> {
        let before = self.setup_value()?;
        if is_done(before.as_deref()) {
            let message =
                "the store has been set up already: `portcullis workspace add` makes another workspace";
            return Err(Refusal::Conflict(message.to_owned()));
        }
        self.set_up(before, &self.founding_entry(&format!("local:{user}"))?, name, schema, admin)
    }

    /// The audit entry of a new workspace.
    fn founding_entry(&self, actor: &str) -> Result<Entry, Refusal> {
        self.entry_of(actor, "workspace.create", Outcome::Done, None)
    }

    fn set_up(
        &self,
        before: Option<Vec<u8>>,
        entry: &Entry,
        name: &str,
        schema: &str,
        admin: &str,
    ) -> Result<Setup, Refusal> {
        let id = new_id(&*self.outside)?;
        let operator = Secret::draw(&*self.outside, SecretKind::Operator, id)?;
        let realm = [
            RealmEdit { name: SETUP.to_owned(), expected: before, value: Some(value(&Progress::Done)?) },
            RealmEdit {
                name: format!("{OPERATOR}{id}"),
                expected: None,
                value: Some(operator.hash().to_vec()),
            },
        ];
        let setup = self.made(self.drafted(name, schema, admin)?, entry, &realm)?;
        Ok(Setup { operator: Some(operator), ..setup })
    }

    /// The operator whose key this is.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`].
    pub fn authenticate_operator(&self, shown: &str) -> Result<Operator, Refusal> {
        let secret = Secret::parse(shown).filter(|secret| secret.kind() == SecretKind::Operator);
        let secret = secret.ok_or(Refusal::Unauthenticated)?;
        let name = format!("{OPERATOR}{}", secret.id());
        let known = self.store.realm()?.into_iter().find(|(known, _)| *known == name);
        let hash = known.and_then(|(_, hash)| <[u8; 32]>::try_from(hash).ok());
        let opens = secret.opens(&hash.unwrap_or_default());
        if opens && hash.is_some() {
            Ok(Operator { key: secret.id() })
        } else {
            Err(Refusal::Unauthenticated)
        }
    }

    /// Makes a workspace with an administrator.
    ///
    /// # Errors
    /// When there is one of that name, or the schema has faults.
    pub fn create_workspace(
        &self,
        operator: &Operator,
        name: &str,
        schema: &str,
        admin: &str,
    ) -> Result<Setup, Refusal> {
        let entry = self.founding_entry(&format!("operator:{}", operator.key))?;
        let drafted = self.drafted(name, schema, admin);
        let made = drafted.and_then(|drafted| self.made(drafted, &entry, &[]));
        self.or_noted(made, entry)
    }

    /// What came of making a workspace, which an entry tells. That it was refused is noted in the operator's trail, since there is no other
    /// that it could be in.
    pub(super) fn or_noted<T>(&self, made: Result<T, Refusal>, entry: Entry) -> Result<T, Refusal> {
        if let Err(refusal) = &made {
            let why = serde_json::json!({ "refused": refusal.code() }).to_string();
            let entry = Entry { outcome: Outcome::Refused, payload: Some(why), ..entry };
            // The refusal says more than that it could not be noted.
            let _ = self.store.note(Id::NIL, &entry);
        }
        made
    }

    /// Every workspace, by name. The operator sees no more of them.
    #[must_use]
    pub fn workspaces(&self, _operator: &Operator) -> Vec<(String, Id)> {
        self.workspace_names()
    }

    /// Every workspace, for whoever has the data folder itself.
    #[must_use]
    pub fn workspace_names(&self) -> Vec<(String, Id)> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<(String, Id)> = tenants
            .values()
            .map(|tenant| (tenant.published().snapshot.workspace().to_owned(), tenant.id))
            .collect();
        all.sort();
        all
    }

    /// A workspace without members: its built-in roles, by name.
    pub(super) fn new_workspace(
        &self,
        name: &str,
        schema: &str,
    ) -> Result<(State, BTreeMap<&'static str, Id>), Refusal> {
        let now = self.outside.now();
        let workspace = Workspace {
            id: new_id(&*self.outside)?,
            name: name.to_owned(),
            epoch: u64::from_be_bytes(random(&*self.outside)?),
            revision: 1,
            schema: schema.to_owned(),
            default_role: None,
            settings: Settings::default().text()?,
            created: now,
        };
        let mut state = State::new(workspace);
        let mut ids = BTreeMap::new();
        for (name, document) in built_in_roles(&schema_of(schema)?)? {
            let id = new_id(&*self.outside)?;
            ids.insert(name, id);
            state.put(Row::Role(Role {
                id,
                version: 1,
                name: name.to_owned(),
                folded: name.to_owned(),
                built_in: true,
                current: 1,
            }));
            state.put(Row::RoleVersion(RoleVersion {
                role: id,
                number: 1,
                document,
                author: "portcullis".to_owned(),
                created: now,
                note: "built in".to_owned(),
            }));
        }
        state.workspace.default_role = ids.get("viewer").copied();
        Ok((state, ids))
    }

    /// Puts a member into a workspace that is not yet anywhere.
    pub(super) fn enrol(&self, state: &mut State, subject: &str, role: Id) -> Result<Id, Refusal> {
        fit("member", subject)?;
        let id = new_id(&*self.outside)?;
        state.put(Row::Member(Member {
            id,
            version: 1,
            subject: subject.to_owned(),
            folded: folded(subject),
            kind: DEFAULT_MEMBER_TYPE.to_owned(),
            role,
            properties: None,
            suspended: false,
            created: self.outside.now(),
        }));
        Ok(id)
    }

    /// The first key of a member, which may do all that the member may.
    pub(super) fn first_key(&self, state: &mut State, member: Id) -> Result<Secret, Refusal> {
        let id = new_id(&*self.outside)?;
        let secret = Secret::draw(&*self.outside, SecretKind::Key, id)?;
        state.put(Row::ApiKey(ApiKey {
            id,
            version: 1,
            member,
            name: "first key".to_owned(),
            hash: secret.hash(),
            scopes: Scope::ALL.iter().map(|scope| scope.as_str().to_owned()).collect(),
            policy: None,
            parent: None,
            created: self.outside.now(),
            expires: None,
            used: None,
        }));
        Ok(secret)
    }
}

fn is_done(value: Option<&[u8]>) -> bool {
    value.is_some_and(|value| matches!(serde_json::from_slice(value), Ok(Progress::Done) | Err(_)))
}

fn value(progress: &Progress) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(progress).map_err(|error| Refusal::Invalid(error.to_string()))
}

fn hash_of(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

/// The documents of the built-in roles under a schema.
pub(super) fn built_in_roles(schema: &Schema) -> Result<Vec<(&'static str, String)>, Refusal> {
    const NAMES: [&str; 3] = ["admin", "editor", "viewer"];
    if schema.is_hightouch() {
        let (snapshot, _) =
            portcullis::Workspace::new("", schema.clone()).compile().map_err(Refusal::Faults)?;
        let text = |name: &str| snapshot.role(name).map(|role| role.document().source().text().to_owned());
        return Ok(NAMES.iter().filter_map(|name| Some((*name, text(name)?))).collect());
    }
    let types = schema.administration();
    let administers =
        |name: &str| types.is_some_and(|types| types.workspace == name || types.membership == name);
    let ordinary: Vec<&str> =
        schema.types().iter().map(|kind| kind.name()).filter(|name| !administers(name)).collect();
    let apart = |name: &str| portcullis::RESERVED_ADMINISTRATION.contains(&name);
    let readable: Vec<&str> = schema
        .types()
        .iter()
        .map(|kind| kind.name())
        .filter(|name| schema.permission("read", name).is_ok() && !apart(name))
        .collect();
    let allow = |actions: &str, resources: serde_json::Value, any: bool| {
        let statement = serde_json::json!({ "effect": "allow", "actions": actions, "resource": resources });
        let policies = if any { vec![statement] } else { Vec::new() };
        serde_json::json!({ "version": "2022-04-26", "policies": policies }).to_string()
    };
    Ok(vec![
        ("admin", allow("*", serde_json::json!("*"), true)),
        ("editor", allow("*", serde_json::json!(ordinary), !ordinary.is_empty())),
        ("viewer", allow("read", serde_json::json!(readable), !readable.is_empty())),
    ])
}
