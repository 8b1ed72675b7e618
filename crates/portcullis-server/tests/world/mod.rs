//! A small world to try the service in: a workspace with an administrator, a clock that is set by hand, a store in memory.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use portcullis_server::{
    Call, Change, Done, Id, Operation, Outside, Preview, Properties, Refusal, Refused, Scope, Service,
    Whence, Which,
};
use portcullis_store::{MemoryStore, Millis, SqliteStore, Store};
use serde_json::Value;

/// A clock that is set by hand, and numbers that are as good as random.
#[derive(Debug)]
pub(crate) struct Hand {
    now: AtomicI64,
    drawn: AtomicU64,
}

pub(crate) const DAY: Millis = 24 * 60 * 60 * 1000;

impl Hand {
    pub(crate) fn new() -> Arc<Hand> {
        Arc::new(Hand { now: AtomicI64::new(1_800_000_000_000), drawn: AtomicU64::new(1) })
    }

    pub(crate) fn pass(&self, millis: Millis) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Outside for Hand {
    fn now(&self) -> Millis {
        self.now.load(Ordering::Relaxed)
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), Refusal> {
        for chunk in bytes.chunks_mut(8) {
            let mut x = self.drawn.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^= x >> 31;
            for (byte, value) in chunk.iter_mut().zip(x.to_le_bytes()) {
                *byte = value;
            }
        }
        Ok(())
    }
}

pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    /// The same, where it is one that fails on command.
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) hand: Arc<Hand>,
    pub(crate) service: Arc<Service>,
    pub(crate) acme: Id,
    /// The administrator, ann@acme.example.
    pub(crate) ann: Call,
    pub(crate) ann_key: String,
    pub(crate) operator: String,
}

pub(crate) const ANN: &str = "ann@acme.example";

impl World {
    pub(crate) fn new() -> World {
        World::of_schema("hightouch")
    }

    pub(crate) fn of_schema(schema: &str) -> World {
        let memory = Arc::new(MemoryStore::new());
        World::on(Arc::clone(&memory) as Arc<dyn Store>, memory, schema)
    }

    /// On a disk.
    pub(crate) fn in_folder(folder: &std::path::Path, schema: &str) -> World {
        World::on(Arc::new(SqliteStore::create(folder).unwrap()), Arc::default(), schema)
    }

    fn on(store: Arc<dyn Store>, memory: Arc<MemoryStore>, schema: &str) -> World {
        let hand = Hand::new();
        let service = Service::open(Arc::clone(&store), Arc::clone(&hand) as Arc<dyn Outside>);
        let service = Arc::new(service.unwrap());
        let setup = service.init("root", "acme", schema, ANN).unwrap();
        let ann_key = setup.key.reveal();
        let ann = Call::of_key(service.authenticate(&ann_key).unwrap());
        let operator = setup.operator.unwrap().reveal();
        World { store, memory, hand, service, acme: setup.workspace, ann, ann_key, operator }
    }

    /// Another process on the same store.
    pub(crate) fn another_node(&self) -> Service {
        Service::open(Arc::clone(&self.store), Arc::clone(&self.hand) as Arc<dyn Outside>).unwrap()
    }

    pub(crate) fn try_to(&self, call: &Call, operation: Operation) -> Result<Done, Refused> {
        self.service.change(call, self.acme, &Change::from(operation))
    }

    pub(crate) fn act(&self, call: &Call, operation: Operation) -> Done {
        self.try_to(call, operation).unwrap_or_else(|refused| panic!("{refused}"))
    }

    pub(crate) fn refused(&self, call: &Call, operation: Operation) -> &'static str {
        self.try_to(call, operation).unwrap_err().refusal.code()
    }

    pub(crate) fn look(&self, call: &Call, operation: Operation) -> Preview {
        self.service.preview(call, self.acme, &Change::from(operation)).unwrap()
    }

    /// Somebody who joins by invitation, and so has a key.
    pub(crate) fn joins(&self, email: &str, role: &str) -> Call {
        Call::of_key(self.service.authenticate(&self.joins_with_key(email, role)).unwrap())
    }

    pub(crate) fn joins_with_key(&self, email: &str, role: &str) -> String {
        let token = self.invited(&self.ann, email, Some(role));
        self.service.accept(&token, &Whence::default()).unwrap().key.reveal()
    }

    /// The token of a new invitation.
    pub(crate) fn invited(&self, call: &Call, email: &str, role: Option<&str>) -> String {
        let role = role.map(Which::from);
        let done = self.act(call, Operation::Invite { email: email.to_owned(), role });
        done.made[0].secret.as_ref().unwrap().reveal()
    }

    /// Whoever shows a key made by somebody for themselves.
    pub(crate) fn key(
        &self,
        call: &Call,
        scopes: &[Scope],
        policy: Option<&str>,
        expires: Option<Millis>,
    ) -> (Call, String) {
        let done = self.act(call, add_key(None, "k", scopes, policy, expires));
        let shown = done.made[0].secret.as_ref().unwrap().reveal();
        (Call::of_key(self.service.authenticate(&shown).unwrap()), shown)
    }

    pub(crate) fn may(&self, subject: &str, action: &str, resource: &str) -> bool {
        let snapshot = self.service.snapshot(&Call::local("test"), self.acme).unwrap();
        snapshot.check(subject, action, resource).is_allowed()
    }

    pub(crate) fn hand_now(&self) -> Millis {
        self.hand.now()
    }

    pub(crate) fn number(&self) -> u64 {
        let token = self.service.revision(&self.ann, self.acme).unwrap();
        token.split_once('.').unwrap().1.parse().unwrap()
    }

    pub(crate) fn member_id(&self, subject: &str) -> Id {
        self.service.member(&Call::local("test"), self.acme, &Which::from(subject)).unwrap().id
    }
}

/// A document of statements, each `EFFECT ACTIONS RESOURCES [CONDITIONS]` with commas between names.
pub(crate) fn document(statements: &[&str]) -> String {
    let statement = |text: &&str| {
        let mut words = text.splitn(4, ' ');
        let mut list = || words.next().unwrap().split(',').map(str::to_owned).collect::<Vec<_>>();
        let (effect, actions, resource) = (list().remove(0), list(), list());
        let mut statement = serde_json::json!({ "effect": effect, "actions": actions, "resource": resource });
        if let Some(conditions) = words.next() {
            statement["conditions"] = serde_json::from_str(conditions).unwrap();
        }
        statement
    };
    let policies: Vec<Value> = statements.iter().map(statement).collect();
    serde_json::json!({ "version": "2022-04-26", "policies": policies }).to_string()
}

pub(crate) fn object(value: Value) -> Option<Properties> {
    match value {
        Value::Object(map) => Some(map.into()),
        _ => None,
    }
}

pub(crate) fn add_member(subject: &str, role: &str) -> Operation {
    Operation::AddMember {
        subject: subject.to_owned(),
        role: Some(role.into()),
        kind: None,
        properties: None,
    }
}

pub(crate) fn add_service(subject: &str, role: &str) -> Operation {
    let kind = Some("service".to_owned());
    Operation::AddMember { subject: subject.to_owned(), role: Some(role.into()), kind, properties: None }
}

pub(crate) fn set_role(member: &str, role: &str) -> Operation {
    Operation::SetMemberRole { member: member.into(), role: role.into(), version: None }
}

pub(crate) fn set_properties(member: &str, properties: Value) -> Operation {
    Operation::SetMemberProperties { member: member.into(), properties: object(properties), version: None }
}

pub(crate) fn suspend(member: &str) -> Operation {
    Operation::SuspendMember { member: member.into() }
}

pub(crate) fn reactivate(member: &str) -> Operation {
    Operation::ReactivateMember { member: member.into() }
}

pub(crate) fn remove_member(member: &str) -> Operation {
    Operation::RemoveMember { member: member.into(), version: None }
}

pub(crate) fn add_role(name: &str, statements: &[&str]) -> Operation {
    Operation::AddRole { name: name.to_owned(), document: document(statements), note: String::new() }
}

pub(crate) fn save_role(name: &str, statements: &[&str]) -> Operation {
    Operation::SaveRole {
        role: name.into(),
        document: document(statements),
        note: String::new(),
        version: None,
    }
}

pub(crate) fn remove_role(name: &str, replacement: Option<&str>) -> Operation {
    Operation::RemoveRole { role: name.into(), replacement: replacement.map(Which::from), version: None }
}

pub(crate) fn add_group(name: &str) -> Operation {
    Operation::AddGroup { name: name.to_owned() }
}

pub(crate) fn join_group(group: &str, member: &str) -> Operation {
    Operation::AddToGroup { group: group.into(), member: member.into() }
}

pub(crate) fn give(group: &str, role: &str) -> Operation {
    Operation::GiveGroupRole { group: group.into(), role: role.into() }
}

pub(crate) fn take(group: &str, role: &str) -> Operation {
    Operation::TakeGroupRole { group: group.into(), role: role.into() }
}

pub(crate) fn invite(email: &str, role: Option<&str>) -> Operation {
    Operation::Invite { email: email.to_owned(), role: role.map(Which::from) }
}

pub(crate) fn add_key(
    member: Option<&str>,
    name: &str,
    scopes: &[Scope],
    policy: Option<&str>,
    expires: Option<Millis>,
) -> Operation {
    Operation::AddKey {
        member: member.map(Which::from),
        name: name.to_owned(),
        scopes: scopes.to_vec(),
        policy: policy.map(str::to_owned),
        expires,
    }
}

pub(crate) fn revoke(key: impl Into<Which>) -> Operation {
    Operation::RevokeKey { key: key.into() }
}

pub(crate) fn put_object(kind: &str, id: &str, properties: Value) -> Operation {
    Operation::PutObject {
        kind: kind.to_owned(),
        id: id.to_owned(),
        properties: object(properties),
        version: None,
    }
}

pub(crate) fn add_rule(name: &str, rule: Value) -> Operation {
    Operation::AddRule { name: name.to_owned(), rule: rule.to_string() }
}

pub(crate) fn default_role(role: &str) -> Operation {
    Operation::SetDefaultRole { role: role.into() }
}
