//! Bytes as a workspace file, a test suite or a file of rules, with the files that it names beside it.
//!
//! The bytes are cut at each record separator (`0x1e`, which no JSON text holds): the first piece is the file itself, and each
//! further one the name of another, to the end of its line, and then its bytes. So the fuzzer can take a file away, name
//! it otherwise or break it in a place of its own. What comes to be must say the same as the workspace with all
//! documents inside, and as the reference.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis::condition::Value;
use portcullis::matrix::Layout;
use portcullis::rules::Rules;
use portcullis::{
    FetchedFile, Files, Limits, Read, Snapshot, Source, Workspace, diff_snapshots, format, lint, read_any,
    source_from_bytes,
};
use serde_json::value::RawValue;

use super::document::{built_in, tested};
use super::{is_json, judged, sound, text_of, whole};
use crate::agreement;

/// Between the files.
pub(super) const SEPARATOR: u8 = 0x1e;

/// Files by name.
struct Beside<'d>(BTreeMap<&'d str, &'d [u8]>);

impl Files for Beside<'_> {
    fn fetch(&self, path: &str, most: usize, _: &str) -> Result<FetchedFile, String> {
        match self.0.get(path) {
            None => Err("there is no such file".to_owned()),
            Some(bytes) if bytes.len() > most => Err("it is too large".to_owned()),
            Some(bytes) => Ok(FetchedFile { name: path.to_owned(), bytes: bytes.to_vec() }),
        }
    }
}

impl Beside<'_> {
    /// The text of a file that is JSON.
    fn raw(&self, path: &str) -> Option<Box<RawValue>> {
        let source = source_from_bytes(path, self.0.get(path)?.to_vec()).ok()?;
        serde_json::from_str(text_of(&source)).ok()
    }
}

/// Bytes as a file and those beside it.
///
/// # Panics
/// When a reader gives neither result nor error, points outside a text, or makes something else of files than of their
/// content in one file.
pub fn workspace(data: &[u8]) {
    let mut pieces = data.split(|byte| *byte == SEPARATOR);
    let own = pieces.next().unwrap_or_default();
    let named = pieces.filter_map(|piece| {
        let end = piece.iter().position(|byte| *byte == b'\n')?;
        Some((std::str::from_utf8(&piece[..end]).ok()?, &piece[end + 1..]))
    });
    let files = Beside(named.collect());
    match source_from_bytes("workspace.json", own.to_vec()) {
        Ok(source) => read(&source, &files),
        Err(report) => sound(&report),
    }
}

fn read(source: &Arc<Source>, files: &Beside<'_>) {
    let is_json = is_json(source);
    let limits = Limits::default();
    let workspace = Workspace::read(source, files);
    judged(workspace.as_ref().map(|(_, report)| report), is_json);
    let linted = lint(source, &built_in().schema, files, &limits);
    judged(linted.as_ref().map(|(_, report)| report), is_json);
    let by_kind = read_any(source, &built_in().schema, files, &limits);
    assert_eq!(linted.is_ok(), by_kind.is_ok(), "linting refuses nothing that can be read");
    judged(by_kind.as_ref().map(|(_, report)| report), is_json);
    let snapshot = workspace.and_then(|(workspace, _)| {
        let compiled = workspace.compile();
        judged(compiled.as_ref().map(|(_, report)| report), true);
        compiled
    });
    let beside = |name: &str| {
        let file = files.fetch(name, limits.workspace_bytes, "").ok()?;
        let source = source_from_bytes(name, file.bytes).ok()?;
        Some(Workspace::read(&source, files).ok()?.0)
    };
    match (&by_kind, &snapshot) {
        (Ok((Read::Tests(suite), _)), _) => {
            let named = suite.workspace_file().and_then(beside);
            let compiled = suite.own_workspace().or(named.as_ref()).map(Workspace::compile);
            if let Some(Ok((snapshot, _))) = compiled {
                tested(suite, &snapshot);
            }
        }
        (Ok((Read::Rules(rules), _)), _) => {
            let named = rules.workspace_file().and_then(beside);
            if let Some(Ok((snapshot, _))) = rules.own_workspace().or(named.as_ref()).map(Workspace::compile)
            {
                asserted(rules, &snapshot);
            }
        }
        (Ok((Read::Workspace(other), _)), Ok((snapshot, _))) => same(other, snapshot),
        (Ok((Read::Workspace(_), _)), Err(report)) => panic!("read by one and refused by another: {report}"),
        (_, Ok(_)) => panic!("a workspace, and not when its kind is guessed"),
        _ => {}
    }
    if let Ok((snapshot, _)) = snapshot {
        in_one_file(source, files, snapshot);
    }
}

/// What is told of rules is so: whoever may is allowed the request that is told, and whoever should is denied it.
fn asserted(rules: &Rules, snapshot: &Snapshot) {
    let outcome = rules.assert(snapshot, 9);
    judged(outcome.as_ref().map(|(_, report)| report), true);
    let Ok((outcome, _)) = outcome else { return };
    assert_eq!(outcome.rules().len(), rules.count());
    for finding in outcome.rules().iter().flat_map(|rule| &rule.findings) {
        for evidence in finding.evidence.iter().filter(|evidence| !evidence.undecided) {
            for permitted in &evidence.permissions {
                let decision = permitted.explain(snapshot, finding.subject).decision;
                assert_eq!(decision.is_allowed(), !evidence.missing, "{finding:?}");
            }
        }
    }
}

/// The same workspace with everything inside, and formatted, is the same; and is what the reference says.
fn in_one_file(source: &Arc<Source>, files: &Beside<'_>, snapshot: Snapshot) {
    let neat = format(source, &Limits::default()).map(|text| Source::new("neat.json", text));
    let again = Workspace::read(&neat.unwrap(), files).unwrap().0.compile().unwrap().0;
    same(&again, &snapshot);
    let Some(inside) = inlined(source, files) else { return };
    match agreement::read(&inside, Layout::Auto) {
        Ok(one) => same(&one, &snapshot),
        Err(report) => panic!("refused with everything inside:\n{report}\n{inside}"),
    }
    whole(snapshot, &inside);
}

type Parts = BTreeMap<String, Box<RawValue>>;

/// The text of a workspace file whose paths are replaced by what they lead to, every number as it was written.
fn inlined(source: &Arc<Source>, files: &Beside<'_>) -> Option<String> {
    let mut inside: Parts = serde_json::from_str(text_of(source)).ok()?;
    let path = |value: &RawValue| serde_json::from_str::<String>(value.get()).ok();
    let schema = inside.get_mut("schema")?;
    if let Some(path) = path(schema).filter(|name| name.contains('/') || name.ends_with(".json")) {
        *schema = files.raw(&path)?;
    }
    let mut roles: Parts = serde_json::from_str(inside.get("roles")?.get()).ok()?;
    for role in roles.values_mut() {
        if let Some(path) = path(role) {
            *role = files.raw(&path)?;
        }
    }
    inside.insert("roles".to_owned(), serde_json::value::to_raw_value(&roles).ok()?);
    serde_json::to_string(&inside).ok()
}

/// Two snapshots of one workspace, whatever they were read from.
fn same(one: &Snapshot, other: &Snapshot) {
    assert!(diff_snapshots(one, other).is_empty() && diff_snapshots(other, one).is_empty());
    let about = |snapshot: &Snapshot| {
        let sorted = |names: Vec<&str>| {
            let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            names.sort_unstable();
            names
        };
        let roles = sorted(snapshot.roles().map(|role| role.name()).collect());
        let members = sorted(snapshot.members().collect());
        let suspended: Vec<bool> = members.iter().map(|id| snapshot.is_suspended(id)).collect();
        let kinds: Vec<Option<String>> =
            members.iter().map(|id| snapshot.member_type(id).map(str::to_owned)).collect();
        let shown = |value: Value<'_>| value.to_string();
        let stored: Vec<_> = members.iter().map(|id| snapshot.member_properties(id).map(shown)).collect();
        let mut objects = Vec::new();
        for kind in snapshot.schema().types() {
            for id in sorted(snapshot.objects_of(kind.name()).collect()) {
                let properties = snapshot.object_properties(kind.name(), &id).map(shown);
                objects.push((kind.name().to_owned(), id, properties));
            }
        }
        assert_eq!(objects.len(), snapshot.object_count());
        (snapshot.workspace().to_owned(), roles, members, suspended, kinds, stored, objects)
    };
    assert_eq!(about(one), about(other));
    assert_eq!(one.matrix().validate(), Ok(()));
    assert_eq!(other.matrix().validate(), Ok(()));
}
