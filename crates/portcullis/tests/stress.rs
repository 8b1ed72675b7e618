//! Real threads: some check without a pause while one edits and publishes, and every revision tells on a mixture.
//!
//! Two roles are replaced in each publication, so that a member holds exactly one of two permissions, and the last bit of
//! the revision says which; somebody is a member in every other revision, another time under another number. An answer
//! that mixed two revisions, came from an older one than its reader or any other had seen, or was made up from what a
//! removed member left behind would be seen at once. `tests/publishing` tries the same in every order of events; here the
//! orders are those of the machine, millions of times. `PORTCULLIS_LONG=1` makes it twenty times as many.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads how long it may take"
)]

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use portcullis::matrix::{Layout, Permission, Subject};
use portcullis::{
    Decision, Document, Group, Member, Reader, Reason, Revision, Schema, Snapshot, Source, Workspace, Writer,
};

/// Threads that check: one more than a machine with two cores can run beside the writer.
const READERS: usize = 2;
/// Members beside the one who is watched; they have the same roles, so their sets change with hers.
const CROWD: usize = 500;

fn document(resource: Option<&str>) -> Arc<Document> {
    let statement = resource.map_or(String::new(), |resource| {
        format!(r#"{{ "effect": "allow", "actions": "read", "resource": "{resource}" }}"#)
    });
    let text = format!(r#"{{ "version": "2022-04-26", "policies": [{statement}] }}"#);
    Arc::new(Document::read(&Source::new("role.json", text)).unwrap().0)
}

/// The two documents of each of the two roles: what it says in even and in odd revisions.
struct Roles {
    even: [Arc<Document>; 2],
    odd: [Arc<Document>; 2],
}

impl Roles {
    fn new() -> Self {
        let nothing = document(None);
        Roles {
            even: [document(Some("left")), Arc::clone(&nothing)],
            odd: [nothing, document(Some("right"))],
        }
    }

    fn of(&self, revision: u64) -> &[Arc<Document>; 2] {
        if revision.is_multiple_of(2) { &self.even } else { &self.odd }
    }
}

fn compiled(roles: &Roles, types: usize) -> Snapshot {
    let entries: Vec<String> =
        (0..types).map(|number| format!(r#""type {number}": {{ "actions": ["read", "write"] }}"#)).collect();
    let text = format!(
        r#"{{ "schema": "two-sided", "resources": {{ "left": {{ "actions": ["read"] }}, {}
            "right": {{ "actions": ["read"] }} }} }}"#,
        entries.iter().map(|entry| format!("{entry},")).collect::<String>()
    );
    let (schema, _) = Schema::read(&Source::new("schema.json", text)).unwrap();
    let mut workspace = Workspace::new("stress", schema);
    let [left, right] = roles.of(1);
    workspace.add_role("left role", Arc::clone(left)).add_role("right role", Arc::clone(right));
    workspace.add_member("ann", Member::with_role("left role"));
    workspace.add_member("guest", Member::with_role("right role"));
    let mut group = Group::new().role("right role").member("ann");
    for number in 0..CROWD {
        let id = format!("member {number}");
        workspace
            .add_member(&id, Member::with_role(if number % 2 == 0 { "left role" } else { "right role" }));
        group = if number % 3 == 0 { group.member(id) } else { group };
    }
    workspace.add_group("both", group);
    workspace.compile_with(Layout::Auto, Revision::FIRST).unwrap().0
}

/// What all threads see of each other.
#[derive(Default)]
struct Progress {
    /// Stored after a publication has returned.
    announced: AtomicU64,
    /// The newest that any reader has seen.
    seen: AtomicU64,
    done: AtomicBool,
    checks: [AtomicUsize; READERS],
    revisions: [AtomicUsize; READERS],
}

/// Lets everybody end when its thread ends, also by a failure.
struct Ends<'p>(&'p AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One thread that checks.
struct Watch<'w> {
    reader: Reader,
    progress: &'w Progress,
    ann: Subject,
    permissions: [Permission; 2],
    /// The guest's handle, and the revision in which it was good.
    guest: (Subject, u64),
    last: u64,
}

fn says(decision: Decision, revision: u64, side: usize) {
    assert_eq!(decision.revision().number(), revision);
    assert_eq!(decision.is_allowed(), side as u64 == revision % 2, "revision {revision}, side {side}");
}

impl Watch<'_> {
    /// A snapshot is asked every way, and all its answers are of one revision.
    fn one_snapshot(&mut self) {
        let floor = self.progress.announced.load(Ordering::Acquire).max(self.last);
        let floor = floor.max(self.progress.seen.load(Ordering::Acquire));
        let snapshot = self.reader.snapshot();
        let revision = snapshot.revision().number();
        assert!(revision >= floor, "{revision} after {floor}");
        for (side, resource) in ["left", "right"].into_iter().enumerate() {
            says(snapshot.check("ann", "read", resource), revision, side);
            says(snapshot.check_handles(self.ann, self.permissions[side]), revision, side);
        }
        let mut granted = [0];
        snapshot.check_batch(&[self.ann; 2], &self.permissions, &mut granted, &mut [0]);
        assert_eq!(granted, [1 << (revision % 2)], "revision {revision}");
        // The guest is there in odd revisions, and never twice under one number.
        let stays = snapshot.check("guest", "read", "right");
        assert_eq!(stays.is_allowed(), revision % 2 == 1, "revision {revision}");
        let left = snapshot.check_handles(self.guest.0, self.permissions[1]);
        if revision != self.guest.1 {
            assert_eq!(left.reason(), Reason::UnknownSubject, "{} is over since {revision}", self.guest.1);
        }
        if let Some(guest) = snapshot.subject("guest") {
            says(snapshot.check_handles(guest, self.permissions[1]), revision, 1);
            self.guest = (guest, revision);
        }
        self.progress.seen.fetch_max(revision, Ordering::AcqRel);
        self.last = revision;
    }

    /// Each question looks for the newest by itself: each answer is of its own revision, and none is older.
    fn by_itself(&mut self) {
        for round in 0..16 {
            let side = round % 2;
            let decision = match round % 4 {
                0 | 1 => self.reader.check_handles(self.ann, self.permissions[side]),
                _ => self.reader.check("ann", "read", ["left", "right"][side]),
            };
            let revision = decision.revision().number();
            assert!(revision >= self.last, "{revision} after {}", self.last);
            says(decision, revision, side);
            self.last = revision;
        }
    }

    fn run(mut self, number: usize) {
        let _ends = Ends(&self.progress.done);
        let (mut checks, mut revisions) = (0, 0);
        while !self.progress.done.load(Ordering::Relaxed) {
            for _ in 0..50 {
                let before = self.last;
                self.one_snapshot();
                self.by_itself();
                revisions += usize::from(self.last > before);
            }
            checks += 50 * (10 + 16);
            self.progress.checks[number].store(checks, Ordering::Relaxed);
            self.progress.revisions[number].store(revisions, Ordering::Relaxed);
            // A clone goes on where the reader was.
            self.reader = self.reader.clone();
            assert!(self.reader.pinned().revision().number() <= self.last);
        }
    }
}

/// Edits for one more revision; all of them or none must be seen.
fn edit(writer: &mut Writer, roles: &Roles, next: u64) {
    let [left, right] = roles.of(next);
    // In either order, and with other edits between.
    let crowd = format!("member {}", next as usize % CROWD);
    if next.is_multiple_of(3) {
        writer.replace_role("right role", Arc::clone(right)).unwrap();
        writer.set_member_role(&crowd, "right role").unwrap();
        writer.replace_role("left role", Arc::clone(left)).unwrap();
    } else {
        writer.replace_role("left role", Arc::clone(left)).unwrap();
        writer.suspend_member(&crowd).unwrap();
        writer.replace_role("right role", Arc::clone(right)).unwrap();
        writer.reactivate_member(&crowd).unwrap();
    }
    if next.is_multiple_of(2) {
        writer.remove_member("guest").unwrap();
    } else {
        writer.add_member("guest", Member::with_role("right role")).unwrap();
    }
    // Takes its place and gives it back, so that a mixture of sets would show.
    writer.remove_from_group("both", "ann").unwrap();
    assert!(writer.add_role("left role", Arc::clone(left)).is_err());
    writer.add_to_group("both", "ann").unwrap();
}

fn stress(types: usize, publications: u64, checks: usize) {
    let roles = Roles::new();
    let mut writer = Writer::new(compiled(&roles, types));
    let progress = Progress::default();
    let first = Arc::clone(writer.snapshot());
    let permissions = ["left", "right"].map(|resource| first.permission("read", resource).unwrap());
    let mut old: Vec<Weak<Snapshot>> = Vec::new();
    std::thread::scope(|scope| {
        for number in 0..READERS {
            let watch = Watch {
                reader: writer.reader(),
                progress: &progress,
                ann: first.subject("ann").unwrap(),
                permissions,
                guest: (first.subject("guest").unwrap(), 1),
                last: 1,
            };
            scope.spawn(move || watch.run(number));
        }
        let ends = Ends(&progress.done);
        let lags = |counts: &[AtomicUsize], least: usize| {
            counts.iter().any(|count| count.load(Ordering::Relaxed) < least)
        };
        let mut revision = 1;
        // Until everybody has checked enough and has seen many revisions.
        while revision < publications || lags(&progress.checks, checks) || lags(&progress.revisions, 200) {
            revision += 1;
            edit(&mut writer, &roles, revision);
            let snapshot = writer.publish();
            assert_eq!(snapshot.revision().number(), revision);
            if revision.is_multiple_of(64) {
                old.push(Arc::downgrade(snapshot));
            }
            progress.announced.store(revision, Ordering::Release);
            assert!(!progress.done.load(Ordering::Relaxed), "a reader has failed");
        }
        drop(ends);
        let total: usize = progress.checks.iter().map(|count| count.load(Ordering::Relaxed)).sum();
        println!("{revision} revisions, {total} checks, {:?} revisions seen", progress.revisions);
    });
    // Nobody reads any more: the next publication frees all but itself.
    drop(first);
    writer.suspend_member("ann").unwrap();
    writer.publish();
    assert!(old.iter().all(|snapshot| snapshot.upgrade().is_none()), "replaced snapshots are freed");
    assert_eq!(writer.snapshot().matrix().validate(), Ok(()));
}

/// Publications, and checks of each reader.
fn amount() -> (u64, usize) {
    let times = if std::env::var_os("PORTCULLIS_LONG").is_some() { 20 } else { 1 };
    let (publications, checks) =
        if cfg!(debug_assertions) { (20_000, 1_000_000) } else { (50_000, 10_000_000) };
    (publications * times, checks * times as usize)
}

#[test]
fn no_reader_sees_a_mixture_or_goes_back() {
    let (publications, checks) = amount();
    stress(3, publications, checks);
}

#[test]
fn nor_under_a_wide_schema() {
    let (publications, checks) = amount();
    stress(400, publications / 2, checks / 2);
}
