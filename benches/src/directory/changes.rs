//! What a change of each kind takes in a workspace of 100,000 members, from the call to its return, when it is in force.
//!
//! Before each change 4 KiB are appended and made durable, and the median of that is taken off: what is left is the change beside the fsync, the rest of
//! SQLite's work included. Where one kind takes back what another did, the two are timed in turn.

use std::path::Path;
use std::time::{Duration, Instant};

use portcullis_server::{Call, Change, Done, Operation, Properties, Scope, Service, Which};

use super::disk::Appended;
use super::{
    ADMIN, EMPTY, HALF, Imported, WIDE, data, file, fresh, import, median, secret, serve, steward, wide,
};
use crate::Trouble;
use crate::crowd::address;

/// Members of the workspace.
const MEMBERS: usize = 100_000;

/// How often each kind is timed.
const TIMES: usize = 50;

/// What makes the change of a round; a second one is made of what the first did.
type Make = Box<dyn Fn(usize, Option<&Done>) -> Operation>;

struct Kind {
    names: [&'static str; 2],
    first: Make,
    second: Option<Make>,
}

fn kind(name: &'static str, first: impl Fn(usize) -> Operation + 'static) -> Kind {
    Kind { names: [name, ""], first: Box::new(move |round, _| first(round)), second: None }
}

impl Kind {
    fn then(
        mut self,
        name: &'static str,
        second: impl Fn(usize, Option<&Done>) -> Operation + 'static,
    ) -> Kind {
        self.names = [self.names[0], name];
        self.second = Some(Box::new(second));
        self
    }
}

/// A member who is in groups, in no other round, and never removed.
fn somebody(round: usize) -> Which {
    address(2 * (7 * round % 40_000)).into()
}

/// A member outside of [`HALF`].
fn outside(round: usize) -> Which {
    address(2 * (7 * round % (MEMBERS / 2)) + 1).into()
}

/// What was just made, by its id.
fn made(done: Option<&Done>) -> Which {
    let id = done.and_then(|done| done.made.first()).and_then(|made| made.id);
    id.map_or(Which(String::new()), Which::id)
}

fn properties(round: usize) -> Option<Properties> {
    Some(Properties::of_text(format!(r#"{{"team": "blue", "level": {round}}}"#)))
}

/// A rule that holds: only who may administer does.
const RULE: &str = r#"{"never": {"actions": ["create", "update", "delete"], "resource": "workspace"}, "except": {"roles": ["admin", "steward"]}}"#;

/// A rule about who has a hand in two things.
const APART: &str = r#"{"separate": [{"actions": ["create"], "resource": "sync"}, {"actions": ["enable"], "resource": "sync"}], "except": {"roles": ["admin", "steward"]}}"#;

fn kinds() -> Vec<Kind> {
    use Operation as Op;
    let role_of = |member: fn(usize) -> Which, role: &'static str| {
        move |round| Op::SetMemberRole { member: member(round), role: role.into(), version: None }
    };
    let saved = |number: usize| Op::SaveRole {
        role: WIDE.into(),
        document: wide(number),
        note: String::new(),
        version: None,
    };
    vec![
        kind("a member joins", |round| Op::AddMember {
            subject: format!("new.{round}@acme.com"),
            role: None,
            kind: None,
            properties: None,
        }),
        kind("a member gets another role", role_of(somebody, "editor-like"))
            .then("and the former again", move |round, _| role_of(somebody, "viewer")(round)),
        kind("a member gets properties", |round| Op::SetMemberProperties {
            member: somebody(round),
            properties: properties(round),
            version: None,
        }),
        kind("a member is suspended", |round| Op::SuspendMember { member: somebody(round) })
            .then("and reactivated", |round, _| Op::ReactivateMember { member: somebody(round) }),
        kind("a member joins a group of 50,000", |round| Op::AddToGroup {
            group: HALF.into(),
            member: outside(round),
        })
        .then("and leaves it", |round, _| Op::RemoveFromGroup { group: HALF.into(), member: outside(round) }),
        kind("a member in two groups is removed", |round| Op::RemoveMember {
            member: address(2 * (40_000 + round)).into(),
            version: None,
        }),
        kind("a group of 50,000 gives a role", |_| Op::GiveGroupRole {
            group: HALF.into(),
            role: "editor-like".into(),
        })
        .then("and gives it no more", |_, _| Op::TakeGroupRole {
            group: HALF.into(),
            role: "editor-like".into(),
        }),
        kind("a role that 50,000 have is saved", move |_| saved(1))
            .then("and as it was before", move |_, _| saved(0)),
        kind("a role is added", |round| Op::AddRole {
            name: format!("role {round}"),
            document: wide(round),
            note: String::new(),
        })
        .then("and removed", |round, _| Op::RemoveRole {
            role: format!("role {round}").into(),
            replacement: None,
            version: None,
        }),
        kind("a group is added", |round| Op::AddGroup { name: format!("group {round}") })
            .then("and removed", |_, done| Op::RemoveGroup { group: made(done), version: None }),
        kind("an empty group gives a role", |_| Op::GiveGroupRole { group: EMPTY.into(), role: WIDE.into() })
            .then("and gives it no more", |_, _| Op::TakeGroupRole {
                group: EMPTY.into(),
                role: WIDE.into(),
            }),
        kind("the default role is another", |_| Op::SetDefaultRole { role: "analyst".into() })
            .then("and the former again", |_, _| Op::SetDefaultRole { role: "viewer".into() }),
        kind("somebody is invited", |round| Op::Invite {
            email: format!("guest.{round}@acme.com"),
            role: Some("analyst".into()),
        }),
        kind("a key is made", |round| Op::AddKey {
            member: None,
            name: format!("key {round}"),
            scopes: vec![Scope::Decide],
            policy: None,
            expires: None,
        })
        .then("and revoked", |_, done| Op::RevokeKey { key: made(done) }),
        kind("an object is put", |round| Op::PutObject {
            kind: "model".to_owned(),
            id: format!("model-{round}"),
            properties: properties(round),
            version: None,
        })
        .then("and removed", |round, _| Op::RemoveObject {
            kind: "model".to_owned(),
            id: format!("model-{round}"),
            version: None,
        }),
    ]
}

/// The kinds for which all members are held against standing rules.
fn ruled() -> Vec<Kind> {
    let of =
        ["a member gets another role", "a group of 50,000 gives a role", "a role that 50,000 have is saved"];
    let mut some: Vec<Kind> = kinds().into_iter().filter(|kind| of.contains(&kind.names[0])).collect();
    some.push(kind("a member joins", |round| Operation::AddMember {
        subject: format!("ruled.{round}@acme.com"),
        role: None,
        kind: None,
        properties: None,
    }));
    some
}

/// Where changes are made, and by whom.
struct Place<'p> {
    service: &'p Service,
    imported: &'p Imported,
    appended: Appended,
    /// Each round is of a number of its own.
    rounds: usize,
}

impl Place<'_> {
    fn change(&self, call: &Call, operation: Operation) -> Result<(Duration, Done), Trouble> {
        let change = Change::from(operation);
        let begun = Instant::now();
        let done = self.service.change(call, self.imported.workspace, &change);
        let took = begun.elapsed();
        match done {
            Ok(done) if done.made.iter().any(|made| made.unchanged) => {
                Err(format!("nothing was changed by {:?}", change.operations).into())
            }
            Ok(done) => Ok((took, done)),
            Err(refused) => Err(format!("{:?}: {refused}", change.operations).into()),
        }
    }

    /// Times one kind.
    fn time(&mut self, call: &Call, kind: &Kind) -> Result<(), Trouble> {
        let from = self.rounds;
        self.rounds += TIMES;
        let (mut disk, mut first, mut second) = (Vec::new(), Vec::new(), Vec::new());
        for round in from..from + TIMES {
            disk.push(self.appended.append()?);
            let (took, done) = self.change(call, (kind.first)(round, None))?;
            first.push(took);
            if let Some(make) = &kind.second {
                disk.push(self.appended.append()?);
                second.push(self.change(call, make(round, Some(&done)))?.0);
            }
        }
        let disk = median(&disk);
        tell(kind.names[0], &first, disk);
        if !second.is_empty() {
            tell(kind.names[1], &second, disk);
        }
        Ok(())
    }
}

/// Tells of what no change comes, and nothing is wanted.
fn tell_alone(what: &str, took: &[Duration]) {
    let worst = took.iter().max().copied().unwrap_or_default();
    let milli = |took: Duration| took.as_secs_f64() * 1e3;
    println!("  {what:>36}: {:>7.2} {:>7.2}", milli(median(took)), milli(worst));
}

fn tell(what: &str, took: &[Duration], disk: Duration) {
    let worst = took.iter().max().copied().unwrap_or_default();
    let milli = |took: Duration| took.as_secs_f64() * 1e3;
    let beside = |took: Duration| milli(took.saturating_sub(disk));
    let missed = if beside(median(took)) > 10.0 { "  MISSED" } else { "" };
    println!(
        "  {what:>36}: {:>7.2} {:>7.2} │ beside an fsync of {:>5.2}: {:>7.2} {:>7.2}{missed}",
        milli(median(took)),
        milli(worst),
        milli(disk),
        beside(median(took)),
        beside(worst)
    );
}

/// Changes of every kind by the administrator, and by the steward, without and with standing rules.
///
/// # Errors
/// When something is refused or the disk fails.
pub fn changes(within: &Path) -> Result<(), Trouble> {
    println!(
        "{MEMBERS} members, 150,000 places in groups: milliseconds, median and longest of {TIMES}; wanted 10 ms beside the fsync"
    );
    let folder = fresh(within)?;
    let service = serve(&data(folder.path()))?;
    let imported = import(&service, file("acme", MEMBERS, true)?)?;
    let steward = steward(&service, &imported)?;
    let mut place =
        Place { service: &service, imported: &imported, appended: Appended::new(folder.path())?, rounds: 0 };
    let like = Operation::AddRole {
        name: "editor-like".to_owned(),
        document: r#"{"version":"2022-04-26","policies":[{"effect":"allow","actions":["read","update","start"],"resource":["sync","audience"]}]}"#.to_owned(),
        note: String::new(),
    };
    place.change(&imported.admin, like)?;
    println!("by an administrator");
    for kind in kinds() {
        place.time(&imported.admin, &kind)?;
    }
    println!("by a steward, for whom the gate looks at everybody concerned");
    for kind in kinds() {
        place.time(&steward, &kind)?;
    }
    refusals(&place, &steward)?;
    println!("with two standing rules, by an administrator");
    let rules = kind("a standing rule is added", |round| Operation::AddRule {
        name: format!("rule {round}"),
        rule: RULE.to_owned(),
    })
    .then("and removed", |_, done| Operation::RemoveRule { rule: made(done), version: None });
    place.time(&imported.admin, &rules)?;
    for (name, rule) in [("only admins administer", RULE), ("nobody creates and enables", APART)] {
        place.change(&imported.admin, Operation::AddRule { name: name.to_owned(), rule: rule.to_owned() })?;
    }
    for kind in ruled() {
        place.time(&imported.admin, &kind)?;
    }
    println!("with 20,000 keys besides");
    many_keys(&place)?;
    for kind in
        kinds().into_iter().filter(|kind| ["a key is made", "a member is suspended"].contains(&kind.names[0]))
    {
        place.time(&imported.admin, &kind)?;
    }
    let snapshot = service.snapshot(&imported.admin, imported.workspace)?;
    if !snapshot.check(ADMIN, "delete", "source").is_allowed() || snapshot.member_count() < MEMBERS {
        return Err("the workspace is not what was made of it".into());
    }
    Ok(())
}

/// What a refusal costs, and a preview: both are taken back.
fn refusals(place: &Place<'_>, steward: &Call) -> Result<(), Trouble> {
    let (mut refused, mut looked) = (Vec::new(), Vec::new());
    for round in 0..TIMES {
        let up = Operation::SetMemberRole { member: somebody(round), role: "admin".into(), version: None };
        let change = Change::from(up);
        let begun = Instant::now();
        if place.service.change(steward, place.imported.workspace, &change).is_ok() {
            return Err("a steward made an administrator".into());
        }
        refused.push(begun.elapsed());
        let begun = Instant::now();
        place.service.preview(steward, place.imported.workspace, &change)?;
        looked.push(begun.elapsed());
    }
    tell_alone("a member is refused a role", &refused);
    tell_alone("the same, previewed", &looked);
    Ok(())
}

/// Keys of system accounts, which hold nothing that administers.
fn many_keys(place: &Place<'_>) -> Result<(), Trouble> {
    let service = Operation::AddMember {
        subject: "loader@acme.example".to_owned(),
        role: Some("viewer".into()),
        kind: Some("service".to_owned()),
        properties: None,
    };
    let admin = &place.imported.admin;
    place.change(admin, service)?;
    for batch in 0..20 {
        let accounts = (0..50).map(|place| Operation::AddMember {
            subject: format!("loader-{batch}-{place}@acme.example"),
            role: Some("viewer".into()),
            kind: Some("service".to_owned()),
            properties: None,
        });
        let keys = (0..1_000).map(|number| Operation::AddKey {
            member: Some(format!("loader-{batch}-{}@acme.example", number % 50).into()),
            name: format!("k{number}"),
            scopes: Scope::ALL.to_vec(),
            policy: None,
            expires: None,
        });
        let change = Change::from(accounts.chain(keys).collect::<Vec<_>>());
        let done = place.service.change(admin, place.imported.workspace, &change)?;
        secret(&done);
    }
    Ok(())
}
