//! The audit trail of a store.

use portcullis_store::audit::{Broken, Head, Verifier};
use portcullis_store::{Edit, Entry, Id, Store};

use crate::{ACME, VIEWER, acme, commit, entry, id, member, on_each};

fn verified(store: &dyn Store, workspace: Id, kept: Option<Head>) -> Result<Head, Broken> {
    let mut verifier = Verifier::new(workspace, kept);
    let mut after = 0;
    loop {
        // In pages, as whoever verifies a long one does.
        let entries = store.audit(workspace, after, 3).unwrap();
        let Some(last) = entries.last() else { return verifier.finish() };
        after = last.number;
        entries.iter().try_for_each(|entry| verifier.next(entry))?;
    }
}

#[test]
fn each_change_is_in_the_trail_with_its_revision() {
    on_each(|store| {
        acme(store);
        for number in 0..5 {
            commit(store, &[Edit::Put(member(id(21 + number), &format!("member {number}"), VIEWER))])
                .unwrap();
            store.note(ACME, &entry("refused")).unwrap();
        }
        let trail = store.audit(ACME, 0, usize::MAX).unwrap();
        assert!(trail.iter().map(|entry| entry.number).eq(1..=11));
        assert!(trail.iter().map(|entry| entry.revision).eq([1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]));
        assert_eq!(trail[0].entry, entry("workspace.create"));
        let head = verified(store, ACME, None).unwrap();
        assert_eq!(head, trail[10].head());
        assert_eq!(verified(store, ACME, Some(trail[4].head())), Ok(head));
        let later = Head { number: 12, ..head };
        assert_eq!(verified(store, ACME, Some(later)), Err(Broken::CutOff { ends: 11, kept: 12 }));
    });
}

#[test]
fn the_operator_has_a_trail_of_their_own() {
    on_each(|store| {
        acme(store);
        for _ in 0..4 {
            store.note(Id::NIL, &entry("workspace.list")).unwrap();
        }
        assert_eq!(verified(store, Id::NIL, None).unwrap().number, 4);
        assert_eq!(verified(store, ACME, None).unwrap().number, 1);
    });
}

#[test]
fn a_payload_is_erased_and_the_trail_holds() {
    on_each(|store| {
        acme(store);
        let head = verified(store, ACME, None).unwrap();
        assert!(store.erase_payload(ACME, 1).unwrap());
        assert!(!store.erase_payload(ACME, 1).unwrap());
        assert!(!store.erase_payload(ACME, 2).unwrap());
        let trail = store.audit(ACME, 0, 9).unwrap();
        assert_eq!((trail[0].entry.payload.as_ref(), trail[0].entry.salt), (None, [0; 16]));
        assert!(trail[0].payload_hash.is_some());
        store.note(ACME, &Entry { payload: None, ..entry("without") }).unwrap();
        assert!(!store.erase_payload(ACME, 2).unwrap());
        assert_eq!(store.audit(ACME, 1, 9).unwrap()[0].entry.salt, entry("without").salt);
        assert_eq!(verified(store, ACME, Some(head)).map(|last| last.number), Ok(2));
    });
}
