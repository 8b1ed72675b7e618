//! What rules came to, for people.
//!
//! Of a rule that does not hold people see who breaks it and what they may, those together for whom it is the same, and under
//! each the statements that allow it, as an explanation shows them. What holds is counted. Everything has a bound: reasons
//! of a rule, names of a reason, statements of an explanation; what is left out is counted.

use std::collections::BTreeMap;
use std::io::{self, Write};

use portcullis::rules::{Evidence, Finding, Permitted, RuleKind, RuleOutcome, Verdict};
use portcullis::text::{counted, grouped, printable, quoted, shown};
use portcullis::{Nearest, Reason as Why};

use super::conditional;
use super::explanation::{held, why};
use crate::command::assert::Results;
use crate::output::{BAD, FAINT, GOOD, Look, Output, STRONG};

/// So many reasons are shown of one rule.
const REASONS: usize = 3;
/// So many of those who break a rule are looked at to find them.
const LOOKED_AT: usize = 100;
/// So many of those for whom it is the same are named.
const NAMES: usize = 12;
/// Of the statements that allow something, this many are shown.
const DECIDING: usize = 20;

/// Writes everything, rule by rule.
pub(crate) fn write(results: &Results<'_>, out: &mut Output) -> io::Result<()> {
    let look = out.look();
    let broken = results.outcome.rules().iter().zip(1..).filter(|(rule, _)| rule.verdict != Verdict::Holds);
    for (rule, number) in broken {
        writeln!(out, "{}", one(results, rule, number, look))?;
        if results.members {
            for finding in &rule.findings {
                let sign = if finding.verdict == Verdict::Undecided { "?" } else { "-" };
                writeln!(out, "  {sign} {}", printable(finding.subject))?;
            }
            writeln!(out)?;
        }
    }
    out.write_all(summary(results, look).as_bytes())
}

/// The last line: how many rules came to what.
fn summary(results: &Results<'_>, look: Look) -> String {
    let count = |verdict| results.outcome.count(verdict);
    let holding = count(Verdict::Holds);
    let verb = if holding == 1 { "holds" } else { "hold" };
    let holds = format!("{} {verb}", counted(holding, "rule"));
    let mut parts = vec![if results.outcome.all_hold() { look.paint(GOOD, &holds) } else { holds }];
    for (verdict, word) in [(Verdict::Broken, "broken"), (Verdict::Undecided, "undecided")] {
        if count(verdict) > 0 {
            parts.push(look.paint(BAD, &format!("{} {word}", grouped(count(verdict)))));
        }
    }
    format!("{} in {}\n", parts.join(", "), printable(results.workspace))
}

/// A rule that does not hold.
fn one(results: &Results<'_>, rule: &RuleOutcome<'_>, number: usize, look: Look) -> String {
    let word = if rule.verdict == Verdict::Broken { "BROKEN" } else { "UNDECIDED" };
    let title = rule.name.map_or_else(|| format!("rule {number}"), printable);
    let at = results.rules.position(rule.span);
    let told = format!("{}:{}:{}: {}", printable(results.file), at.line, at.column, in_short(rule));
    let mut text =
        format!("{} {}\n  {}\n", look.paint(BAD, word), look.paint(STRONG, &title), look.paint(FAINT, &told));
    if rule.cut_short {
        let told = "not everything was weighed: who is told as undecided may break it, or not be concerned";
        text.push_str(&format!("  {}\n", look.paint(FAINT, told)));
    }
    text.push_str(&reasons(results, rule, look));
    text
}

/// `at-most: 5 members may, where 3 may at most`.
fn in_short(rule: &RuleOutcome<'_>) -> String {
    let (broken, undecided) = (rule.broken_by, rule.undecided_by);
    let members = counted(broken, "member");
    let mut parts = Vec::new();
    match rule.kind {
        RuleKind::AtMost(most) => parts.push(format!("{members} may, where {} may at most", grouped(most))),
        _ if broken > 0 => {
            parts.push(format!("{members} {} it", if broken == 1 { "breaks" } else { "break" }))
        }
        _ => {}
    }
    if undecided > 0 {
        parts.push(format!("undecided of {}", counted(undecided, "member")));
    }
    format!("{}: {}", rule.kind.as_str(), parts.join(", "))
}

/// Those for whom it is the same: who they are, and why.
struct Reason<'s> {
    names: Vec<&'s str>,
    why: String,
}

fn reasons(results: &Results<'_>, rule: &RuleOutcome<'_>, look: Look) -> String {
    let mut reasons: Vec<Reason<'_>> = Vec::new();
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    for finding in rule.findings.iter().take(LOOKED_AT) {
        let why = told(results, finding, look);
        let at = *alike.entry(why).or_insert_with_key(|why| {
            reasons.push(Reason { names: Vec::new(), why: why.clone() });
            reasons.len() - 1
        });
        reasons.get_mut(at).into_iter().for_each(|reason| reason.names.push(finding.subject));
    }
    let (mut text, mut named) = (String::new(), 0);
    for Reason { names, why } in reasons.iter().take(REASONS) {
        named += names.len();
        let who: Vec<String> = names.iter().take(NAMES).map(|name| shown(name)).collect();
        let mut who = who.join(", ");
        if let Some(more) = names.len().checked_sub(NAMES).filter(|more| *more > 0) {
            who.push_str(&format!(" and {} more", grouped(more)));
        }
        text.push_str(&format!("\n  {}\n{why}", look.paint(STRONG, &who)));
    }
    let all = rule.broken_by + rule.undecided_by;
    if let Some(more) = all.checked_sub(named).filter(|more| *more > 0) {
        text.push_str(&format!("\n  … and {}\n", counted(more, "more member")));
    }
    text
}

/// What somebody may, and by which statements: the same text for whom it is the same.
fn told(results: &Results<'_>, finding: &Finding<'_>, look: Look) -> String {
    let mut text = String::new();
    for evidence in &finding.evidence {
        text.push_str(&format!("    {}\n", in_words(results, finding, evidence)));
        if let Some(how) = evidence.held(results.snapshot, finding.subject) {
            text.push_str(&format!("      {}\n", look.paint(FAINT, &held(&how))));
        }
        let Some(first) = evidence.permissions.first() else { continue };
        let mut explanation = first.explain(results.snapshot, finding.subject);
        if evidence.undecided {
            // It may be granted as it is: what came near to granting it does not matter.
            (explanation.reason, explanation.nearest) = (Why::NotGranted, Nearest::default());
        }
        let sections = why(&explanation, first.action, DECIDING, look.indented(6));
        for line in sections.trim_start_matches('\n').lines() {
            text.push_str(&if line.is_empty() { "\n".to_owned() } else { format!("      {line}\n") });
        }
    }
    text
}

/// `may update, delete on workspace`.
fn in_words(results: &Results<'_>, finding: &Finding<'_>, evidence: &Evidence<'_>) -> String {
    if let Some(role) = evidence.role {
        let verb = if evidence.missing { "does not hold" } else { "holds" };
        return format!("{verb} the role {}", quoted(role.name()));
    }
    let mut words = match (evidence.missing, evidence.undecided) {
        (false, false) => "may ".to_owned(),
        (false, true) => "may, or may not, ".to_owned(),
        (true, false) => "should, and may not, ".to_owned(),
        (true, true) => "should, and may or may not, ".to_owned(),
    };
    words.push_str(&listed(&evidence.permissions));
    if evidence.more > 0 {
        words.push_str(&format!(" and {}", counted(evidence.more, "more permission")));
    }
    if let Some(first) = evidence.permissions.first().filter(|_| evidence.undecided) {
        let conditions = first.conditions(results.snapshot, finding.subject);
        if !conditions.is_empty() {
            words.push_str(&format!(": allowed {}", conditional::in_words(&conditions)));
        }
    }
    words
}

/// Permissions with their types, each type once.
fn listed(permissions: &[Permitted<'_>]) -> String {
    let mut of_types: Vec<(String, Vec<String>)> = Vec::new();
    for permitted in permissions {
        let object = permitted.object.map(|id| format!("/{}", shown(id))).unwrap_or_default();
        let on = format!("{}{object}", shown(permitted.resource));
        match of_types.last_mut().filter(|(last, _)| *last == on) {
            Some((_, actions)) => actions.push(shown(permitted.action)),
            None => of_types.push((on, vec![shown(permitted.action)])),
        }
    }
    let each = of_types.into_iter().map(|(on, actions)| format!("{} on {on}", actions.join(", ")));
    each.collect::<Vec<_>>().join("; ")
}
