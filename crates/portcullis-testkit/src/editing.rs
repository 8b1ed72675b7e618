//! A workspace edited in any way is the workspace that somebody would compile who had described it so.
//!
//! Edits are drawn and made twice: through a [`Writer`], and in a model that is a few lists. After each publication the
//! model is compiled afresh and the two snapshots must say the same about everybody, to the statement and the group; what
//! the model says must not be done must fail and change nothing; and snapshots of before go on saying what they said.
//!
//! Where the draws come from is the caller's: tests draw from seeds, the fuzz target `decide` from its bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a disagreement is reported by panicking"
)]

mod answers;
mod draw;
mod edit;
mod model;

use std::sync::Arc;

use portcullis::diagnostic::Code;
use portcullis::{Reader, Report, Revision, Severity, Snapshot, Writer, diff_snapshots};

use serde_json::Value;

use crate::agreement::Pair;
use crate::generate::{self, Prng, spelled};
use crate::reference::{self, Reference};

use answers::{Answers, Asked, Requested};
use edit::Edit;
use model::Model;

pub use model::Setting;

/// A snapshot held aside, with what it said when it was published.
struct Held {
    snapshot: Arc<Snapshot>,
    asked: Vec<Asked>,
    requests: Vec<Requested>,
    said: Answers,
}

impl Held {
    fn says_the_same(&self) {
        let says = Answers::of(&self.snapshot, &self.asked, &self.requests);
        assert!(says == self.said, "an old snapshot has changed");
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
    led: Led,
}

/// What a workspace's life came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Led {
    /// Edits made.
    pub made: usize,
    /// Edits refused.
    pub refused: usize,
    /// Requests that conditions decided.
    pub opened: usize,
}

/// Requests that are drawn at each publication: so many of any kind, and so many where conditions decide.
const REQUESTS: usize = 50;

impl<'s> Bench<'s> {
    fn new(setting: &'s Setting, model: Model) -> Self {
        let writer = Writer::new(model.compiled(setting, Revision::FIRST).unwrap());
        let (reader, idler) = (writer.reader(), writer.reader());
        let (published, held) = (model.clone(), Vec::new());
        Bench { setting, writer, reader, idler, model, published, held, led: Led::default() }
    }

    fn edit(&mut self, edit: &Edit) {
        if let Some(text) = edit.document() {
            self.same_refusal(text);
        }
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
                self.led.made += 1;
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
                self.led.refused += 1;
            }
        }
    }

    /// A document is refused by both or by neither.
    fn same_refusal(&self, text: &Value) {
        let judged: reference::Document = serde_json::from_str(&spelled(text)).unwrap();
        let refusal = self.setting.vocabulary.refusal(&judged);
        let resolved = edit::document("drawn", text).resolve(&self.setting.schema);
        assert_eq!(refusal.is_some(), resolved.is_err(), "{refusal:?}: {text}");
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
        let reference = Reference::read(&spelled(&self.model.file(self.setting))).unwrap();
        let pair = Pair { snapshot: Snapshot::clone(&after), reference };
        let mut drawn = generate::requests(prng, &pair.reference, REQUESTS).unwrap();
        drawn.extend(pair.open_requests(prng, REQUESTS));
        let requests: Vec<Requested> = drawn.iter().map(Requested::new).collect();
        let said = Answers::of(&after, &asked, &requests);
        said.same_as(&Answers::of(&fresh, &asked, &requests));
        same_matrix(&after, &fresh);
        assert!(diff_snapshots(&after, &fresh).is_empty() && diff_snapshots(&fresh, &after).is_empty());
        let questions: Vec<_> = asked.iter().map(Asked::parts).take(60).collect();
        pair.agree_on(&questions);
        self.led.opened += pair.agree_on_requests(&drawn);
        self.held.push(Held { snapshot: after, asked, requests, said });
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

/// Leads a workspace through so many steps, edits most of them. Returns what that came to.
///
/// # Panics
/// When the writer and a workspace compiled afresh differ in anything.
pub fn run(prng: &mut Prng, setting: &Setting, steps: usize) -> Led {
    let mut model = Model::new(setting);
    if setting.is_large() {
        model = Model::full(prng, setting);
    } else if prng.percent(50) {
        for _ in 0..30 {
            let (after, faults) = model.after(&draw::edit(prng, setting, &model), setting);
            if faults.is_empty() && after.compiled(setting, Revision::FIRST).is_ok() {
                model = after;
            }
        }
    }
    let mut bench = Bench::new(setting, model);
    for _ in 0..steps {
        match prng.below(if setting.is_large() { 1_000 } else { 100 }) {
            0..12 => bench.publish(prng),
            12..14 => bench.discard(),
            14 => bench.hand_over(),
            _ => {
                let edit = draw::edit(prng, setting, &bench.model);
                bench.edit(&edit)
            }
        }
    }
    bench.publish(prng);
    bench.held.iter().for_each(Held::says_the_same);
    bench.led
}
