//! What the fuzzer once found, and what it starts from, replayed through the very bodies of its targets; and a few hundred
//! inputs out of a seed.
//!
//! A find goes to `fuzz/regressions/TARGET/` once it is understood, under a name that says what it was. Seeds and seeded
//! inputs are there so that the bodies run on every machine, also on those where no fuzzer is built. Which targets
//! there are is read from `fuzz/Cargo.toml`: one that nothing replays fails here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use portcullis_testkit::corpus;
use portcullis_testkit::fuzz;
use portcullis_testkit::generate::{self, Prng, Size};

/// The targets whose body needs nothing but its bytes.
const HERE: [(&str, Body); 4] = [
    ("document", fuzz::document),
    ("decide", fuzz::decide),
    ("diff", fuzz::diff),
    ("workspace", fuzz::workspace),
];

type Body = fn(&[u8]);

/// The tests of the crates whose readers the other targets are about.
const THERE: [(&str, &str); 2] = [
    ("requests", "../portcullis-cli/tests/regressions.rs"),
    ("evaluation", "../portcullis-server/tests/authzen/regressions.rs"),
];

fn folder(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(of)
}

fn replay(target: &str) -> usize {
    let (_, body) = HERE.iter().find(|(name, _)| *name == target).unwrap();
    fuzz::replay(target, body).unwrap()
}

#[test]
fn documents_stay_mended() {
    assert!(replay("document") > 300);
}

#[test]
fn decisions_stay_mended() {
    assert!(replay("decide") > 30);
}

#[test]
fn differences_stay_mended() {
    assert!(replay("diff") > 30);
}

#[test]
fn workspaces_stay_mended() {
    assert!(replay("workspace") > 80);
}

/// The names of the targets, from the manifest and from the files.
fn targets() -> BTreeSet<String> {
    let manifest: toml::Table = fs::read_to_string(folder("Cargo.toml")).unwrap().parse().unwrap();
    let names =
        manifest["bin"].as_array().unwrap().iter().map(|bin| bin["name"].as_str().unwrap().to_owned());
    let targets: BTreeSet<String> = names.collect();
    let files = fs::read_dir(folder("fuzz_targets")).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<String> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(targets, files, "fuzz/Cargo.toml and fuzz/fuzz_targets/ name different targets");
    targets
}

#[test]
fn every_target_is_replayed() {
    let text = |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    for target in targets() {
        let there = THERE.iter().find(|(name, _)| *name == target);
        let (file, has_body) = match there {
            Some((_, file)) => (*file, true),
            None => ("tests/regressions.rs", HERE.iter().any(|(name, _)| *name == target)),
        };
        let replayed = text(file).contains(&format!("replay({target:?}"));
        assert!(replayed && has_body, "nothing replays the fuzz target {target:?}; add it to {file}");
    }
    let kept = fs::read_dir(folder("regressions")).unwrap().map(|entry| entry.unwrap());
    for entry in kept.filter(|entry| entry.file_type().unwrap().is_dir()) {
        let name = entry.file_name().into_string().unwrap();
        assert!(targets().contains(&name), "fuzz/regressions/{name}/ belongs to no target");
    }
}

/// One to four slips of a byte: overwritten, taken away, put in, or a stretch that is repeated.
fn slip(prng: &mut Prng, text: &mut Vec<u8>) {
    const HOSTILE: &[u8] = b"{}[]\":,*\\u0 \n\r\t/#'-+.eE1\x00\x1f\x7f\xc3\xa9\xff";
    for _ in 0..=prng.below(3) {
        let at = prng.below(text.len());
        let byte = *prng.pick(HOSTILE).unwrap();
        match prng.below(4) {
            0 if at < text.len() => text[at] = byte,
            1 if at < text.len() => drop(text.remove(at)),
            2 => text.insert(at, byte),
            _ => {
                let end = (at + prng.below(12)).min(text.len());
                let stretch = text[at.min(end)..end].to_vec();
                text.splice(at..at, stretch);
            }
        }
    }
}

#[test]
fn documents_with_slips_are_read_soundly() {
    let texts: Vec<String> = corpus::documents().unwrap().values().map(ToString::to_string).collect();
    let mut prng = Prng::new(20_220_426);
    for round in 0..400 {
        let mut text = prng.pick(&texts).unwrap().clone().into_bytes();
        if round > texts.len() {
            slip(&mut prng, &mut text);
        }
        fuzz::document(&text);
    }
}

#[test]
fn workspaces_and_schemas_with_slips_are_read_soundly() {
    let size = Size { types: 2, actions: 3, roles: 2, statements: 2, groups: 1, members: 3, questions: 0 };
    let mut prng = Prng::new(7);
    for seed in 0..100 {
        let case = generate::case(seed, size).unwrap();
        for value in [&case.workspace, &case.schema] {
            let mut text = value.to_string().into_bytes();
            fuzz::document(&text);
            slip(&mut prng, &mut text);
            fuzz::document(&text);
        }
    }
}

#[test]
fn files_beside_a_workspace_with_slips_are_read_soundly() {
    let mut prng = Prng::new(19);
    for (_, mut files) in fuzz::seeds("workspace").unwrap() {
        for _ in 0..4 {
            slip(&mut prng, &mut files);
            fuzz::workspace(&files);
        }
    }
}

#[test]
fn test_suites_with_slips_are_read_soundly() {
    let size = Size { types: 2, actions: 3, roles: 2, statements: 3, groups: 1, members: 3, questions: 0 };
    let mut prng = Prng::new(17);
    for seed in 0..200 {
        let case = generate::case(seed, size).unwrap();
        let kinds = case.schema["resources"].as_object().unwrap();
        let actions: Vec<&serde_json::Value> = kinds.values().map(|kind| &kind["actions"][0]).collect();
        let (kind, action) = kinds.keys().zip(actions).nth(prng.below(kinds.len())).unwrap();
        let suite = serde_json::json!({ "workspace": case.workspace, "tests": [
            { "name": "cells", "subject": ["member 0", "nobody"], "may": { kind: action } },
            { "name": "grid", "role": "role 0", "grid": { "*": ["*"], kind: [] } },
            { "name": "who", "action": action, "resource": "*", "who": ["member 1"] },
        ] });
        let mut text = suite.to_string().into_bytes();
        fuzz::document(&text);
        slip(&mut prng, &mut text);
        fuzz::document(&text);
    }
}

#[test]
fn noise_is_no_policy() {
    let mut prng = Prng::new(11);
    for length in 0..200 {
        let bytes: Vec<u8> = (0..length).map(|_| prng.bits() as u8).collect();
        fuzz::document(&bytes);
    }
}

#[test]
fn workspaces_out_of_noise_are_decided_and_compared_as_the_reference_does() {
    let mut prng = Prng::new(13);
    for length in (0..90).map(|round| round * 9) {
        let bytes: Vec<u8> = (0..length).map(|_| prng.bits() as u8).collect();
        fuzz::decide(&bytes);
        fuzz::diff(&bytes);
    }
}
