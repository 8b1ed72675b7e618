//! The operator's realm: values that belong to no workspace, each edited from what it was.

use portcullis_store::memory::Fault;
use portcullis_store::{Id, MemoryStore, RealmEdit, Store, StoreError};

use crate::{ACME, ADMIN, VIEWER, commit, entry, id, member, on_each, role, workspace};

fn edit(name: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> RealmEdit {
    let (expected, value) = (expected.map(<[u8]>::to_vec), value.map(<[u8]>::to_vec));
    RealmEdit { name: name.to_owned(), expected, value }
}

/// The realm in letters, and how long the operator's trail is.
fn seen(store: &dyn Store) -> (String, usize) {
    let values = store.realm().unwrap().into_iter();
    let values = values.map(|(name, value)| format!("{name}={}", String::from_utf8(value).unwrap()));
    (values.collect::<Vec<_>>().join(" "), store.audit(Id::NIL, 0, 100).unwrap().len())
}

fn set_up(store: &dyn Store) {
    store.change_realm(&[edit("setup", None, Some(b"code"))], &entry("setup.begin")).unwrap();
}

#[test]
fn values_are_put_replaced_and_taken_away() {
    on_each(|store| {
        assert_eq!(seen(store), (String::new(), 0));
        let both = [edit("setup", None, Some(b"code")), edit("key", None, Some(b""))];
        store.change_realm(&both, &entry("setup.begin")).unwrap();
        assert_eq!(seen(store), ("key= setup=code".to_owned(), 1));
        // Each edit starts from what the one before left.
        let edits = [
            edit("setup", Some(b"code"), Some(b"used")),
            edit("setup", Some(b"used"), None),
            edit("key", Some(b""), Some(b"k")),
        ];
        store.change_realm(&edits, &entry("key.add")).unwrap();
        assert_eq!(seen(store), ("key=k".to_owned(), 2));
        let trail = store.audit(Id::NIL, 0, 9).unwrap();
        assert_eq!((trail[1].entry.clone(), trail[1].revision), (entry("key.add"), 0));
    });
}

#[test]
fn an_edit_of_what_is_no_longer_there_changes_nothing() {
    on_each(|store| {
        set_up(store);
        let before = seen(store);
        for (expected, value) in [
            (None, Some(&b"x"[..])),
            (None, None),
            (Some(&b"cod"[..]), None),
            (Some(b"code "), Some(b"x")),
            (Some(b""), Some(b"x")),
        ] {
            let edits = [edit("key", None, Some(b"k")), edit("setup", expected, value)];
            let error = store.change_realm(&edits, &entry("key.add")).unwrap_err();
            assert!(matches!(&error, StoreError::Moved(name) if name == "setup"), "{error}");
            assert!(error.to_string().starts_with("`setup` is not what it was: "), "{error}");
            assert_eq!(seen(store), before, "{edits:?}");
        }
        let absent = store.change_realm(&[edit("key", Some(b"k"), None)], &entry("key.revoke"));
        assert!(matches!(absent, Err(StoreError::Moved(name)) if name == "key"));
    });
}

#[test]
fn a_setup_code_is_used_up_by_the_workspace_that_it_makes() {
    on_each(|store| {
        set_up(store);
        let rows = [role(ADMIN, "admin"), role(VIEWER, "viewer")];
        let claim = [edit("setup", Some(b"code"), None), edit("key", None, Some(b"k"))];
        let create = |workspace: &_, rows: &[_], claim: &[_]| {
            store.create(workspace, rows, &entry("workspace.create"), claim)
        };
        // Neither without the other: a workspace that cannot be made uses up no code, and a wrong code makes no workspace.
        let dangling = [rows[0].clone(), rows[1].clone(), member(id(20), "ann", id(99))];
        assert!(matches!(create(&workspace(ACME, "acme"), &dangling, &claim), Err(StoreError::Dangling(_))));
        let wrong = [claim[1].clone(), edit("setup", Some(b"guess"), None)];
        assert!(matches!(create(&workspace(ACME, "acme"), &rows, &wrong), Err(StoreError::Moved(_))));
        assert_eq!((seen(store), store.workspaces().unwrap()), (("setup=code".to_owned(), 1), vec![]));
        create(&workspace(ACME, "acme"), &rows, &claim).unwrap();
        assert_eq!(seen(store), ("key=k".to_owned(), 1));
        // Nor twice.
        assert!(matches!(create(&workspace(id(2), "late"), &rows, &claim), Err(StoreError::Moved(_))));
        assert_eq!(store.workspaces().unwrap().len(), 1);
        commit(store, &[]).unwrap();
    });
}

#[test]
fn the_realm_of_a_store_in_memory_fails_when_it_is_told_to() {
    let claim = [edit("setup", Some(b"code"), None)];
    let rows = [role(VIEWER, "viewer")];
    for (fault, after) in [(Fault::Committing, "setup=code"), (Fault::CommittedUnseen, "")] {
        for making in [false, true] {
            let store = MemoryStore::new();
            set_up(&store);
            store.fail(Fault::Reading);
            assert!(store.realm().is_err() && store.realm().is_ok());
            let change = || match making {
                true => store.create(&workspace(ACME, "acme"), &rows, &entry("make"), &claim).map(drop),
                false => store.change_realm(&claim, &entry("claim")),
            };
            store.fail(Fault::Beginning);
            assert!(matches!(change(), Err(StoreError::Failed { .. })));
            store.fail(fault);
            for _ in 0..2 {
                assert!(matches!(change(), Err(StoreError::Closed(_))));
            }
            store.reopen();
            let there = fault == Fault::CommittedUnseen;
            assert_eq!(seen(&store), (after.to_owned(), 1 + usize::from(there && !making)));
            assert_eq!(store.workspaces().unwrap().len(), usize::from(there && making), "{fault:?}");
        }
    }
}
