//! A workspace edited in any way is the workspace that somebody would compile who had described it so.
//!
//! Edits are drawn from a seed and made twice: through a [`Writer`], and in a model that is a few lists. After each
//! publication the model is compiled afresh and the two snapshots must say the same about everybody, to the
//! statement and the group; what the model says must not be done must fail and change nothing; and snapshots of
//! before go on saying what they said. `PORTCULLIS_LONG=1` tries thirty times as many seeds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads how long it may take"
)]

mod answers;
mod draw;
mod model;

use std::sync::Arc;

use portcullis::diagnostic::Code;
use portcullis::matrix::Layout;
use portcullis::{Limits, Reader, Report, Revision, Severity, Snapshot, Writer, diff_snapshots};
use portcullis_testkit::agreement::Pair;
use portcullis_testkit::generate::{self, Prng, Size};
use portcullis_testkit::reference::Reference;

use answers::{Answers, Asked};
use model::{Edit, Model, Setting};

/// A snapshot held aside, with what it said when it was published.
struct Held {
    snapshot: Arc<Snapshot>,
    asked: Vec<Asked>,
    said: Answers,
}

impl Held {
    fn says_the_same(&self) {
        assert!(Answers::of(&self.snapshot, &self.asked) == self.said, "an old snapshot has changed");
    }
}

/// The writer, the model of what it should have come to, and of what it had come to when it last published.
struct Bench<'s> {
    setting: &'s Setting,
    writer: Writer,
    reader: Reader,
    /// One that looks now and then.
    idler: Reader,
    model: Model,
    published: Model,
    held: Vec<Held>,
    /// Edits made, and edits refused.
    counts: (usize, usize),
}

impl<'s> Bench<'s> {
    fn new(setting: &'s Setting, model: Model) -> Self {
        let writer = Writer::new(model.compiled(setting, Revision::FIRST).unwrap());
        let (reader, idler) = (writer.reader(), writer.reader());
        let (published, held) = (model.clone(), Vec::new());
        Bench { setting, writer, reader, idler, model, published, held, counts: (0, 0) }
    }

    fn edit(&mut self, edit: &Edit) {
        let (after, mut faults) = self.model.after(edit, self.setting);
        let speaks_against = !faults.is_empty();
        let refused = match self.setting.is_large() {
            true => Vec::new(),
            false => {
                after.compiled(self.setting, Revision::FIRST).err().as_ref().map(errors).unwrap_or_default()
            }
        };
        let must_fail = speaks_against || !refused.is_empty();
        faults.extend(refused);
        let before = (self.writer.has_changes(), Arc::clone(self.writer.snapshot()));
        match edit.apply(&mut self.writer) {
            Ok(report) => {
                assert!(!must_fail, "{edit:?} must fail: {faults:?}");
                assert!(!report.has_errors());
                let alias = report.iter().any(|found| found.code == Code::RoleAlias);
                assert_eq!(alias, self.setting.built_in && edit.names_an_alias(), "{edit:?}: {report}");
                assert!(self.writer.has_changes() || self.model == after, "{edit:?} is not noticed");
                self.model = after;
                self.counts.0 += 1;
            }
            Err(report) => {
                assert!(must_fail, "{edit:?} must not fail: {report}");
                let told = errors(&report);
                assert!(
                    !told.is_empty() && told.iter().all(|code| faults.contains(code)),
                    "{edit:?}: {report}"
                );
                assert_eq!(self.writer.has_changes(), before.0, "{edit:?}");
                if !before.0 {
                    assert!(Arc::ptr_eq(self.writer.publish(), &before.1), "{edit:?} published something");
                }
                self.counts.1 += 1;
            }
        }
    }

    fn publish(&mut self, prng: &mut Prng) {
        let (changed, before) = (self.writer.has_changes(), Arc::clone(self.writer.snapshot()));
        let after = Arc::clone(self.writer.publish());
        assert!(!self.writer.has_changes());
        assert_eq!(Arc::ptr_eq(&before, &after), !changed);
        assert_eq!(after.revision().number(), before.revision().number() + u64::from(changed));
        assert!(Arc::ptr_eq(self.reader.snapshot(), &after), "a reader looks for the newest");
        assert!(self.idler.pinned().revision() <= after.revision());
        if prng.percent(20) {
            self.idler = self.idler.clone();
            assert!(Arc::ptr_eq(self.idler.snapshot(), &after));
        }
        self.published = self.model.clone();
        let fresh = self.model.compiled(self.setting, after.revision()).unwrap();
        let asked = answers::draw(prng, &after, self.setting.exhaustive);
        let said = Answers::of(&after, &asked);
        said.same_as(&Answers::of(&fresh, &asked));
        same_matrix(&after, &fresh);
        assert!(diff_snapshots(&after, &fresh).is_empty() && diff_snapshots(&fresh, &after).is_empty());
        let file = self.model.file(self.setting);
        let pair = Pair::of(&file, Snapshot::clone(&after), Reference::from_json(&file).unwrap());
        let questions: Vec<_> = asked.iter().map(Asked::parts).take(60).collect();
        pair.agree_on(&questions);
        self.held.push(Held { snapshot: after, asked, said });
        if self.held.len() > 6 {
            self.held.swap_remove(prng.below(6)).says_the_same();
        }
    }

    fn discard(&mut self) {
        let before = Arc::clone(self.writer.snapshot());
        self.writer.discard();
        assert!(!self.writer.has_changes());
        assert!(Arc::ptr_eq(self.writer.publish(), &before), "nothing is left to publish");
        assert!(Arc::ptr_eq(self.reader.snapshot(), &before));
        self.model = self.published.clone();
    }

    /// Another writer goes on where this one published last.
    fn hand_over(&mut self) {
        self.writer = Writer::new(Arc::clone(self.writer.snapshot()));
        (self.reader, self.idler) = (self.writer.reader(), self.writer.reader());
        self.model = self.published.clone();
    }
}

fn errors(report: &Report) -> Vec<Code> {
    report.iter().filter(|found| found.severity == Severity::Error).map(|found| found.code).collect()
}

/// What a matrix that was edited has in common with one that was built: all but the numbers.
fn same_matrix(edited: &Snapshot, fresh: &Snapshot) {
    let (edited, fresh) = (edited.matrix(), fresh.matrix());
    assert_eq!(edited.validate(), Ok(()));
    assert_eq!(edited.layout(), fresh.layout());
    let counts = |matrix: &portcullis::matrix::Matrix| (matrix.roles(), matrix.sets(), matrix.pages());
    assert_eq!(counts(edited), counts(fresh), "roles, sets and pages");
    assert!(edited.subjects() >= fresh.subjects());
}

fn run(seed: u64, setting: &Setting, steps: usize) -> (usize, usize) {
    let mut prng = Prng::new(seed);
    let mut model = Model::new(setting);
    if setting.is_large() {
        model = Model::full(&mut prng, setting);
    } else if prng.percent(50) {
        for _ in 0..30 {
            let (after, faults) = model.after(&draw::edit(&mut prng, setting, &model), setting);
            if faults.is_empty() && after.compiled(setting, Revision::FIRST).is_ok() {
                model = after;
            }
        }
    }
    let mut bench = Bench::new(setting, model);
    for _ in 0..steps {
        match prng.below(if setting.is_large() { 1_000 } else { 100 }) {
            0..12 => bench.publish(&mut prng),
            12..14 => bench.discard(),
            14 => bench.hand_over(),
            _ => {
                let edit = draw::edit(&mut prng, setting, &bench.model);
                bench.edit(&edit)
            }
        }
    }
    bench.publish(&mut prng);
    bench.held.iter().for_each(Held::says_the_same);
    bench.counts
}

/// Runs so many seeds, and says which one it was that failed.
fn runs(seeds: u64, steps: usize, setting: impl Fn(&mut Prng) -> Setting) {
    struct Seed(u64);
    impl Drop for Seed {
        fn drop(&mut self) {
            if std::thread::panicking() {
                println!("seed {}", self.0);
            }
        }
    }
    let more = if std::env::var_os("PORTCULLIS_LONG").is_some() { 30 } else { 1 };
    let (mut made, mut refused) = (0, 0);
    for seed in 0..seeds * more {
        let named = Seed(seed);
        let (m, r) = run(seed, &setting(&mut Prng::new(seed)), steps);
        (made, refused) = (made + m, refused + r);
        drop(named);
    }
    println!("{made} edits made, {refused} refused");
    assert!(made > refused / 4 && refused > made / 40, "{made} edits made, {refused} refused");
}

/// Limits that edits meet, in half of all cases.
fn limits(prng: &mut Prng, built_in: usize) -> Limits {
    let mut limits = Limits::default();
    if prng.percent(50) {
        (limits.members, limits.roles, limits.roles_per_subject) = (9, built_in + 5, prng.below(4));
    }
    limits
}

fn small(prng: &mut Prng, layout: Layout) -> Setting {
    let size = Size { types: 1 + prng.below(6), actions: 1 + prng.below(6), ..Size::default() };
    let schema = generate::schema(prng, size);
    Setting::new(schema, layout, limits(prng, 0), true)
}

#[test]
fn edits_under_a_schema_with_flat_rows() {
    runs(12, 150, |prng| small(prng, Layout::Flat));
}

#[test]
fn edits_under_a_schema_with_paged_rows() {
    runs(8, 150, |prng| small(prng, Layout::Paged));
}

#[test]
fn edits_under_a_wide_schema() {
    runs(3, 150, |prng| {
        let size = Size { types: 70, actions: 18, ..Size::default() };
        let setting = Setting::new(generate::schema(prng, size), Layout::Auto, limits(prng, 0), false);
        assert!(setting.schema.permission_count() > 512);
        setting
    });
}

#[test]
fn edits_beside_built_in_roles() {
    runs(6, 150, |prng| Setting::new("hightouch".into(), Layout::Auto, limits(prng, 3), false));
}

#[test]
fn edits_of_a_large_workspace() {
    // More sets, names and groups than a chunk of any table takes.
    runs(1, 300, |prng| {
        let schema = generate::schema(prng, Size { types: 5, actions: 6, ..Size::default() });
        Setting::large(schema, Layout::Auto, [300, 40, 3_000])
    });
}
