//! Notes that are void are not believed, and come back a few shards at a time.

use super::*;

/// Some names are too long for a slot.
fn name(number: u32) -> String {
    let more = if number.is_multiple_of(13) { "-of-a-department-with-a-long-name" } else { "" };
    format!("member-{number}{more}@acme.example")
}

/// How many of so many names have a note, each that which is expected; the others have none.
fn noted(names: &Names, count: u32, note: impl Fn(u32) -> u32) -> usize {
    let asked: Vec<String> = (0..count).map(name).collect();
    let mut together = vec![Noted::NOBODY; asked.len()];
    names.get_many(|at| &asked[at], &mut together);
    let mut noted = 0;
    for ((number, asked), together) in (0..).zip(&asked).zip(together) {
        let found = names.noted_or_nobody(asked);
        assert_eq!((found, found.number), (together, number));
        if names.note_of(found) != UNNOTED {
            assert_eq!(found.note, note(number), "{number}");
            noted += 1;
        }
    }
    assert_eq!(names.get("nobody@acme.example"), None);
    noted
}

#[test]
fn void_notes_are_not_believed_and_come_back() {
    let mut names = Names::default();
    let mut hashes = Vec::new();
    for number in 0..20_000 {
        hashes.push(names.insert(&name(number), number).unwrap().hash);
    }
    for (number, hash) in (0..).zip(&hashes) {
        names.annotate(*hash, number, number % 1_000);
    }
    while !names.void.is_empty() {
        names.renew_notes(|number| number % 1_000);
    }
    assert_eq!(noted(&names, 20_000, |number| number % 1_000), 20_000);

    // Shared with a clone, each would have to be copied.
    let before = names.clone();
    for (number, hash) in (0..).zip(&hashes) {
        names.annotate(*hash, number, 7);
    }
    assert_eq!(noted(&names, 20_000, |_| 7), 0);
    assert!(
        names.shards.iter().zip(&*before.shards).all(|(new, old)| Arc::ptr_eq(new, old)),
        "nothing was copied"
    );

    // Shards split and the list doubles while notes are void.
    for number in 20_000..60_000 {
        names.insert(&name(number), number).unwrap();
    }
    names.validate();
    let mut seen = 0;
    for round in 0.. {
        if names.void.is_empty() {
            break;
        }
        assert!(round <= names.shards.len() / RENEWED);
        names.renew_notes(|number| number % 77);
        // All come back together, once every shard is written anew.
        seen = noted(&names, 60_000, |number| number % 77);
        assert_eq!(seen, if names.void.is_empty() { 60_000 } else { 0 });
        names.validate();
    }
    assert_eq!(seen, 60_000);
    names.renew_notes(|_| 0);
    assert_eq!(noted(&names, 60_000, |number| number % 77), 60_000, "there is nothing left to write");
    assert_eq!(noted(&before, 20_000, |number| number % 1_000), 20_000, "a clone has changed");
}

#[test]
fn notes_of_all_names_are_written_where_nobody_shares_them_and_else_void() {
    let mut names = Names::default();
    let mut count = 0;
    // Until the list has doubled for the first of some shards: the others stand in it twice.
    while names.shards.len() < 32 || names.distinct().count() == names.shards.len() {
        names.insert(&name(count), count).unwrap();
        count += 1;
    }
    names.annotate_all(|number| number % 500);
    assert_eq!(noted(&names, count, |number| number % 500), count as usize);
    assert!(!names.is_renewable());

    let before = names.clone();
    names.insert(&name(count), count).unwrap();
    names.annotate_all(|number| number % 3);
    assert_eq!(noted(&names, count + 1, |number| number % 3), 0, "most would have to be copied");
    let kept = names.shards.iter().zip(&*before.shards).filter(|(new, old)| Arc::ptr_eq(new, old)).count();
    assert!(kept + 4 >= names.shards.len() && kept < names.shards.len(), "{kept}");
    assert!(names.is_renewable());
    while names.is_renewable() {
        names.renew_notes(|number| number % 3);
    }
    assert_eq!(noted(&names, count + 1, |number| number % 3), count as usize + 1);
    assert_eq!(noted(&before, count, |number| number % 500), count as usize, "a clone has changed");

    // What is void holds again once all is written by whoever has it alone.
    let shared = names.clone();
    names.annotate_all(|_| 1);
    drop((shared, before));
    names.annotate_all(|_| 2);
    assert_eq!(noted(&names, count + 1, |_| 2), count as usize + 1);
    names.validate();
}
