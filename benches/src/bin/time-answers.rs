//! Times exact answers about policies on a large workspace: 2,461 roles over 2,860 types and 13,790 permissions.
//!
//! `cargo run --release -p portcullis-benches --bin time-answers -- [WORD…]`; with words, only the answers whose names hold one of them. An
//! answer is one line of [`ANSWERS`]: its name, and a function of the workspace that does the work and says in a few words what
//! came of it, so that nobody times a fault. Whoever adds an answer adds a line and a function. What holds the answers true is tested
//! elsewhere, on small workspaces and against oracles.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use portcullis::rules::Rules;
use portcullis::text::grouped;
use portcullis::{
    Document, Files, Limits, Minimizing, NoFiles, Read, Report, Role, Schema, Severity, Snapshot, Source,
    Workspace, minimize,
};
use portcullis_benches::arguments::obey;
use portcullis_benches::{Trouble, large};
use portcullis_testkit::generate::Prng;
use serde_json::{Map, Value, json};

const USAGE: &str = "time-answers [WORD…]";
/// Megabytes of the workspace file.
const MEGABYTES: usize = 20;

/// The large workspace.
struct Large {
    source: Arc<Source>,
    snapshot: Snapshot,
}

/// What is timed, and what came of it.
type Answer = fn(&Large) -> Result<String, Trouble>;

const ANSWERS: &[(&str, Answer)] = &[
    ("read and compile again, which lint does too", |large| read_again(large, portcullis::read_any)),
    ("lint with all that it finds", |large| read_again(large, portcullis::lint)),
    ("assert five rules over everything", assert_rules),
    ("minimize every role", |large| minimize_all(&large.snapshot, false)),
    ("minimize every role with wildcards", |large| minimize_all(&large.snapshot, true)),
    ("minimize a grid of 32 × 32 drawn at random, to the bound", |_| minimize_random(32)),
];

fn main() -> ExitCode {
    obey(USAGE, |words| {
        let started = Instant::now();
        let source = Source::new("workspace.json", large::catalogue(MEGABYTES).to_string());
        let (workspace, _) = Workspace::read(&source, &NoFiles)?;
        let (snapshot, _) = workspace.compile()?;
        let (roles, permissions) = (snapshot.roles().count(), snapshot.schema().permission_count());
        println!(
            "{} roles, {} permissions, made and compiled in {:.1?}",
            grouped(roles),
            grouped(permissions as usize),
            started.elapsed()
        );
        let large = Large { source, snapshot };
        let wanted = |name: &&str| words.is_empty() || words.iter().any(|word| name.contains(word));
        for (name, answer) in ANSWERS.iter().filter(|(name, _)| wanted(name)) {
            let started = Instant::now();
            let came = answer(&large)?;
            println!("{name}: {:.2?}; {came}", started.elapsed());
        }
        Ok(())
    })
}

/// How a file of any kind is read.
type Reading = fn(&Arc<Source>, &Schema, &dyn Files, &Limits) -> Result<(Read, Report), Report>;

fn read_again(large: &Large, reading: Reading) -> Result<String, Trouble> {
    let (_, report) = reading(&large.source, large.snapshot.schema(), &NoFiles, &Limits::default())?;
    let [warnings, notes] = [Severity::Warning, Severity::Note].map(|severity| report.count(severity));
    Ok(format!("{} warnings, {} notes", grouped(warnings), grouped(notes)))
}

fn assert_rules(large: &Large) -> Result<String, Trouble> {
    let (roles, mut members) = (large.snapshot.roles(), large.snapshot.members());
    let roles: Vec<&str> = roles.filter(|role| !role.is_built_in()).map(Role::name).take(2).collect();
    let ([one, other], Some(member)) = (&roles[..], members.next()) else {
        return Err(Trouble::from("two roles and a member are needed".to_owned()));
    };
    let everything = json!({ "actions": "*", "resource": "*" });
    let rules = json!({ "rules": [
        { "never": everything, "except": { "roles": [one] } },
        { "at-most": 10, "actions": "*", "resource": "*" },
        { "only": [member], "actions": "*", "resource": "*" },
        { "separate": [{ "role": one }, { "role": other }] },
        { "at-most": 1_000_000, "actions": "*", "resource": "*" },
    ] });
    let (rules, _) = Rules::read(&Source::new("rules.json", rules.to_string()), &NoFiles)?;
    let (outcome, _) = rules.assert(&large.snapshot, 1_000)?;
    let told = outcome.rules().iter().map(|rule| {
        format!("{} {} by {}", rule.kind.as_str(), rule.verdict.as_str(), grouped(rule.broken_by))
    });
    Ok(told.collect::<Vec<_>>().join(", "))
}

fn minimize_all(snapshot: &Snapshot, wildcards: bool) -> Result<String, Trouble> {
    let mut how = Minimizing::default();
    how.wildcards = wildcards;
    let (mut before, mut after, mut proven, mut roles, mut longest) = (0, 0, 0, 0, std::time::Duration::ZERO);
    for role in snapshot.roles() {
        let started = Instant::now();
        let found = minimize(role.document(), snapshot.schema(), &how)?;
        longest = longest.max(started.elapsed());
        before += found.before().statements;
        after += found.after().statements;
        proven += usize::from(found.is_proven());
        roles += 1;
    }
    let [before, after, proven, roles] = [before, after, proven, roles].map(grouped);
    Ok(format!(
        "{before} statements became {after}, proven of {proven} of {roles}; the longest took {longest:.2?}"
    ))
}

/// A document that no search comes to the end of: three of four pairs of so many actions and types, a statement each.
fn minimize_random(size: usize) -> Result<String, Trouble> {
    let mut prng = Prng::new(0x00d1_ce00);
    let actions: Vec<String> = (0..size).map(|number| format!("action{number:02}")).collect();
    let kinds = (0..size).map(|number| format!("type{number:02}"));
    let resources: Map<String, Value> = kinds.map(|kind| (kind, json!({ "actions": actions }))).collect();
    let mut statements = Vec::new();
    for kind in resources.keys() {
        let drawn = actions.iter().filter(|_| prng.below(4) > 0);
        statements
            .extend(drawn.map(|action| json!({ "effect": "allow", "actions": action, "resource": kind })));
    }
    let schema = json!({ "schema": "random", "resources": resources }).to_string();
    let (schema, _) = Schema::read(&Source::new("schema.json", schema))?;
    let text = json!({ "version": "2022-04-26", "policies": statements }).to_string();
    let (document, _) = Document::read(&Source::new("role.json", text))?;
    let found = minimize(&document, &schema, &Minimizing::default())?;
    let (before, after, least) = (found.before().statements, found.after().statements, found.at_least());
    Ok(format!("{before} statements became {after}, at least {least} are needed"))
}
