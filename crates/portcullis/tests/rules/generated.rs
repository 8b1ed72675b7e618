//! Random rules over random workspaces without conditions: who may is what the reference says, and what is told of anybody is so.

use portcullis::diagnostic::Code;
use portcullis::rules::{Rules, Verdict};
use portcullis::{NoFiles, Snapshot, Source};
use portcullis_testkit::agreement::compiled;
use portcullis_testkit::generate::{self, Prng, Size};
use portcullis_testkit::reference::Reference;
use serde_json::{Value, json};

use crate::naive::{Naive, Standing, found};

fn cases() -> u64 {
    if std::env::var_os("PORTCULLIS_LONG").is_some() { 5_000 } else { 150 }
}

#[derive(Debug, Default)]
struct Counts {
    holds: usize,
    broken: usize,
    refused: usize,
    told: usize,
}

/// What is told of a rule's findings is so, by the reference.
fn evident(outcome: &portcullis::rules::Outcome<'_>, reference: &Reference, snapshot: &Snapshot) -> usize {
    let mut told = 0;
    for finding in outcome.rules().iter().flat_map(|rule| &rule.findings) {
        assert!(!finding.evidence.is_empty());
        for evidence in &finding.evidence {
            assert!(!evidence.undecided && (evidence.role.is_some() || !evidence.permissions.is_empty()));
            if let Some(held) = evidence.held(snapshot, finding.subject).filter(|_| !evidence.missing) {
                assert!(held.own || !held.groups.is_empty());
            }
            for permitted in &evidence.permissions {
                let allowed = reference.decide(finding.subject, permitted.action, permitted.resource);
                assert_eq!(allowed, !evidence.missing, "{finding:?}");
                let explanation = permitted.explain(snapshot, finding.subject);
                assert_eq!(explanation.decision.is_allowed(), !evidence.missing);
                assert!(evidence.missing || !explanation.determining.is_empty());
                assert!(permitted.conditions(snapshot, finding.subject).is_empty());
                told += 1;
            }
            assert!(evidence.more == 0 || evidence.permissions.len() == 12);
        }
    }
    told
}

#[test]
fn who_breaks_a_rule_is_who_the_reference_says() {
    let mut counts = Counts::default();
    for seed in 0..cases() {
        let mut prng = Prng::new(seed);
        let size = Size { members: 3 + prng.below(8), ..Size::default() };
        let case = generate::case(seed, size).unwrap();
        let reference = Reference::from_json(&case.workspace).unwrap();
        let snapshot = compiled(&case.workspace, portcullis::matrix::Layout::Auto).unwrap();
        let stands = |member: &str, (action, kind, _): crate::naive::Asked<'_>| {
            if reference.decide(member, action, kind) { Standing::May } else { Standing::No }
        };
        let naive = Naive { workspace: &case.workspace, vocabulary: reference.vocabulary(), stands: &stands };
        for _ in 0..12 {
            let rule = naive.draw(&mut prng);
            let text = json!({ "rules": [rule] }).to_string();
            let rules = Rules::read(&Source::new("rules.json", text), &NoFiles);
            let (rules, _) = rules.unwrap_or_else(|report| panic!("{report}\n{rule}"));
            let asserted = rules.assert(&snapshot, usize::MAX);
            assert_eq!(asserted.is_ok(), naive.is_sound(&rule), "{rule}");
            let outcome = match asserted {
                Ok((outcome, _)) => outcome,
                Err(report) => {
                    refused_for_a_reason(&report, &rule);
                    counts.refused += 1;
                    continue;
                }
            };
            let (verdict, expected) = naive.assert(&rule);
            assert_eq!(
                found(&outcome),
                (verdict, expected.clone()),
                "seed {seed}: {rule}\n{}",
                case.workspace
            );
            counts.told += evident(&outcome, &reference, &snapshot);
            match verdict {
                Verdict::Holds => counts.holds += 1,
                _ => counts.broken += 1,
            }
            // Fewer are kept, and those are the first.
            let (few, _) = rules.assert(&snapshot, 2).unwrap();
            let first: Vec<&str> = few.rules()[0].findings.iter().map(|one| one.subject).collect();
            let all: Vec<&str> = expected.keys().take(2).map(String::as_str).collect();
            assert_eq!(first, all);
            assert_eq!(few.rules()[0].broken_by, outcome.rules()[0].broken_by);
        }
    }
    println!("{counts:?}");
    assert!(counts.holds > 200 && counts.broken > 400 && counts.told > 2_000, "{counts:?}");
    assert!(counts.refused < counts.broken, "{counts:?}");
}

/// Only what selects nothing and sides that overlap are drawn and refused.
fn refused_for_a_reason(report: &portcullis::Report, rule: &Value) {
    for fault in report.iter() {
        let known = [Code::NothingRuled, Code::OverlappingSides, Code::Alias, Code::NoMatch];
        assert!(known.contains(&fault.code), "{fault}\n{rule}");
    }
}
