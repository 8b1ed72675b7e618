//! Times comparisons of roles as large as a cloud vendor's catalogue has them, without conditions and with some.
//!
//! `cargo run --release -p portcullis-benches --bin time-compare`: 2,461 roles over 13,790 permissions, each compared with the next; then the same
//! where every other statement has a condition on a label, out of a hundred. What comes out of pairs without conditions is held against
//! the difference of the two before anything is timed; every counterexample of a sample of the others is put before a check.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use portcullis::{
    COMPARE_STEPS, Comparison, Counterexample, Member, Relation, Role, Snapshot, Source, Workspace,
    compare_roles, diff_documents,
};
use portcullis_benches::arguments::{obey, unlike};
use portcullis_benches::{Trouble, large};
use serde_json::{Value, json};

const USAGE: &str = "time-compare";

fn main() -> ExitCode {
    obey(USAGE, |words| if words.is_empty() { time() } else { Err(unlike(USAGE, words)) })
}

fn time() -> Result<(), Trouble> {
    let mut catalogue = large::catalogue(8);
    tell("without conditions", &catalogue)?;
    restrict(&mut catalogue);
    tell("with conditions", &catalogue)
}

/// Puts a condition on every other statement.
fn restrict(catalogue: &mut Value) {
    let roles = catalogue.get_mut("roles").and_then(Value::as_object_mut).into_iter().flatten();
    for (number, (_, role)) in roles.enumerate() {
        let statements = role.get_mut("policies").and_then(Value::as_array_mut).into_iter().flatten();
        for (at, statement) in statements.enumerate().filter(|(at, _)| at % 2 == 0) {
            let team = format!("team-{}", (number * 7 + at) % 100);
            if let Some(statement) = statement.as_object_mut() {
                statement.insert("conditions".to_owned(), json!({ "labels.team": { "equals": team } }));
            }
        }
    }
}

fn tell(what: &str, catalogue: &Value) -> Result<(), Trouble> {
    let (workspace, _) =
        Workspace::read(&Source::new("catalogue", catalogue.to_string()), &portcullis::NoFiles)?;
    let (snapshot, _) = workspace.compile()?;
    let roles: Vec<&Role> = snapshot.roles().collect();
    let pairs = || roles.iter().zip(roles.iter().cycle().skip(1));
    for (at, (one, other)) in pairs().enumerate().filter(|(at, _)| at % 16 == 0) {
        let comparison = compared(one, other)?;
        hold(&snapshot, &comparison, one, other)
            .map_err(|wrong| Trouble::from(format!("pair {at}: {wrong}")))?;
    }
    let begun = Instant::now();
    let mut groups = 0;
    let mut undecided = 0;
    for (one, other) in pairs() {
        let comparison = black_box(compared(one, other)?);
        groups += comparison.conditional().len();
        undecided += usize::from(comparison.relation() == Relation::Undecided);
    }
    let took = begun.elapsed();
    println!(
        "{what}: {} pairs of {} permissions in {took:.2?}, {:.1?} a pair; {groups} groups under conditions, {undecided} undecided",
        roles.len(),
        snapshot.schema().permission_count(),
        took / u32::try_from(roles.len()).unwrap_or(1),
    );
    Ok(())
}

fn compared(one: &Role, other: &Role) -> Result<Comparison, Trouble> {
    compare_roles(one, other, COMPARE_STEPS)
        .ok_or_else(|| Trouble::from("two roles of one workspace do not compare".to_owned()))
}

/// What was found is what the difference says, and what checks say of the counterexamples.
fn hold(snapshot: &Snapshot, comparison: &Comparison, one: &Role, other: &Role) -> Result<(), String> {
    let change = diff_documents(one.grants(), other.grants());
    if change.conditional.is_empty() && comparison.conditional().is_empty() {
        let same = change.lost == comparison.only_a() && change.gained == comparison.only_b();
        return if same { Ok(()) } else { Err("the difference says something else".to_owned()) };
    }
    let holder = |role: &Role| {
        let mut workspace = Workspace::new("held", snapshot.schema().clone());
        workspace.add_role("held", role.document().clone()).add_member("somebody", Member::with_role("held"));
        workspace.compile().map(|(snapshot, _)| snapshot).map_err(|report| report.to_string())
    };
    let (first, second) = (holder(one)?, holder(other)?);
    let check = |found: Option<&Counterexample>, expected: (bool, bool)| {
        let Some(found) = found else { return Ok(()) };
        let decide = |snapshot: &Snapshot, example: &portcullis::Example| {
            snapshot.decide(&example.question("somebody")).is_allowed()
        };
        let decided = (decide(&first, &found.a), decide(&second, &found.b));
        if decided == expected { Ok(()) } else { Err(format!("a check does not confirm {found:?}")) }
    };
    for cells in comparison.conditional() {
        check(cells.only_a.as_ref(), (true, false))?;
        check(cells.only_b.as_ref(), (false, true))?;
    }
    Ok(())
}
