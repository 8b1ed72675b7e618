//! Weighs workspaces: what the library counts, and what the system says that a process of its own takes.
//!
//! `cargo run --release -p portcullis-benches --bin weigh -- [MEMBERS [EDITS]]` leads a workspace's life of so many random edits
//! (a million of each unless said otherwise), once edit by edit and once by compiling what it came to, and makes 10,000
//! small workspaces that share a schema, without and with a writer each. Every weighing is a process of its own.
//! Resident memory is what Linux tells at the end, what holds the plain lists of the life included in both; elsewhere it is unknown.

use std::process::{Command, ExitCode};

use portcullis::{Document, Group, Member, Schema, Snapshot, Source, Workspace, Writer};
use portcullis_benches::arguments::{count, obey, unlike};
use portcullis_benches::{Trouble, memory};
use portcullis_testkit::churn::Churn;

/// Members, and edits, unless the command line says otherwise.
const MANY: usize = 1_000_000;
const SMALL: usize = 10_000;
/// Roles and groups of the life; edits a publication.
const ROLES: usize = 20;
const GROUPS: usize = 100;
const BATCH: usize = 10;

/// Bytes counted, bytes resident; the latter 0 when unknown.
struct Weight {
    counted: usize,
    resident: usize,
}

const USAGE: &str = "weigh [MEMBERS [EDITS]]";

fn main() -> ExitCode {
    obey(USAGE, |words| {
        if let ["alone", what, members, edits] = words {
            return alone(what, members.parse()?, edits.parse()?);
        }
        match words {
            [] => all(MANY, MANY),
            [members] => all(count("MEMBERS", members, 1)?, MANY),
            [members, edits] => all(count("MEMBERS", members, 1)?, count("EDITS", edits, 0)?),
            more => Err(unlike(USAGE, more)),
        }
    })
}

fn all(members: usize, edits: usize) -> Result<(), Trouble> {
    println!("{members} members, {edits} edits, {BATCH} a publication");
    let (edited, fresh) = (weigh("edited", members, edits)?, weigh("fresh", members, edits)?);
    let lists = weigh("lists", members, edits)?;
    show("edited", &edited);
    show("compiled afresh", &fresh);
    show("neither, the lists alone", &lists);
    println!("edited to fresh: {:.3} counted", edited.counted as f64 / fresh.counted as f64);
    if lists.resident > 0 {
        let beside = |weight: &Weight| weight.resident.saturating_sub(lists.resident) as f64;
        println!("edited to fresh: {:.3} resident, the lists left out", beside(&edited) / beside(&fresh));
    }
    println!("{SMALL} workspaces of 5 members, 1 role of their own and 1 group");
    show("snapshots", &weigh("small", members, edits)?);
    show("with a writer each", &weigh("writers", members, edits)?);
    Ok(())
}

fn show(what: &str, weight: &Weight) {
    let mb = |bytes: usize| bytes as f64 / 1e6;
    println!("{what:>26}: {:9.2} MB counted, {:9.2} MB resident", mb(weight.counted), mb(weight.resident));
}

fn weigh(what: &str, members: usize, edits: usize) -> Result<Weight, Trouble> {
    let (members, edits) = (members.to_string(), edits.to_string());
    let output = Command::new(std::env::current_exe()?).args(["alone", what, &members, &edits]).output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut numbers = text.split_whitespace().filter_map(|number| number.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(counted), Some(resident)) => Ok(Weight { counted, resident }),
        _ => Err(format!("weighing {what} failed: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// One weighing, told on standard output.
fn alone(what: &str, members: usize, edits: usize) -> Result<(), Trouble> {
    match what {
        "edited" => {
            let mut churn = Churn::new(1, ROLES, GROUPS, members)?;
            let mut writer = Writer::new(churn.workspace().compile()?.0);
            for edit in 1..=edits {
                churn.edit(Some(&mut writer))?;
                if edit % BATCH == 0 {
                    writer.publish();
                }
            }
            writer.publish();
            tell(writer.bytes());
        }
        "fresh" | "lists" => {
            let mut churn = Churn::new(1, ROLES, GROUPS, members)?;
            (0..edits).try_for_each(|_| churn.edit(None))?;
            let writer = (what == "fresh").then(|| churn.workspace().compile()).transpose()?;
            let writer = writer.map(|(snapshot, _)| Writer::new(snapshot));
            tell(writer.as_ref().map_or(0, Writer::bytes));
        }
        "small" => {
            let all = small()?;
            tell(all.iter().map(Snapshot::bytes).sum());
        }
        _ => {
            let all: Vec<Writer> = small()?.into_iter().map(Writer::new).collect();
            tell(all.iter().map(Writer::bytes).sum());
        }
    }
    Ok(())
}

fn tell(counted: usize) {
    println!("{counted} {}", memory("self", "VmRSS").unwrap_or(0));
}

/// Many small workspaces, each with documents of its own.
fn small() -> Result<Vec<Snapshot>, Trouble> {
    let schema = Schema::hightouch()?;
    (0..SMALL)
        .map(|number| {
            let text = r#"{ "version": "2022-04-26", "policies": [
                { "effect": "allow", "actions": ["read"], "resource": ["sync", "model"] } ] }"#;
            let (document, _) = Document::read(&Source::new("auditor.json", text))?;
            let mut workspace = Workspace::new(format!("workspace {number}"), schema.clone());
            workspace.add_role("auditor", document);
            for member in 0..5 {
                workspace.add_member(
                    format!("user{:07}@acme.example", number * 5 + member),
                    Member::with_role("auditor"),
                );
            }
            let first = format!("user{:07}@acme.example", number * 5);
            workspace.add_group("auditors", Group::new().role("auditor").member(first));
            Ok(workspace.compile()?.0)
        })
        .collect()
}
