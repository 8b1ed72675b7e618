//! `expected_builtin.csv` is what `expected.csv` becomes under the built-in schema, by three sentences of the language.
//!
//! 1. `sync_templates` is an alias of `sync_template`: what a document says of either name, it says of the type (so
//!    `atlan_role` may read `sync_template`), and a question under either name has the same answer.
//! 2. A question on a covered name is a question on `workspace`.
//! 3. A pair that vocabulary.json does not admit is denied.
//!
//! The file is committed, because people script against it; this test derives it again and compares.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use portcullis_testkit::corpus::{self, Cell};
use serde::Deserialize;

const COVERED: [&str; 6] =
    ["api_key", "role", "group", "general_settings", "external_storage", "integration"];

#[derive(Deserialize)]
struct Published {
    resources: Vec<String>,
    actions: Vec<String>,
    sync_only_actions: Vec<String>,
    preview_on: Vec<String>,
}

impl Published {
    fn admits(&self, action: &str, own: &str) -> bool {
        if action == "preview" {
            return self.preview_on.iter().any(|name| name == own);
        }
        own == "sync" || !self.sync_only_actions.iter().any(|name| name == action)
    }
}

#[test]
fn the_cells_under_the_built_in_schema() {
    let published: Published =
        serde_json::from_slice(&corpus::bytes("hightouch/vocabulary.json").unwrap()).unwrap();
    let literal: BTreeSet<Cell> = corpus::cells("expected.csv").unwrap().into_iter().collect();
    let policies: BTreeSet<&str> = literal.iter().map(|cell| cell.policy.as_str()).collect();
    let said = |policy: &str, action: &str, name: &str| {
        let cell =
            |allow| Cell { policy: policy.into(), action: action.into(), resource: name.into(), allow };
        assert!(literal.contains(&cell(true)) != literal.contains(&cell(false)), "{policy} {action} {name}");
        literal.contains(&cell(true))
    };
    let names = published.resources.iter().map(String::as_str).chain(["sync_templates"]).chain(COVERED);
    let names: Vec<&str> = names.collect();

    let mut derived = BTreeSet::new();
    for policy in &policies {
        for action in &published.actions {
            for name in &names {
                let own = match *name {
                    "sync_templates" => "sync_template",
                    name if COVERED.contains(&name) => "workspace",
                    name => name,
                };
                let alias = own == "sync_template" && said(policy, action, "sync_templates");
                derived.insert(Cell {
                    policy: (*policy).to_owned(),
                    action: action.clone(),
                    resource: (*name).to_owned(),
                    allow: published.admits(action, own) && (said(policy, action, own) || alias),
                });
            }
        }
    }
    let committed: BTreeSet<Cell> = corpus::cells("expected_builtin.csv").unwrap().into_iter().collect();
    assert_eq!(derived, committed);
    assert!(committed.contains(&Cell {
        policy: "atlan_role".into(),
        action: "read".into(),
        resource: "sync_template".into(),
        allow: true
    }));
}

#[test]
fn the_reference_has_the_published_vocabulary() {
    let published: Published =
        serde_json::from_slice(&corpus::bytes("hightouch/vocabulary.json").unwrap()).unwrap();
    let vocabulary = portcullis_testkit::reference::Vocabulary::deserialize(
        portcullis_testkit::reference::hightouch_schema(),
    )
    .unwrap();
    let names = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(vocabulary.types().map(str::to_owned).collect::<BTreeSet<_>>(), names(&published.resources));
    assert_eq!(vocabulary.permissions().count(), 47);
    for own in &published.resources {
        for action in &published.actions {
            assert_eq!(vocabulary.admits(action, own), published.admits(action, own), "{action} on {own}");
        }
    }
}
