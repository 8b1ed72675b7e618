//! Times checks that conditions decide: on stored objects, on what a request brings, on who asks; and edits of labels.
//!
//! `cargo run --release -p portcullis-benches --bin time-conditions -- [OBJECTS [CONDITIONS]]`; some sizes around (100,000 objects, 100 distinct
//! conditions) when none are named. A thousand members hold one to three of as many roles as there are conditions; each role allows
//! to update the syncs of one team. Every decision is compared with what the labels say before it is timed.

use std::hint::black_box;
use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

use portcullis::condition::Attribute;
use portcullis::{Document, Group, Member, Question, Schema, Snapshot, Source, Workspace, Writer};
use portcullis_benches::Trouble;
use portcullis_benches::arguments::{number, obey, unlike};
use portcullis_benches::floor::Walk;
use portcullis_testkit::generate::Prng;

const USAGE: &str = "time-conditions [OBJECTS [CONDITIONS]]";
const MEMBERS: usize = 1_000;
const QUESTIONS: usize = 1 << 16;
const ROUNDS: usize = 9;
const EDITS: usize = 500;

fn main() -> ExitCode {
    obey(USAGE, |words| {
        let sizes = match words {
            [] => vec![
                (1_000, 100),
                (100_000, 100),
                (1_000_000, 100),
                (100_000, 1),
                (100_000, 10),
                (100_000, 1_000),
            ],
            [objects] => vec![(number("OBJECTS", objects, 1..=4_000_000)?, 100)],
            [objects, conditions] => vec![(
                number("OBJECTS", objects, 1..=4_000_000)?,
                number("CONDITIONS", conditions, 1..=60_000)?,
            )],
            more => return Err(unlike(USAGE, more)),
        };
        sizes.into_iter().try_for_each(|(objects, conditions)| tell(objects, conditions))
    })
}

/// Who is asked about what, with what the answer must be. The text of all lies in one run, in the order asked, and the
/// properties that are sent are few, so that what is timed waits for the workspace and not for its questions.
struct Asked {
    subject: Range<usize>,
    object: Range<usize>,
    team: usize,
    expected: bool,
}

struct Stream {
    text: String,
    asked: Vec<Asked>,
    /// The properties of an object of each team.
    teams: Vec<Attribute>,
}

impl Stream {
    fn push(&mut self, subject: &str, object: &str, team: usize, expected: bool) {
        let start = self.text.len();
        self.text.push_str(subject);
        let middle = self.text.len();
        self.text.push_str(object);
        self.asked.push(Asked { subject: start..middle, object: middle..self.text.len(), team, expected });
    }

    /// Every question, of one action on one type, with the object's properties sent or not.
    fn questions(
        &self,
        action: &'static str,
        kind: &'static str,
        how: How,
    ) -> impl Iterator<Item = (Question<'_>, bool)> {
        self.asked.iter().map(move |asked| {
            let text = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or("");
            let object = if how == How::Unknown { "unknown" } else { text(&asked.object) };
            let sent = self.teams.get(asked.team).filter(|_| how != How::Bare).map(Attribute::value);
            let bare = Question::new(text(&asked.subject), action, kind);
            (Question { object: Some(object), object_properties: sent, ..bare }, asked.expected)
        })
    }
}

/// What is said of the object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// Its id.
    Bare,
    /// Its properties, too.
    Sent,
    /// The properties of one that is not stored.
    Unknown,
}

fn tell(objects: usize, conditions: usize) -> Result<(), Trouble> {
    let mut prng = Prng::new(0x0b1ec7);
    let teams: Vec<usize> = (0..objects).map(|_| prng.below(conditions.max(4))).collect();
    let held: Vec<Vec<usize>> =
        (0..MEMBERS).map(|_| (0..1 + prng.below(3)).map(|_| prng.below(conditions)).collect()).collect();
    let begun = Instant::now();
    let workspace = described(&teams, &held, conditions)?;
    let described = begun.elapsed();
    let begun = Instant::now();
    let (snapshot, _) = workspace.compile()?;
    println!(
        "{objects} objects, {conditions} conditions: described in {described:.0?}, compiled in {:.0?}, {:.1} bytes an object",
        begun.elapsed(),
        snapshot.bytes() as f64 / objects as f64
    );
    drop(workspace);

    let of_teams: Result<Vec<Attribute>, Trouble> = (0..conditions.max(4)).map(labels).collect();
    let mut stream = Stream { text: String::new(), asked: Vec::with_capacity(QUESTIONS), teams: of_teams? };
    for _ in 0..QUESTIONS {
        let (member, object) = (prng.below(MEMBERS), prng.below(objects));
        let team = teams.get(object).copied().unwrap_or_default();
        let expected = held.get(member).is_some_and(|held| held.contains(&team));
        stream.push(&address(member), &named(object), team, expected);
    }
    for (what, action, kind, how, always) in [
        ("a stored object, by its class", "update", "sync", How::Bare, false),
        ("a stored object, the same labels sent", "update", "sync", How::Sent, false),
        ("an object that is not stored, labels sent", "update", "sync", How::Unknown, false),
        ("a stored object, by what is stored of who asks", "read", "sync", How::Bare, false),
        ("without conditions", "read", "model", How::Bare, true),
    ] {
        for (question, expected) in stream.questions(action, kind, how) {
            if snapshot.decide(&question).is_allowed() != (expected || always) {
                return Err(format!("{what}: {question:?} is not decided as the labels say").into());
            }
        }
        let mut took: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let begun = Instant::now();
                let questions = stream.questions(action, kind, how);
                black_box(questions.filter(|(question, _)| snapshot.decide(question).is_allowed()).count());
                begun.elapsed().as_nanos() as f64 / QUESTIONS as f64
            })
            .collect();
        took.sort_unstable_by(f64::total_cmp);
        println!("  {what:>46}: {:>7.1} ns", took.get(ROUNDS / 2).copied().unwrap_or_default());
    }
    println!("  {:>46}: {:>7.1} ns", "a dependent load from 64 MiB", Walk::new(64 << 20).step(1 << 18));
    edits(snapshot, objects, conditions, &mut prng)
}

fn edits(snapshot: Snapshot, objects: usize, conditions: usize, prng: &mut Prng) -> Result<(), Trouble> {
    let begun = Instant::now();
    let mut writer = Writer::new(snapshot);
    let made = begun.elapsed();
    let mut reader = writer.reader();
    let mut took = Vec::with_capacity(EDITS);
    for _ in 0..EDITS {
        let (object, team) = (named(prng.below(objects)), labels(prng.below(conditions.max(4)))?);
        let begun = Instant::now();
        writer.put_object("sync", &object, team)?;
        writer.publish();
        took.push(begun.elapsed());
        black_box(reader.snapshot());
    }
    took.sort_unstable();
    let median = took.get(EDITS / 2).copied().unwrap_or_default();
    let worst = took.last().copied().unwrap_or_default();
    println!(
        "  the writer is made in {made:.0?}; other labels, published: median {median:.1?}, longest {worst:.1?}"
    );
    Ok(())
}

fn address(member: usize) -> String {
    format!("member.{member}@acme.com")
}

fn named(object: usize) -> String {
    format!("sync-{object:07}")
}

fn labels(team: usize) -> Result<Attribute, Trouble> {
    let text = format!(r#"{{"labels": {{"team": "team-{team}", "stage": "live"}}, "rows": {team}}}"#);
    Ok(Attribute::read(&Source::new("properties", text))?)
}

fn described(teams: &[usize], held: &[Vec<usize>], conditions: usize) -> Result<Workspace, Trouble> {
    let mut workspace = Workspace::new("labels", Schema::hightouch()?);
    let document = |text: String| Ok::<_, Trouble>(Document::read(&Source::new("role.json", text))?.0);
    workspace.add_role(
        "own",
        document(
            r#"{"version": "2022-04-26", "policies": [
                {"effect": "allow", "actions": "read", "resource": "model"},
                {"effect": "allow", "actions": "read", "resource": "sync",
                 "conditions": {"labels.team": {"in": {"ref": "subject.teams"}}}}]}"#
                .to_owned(),
        )?,
    );
    for team in 0..conditions {
        let text = format!(
            r#"{{"version": "2022-04-26", "policies": [{{"effect": "allow", "actions": ["update"], "resource": "sync",
                "conditions": {{"labels.team": {{"equals": "team-{team}"}}}}}}]}}"#
        );
        workspace.add_role(format!("team {team}"), document(text)?);
    }
    let mut members = vec![Vec::new(); conditions];
    for (member, held) in held.iter().enumerate() {
        let names: Vec<String> = held.iter().map(|team| format!("\"team-{team}\"")).collect();
        let text = format!(r#"{{"teams": [{}]}}"#, names.join(","));
        let properties = Attribute::read(&Source::new("properties", text))?;
        workspace.add_member(address(member), Member::with_role("own").with_properties(properties));
        for team in held {
            if let Some(members) = members.get_mut(*team) {
                members.push(member);
            }
        }
    }
    for (team, members) in members.iter_mut().enumerate() {
        members.dedup();
        let group = Group::new().role(format!("team {team}"));
        let group = members.iter().fold(group, |group, member| group.member(address(*member)));
        workspace.add_group(format!("group {team}"), group);
    }
    for (object, team) in teams.iter().enumerate() {
        workspace.add_object("sync", named(object), labels(*team)?);
    }
    Ok(workspace)
}
