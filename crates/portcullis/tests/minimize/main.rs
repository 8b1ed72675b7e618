//! Minimized documents: proven minima are those of a search through everything, and nothing tells old and new apart.
//!
//! `brute` finds the fewest statements of small grids by trying every set of rectangles. `generated` minimizes the roles of
//! random workspaces with conditions, asks the reference about both, and lets the schema grow; `forms` has what is written and what is kept, and
//! documents that are too hard; `reserved` has types that no wildcard reaches. The page docs/minimize.md is run by the command line's golden tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and how long it runs is said by the environment"
)]

mod brute;
mod forms;
mod generated;
mod reserved;

use portcullis::{Document, Minimized, Minimizing, Schema, Source, minimize};

fn schema(text: &str) -> Schema {
    Schema::read(&Source::new("schema.json", text)).unwrap_or_else(|report| panic!("{report}\n{text}")).0
}

fn document(policies: &str) -> Document {
    let text = format!(r#"{{"version": "2022-04-26", "policies": [{policies}]}}"#);
    Document::read(&Source::new("role.json", &*text)).unwrap_or_else(|report| panic!("{report}\n{text}")).0
}

fn how(wildcards: bool) -> Minimizing {
    let mut how = Minimizing::default();
    how.wildcards = wildcards;
    how
}

fn minimized(document: &Document, schema: &Schema, wildcards: bool) -> Minimized {
    let found = minimize(document, schema, &how(wildcards));
    found.unwrap_or_else(|error| panic!("{error}\n{}", document.source().text()))
}

/// The fewest statements that say `live`, and nothing but that and what is in `free`. Each is the cells that it covers, and all that any so
/// many of them say together is gone through.
fn fewest(statements: impl Iterator<Item = u32>, live: u32, free: u32) -> usize {
    let usable = statements.filter(|covered| covered & !(live | free) == 0 && covered & live != 0);
    let usable: Vec<u32> = usable.map(|covered| covered & live).collect();
    let mut reached = vec![0];
    for count in 0..=live.count_ones() as usize {
        if reached.contains(&live) {
            return count;
        }
        let next = reached.iter().flat_map(|known| usable.iter().map(move |covered| known | covered));
        let mut next: Vec<u32> = next.collect();
        next.sort_unstable();
        next.dedup();
        reached = next;
    }
    unreachable!("single cells cover everything")
}
