//! Files of every format that there ever was are opened by today's code, with nothing lost.
//!
//! `tests/formats` holds a folder for each format, written by the code of its time: its README says how. What must be in them is told by a
//! store in memory to which the same was done.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis_store::audit::Verifier;
use portcullis_store::sqlite::FILE;
use portcullis_store::{
    ApiKey, Edit, Entry, Group, Id, Invitation, InvitationState, Key, Member, MemoryStore, Object, Outcome,
    RealmEdit, Role, RoleVersion, Row, Rule, SqliteStore, Store, Workspace,
};

use crate::{ACME, ADMIN, ANN, VIEWER, entry, id, loaded, member, role, workspace};

const BARE: Id = id(2);
const MANY: Id = id(3);
/// A role of several versions, and one that was removed.
const CUSTOM: Id = id(12);
const GONE: Id = id(13);

pub(crate) fn formats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats")
}

fn put(row: Row) -> Edit {
    Edit::Put(row)
}

fn custom(id: Id, name: &str, current: u64) -> Row {
    let (name, folded) = (name.to_owned(), name.to_lowercase());
    Row::Role(Role { id, version: current, name, folded, built_in: false, current })
}

fn said(role: Id, number: u64) -> Row {
    Row::RoleVersion(RoleVersion {
        role,
        number,
        document: format!("{{\"version\": \"2022-04-26\", \"policies\": [], \"number\": {number}}}"),
        author: "ann@acme.example".to_owned(),
        created: 100 + number.cast_signed(),
        note: "née \"x\"".to_owned(),
    })
}

fn invitation(number: u8, state: InvitationState) -> Row {
    Row::Invitation(Invitation {
        id: id(number),
        version: 1,
        email: "Bob@acme.example".to_owned(),
        folded: "bob@acme.example".to_owned(),
        role: (state == InvitationState::Accepted).then_some(CUSTOM),
        hash: [number; 32],
        inviter: ANN,
        created: -5,
        expires: i64::MAX,
        state,
    })
}

fn key(number: u8, parent: Option<Id>) -> Row {
    Row::ApiKey(ApiKey {
        id: id(number),
        version: 1,
        member: ANN,
        name: "laptop".to_owned(),
        hash: [number; 32],
        scopes: vec!["decide".to_owned(), "keys".to_owned()],
        policy: parent.map(|_| "{}".to_owned()),
        parent,
        created: 5,
        expires: parent.map(|_| 99),
        used: None,
    })
}

fn object(name: &str, properties: Option<&str>) -> Row {
    let (kind, id) = ("sync".to_owned(), name.to_owned());
    Row::Object(Object { kind, id, version: 1, properties: properties.map(str::to_owned) })
}

/// What was done to the store of a folder: every kind of row, every state of one, several workspaces, and all that a trail can hold.
pub(crate) fn history(store: &dyn Store, format: i64) {
    let change = |workspace: Id, edits: &[Edit]| {
        let change = store.change(workspace).unwrap();
        change.commit(edits, &entry("change")).unwrap();
    };
    store.note(Id::NIL, &entry("store.create")).unwrap();
    let rows = [
        role(ADMIN, "admin"),
        role(VIEWER, "viewer"),
        custom(CUSTOM, "Atlan", 1),
        said(CUSTOM, 1),
        member(ANN, "Ann@acme.example", ADMIN),
        Row::Group(Group { id: id(30), version: 1, name: "Team".to_owned(), folded: "team".to_owned() }),
        Row::GroupMember { group: id(30), member: ANN },
        Row::GroupRole { group: id(30), role: CUSTOM },
        invitation(40, InvitationState::Cancelled),
        invitation(41, InvitationState::Accepted),
        invitation(42, InvitationState::Pending),
        key(50, None),
        key(51, Some(id(50))),
        object("42", Some("{\"labels\": [\"a\"]}")),
        object("43", None),
        Row::Rule(Rule { id: id(60), version: 1, name: "four eyes".to_owned(), text: "{}".to_owned() }),
    ];
    store.create(&workspace(ACME, "acme"), &rows, &entry("workspace.create"), &[]).unwrap();
    for number in 2..=4 {
        change(ACME, &[put(said(CUSTOM, number)), put(custom(CUSTOM, "Atlan", number))]);
    }
    change(ACME, &[put(said(GONE, 1)), put(custom(GONE, "gone", 1))]);
    change(ACME, &[Edit::Remove(Key::Role(GONE))]);
    store.note_used(ACME, &[(id(50), 700)]).unwrap();
    let refused = Entry {
        credential: Some(id(50)),
        address: Some("192.0.2.1".to_owned()),
        request: Some("r-1".to_owned()),
        outcome: Outcome::Refused,
        payload: None,
        ..entry("role.edit")
    };
    store.note(ACME, &refused).unwrap();
    assert!(store.erase_payload(ACME, 2).unwrap());

    let bare = Workspace { default_role: None, epoch: 1, ..workspace(BARE, "bare") };
    store.create(&bare, &[], &entry("workspace.create"), &[]).unwrap();

    let mut rows = vec![role(ADMIN, "admin"), role(VIEWER, "viewer")];
    rows.extend((100..150).map(|number| {
        let Row::Member(one) = member(id(number), &format!("member {number}"), VIEWER) else {
            unreachable!()
        };
        let (suspended, properties) = (number % 7 == 0, one.properties.filter(|_| number % 2 == 0));
        Row::Member(Member { suspended, properties, kind: "service".to_owned(), ..one })
    }));
    store.create(&workspace(MANY, "many"), &rows, &entry("workspace.create"), &[]).unwrap();
    change(MANY, &[Edit::Remove(Key::Member(id(149))), put(member(id(100), "the first", ADMIN))]);
    change(
        MANY,
        &[Edit::Describe {
            name: "very many".to_owned(),
            schema: "{\"version\": 1}".to_owned(),
            default_role: Some(ADMIN),
            settings: "{\"days\": 3}".to_owned(),
        }],
    );
    store.note(Id::NIL, &entry("workspace.list")).unwrap();
    // What later formats brought along.
    if format >= 2 {
        let put = |name: &str, value: &[u8]| RealmEdit {
            name: name.to_owned(),
            expected: None,
            value: Some(value.to_vec()),
        };
        store.change_realm(&[put("setup", b""), put("key", &[0, 255])], &entry("key.add")).unwrap();
    }
}

pub(crate) fn number(file: &Path, pragma: &str) -> i64 {
    let db = rusqlite::Connection::open(file).unwrap();
    db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).unwrap()
}

/// The newest format: that of a store that is made now.
pub(crate) fn newest() -> i64 {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::create(folder.path()).unwrap());
    number(&folder.path().join(FILE), "user_version")
}

/// Makes the file that is committed: see tests/formats/README.md.
fn make_the_folder(newest: i64) {
    let folder = formats().join(format!("{newest:03}"));
    let store = SqliteStore::create(&folder).unwrap();
    history(&store, newest);
    drop(store);
    fs::remove_file(folder.join("portcullis.lock")).unwrap();
}

/// Everything that a store holds.
pub(crate) fn everything(store: &dyn Store) -> String {
    let mut all = format!("{:#?}\n{:#?}\n", store.workspaces().unwrap(), store.realm().unwrap());
    for workspace in [ACME, BARE, MANY] {
        all.push_str(&format!("{:#?}\n", loaded(store, workspace)));
        for role in [ADMIN, VIEWER, CUSTOM, GONE] {
            all.push_str(&format!("{:#?}\n", store.role_versions(workspace, role).unwrap()));
        }
    }
    for workspace in [Id::NIL, ACME, BARE, MANY] {
        let trail = store.audit(workspace, 0, usize::MAX).unwrap();
        let mut verifier = Verifier::new(workspace, None);
        trail.iter().for_each(|entry| verifier.next(entry).unwrap());
        all.push_str(&format!("{:#?}\n", trail));
    }
    all
}

#[test]
fn a_folder_of_every_format_is_opened_with_nothing_lost() {
    let newest = newest();
    if std::env::var_os("PORTCULLIS_MAKE_FORMAT").is_some() {
        make_the_folder(newest);
    }
    let folders = fs::read_dir(formats()).unwrap().map(|folder| folder.unwrap().path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    let numbers: Vec<i64> =
        folders.iter().map(|folder| folder.file_name().unwrap().to_str().unwrap().parse().unwrap()).collect();
    // That of the newest may be made when a newer one is.
    assert!(
        numbers.iter().copied().eq(1..newest) || numbers.iter().copied().eq(1..=newest),
        "there are folders of {numbers:?}, and formats up to {newest}: see tests/formats/README.md"
    );
    for (folder, format) in folders.iter().zip(numbers) {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join(FILE);
        fs::copy(folder.join(FILE), &file).unwrap();
        assert_eq!(number(&file, "user_version"), format);

        let model = MemoryStore::new();
        history(&model, format);
        let store = SqliteStore::open(scratch.path()).unwrap();
        assert_eq!(number(&file, "user_version"), newest);
        assert_eq!(everything(&store), everything(&model), "format {format}");
        store.verify().unwrap();

        // What can be changed today can be changed there.
        let edit = RealmEdit { name: "new".to_owned(), expected: None, value: Some(vec![1]) };
        for store in [&store as &dyn Store, &model] {
            for workspace in [ACME, BARE, MANY] {
                let edits = [put(role(id(99), "new")), put(member(id(98), "new", id(99)))];
                store.change(workspace).unwrap().commit(&edits, &entry("add")).unwrap();
            }
            store.change_realm(std::slice::from_ref(&edit), &entry("key.add")).unwrap();
        }
        drop(store);
        let store = SqliteStore::open(scratch.path()).unwrap();
        assert_eq!(everything(&store), everything(&model), "format {format}, opened again");
    }
}

#[test]
fn what_is_removed_is_looked_for_among_what_refers_to_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(folder.path()).unwrap();
    let mut rows = vec![role(ADMIN, "admin"), role(VIEWER, "viewer"), custom(GONE, "gone", 1)];
    rows.push(member(ANN, "ann", ADMIN));
    let many = |number: u16| {
        let [high, low] = number.to_be_bytes();
        Id::from_bytes([9, high, low, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    };
    for number in 0..1_000 {
        rows.push(member(many(number), &format!("member {number}"), VIEWER));
        let Row::ApiKey(key) = key(1, None) else { panic!("a key is one") };
        rows.push(Row::ApiKey(ApiKey { id: many(number), member: many(number), ..key }));
        let Row::Invitation(one) = invitation(1, InvitationState::Accepted) else { panic!("it is one") };
        rows.push(Row::Invitation(Invitation { id: many(number), role: Some(VIEWER), ..one }));
    }
    store.create(&workspace(ACME, "acme"), &rows, &entry("workspace.create"), &[]).unwrap();
    drop(store);

    let db = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    db.pragma_update(None, "foreign_keys", true).unwrap();
    for (table, id) in [("roles", GONE), ("members", ANN)] {
        let sql = format!("DELETE FROM {table} WHERE workspace = ? AND id = ?");
        let mut remove = db.prepare(&sql).unwrap();
        assert_eq!(remove.execute((ACME, id)).unwrap(), 1);
        let steps = remove.get_status(rusqlite::StatementStatus::VmStep);
        assert!(steps < 500, "{steps} steps to remove one of {table}");
    }
    // And all of a workspace is read in the order of its keys, without a look at each by another index.
    for table in ["members", "api_keys", "invitations"] {
        let sql = format!("EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE workspace = ?");
        let plan: String = db.query_row(&sql, [ACME], |row| row.get(3)).unwrap();
        assert!(plan.ends_with("USING PRIMARY KEY (workspace=?)"), "{plan}");
    }
}
