//! What rules came to, for programs: everybody who is kept, with what they may and why.
//!
//! Each finding is made when it is written and forgotten afterwards. How many are explained is bounded, of one rule and of all, and so is
//! each list of an explanation.

use std::cell::Cell;
use std::io;

use portcullis::rules::{Evidence, Finding, Permitted, RuleKind, RuleOutcome, Verdict};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use super::conditional;
use super::explanation::{Asked, json_explanation};
use super::json::{Each, diagnostic};
use crate::command::assert::Results;
use crate::output::Output;

/// So many findings of one rule are told with their explanations.
const EXPLAINED_OF_RULE: usize = 100;
/// So many of all rules together.
const EXPLAINED: usize = 1_000;
/// Of each list of an explanation this many are told.
const DECIDING: usize = 20;

/// Writes everything, rule by rule.
pub(crate) fn write(results: &Results<'_>, out: &mut Output) -> io::Result<()> {
    out.json(&Document { results, left: Cell::new(EXPLAINED) })
}

/// All of it.
struct Document<'r, 's> {
    results: &'r Results<'s>,
    /// How many findings may still be explained.
    left: Cell<usize>,
}

impl Serialize for Document<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let results = self.results;
        let count = |verdict| results.outcome.count(verdict);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("file", results.file)?;
        map.serialize_entry("workspace", results.workspace)?;
        for verdict in [Verdict::Holds, Verdict::Broken, Verdict::Undecided] {
            map.serialize_entry(verdict.as_str(), &count(verdict))?;
        }
        let rules = || results.outcome.rules().iter().map(|rule| Rule { document: self, rule });
        map.serialize_entry("rules", &Each(rules))?;
        map.serialize_entry("warnings", &Each(|| results.warnings.iter().map(diagnostic)))?;
        map.serialize_entry("dropped", &results.warnings.dropped())?;
        map.end()
    }
}

struct Rule<'d, 'r, 's> {
    document: &'d Document<'r, 's>,
    rule: &'d RuleOutcome<'s>,
}

impl Serialize for Rule<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (document, rule) = (self.document, self.rule);
        let at = document.results.rules.position(rule.span);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rule", rule.kind.as_str())?;
        map.serialize_entry("name", &rule.name)?;
        map.serialize_entry("line", &at.line)?;
        map.serialize_entry("column", &at.column)?;
        map.serialize_entry("verdict", rule.verdict.as_str())?;
        if let RuleKind::AtMost(most) = rule.kind {
            map.serialize_entry("at_most", &most)?;
        }
        map.serialize_entry("broken_by", &rule.broken_by)?;
        map.serialize_entry("undecided_by", &rule.undecided_by)?;
        let findings = || rule.findings.iter().enumerate().map(|(at, one)| self.finding(at, one));
        map.serialize_entry("findings", &Each(findings))?;
        let all = if rule.verdict == Verdict::Holds { 0 } else { rule.broken_by + rule.undecided_by };
        map.serialize_entry("unlisted", &all.saturating_sub(rule.findings.len()))?;
        map.serialize_entry("cut_short", &rule.cut_short)?;
        map.end()
    }
}

impl Rule<'_, '_, '_> {
    fn finding(&self, at: usize, finding: &Finding<'_>) -> Value {
        let left = &self.document.left;
        let explained = at < EXPLAINED_OF_RULE && left.get() > 0;
        if explained {
            left.set(left.get() - 1);
        }
        let evidence = finding.evidence.iter().map(|one| self.evidence(finding, one, explained));
        json!({
            "subject": finding.subject,
            "verdict": finding.verdict.as_str(),
            "evidence": evidence.collect::<Value>(),
        })
    }

    fn evidence(&self, finding: &Finding<'_>, evidence: &Evidence<'_>, explained: bool) -> Value {
        let snapshot = self.document.results.snapshot;
        let held = evidence.held(snapshot, finding.subject).unwrap_or_default();
        let mut value = json!({
            "side": evidence.side,
            "missing": evidence.missing,
            "undecided": evidence.undecided,
            "role": evidence.role.map(|role| role.name()),
            "own": held.own,
            "groups": held.groups,
            "permissions": evidence.permissions.iter().map(permission).collect::<Value>(),
            "more": evidence.more,
            "explanation": null,
        });
        let first = evidence.permissions.first().filter(|_| explained);
        if let (Some(first), Some(object)) = (first, value.as_object_mut()) {
            let question = first.question(finding.subject);
            let explanation = first.explain(snapshot, finding.subject);
            let asked = Asked { snapshot, question, explanation };
            object.insert("explanation".to_owned(), json_explanation(&asked, DECIDING));
            // Only where conditions leave it open.
            let conditions = first.conditions(snapshot, finding.subject);
            if !conditions.is_empty() {
                object.insert("conditional".to_owned(), conditional::as_json(&conditions));
            }
        }
        value
    }
}

fn permission(permitted: &Permitted<'_>) -> Value {
    json!({ "action": permitted.action, "resource": permitted.resource, "object": permitted.object })
}
