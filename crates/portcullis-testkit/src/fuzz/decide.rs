//! Bytes as a workspace, its questions and its life: whatever the engine can be asked, it says what the reference says.
//!
//! The bytes are the choices of the generators (see [`Prng::of_bytes`]), so that a byte more or less makes a statement, a
//! member or an edit more or less. The first choice is what to make: a whole workspace, asked in every way there is; one
//! that is edited, discarded, handed over and compared with one compiled afresh; or a bare matrix.

use arbitrary::{Arbitrary, Unstructured};
use portcullis::matrix::{Blueprint, Layout};
use portcullis::{Document, Limits, Source};
use serde::Deserialize;

use super::document::same_meaning;
use super::draws;
use crate::agreement::{Pair, same_answers};
use crate::editing::{self, Setting};
use crate::generate::{self, Prng, Size};
use crate::reference;

/// Steps of an edited workspace's life, at most.
const STEPS: usize = 30;

/// Bytes as a workspace.
///
/// # Panics
/// When the engine and the reference disagree on anything, an edited snapshot is not what a fresh one would be, or a matrix
/// is not sound.
pub fn decide(data: &[u8]) {
    let mut prng = draws(data);
    match prng.below(8) {
        0..5 => asked(&mut prng),
        5 | 6 => edited(&mut prng),
        _ => blueprint(data),
    }
}

/// A workspace, in both layouts, asked everything.
fn asked(prng: &mut Prng) {
    let size = Size::drawn(prng);
    let case = generate::drawn(prng, size).unwrap();
    let flat = Pair::new(&case.workspace, Layout::Flat);
    flat.agree_on_every_cell();
    let asked: Vec<_> =
        case.questions.iter().map(|asked| (&*asked.subject, &*asked.action, &*asked.resource)).collect();
    flat.agree_on(&asked);
    let paged = Pair::new(&case.workspace, Layout::Paged);
    paged.agree_on(&asked);
    assert_eq!(paged.snapshot.matrix().validate(), Ok(()));
    same_answers(&flat.snapshot, &paged.snapshot);

    // One more document under the same schema, held alone.
    let vocabulary = flat.reference.vocabulary();
    let policy = generate::policy(prng, vocabulary, size.statements).unwrap();
    let source = Source::new("generated.json", policy.to_string());
    let (read, _) = Document::read(&source).unwrap();
    let (grants, _) = read.resolve(flat.snapshot.schema()).unwrap();
    same_meaning(&grants, vocabulary, &reference::Document::deserialize(&policy).unwrap());
}

/// A workspace that lives for some steps.
fn edited(prng: &mut Prng) {
    let layout = if prng.percent(50) { Layout::Flat } else { Layout::Paged };
    let built_in = prng.percent(20);
    let mut limits = Limits::default();
    if prng.percent(50) {
        limits.members = 9;
        limits.roles = if built_in { 8 } else { 5 };
        limits.roles_per_subject = prng.below(4);
    }
    let schema = if built_in {
        "hightouch".into()
    } else {
        let (types, actions) = (1 + prng.below(6), 1 + prng.below(6));
        generate::schema(prng, Size { types, actions, ..Size::default() })
    };
    let setting = Setting::new(schema, layout, limits, !built_in);
    let steps = 1 + prng.below(STEPS);
    editing::run(prng, &setting, steps);
}

fn blueprint(data: &[u8]) {
    // The bytes that chose this say nothing of the matrix.
    let mut bytes = Unstructured::new(data.get(5..).unwrap_or_default());
    if let Ok(blueprint) = Blueprint::arbitrary(&mut bytes) {
        let matrix = blueprint.build().unwrap();
        assert_eq!(matrix.validate(), Ok(()), "{blueprint:?}");
    }
}
