//! Rows, revisions, and what a change may not leave behind.

use portcullis_store::{Edit, Group, InvitationState, Key, Row, StoreError, Workspace};

use crate::{
    ACME, ADMIN, ANN, VIEWER, acme, commit, entry, id, key, loaded, member, on_each, one_of_each, role,
    workspace,
};

#[test]
fn every_kind_of_row_comes_back_as_it_was_put() {
    on_each(|store| {
        let mut rows = one_of_each();
        let made = store.create(&workspace(ACME, "acme"), &rows, &entry("make"), &[]).unwrap();
        assert_eq!(made, Workspace { revision: 1, ..workspace(ACME, "acme") });
        rows.sort_by_key(Row::key);
        assert_eq!(loaded(store, ACME), (made.clone(), rows.clone()));
        for row in &rows {
            assert_eq!(store.row(ACME, &row.key()).unwrap().as_ref(), Some(row));
            assert_eq!(store.row(id(2), &row.key()).unwrap(), None, "another workspace's");
        }
        assert_eq!(store.workspaces().unwrap(), [made]);
        // Put again they stay where they are, all but versions, which are put once.
        let (versions, others): (Vec<Row>, Vec<Row>) =
            rows.iter().cloned().partition(|row| matches!(row, Row::RoleVersion(_)));
        commit(store, &others.into_iter().map(Edit::Put).collect::<Vec<_>>()).unwrap();
        let error = commit(store, &versions.into_iter().map(Edit::Put).collect::<Vec<_>>()).unwrap_err();
        assert!(matches!(error, StoreError::Taken { part: "number", .. }), "{error}");
        assert_eq!(loaded(store, ACME).1, rows);
        // Taken away, those that nothing refers to first.
        let order = |row: &Row| match row {
            Row::Role(_) => 2,
            Row::Member(_) | Row::Group(_) => 1,
            _ => 0,
        };
        rows.sort_by_key(order);
        let describe = Edit::Describe {
            name: "other".to_owned(),
            schema: "{}".to_owned(),
            default_role: None,
            settings: "{\"days\":3}".to_owned(),
        };
        let mut edits = vec![describe];
        edits.extend(rows.iter().map(|row| Edit::Remove(row.key())));
        commit(store, &edits).unwrap();
        let (workspace, rows) = loaded(store, ACME);
        assert_eq!((workspace.name.as_str(), workspace.default_role, workspace.revision), ("other", None, 3));
        assert_eq!(
            (workspace.settings.as_str(), workspace.schema.as_str(), rows),
            ("{\"days\":3}", "{}", vec![])
        );
    });
}

#[test]
fn revisions_count_commits_and_nothing_else() {
    on_each(|store| {
        acme(store);
        for revision in 2..10 {
            let change = store.change(ACME).unwrap();
            assert_eq!(change.workspace().revision, revision - 1);
            let made = change.commit(&[], &entry("nothing")).unwrap();
            assert_eq!(made.revision, revision);
            drop(store.change(ACME).unwrap());
            assert!(commit(store, &[Edit::Remove(Key::Member(id(99)))]).is_err());
            store.note(ACME, &entry("noted")).unwrap();
            store.note_used(ACME, &[(id(50), 8)]).unwrap();
            assert_eq!(store.load(ACME, &mut |_| {}).unwrap().revision, revision);
        }
    });
}

#[test]
fn a_change_that_is_refused_changes_nothing() {
    on_each(|store| {
        acme(store);
        let before = loaded(store, ACME);
        let (bob, group) = (Edit::Put(member(id(21), "bob@acme.example", VIEWER)), id(30));
        let team = |number, name: &str| {
            Edit::Put(Row::Group(Group {
                id: id(number),
                version: 1,
                name: name.to_owned(),
                folded: name.to_lowercase(),
            }))
        };
        let taken = |edits: &[Edit], what| {
            let error = commit(store, edits).unwrap_err();
            assert!(matches!(error, StoreError::Taken { what: told, .. } if told == what), "{error}");
        };
        taken(&[bob.clone(), Edit::Put(member(id(22), "BOB@acme.example", VIEWER))], "member");
        taken(&[bob.clone(), Edit::Put(role(id(12), "Admin"))], "role");
        taken(&[bob.clone(), team(30, "Team"), team(31, "team")], "group");
        for edits in [
            vec![Edit::Put(member(id(21), "bob@acme.example", id(99)))],
            vec![Edit::Remove(Key::Role(ADMIN))],
            vec![Edit::Remove(Key::Role(VIEWER))],
            vec![Edit::Remove(Key::Member(id(99)))],
            vec![Edit::Put(Row::GroupMember { group, member: ANN })],
            vec![team(30, "Team"), Edit::Put(Row::GroupRole { group, role: id(99) })],
            vec![Edit::Put(key(id(50), id(99)))],
            vec![Edit::Put(key(id(50), ANN)), Edit::Remove(Key::Member(ANN))],
        ] {
            let edits: Vec<Edit> = std::iter::once(bob.clone()).chain(edits).collect();
            let error = commit(store, &edits).unwrap_err();
            assert!(matches!(error, StoreError::Dangling(_)), "{error}");
            assert_eq!(loaded(store, ACME), before, "{edits:?}");
        }
        assert_eq!(store.audit(ACME, 0, 100).unwrap().len(), 1);
        // The order within a change does not matter, only what comes of it.
        commit(
            store,
            &[Edit::Put(member(id(21), "bob@acme.example", id(12))), Edit::Put(role(id(12), "late"))],
        )
        .unwrap();
    });
}

#[test]
fn workspaces_know_nothing_of_each_other() {
    on_each(|store| {
        acme(store);
        let rows = [role(ADMIN, "admin"), role(VIEWER, "viewer"), member(ANN, "ann@acme.example", VIEWER)];
        store.create(&workspace(id(2), "other"), &rows, &entry("make"), &[]).unwrap();
        commit(store, &[Edit::Put(member(ANN, "anna@acme.example", ADMIN))]).unwrap();
        let (other, rows) = loaded(store, id(2));
        assert_eq!((other.revision, rows.len()), (1, 3));
        assert_eq!(
            store.row(id(2), &Key::Member(ANN)).unwrap(),
            Some(member(ANN, "ann@acme.example", VIEWER))
        );
        for (number, name, shared) in [(3, "acme", "name"), (2, "third", "id"), (0, "third", "id")] {
            let error = store.create(&workspace(id(number), name), &rows, &entry("make"), &[]).unwrap_err();
            let told = matches!(error, StoreError::Taken { what: "workspace", part } if part == shared);
            assert!(told, "{error}");
        }
        let names: Vec<String> = store.workspaces().unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["acme", "other"]);
        assert!(matches!(store.change(id(9)).map(drop), Err(StoreError::NoWorkspace(_))));
        assert!(matches!(store.load(id(9), &mut |_| {}), Err(StoreError::NoWorkspace(_))));
    });
}

#[test]
fn uses_of_keys_are_kept_beside_the_keys() {
    on_each(|store| {
        acme(store);
        commit(store, &[Edit::Put(key(id(50), ANN))]).unwrap();
        let used = || match store.row(ACME, &Key::ApiKey(id(50))).unwrap() {
            Some(Row::ApiKey(key)) => key.used,
            other => panic!("{other:?}"),
        };
        assert_eq!(used(), None);
        store.note_used(ACME, &[(id(50), 700), (id(51), 700)]).unwrap();
        assert_eq!(used(), Some(700));
        store.note_used(ACME, &[(id(50), 600)]).unwrap();
        assert_eq!(used(), Some(700), "the last one counts, whenever it is told");
        commit(store, &[Edit::Put(key(id(50), ANN))]).unwrap();
        assert_eq!(used(), Some(700), "an edit of the key leaves it");
        commit(store, &[Edit::Remove(Key::ApiKey(id(50)))]).unwrap();
        assert_eq!(store.row(ACME, &Key::ApiKey(id(50))).unwrap(), None);
    });
}

#[test]
fn of_several_invitations_one_is_pending() {
    on_each(|store| {
        acme(store);
        let invitation = |number, state| match one_of_each().swap_remove(8) {
            Row::Invitation(one) => {
                Edit::Put(Row::Invitation(portcullis_store::Invitation { id: id(number), state, ..one }))
            }
            other => panic!("{other:?}"),
        };
        commit(store, &[invitation(40, InvitationState::Pending)]).unwrap();
        assert!(commit(store, &[invitation(41, InvitationState::Pending)]).is_err());
        commit(
            store,
            &[invitation(40, InvitationState::Cancelled), invitation(41, InvitationState::Pending)],
        )
        .unwrap();
        commit(
            store,
            &[invitation(41, InvitationState::Accepted), invitation(42, InvitationState::Accepted)],
        )
        .unwrap();
        assert_eq!(loaded(store, ACME).1.len(), 6);
    });
}
