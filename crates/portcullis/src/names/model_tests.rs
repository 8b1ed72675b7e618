//! The table against a plain map, step by step, with copies kept aside that must not change.

use std::collections::HashMap;

use super::*;

/// A stream of numbers without surprise: the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Names of all lengths around what a key holds, long ones among them.
fn name_of(number: u64) -> String {
    let name = format!("{number}-Ärger@acme.example");
    match number % 7 {
        0 => format!("{name}{}", "x".repeat((number % 40) as usize)),
        1 => number.to_string(),
        2 => format!("{}{name}", "long-".repeat((number % 90) as usize)),
        3 => format!("{name}\0"),
        _ => name,
    }
}

/// Everything that can be asked of a table agrees with the map.
fn agree(names: &Names, model: &HashMap<String, u32>, hashes: &HashMap<u32, u32>) {
    names.validate();
    assert_eq!(names.len(), model.len());
    let mut seen = 0;
    for (number, name) in names.iter() {
        assert_eq!(model.get(name), Some(&number));
        assert_eq!(names.name(hashes[&number], number), Some(name));
        seen += 1;
    }
    assert_eq!(seen, model.len());
    assert!(names.hashes().all(|(number, hash)| hashes[&number] == hash));
    let asked: Vec<String> = (0..2_000).map(name_of).collect();
    let mut found = vec![Noted::NOBODY; asked.len()];
    names.get_many(|at| &asked[at], &mut found);
    for (name, found) in asked.iter().zip(found) {
        assert_eq!(names.get(name), model.get(name).copied(), "{name}");
        assert_eq!(found, names.noted_or_nobody(name), "{name}");
        assert_eq!(found.number, model.get(name).copied().unwrap_or(NOBODY), "{name}");
    }
}

/// Random insertions and removals among so many names.
fn churn(steps: u32, pool: u64, start: u64) {
    let mut dice = Dice(start);
    let mut names = Names::default();
    let mut model = HashMap::new();
    let mut hashes = HashMap::new();
    let mut kept = Vec::new();
    for step in 0..steps {
        let name = name_of(dice.roll(pool));
        // The balance tips back and forth, so that the table fills and empties.
        if dice.roll(100) < if step / 20_000 % 2 == 0 { 70 } else { 30 } {
            let expected = model.get(&name).copied();
            match names.insert(&name, step) {
                Ok(inserted) => {
                    assert!(expected.is_none() && !inserted.reseeded);
                    model.insert(name, step);
                    hashes.insert(step, inserted.hash);
                }
                Err(taken) => assert_eq!(Some(taken.0), expected),
            }
        } else {
            let removed = names.remove(&name);
            assert_eq!(removed, model.remove(&name));
            if let Some(number) = removed {
                assert_eq!(names.name(hashes[&number], number), None);
                hashes.remove(&number);
            }
        }
        if step % (steps / 6) == steps / 12 {
            kept.push((names.clone(), model.clone(), hashes.clone()));
        }
    }
    agree(&names, &model, &hashes);
    for (names, model, hashes) in &kept {
        agree(names, model, hashes);
    }
    let all: Vec<String> = model.keys().cloned().collect();
    for name in all {
        assert!(names.remove(&name).is_some());
    }
    assert_eq!(names.len(), 0);
    assert_eq!(names.iter().count(), 0);
}

#[test]
fn notes_stay_with_their_names_and_go_with_them() {
    for pool in [60, 900, 20_000] {
        let mut dice = Dice(pool);
        let mut names = Names::default();
        let mut model: HashMap<String, (u32, Noted)> = HashMap::new();
        let mut kept = Vec::new();
        let mut notes = vec![UNNOTED; 60_000];
        for number in 0..60_000 {
            let name = name_of(dice.roll(pool));
            match model.get_mut(&name) {
                Some((hash, noted)) if dice.roll(3) > 0 => {
                    // The highest notes are none.
                    let note = UNNOTED + 2 - dice.roll(8).min(5) as u32 * dice.roll(400_000) as u32;
                    names.annotate(*hash, noted.number, note);
                    noted.note = note.min(UNNOTED);
                    notes[noted.number as usize] = note;
                }
                Some(_) => {
                    names.remove(&name);
                    model.remove(&name);
                }
                None => {
                    let hash = names.insert(&name, number).unwrap().hash;
                    model.insert(name, (hash, Noted { number, note: UNNOTED }));
                }
            }
            if number % 10_000 == 9_999 {
                while !names.void.is_empty() {
                    names.renew_notes(|number| notes[number as usize]);
                }
                kept.push((names.clone(), model.clone()));
            }
        }
        for (names, model) in &kept {
            names.validate();
            let all: Vec<String> = (0..pool).map(name_of).collect();
            let mut together = vec![Noted::NOBODY; all.len()];
            names.get_many(|at| &all[at], &mut together);
            for (name, found) in all.iter().zip(together) {
                let expected = model.get(name).map_or(Noted::NOBODY, |(_, noted)| *noted);
                assert_eq!((names.noted_or_nobody(name), found), (expected, expected), "{name}");
            }
        }
    }
}

#[test]
fn all_that_was_built_can_be_annotated_at_once() {
    for count in [1, 5, 3_000, 40_000] {
        let all: Vec<String> = (0..count).map(|number| name_of(u64::from(number))).collect();
        let mut names = Names::build(count, |number| &all[number as usize]).names;
        names.annotate_all(|number| number * 100);
        // Those who share a table keep what they have.
        let mut shared = names.clone();
        shared.annotate_all(|_| 7);
        for (number, name) in (0..).zip(&all) {
            let expected = Noted { number, note: (number * 100).min(UNNOTED) };
            assert_eq!((names.noted_or_nobody(name), shared.noted_or_nobody(name)), (expected, expected));
        }
    }
}

#[test]
fn a_small_table_does_as_a_map_does() {
    churn(20_000, 60, 1);
    churn(20_000, 900, 2);
}

#[test]
fn a_table_of_many_shards_does_as_a_map_does() {
    churn(100_000, 40_000, 3);
}

#[test]
fn names_are_equal_when_their_bytes_are() {
    let mut names = Names::default();
    let mut number = 0;
    let mut expected = Vec::new();
    for length in 0..=600 {
        // Names that differ in their length, their last byte, their last character, or one byte anywhere.
        let plain = "a".repeat(length);
        let mut alike = vec![plain.clone()];
        if length >= 2 {
            alike.push(format!("{}\0", &plain[1..]));
            alike.push(format!("{}é", &plain[2..]));
            alike.push(format!("{}b", &plain[1..]));
            alike.push(format!("b{}", &plain[1..]));
        }
        if length >= 4 && (length < 70 || length % 50 == 0) {
            alike.push(format!("{}😀", &plain[4..]));
            alike.extend((1..length - 1).map(|at| format!("{}c{}", &plain[..at], &plain[at + 1..])));
        }
        for name in alike {
            assert_eq!(names.get(&name), None, "{length}: {name:?}");
            let inserted = names.insert(&name, number).unwrap();
            expected.push((name, inserted.hash));
            number += 1;
        }
    }
    for (number, (name, hash)) in (0..).zip(&expected) {
        assert_eq!(names.get(name), Some(number));
        assert_eq!(names.name(*hash, number), Some(&**name));
        assert_eq!(names.insert(name, 0), Err(Taken(number)));
    }
    let mut found = vec![Noted::NOBODY; expected.len()];
    names.get_many(|at| &expected[at].0, &mut found);
    assert!((0..).zip(found).all(|(number, found)| found.number == number));
}

#[test]
fn many_names_at_once_make_the_same_table() {
    for count in [0, 1, 2, 7, 8, 100, 5_000, 30_000] {
        // Every seventh name is there twice, the second time much later.
        let name = |number: u32| name_of(u64::from(if number % 7 == 6 { number / 7 } else { number }));
        let all: Vec<String> = (0..count).map(name).collect();
        let built = Names::build(count, |number| &all[number as usize]);
        let mut model = HashMap::new();
        let mut twice = Vec::new();
        for (number, name) in (0..).zip(&all) {
            match model.get(name) {
                Some(&earlier) => twice.push((number, earlier)),
                None => drop(model.insert(name.clone(), number)),
            }
        }
        assert_eq!(built.duplicates, twice);
        assert_eq!(built.hashes.len(), count as usize);
        agree(&built.names, &model, &(0..).zip(built.hashes).collect());
    }
}

#[test]
fn tables_of_all_small_sizes_grow_without_another_seed() {
    for round in 0..1_000 {
        let mut names = Names::default();
        for number in 0..40 {
            let inserted = names.insert(&format!("{round}-{number}"), number).unwrap();
            assert!(!inserted.reseeded);
        }
        names.validate();
    }
}

#[test]
fn a_copy_of_a_table_shares_all_shards_but_the_edited_one() {
    let all: Vec<String> = (0..100_000).map(|number| format!("member-{number}@acme.example")).collect();
    let names = Names::build(100_000, |number| &all[number as usize]).names;
    let mut edited = names.clone();
    assert!(Arc::ptr_eq(&edited.shards, &names.shards));
    edited.insert("somebody-new@acme.example", 100_000).unwrap();
    let shared = edited.shards.iter().zip(&*names.shards).filter(|(a, b)| Arc::ptr_eq(a, b)).count();
    assert_eq!(shared, names.shards.len() - 1);
    assert_eq!(names.get("somebody-new@acme.example"), None);
}

#[test]
fn small_tables_are_small_and_worn_ones_no_larger_than_new_ones() {
    assert_eq!(Names::default().bytes(), 0);
    let mut few = Names::default();
    for (number, name) in (0..).zip(["ann@acme.example", "bob@acme.example", "eve@acme.example"]) {
        few.insert(name, number).unwrap();
    }
    assert!(few.bytes() <= 450, "{} bytes", few.bytes());

    let name = |number: u64| format!("member-{number:08}@acme.example");
    let (count, steps) = (30_000, 200_000);
    let all: Vec<String> = (0..count).map(name).collect();
    let fresh = Names::build(count as u32, |number| &all[number as usize]).names;
    let mut worn = fresh.clone();
    let mut present: Vec<u64> = (0..count).collect();
    let mut dice = Dice(9);
    for step in 0..steps {
        let at = dice.roll(count) as usize;
        worn.remove(&name(present[at])).unwrap();
        present[at] = count + step;
        worn.insert(&name(present[at]), at as u32).unwrap();
    }
    let (worn_bytes, fresh_bytes) = (worn.bytes(), fresh.bytes());
    // Which shards split depends on the seed: 1.02 to 1.15 in forty runs.
    assert!(worn_bytes * 100 <= fresh_bytes * 125, "{worn_bytes} bytes against {fresh_bytes}");
    // What is taken out gives its room back.
    for number in &present[100..] {
        worn.remove(&name(*number)).unwrap();
    }
    assert!(worn.bytes() * 20 <= fresh_bytes, "{} bytes for 100 names", worn.bytes());
}
