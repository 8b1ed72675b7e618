//! The reserved types that administer, which no wildcard reaches: minimized as brute force finds, and as the reference decides.
//!
//! `"*"` among types stands for two types of three here, and the third is named beside it or not at all. A search through all sets of statements
//! says how few would do; random documents with wildcards and patterns say whether what is written means the same.

use portcullis::{Document, Schema, Source, diff_documents};
use portcullis_testkit::generate::Prng;
use portcullis_testkit::reference::{Reference, Request};

use super::{document, fewest, minimized, schema};

const RESERVED: &str = "portcullis.workspace";
const TYPES: [&str; 3] = ["doc", "task", RESERVED];
const ACTIONS: [&str; 5] = ["read", "update", "sign", "create", "delete"];
const SCHEMA: &str = r#"{"schema": "s", "resources": {"doc": {"actions": ["read", "sign"]}, "task": {"actions": ["read", "update"]}}}"#;

fn admits(kind: usize, action: usize) -> bool {
    match kind {
        0 => [0, 2].contains(&action),
        1 => [0, 1].contains(&action),
        _ => action != 2,
    }
}

fn cell(kind: usize, action: usize) -> u32 {
    1 << (5 * kind + action)
}

/// What every statement covers that may be written: lists of types and of actions, each of names and perhaps `"*"`, which on types
/// stands for the first two. Names stand together only where the pair exists.
fn statements(wildcards: bool) -> Vec<u32> {
    let mut all = Vec::new();
    let most = if wildcards { 2 } else { 1 };
    for (kinds, actions) in (0..8_usize << (most - 1))
        .flat_map(|kinds| (0..32_usize << (most - 1)).map(move |actions| (kinds, actions)))
    {
        let (any_kind, any_action) = (kinds >> 3 & 1 == 1, actions >> 5 & 1 == 1);
        let (mut covered, mut legal) = (0, true);
        for kind in 0..3 {
            let named = kinds >> kind & 1 == 1;
            for action in 0..5 {
                let named_action = actions >> action & 1 == 1;
                legal &= !(named && named_action) || admits(kind, action);
                let said = (named || any_kind && kind < 2) && (named_action || any_action);
                covered |= if said && admits(kind, action) { cell(kind, action) } else { 0 };
            }
        }
        if legal && covered != 0 {
            all.push(covered);
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn read(text: &str) -> Document {
    Document::read(&Source::new("minimized.json", text)).unwrap().0
}

/// Every grid of the eight cells, or every so many: each not mentioned, allowed or denied.
fn run(wildcards: bool, every: usize) {
    let (schema, statements) = (schema(SCHEMA), statements(wildcards));
    let cells: Vec<(usize, usize)> = (0..3)
        .flat_map(|kind| (0..5).map(move |action| (kind, action)))
        .filter(|&(kind, action)| admits(kind, action))
        .collect();
    assert_eq!(cells.len(), 8);
    let (mut named, mut starred) = (0, 0);
    for number in (0..3_usize.pow(8)).step_by(every) {
        let (mut allowed, mut denied, mut written) = (0, 0, Vec::new());
        for (at, &(kind, action)) in (0..).zip(&cells) {
            let effect = match number / 3_usize.pow(at) % 3 {
                1 => {
                    allowed |= cell(kind, action);
                    "allow"
                }
                2 => {
                    denied |= cell(kind, action);
                    "deny"
                }
                _ => continue,
            };
            let (kind, action) = (TYPES[kind], ACTIONS[action]);
            written.push(format!(r#"{{"effect": "{effect}", "actions": "{action}", "resource": "{kind}"}}"#));
        }
        let old = document(&written.join(","));
        let found = minimized(&old, &schema, wildcards);
        let context = || format!("{}\n{}", old.source().text(), found.text());
        same_planes(&old, &read(found.text()), &schema);
        assert!(found.is_proven(), "{}", context());
        let few = |live, free| fewest(statements.iter().copied(), live, free);
        let least = few(allowed, denied) + few(denied, 0);
        assert_eq!(found.after().statements, least, "{}", context());
        named += usize::from(found.text().contains(RESERVED));
        starred += usize::from(found.text().contains("\"*\""));
    }
    assert!(named > 0 && (starred > 0) == wildcards, "{named} {starred}");
}

/// What both grant is the same, and what both deny.
fn same_planes(old: &Document, new: &Document, schema: &Schema) {
    let resolved = [old, new].map(|document| {
        let grants =
            document.resolve(schema).unwrap_or_else(|report| panic!("{report}\n{}", new.source().text())).0;
        let wide = schema.administered().unwrap();
        // One of the two may name no reserved type any more.
        let names = |plane: &portcullis::matrix::Plane| -> Vec<(String, String)> {
            let of = plane.iter().filter_map(|id| wide.names_of(id));
            of.map(|(action, kind)| (action.to_owned(), kind.to_owned())).collect()
        };
        let planes = grants.planes();
        (names(planes.deny()), grants)
    });
    let [(was_denied, was), (is_denied, is)] = &resolved;
    let context = || format!("{}\n{}", old.source().text(), new.source().text());
    assert_eq!(was_denied, is_denied, "{}", context());
    let change = diff_documents(was, is);
    assert!(change.is_empty(), "{change:?}\n{}", context());
}

fn every() -> usize {
    if std::env::var_os("PORTCULLIS_LONG").is_some() { 1 } else { 3 }
}

#[test]
fn proven_minima_are_minima_beside_reserved_types() {
    run(false, every());
}

#[test]
fn proven_minima_with_wildcards_are_minima_beside_reserved_types() {
    run(true, every());
}

/// A list of names, patterns and wildcards, of one to three.
fn drawn(prng: &mut Prng, from: &[&str]) -> String {
    let names = (0..=prng.below(3)).map(|_| format!("\"{}\"", prng.pick(from).unwrap()));
    format!("[{}]", names.collect::<Vec<_>>().join(", "))
}

fn workspace(policies: &str) -> String {
    format!(
        r#"{{"workspace": "w", "schema": {SCHEMA}, "roles": {{"r": {policies}}}, "members": {{"ann": {{"role": "r"}}}}}}"#
    )
}

#[test]
fn nothing_tells_a_minimized_document_that_names_reserved_types_from_what_it_was() {
    let schema = schema(SCHEMA);
    let actions = ["read", "update", "sign", "create", "delete", "*", "*e*", "re*", "s*"];
    let types = ["doc", "task", RESERVED, "portcullis.membership", "*", "*c*", "t*", "port*"];
    let (mut compared, mut shorter, mut named) = (0, 0, 0);
    for seed in 0..if every() == 1 { 60_000 } else { 3_000 } {
        let mut prng = Prng::new(seed);
        let one = |prng: &mut Prng| {
            let effect = if prng.percent(70) { "allow" } else { "deny" };
            let (actions, types) = (drawn(prng, &actions), drawn(prng, &types));
            format!(r#"{{"effect": "{effect}", "actions": {actions}, "resource": {types}}}"#)
        };
        let statements: Vec<String> = (0..=prng.below(5)).map(|_| one(&mut prng)).collect();
        let old = document(&statements.join(","));
        if old.resolve(&schema).is_err() {
            continue;
        }
        compared += 1;
        named += usize::from(old.source().text().contains(RESERVED));
        for wildcards in [false, true] {
            let found = minimized(&old, &schema, wildcards);
            let new = read(found.text());
            same_planes(&old, &new, &schema);
            shorter += usize::from(found.is_shorter());
            let [was, is] = [old.source().text(), found.text()].map(|text| {
                Reference::read(&workspace(text)).unwrap_or_else(|error| panic!("{error}\n{text}"))
            });
            for (kind, action) in TYPES
                .iter()
                .chain(&["portcullis.membership"])
                .flat_map(|kind| ACTIONS.map(|action| (*kind, action)))
            {
                let asked = Request::new("ann", action, kind);
                let (was, is) = (was.answer(&asked).is_allowed(), is.answer(&asked).is_allowed());
                assert_eq!(was, is, "{action} {kind}\n{}\n{}", old.source().text(), found.text());
            }
        }
    }
    assert!(compared > 800 && named > compared / 3 && shorter > compared / 2, "{compared} {named} {shorter}");
}

/// An action that only the reserved types have stays known as long as it is written.
#[test]
fn a_document_that_would_lose_the_last_reserved_name_still_reads() {
    let old = document(
        r#"{"effect": "allow", "actions": [], "resource": "portcullis.workspace"},
           {"effect": "deny", "actions": ["read", "delete"], "resource": "doc"}"#,
    );
    let found = minimized(&old, &schema(SCHEMA), false);
    same_planes(&old, &read(found.text()), &schema(SCHEMA));
    assert!(found.text().contains("\"delete\""), "{}", found.text());
}
