//! What every store promises, asked of each.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads the clock and its own environment"
)]

mod backup;
mod changes;
mod folder;
mod formats;
mod realm;
mod trail;

use portcullis_store::{
    ApiKey, Edit, Entry, Group, Id, Invitation, InvitationState, Member, MemoryStore, Object, Outcome, Role,
    RoleVersion, Row, Rule, SqliteStore, Store, Workspace,
};

/// Runs a test on a store of each kind, new and empty.
fn on_each(test: impl Fn(&dyn Store)) {
    test(&MemoryStore::new());
    let folder = tempfile::tempdir().unwrap();
    test(&SqliteStore::create(folder.path().join("data")).unwrap());
}

const fn id(number: u8) -> Id {
    Id::from_bytes([number; 16])
}

const ACME: Id = id(1);
const ADMIN: Id = id(10);
const VIEWER: Id = id(11);
const ANN: Id = id(20);

fn entry(operation: &str) -> Entry {
    Entry {
        time: 1_700_000_000_000,
        actor: "local:root".to_owned(),
        credential: None,
        address: None,
        request: None,
        operation: operation.to_owned(),
        outcome: Outcome::Done,
        payload: Some(format!("{{\"what\":\"{operation}\"}}")),
        salt: [3; 16],
    }
}

fn workspace(id: Id, name: &str) -> Workspace {
    Workspace {
        id,
        name: name.to_owned(),
        epoch: u64::MAX - 5,
        revision: 99,
        schema: "hightouch".to_owned(),
        default_role: Some(VIEWER),
        settings: "{}".to_owned(),
        created: 7,
    }
}

fn role(id: Id, name: &str) -> Row {
    Row::Role(Role {
        id,
        version: 1,
        name: name.to_owned(),
        folded: name.to_lowercase(),
        built_in: true,
        current: 0,
    })
}

fn member(id: Id, subject: &str, role: Id) -> Row {
    Row::Member(Member {
        id,
        version: 1,
        subject: subject.to_owned(),
        folded: subject.to_lowercase(),
        kind: "user".to_owned(),
        role,
        properties: Some("{\"team\":\"data\"}".to_owned()),
        suspended: false,
        created: 5,
    })
}

fn key(id: Id, of: Id) -> Row {
    Row::ApiKey(ApiKey {
        id,
        version: 1,
        member: of,
        name: "laptop".to_owned(),
        hash: [9; 32],
        scopes: vec!["decide".to_owned(), "objects".to_owned()],
        policy: None,
        parent: None,
        created: 5,
        expires: Some(99),
        used: None,
    })
}

/// One row of each table.
fn one_of_each() -> Vec<Row> {
    vec![
        role(ADMIN, "admin"),
        role(VIEWER, "viewer"),
        Row::Role(Role {
            id: id(12),
            version: 1,
            name: "Atlan".to_owned(),
            folded: "atlan".to_owned(),
            built_in: false,
            current: 2,
        }),
        Row::RoleVersion(RoleVersion {
            role: id(12),
            number: 2,
            document: "{\"version\": \"2022-04-26\", \"policies\": []}".to_owned(),
            author: "ann".to_owned(),
            created: 6,
            note: "née \"x\"".to_owned(),
        }),
        member(ANN, "ann@acme.example", ADMIN),
        Row::Group(Group { id: id(30), version: 1, name: "Team".to_owned(), folded: "team".to_owned() }),
        Row::GroupMember { group: id(30), member: ANN },
        Row::GroupRole { group: id(30), role: id(12) },
        Row::Invitation(Invitation {
            id: id(40),
            version: 1,
            email: "bob@acme.example".to_owned(),
            folded: "bob@acme.example".to_owned(),
            role: None,
            hash: [8; 32],
            inviter: ANN,
            created: 5,
            expires: 50,
            state: InvitationState::Pending,
        }),
        key(id(50), ANN),
        Row::Object(Object {
            kind: "sync".to_owned(),
            id: "42".to_owned(),
            version: 1,
            properties: Some("{}".to_owned()),
        }),
        Row::Rule(Rule { id: id(60), version: 1, name: "four eyes".to_owned(), text: "{}".to_owned() }),
    ]
}

/// A store with the workspace acme, of two roles and one member.
fn acme(store: &dyn Store) {
    let rows = [role(ADMIN, "admin"), role(VIEWER, "viewer"), member(ANN, "ann@acme.example", ADMIN)];
    store.create(&workspace(ACME, "acme"), &rows, &entry("workspace.create"), &[]).unwrap();
}

fn loaded(store: &dyn Store, workspace: Id) -> (Workspace, Vec<Row>) {
    let mut rows = Vec::new();
    let workspace = store.load(workspace, &mut |row| rows.push(row)).unwrap();
    rows.sort_by_key(Row::key);
    (workspace, rows)
}

fn commit(store: &dyn Store, edits: &[Edit]) -> portcullis_store::Result<Workspace> {
    store.change(ACME)?.commit(edits, &entry("change"))
}
