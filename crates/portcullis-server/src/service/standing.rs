//! Standing rules: whether a change breaks what must hold.

use std::collections::BTreeSet;

use portcullis::Snapshot;
use portcullis::rules::{Outcome, Rules, Verdict};
use portcullis_store::{Edit, Row};

use super::apply::rules_file;
use super::draft::Draft;
use crate::Refusal;

/// How many who break a rule are looked at.
const LOOKED_AT: usize = 1_000;

/// What a change would break, in words: each rule that holds no more, or holds for fewer. A rule that was broken already stands in the way of
/// nothing that does not make it worse; a new rule must hold from the beginning.
pub(super) fn broken(draft: &Draft<'_>, before: &Snapshot, after: &Snapshot) -> Result<Vec<String>, Refusal> {
    let Some(rules) = rules_file(draft.state.rules.values())? else { return Ok(Vec::new()) };
    let now = asserted(&rules, after)?;
    if now.all_hold() {
        return Ok(Vec::new());
    }
    let fresh: BTreeSet<&str> = draft
        .edits()
        .iter()
        .filter_map(|edit| match edit {
            Edit::Put(Row::Rule(rule)) => Some(&*rule.name),
            _ => None,
        })
        .collect();
    // What the same rules came to before; those that cannot be asked of that state are new too.
    let was = rules.assert(before, LOOKED_AT).ok().map(|(outcome, _)| outcome);
    let mut broken = Vec::new();
    for (at, rule) in now.rules().iter().enumerate() {
        let name = rule.name.unwrap_or("");
        let former = was.as_ref().and_then(|was| was.rules().get(at)).filter(|_| !fresh.contains(name));
        let worse = match (rule.verdict, former) {
            (Verdict::Holds, _) | (Verdict::Undecided, None) => false,
            (Verdict::Broken, None) => true,
            (_, Some(former)) => {
                let known: Vec<(&str, Verdict)> =
                    former.findings.iter().map(|one| (one.subject, one.verdict)).collect();
                rule.broken_by > former.broken_by
                    || rule.undecided_by > former.undecided_by
                    || rule.findings.iter().any(|one| !known.contains(&(one.subject, one.verdict)))
            }
        };
        if worse {
            let who: Vec<&str> = rule.findings.iter().map(|one| one.subject).collect();
            let who = portcullis::text::listed(who.iter().copied(), 5);
            let (verdict, name) = (rule.verdict.as_str(), portcullis::text::quoted(name));
            broken.push(if who.is_empty() {
                format!("{name} ({verdict})")
            } else {
                format!("{name} ({verdict}: {who})")
            });
        }
    }
    Ok(broken)
}

fn asserted<'s>(rules: &'s Rules, snapshot: &'s Snapshot) -> Result<Outcome<'s>, Refusal> {
    match rules.assert(snapshot, LOOKED_AT) {
        Ok((outcome, _)) => Ok(outcome),
        // A rule that names what a change takes away is refused by what is wrong with it.
        Err(report) => Err(Refusal::Faults(report)),
    }
}
