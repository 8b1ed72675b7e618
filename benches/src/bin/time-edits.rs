//! Times edits of a large workspace, each published, while a reader has the snapshot before.
//!
//! `cargo run --release -p portcullis-benches --bin time-edits -- [MEMBERS [ROLES]]`; a million members with 5 and with 10,000 roles when
//! none are named. A role that every member comes to hold through groups, and one that every seventh does, show what a role edit
//! costs when there is most to settle. Before anything is timed a sample of decisions is compared with the naive reference's, and
//! after it the matrix with what its roles come to, where that takes seconds and not hours.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use portcullis::{Document, Group, Member, Source, Workspace, Writer};
use portcullis_benches::arguments::{obey, sizes};
use portcullis_benches::crowd::{Crowd, address};
use portcullis_benches::{GROUP, Trouble};
use portcullis_testkit::generate::Prng;

/// How often each edit is timed.
const EDITS: usize = 1_000;

/// Of a role that many hold: so often that the first edits, which find no former rows to write over, do not decide the median.
const WIDE_EDITS: usize = 1_500;

const USAGE: &str = "time-edits [MEMBERS [ROLES]]";

fn main() -> ExitCode {
    obey(USAGE, |words| {
        sizes(USAGE, words)?.into_iter().try_for_each(|(members, roles)| tell(members, roles))
    })
}

fn tell(members: usize, roles: usize) -> Result<(), Trouble> {
    let crowd = Crowd::new(members, roles)?;
    let (snapshot, _) = crowd.workspace()?.compile()?;
    let allowed = crowd.verify(&snapshot)?;
    println!("{members} members, {roles} roles, {} distinct sets of them", snapshot.matrix().sets());
    println!("  a sample of decisions equals the reference's; {allowed} of them allow");
    drop(snapshot);

    let mut workspace = crowd.workspace()?;
    widely_held(&mut workspace, members)?;
    let begun = Instant::now();
    let (snapshot, _) = workspace.compile()?;
    println!(
        "  two more roles, of every 7th member and of every member: {} sets, compiled in {:.0?}",
        snapshot.matrix().sets(),
        begun.elapsed()
    );
    drop(workspace);
    let custom: Vec<String> =
        snapshot.roles().filter(|role| !role.is_built_in()).map(|role| role.name().to_owned()).collect();
    let begun = Instant::now();
    let mut writer = Writer::new(snapshot);
    println!(
        "  the writer is made in {:.0?} and takes {:.1} bytes a member, its snapshot included",
        begun.elapsed(),
        writer.bytes() as f64 / members as f64
    );
    let mut reader = writer.reader();
    let mut prng = Prng::new(0x00ed_1705);

    let mut time =
        |what: &str, times: usize, edit: &mut dyn FnMut(&mut Writer, usize) -> Result<(), Trouble>| {
            let mut took = Vec::with_capacity(times);
            for number in 0..times {
                let begun = Instant::now();
                edit(&mut writer, number)?;
                writer.publish();
                took.push(begun.elapsed());
                black_box(reader.snapshot());
            }
            show(what, took);
            Ok::<(), Trouble>(())
        };
    let some_role = |prng: &mut Prng| prng.pick(&custom).cloned().unwrap_or_default();
    time("change a member's role", EDITS, &mut |writer, _| {
        let (member, role) = (address(prng.below(members)), some_role(&mut prng));
        writer.set_member_role(&member, &role).map(drop).map_err(Trouble::from)
    })?;
    time("add a member", EDITS, &mut |writer, number| {
        let role = some_role(&mut prng);
        writer
            .add_member(&format!("new.{number}@acme.com"), Member::with_role(role))
            .map(drop)
            .map_err(Trouble::from)
    })?;
    time("put a member into a group", EDITS, &mut |writer, _| {
        let member = address(prng.below(members));
        writer.add_to_group("seventh 0", &member).map_err(Trouble::from)
    })?;
    time("suspend a member", EDITS, &mut |writer, _| {
        writer.suspend_member(&address(prng.below(members))).map_err(Trouble::from)
    })?;
    time("remove a member", EDITS, &mut |writer, number| {
        writer.remove_member(&format!("new.{number}@acme.com")).map_err(Trouble::from)
    })?;
    let ordinary: Vec<&String> = custom.iter().filter(|name| !name.ends_with(" role")).collect();
    time("replace a role", EDITS, &mut |writer, number| {
        let name = prng.pick(&ordinary).map_or("", |name| name);
        writer.replace_role(name, document(number)?).map(drop).map_err(Trouble::from)
    })?;
    time("replace the role of every 7th member", WIDE_EDITS, &mut |writer, number| {
        writer.replace_role("seventh role", document(number)?).map(drop).map_err(Trouble::from)
    })?;
    time("replace the role of every member", WIDE_EDITS, &mut |writer, number| {
        writer.replace_role("common role", document(number)?).map(drop).map_err(Trouble::from)
    })?;
    if roles <= 5 {
        writer.snapshot().matrix().validate()?;
        println!("  the matrix is what its roles come to");
    }
    Ok(())
}

/// Two roles that come through groups: one to every member, one to every seventh.
fn widely_held(workspace: &mut Workspace, members: usize) -> Result<(), Trouble> {
    for (role, every) in [("seventh", 7), ("common", 1)] {
        workspace.add_role(format!("{role} role"), document(0)?);
        let held: Vec<usize> = (0..members).step_by(every).collect();
        for (number, held) in held.chunks(GROUP).enumerate() {
            let group = Group::new().role(format!("{role} role"));
            let group = held.iter().fold(group, |group, member| group.member(address(*member)));
            workspace.add_group(format!("{role} {number}"), group);
        }
    }
    Ok(())
}

/// A document that is another than the one before.
fn document(number: usize) -> Result<Document, Trouble> {
    let action = ["read", "update", "create", "delete"].get(number % 4).copied().unwrap_or("read");
    let text = format!(
        r#"{{"version": "2022-04-26", "policies": [
            {{"effect": "allow", "actions": ["{action}"], "resource": ["sync", "model"]}},
            {{"effect": "deny", "actions": ["{action}"], "resource": ["workspace"]}}]}}"#
    );
    Ok(Document::read(&Source::new("role.json", text))?.0)
}

fn show(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at =
        |part: usize| took.get((took.len() * part / 100).min(took.len() - 1)).copied().unwrap_or_default();
    println!("  {what:>38}: median {:>9.1?}, 99 % {:>9.1?}, longest {:>9.1?}", at(50), at(99), at(100));
}
