//! Roles of random workspaces, with every form that the language has: nothing tells old and new apart.

use std::collections::BTreeMap;

use portcullis::diagnostic::Code;
use portcullis::matrix::Plane;
use portcullis::{
    Document, NoFiles, Report, Schema, Severity, Snapshot, Source, Workspace, diff_documents, minimize,
};
use portcullis_testkit::generate::{ConditionalCase, Prng, Size, attributed_schema, conditional_case};
use portcullis_testkit::reference::{Reference, Request};
use serde_json::{Value, json};

use super::{how, minimized};

fn compiled(text: &str) -> Snapshot {
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles).unwrap();
    workspace.compile().unwrap_or_else(|report| panic!("{report}\n{text}")).0
}

fn read(text: &str) -> Document {
    Document::read(&Source::new("minimized.json", text)).unwrap_or_else(|report| panic!("{report}\n{text}")).0
}

/// How many warnings of each code.
fn warnings(report: &Report) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for warning in report.iter().filter(|fault| fault.severity == Severity::Warning) {
        *counts.entry(warning.code.as_str()).or_default() += 1;
    }
    counts
}

/// A schema, when it has grown: every type admits every action, and there are new types and actions
/// that patterns of the old ones match.
fn grown(mut schema: Value) -> Option<Schema> {
    let resources = schema["resources"].as_object_mut().unwrap();
    let listed = |kind: &Value| kind["actions"].as_array().unwrap().clone();
    let mut actions: Vec<Value> = resources.values().flat_map(listed).collect();
    actions.sort_unstable_by_key(Value::to_string);
    actions.dedup();
    let more: Vec<Value> =
        actions.iter().map(|action| json!(format!("{}x", action.as_str().unwrap()))).collect();
    actions.extend(more.into_iter().filter(|new| !actions.contains(new)).collect::<Vec<_>>());
    for kind in resources.values_mut() {
        kind["actions"] = json!(actions);
    }
    for own in resources.keys().cloned().collect::<Vec<_>>() {
        resources.entry(format!("{own}x")).or_insert(json!({ "actions": actions }));
    }
    Schema::read(&Source::new("grown.json", schema.to_string())).ok().map(|(schema, _)| schema)
}

/// What a document comes to under a schema that grew: it allows no more than it would have, and denies no less.
fn compare_grown(old: &Document, new: &Document, schema: &Schema, wildcards: bool) -> bool {
    let Ok((was, _)) = old.resolve(schema) else { return false };
    let is = new.resolve(schema).unwrap_or_else(|report| panic!("{report}")).0;
    let (was, is) = (was.planes(), is.planes());
    let both = |one: &Plane, other: &Plane| {
        let mut both = one.clone();
        both.union_with(other);
        both
    };
    let context = || format!("{}\n{}", old.source().slice(old.span()), new.source().text());
    assert!(was.deny().is_subset(is.deny()), "{}", context());
    let (was_if, is_if) = (both(was.deny(), was.deny_if()), both(is.deny(), is.deny_if()));
    assert!(was_if.is_subset(&is_if), "{}", context());
    if !wildcards {
        assert!(is.deny().is_subset(was.deny()) && is_if.is_subset(&was_if), "{}", context());
        let allowed = both(was.deny(), was.allow());
        assert!(is.allow().is_subset(&allowed), "{}", context());
        assert!(is.allow_if().is_subset(&both(&allowed, was.allow_if())), "{}", context());
    }
    true
}

#[derive(Default)]
struct Seen {
    grown: usize,
    roles: usize,
    shorter: usize,
    proven: usize,
    asked: usize,
    allowed: usize,
}

fn compare(case: &ConditionalCase, grown: Option<&Schema>, wildcards: bool, seen: &mut Seen) {
    let snapshot = compiled(&case.workspace);
    let mut replaced = case.workspace.clone();
    let mut spans = Vec::new();
    for role in snapshot.roles().filter(|role| !role.is_built_in()) {
        let (schema, old) = (snapshot.schema(), role.document());
        let found = minimized(old, schema, wildcards);
        let new = read(found.text());
        let (grants, report) = new.resolve(schema).unwrap();
        let context = || format!("{}\n{}", old.source().slice(old.span()), found.text());

        let change = diff_documents(role.grants(), &grants);
        assert!(change.is_empty(), "{change:?}\n{}", context());
        assert!(found.after() <= found.before(), "{}", context());
        assert_eq!(found.after().statements, new.statements().len());
        let names = new.statements().map(|one| one.actions().len() + one.resource().len()).sum::<usize>();
        assert_eq!(found.after().names, names, "{}", context());
        assert!(found.at_least() <= found.after().statements);

        let (before, after) = (warnings(&old.resolve(schema).unwrap().1), warnings(&report));
        for (code, count) in &after {
            assert!(before.get(code).is_some_and(|before| count <= before), "{code}: {}", context());
        }
        let nothing = Code::GrantsNothing.as_str();
        assert!(!after.contains_key(nothing) || !found.is_shorter(), "{}", context());

        let again = minimize(&new, schema, &how(wildcards)).unwrap();
        assert_eq!(again.text(), found.text(), "{}", context());
        if let (Some(grown), true) = (grown, found.is_shorter()) {
            seen.grown += usize::from(compare_grown(old, &new, grown, wildcards));
        }
        seen.roles += 1;
        seen.shorter += usize::from(found.is_shorter());
        seen.proven += usize::from(found.is_proven());
        spans.push((old.span(), found.text().to_owned()));
    }
    spans.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    for (span, text) in spans {
        replaced.replace_range(span.range(), &text);
    }
    let reference = Reference::read(&replaced).unwrap_or_else(|error| panic!("{error}\n{replaced}"));
    for asked in &case.requests {
        let mut request = Request::read(&asked.request).unwrap();
        request.now.clone_from(&asked.now);
        let now = reference.answer(&request).is_allowed();
        assert_eq!(now, asked.expected.is_allowed(), "{}\n{}\n{replaced}", asked.request, case.workspace);
        seen.asked += 1;
        seen.allowed += usize::from(now);
    }
}

#[test]
fn nothing_tells_a_minimized_role_from_what_it_was() {
    let cases = if std::env::var_os("PORTCULLIS_LONG").is_some() { 20_000 } else { 150 };
    for wildcards in [false, true] {
        let mut seen = Seen::default();
        for seed in 0..cases {
            let size = Size { statements: 12, ..Size::default() };
            let case = conditional_case(seed, size).unwrap();
            // The schema is what is drawn first.
            let schema = attributed_schema(&mut Prng::new(seed), size);
            compare(&case, grown(schema).as_ref(), wildcards, &mut seen);
        }
        let Seen { roles, shorter, proven, asked, allowed, grown: compared } = seen;
        assert!(asked > 8_000 && allowed > asked / 10, "{asked} {allowed}");
        assert!(compared > shorter / 4, "{compared} of {shorter}");
        assert!(shorter > roles / 3 && proven > roles * 9 / 10, "{roles} {shorter} {proven}");
    }
}
