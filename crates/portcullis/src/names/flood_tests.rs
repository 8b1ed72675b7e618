//! Names chosen against a seed: they cost nothing under another, and a table that meets them under their own moves on.
//!
//! What a look-up costs is counted in groups of slots that it reads, not timed.

use super::build::under;
use super::*;

/// A seed that everybody knows.
fn known_seed() -> Seed {
    Seed {
        salts: [*b"a salt o", *b"f eight ", *b"letters,", *b"spelt.  "].map(u64::from_le_bytes),
        ..Seed::fresh()
    }
}

/// A name of 32 bytes whose first eight and third eight are the salts that they are mixed with. Both products are then zero
/// under that seed, so all such names have one hash, whatever their other bytes.
fn flooding(number: u32) -> String {
    format!("a salt o{:08}letters,{:08}", number % 100_000_000, number / 7)
}

fn ordinary(number: u32) -> String {
    format!("member-{number:07}@acme.example.org")
}

/// How many groups a thousand look-ups of these names read; each reads one or two.
fn probes(names: &Names, all: &[String]) -> usize {
    all.iter().map(|name| names.probes(name)).sum::<usize>() * 1_000 / all.len()
}

#[test]
fn a_million_names_chosen_against_one_seed_cost_nothing_under_another() {
    const COUNT: u32 = 1_000_000;
    let chosen: Vec<String> = (0..COUNT).map(flooding).collect();
    let plain: Vec<String> = (0..COUNT).map(ordinary).collect();
    let seed = known_seed();
    assert!(chosen.iter().all(|name| seed.prepare(name).0 == 1));
    assert!(under(seed, COUNT, &|at| (at, &*chosen[at as usize])).is_none());

    let table = |all: &[String]| Names::build(COUNT, |at| &all[at as usize]).names;
    let (chosen, plain) = (probes(&table(&chosen), &chosen), probes(&table(&plain), &plain));
    assert!(chosen.abs_diff(plain) * 20 <= plain, "{chosen} groups a thousand look-ups, else {plain}");
}

#[test]
fn a_table_whose_seed_was_guessed_draws_another() {
    let mut names = Names::seeded(known_seed());
    let all: Vec<String> = (0..20_000).map(flooding).collect();
    let mut hashes = Vec::new();
    let mut seeds = 0;
    for (number, name) in (0..).zip(&all) {
        let before = names.clone();
        let inserted = names.insert(name, number).unwrap();
        hashes.push(inserted.hash);
        if inserted.reseeded {
            seeds += 1;
            for (number, hash) in names.hashes() {
                hashes[number as usize] = hash;
            }
            // The copy that was kept still answers under its own seed.
            assert_eq!(before.len() + 1, names.len());
            assert!((0..number).all(|number| before.get(&all[number as usize]) == Some(number)));
            assert_eq!(before.get(name), None);
        }
    }
    assert_eq!(seeds, 1);
    for (number, name) in (0..).zip(&all) {
        assert_eq!(names.get(name), Some(number));
        assert_eq!(names.name(hashes[number as usize], number), Some(&**name));
    }
    let probes = probes(&names, &all);
    assert!(probes < 1_400, "{probes}");
}

#[test]
fn names_numbered_in_order_survive_a_change_of_the_seed() {
    let mut numbered = Numbered::seeded(known_seed());
    let all: Vec<String> = (0..1_000).map(flooding).collect();
    for (number, name) in (0..).zip(&all) {
        assert_eq!(numbered.intern(name), Some((number, true)));
    }
    assert!(numbered.iter().eq(&all));
}

#[test]
fn names_found_by_search_to_share_a_place_fall_apart_under_another_seed() {
    // No salt is spelt here: a search over a counter finds names whose hashes begin alike, as an outsider's would.
    let seed = Seed {
        salts: [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89],
        ..known_seed()
    };
    let alike = |name: &String| seed.prepare(name).0 >> 25 == 0;
    let chosen: Vec<String> = (0..).map(ordinary).filter(alike).take(2_000).collect();
    let entry = |at: u32| (at, &*chosen[at as usize]);
    // Most find their first group full, under this seed; more than two groups no look-up reads even so.
    let crowded = under(seed.clone(), 2_000, &entry).unwrap().names;
    assert!(probes(&crowded, &chosen) > 1_800);

    let names = Names::build(2_000, |at| entry(at).1).names;
    let probes = probes(&names, &chosen);
    assert!(probes < 1_400, "{probes}");
}
