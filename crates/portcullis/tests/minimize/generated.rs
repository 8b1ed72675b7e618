//! Roles of random workspaces, with every form that the language has: nothing tells old and new apart.

use std::collections::BTreeMap;

use portcullis::diagnostic::Code;
use portcullis::{
    Document, NoFiles, Report, Severity, Snapshot, Source, Workspace, diff_documents, minimize,
};
use portcullis_testkit::generate::{ConditionalCase, Size, conditional_case};
use portcullis_testkit::reference::{Reference, Request};

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

#[derive(Default)]
struct Seen {
    roles: usize,
    shorter: usize,
    proven: usize,
    asked: usize,
    allowed: usize,
}

fn compare(case: &ConditionalCase, wildcards: bool, seen: &mut Seen) {
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
            let case = conditional_case(seed, Size { statements: 12, ..Size::default() }).unwrap();
            compare(&case, wildcards, &mut seen);
        }
        let Seen { roles, shorter, proven, asked, allowed } = seen;
        assert!(asked > 8_000 && allowed > asked / 10, "{asked} {allowed}");
        assert!(shorter > roles / 3 && proven > roles * 9 / 10, "{roles} {shorter} {proven}");
    }
}
