//! Bytes as a workspace, its questions and its life: whatever the engine can be asked, it says what the reference says.
//!
//! The bytes are the choices of the generators (see [`Prng::of_bytes`]), so that a byte more or less makes a statement, a
//! member or an edit more or less. The first choice is what to make: a whole workspace, asked in every way there is; one
//! that is edited, discarded, handed over and compared with one compiled afresh; or a bare matrix.

use arbitrary::{Arbitrary, Unstructured};
use portcullis::matrix::{Blueprint, Layout};
use portcullis::{Document, Limits, Source};

use super::document::same_meaning;
use super::draws;
use crate::agreement::{Pair, same_answers};
use crate::editing::{self, Setting};
use crate::generate::{self, Prng, Size, World};
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

/// A workspace, in both layouts, asked everything; in half of all cases one with conditions.
fn asked(prng: &mut Prng) {
    let size = Size::drawn(prng);
    let conditional = prng.percent(50);
    let (workspace, questions, requests) = if conditional {
        let case = generate::conditional(prng, size).unwrap();
        (case.workspace, Vec::new(), case.requests)
    } else {
        let case = generate::drawn(prng, size).unwrap();
        (case.workspace.to_string(), case.questions, Vec::new())
    };
    let asked: Vec<_> =
        questions.iter().map(|asked| (&*asked.subject, &*asked.action, &*asked.resource)).collect();
    let [flat, paged] = [Layout::Flat, Layout::Paged].map(|layout| Pair::read(&workspace, layout));
    flat.agree_on_every_cell();
    for pair in [&flat, &paged] {
        pair.agree_on(&asked);
        pair.agree_on_requests(&requests);
        pair.agree_on_requests(&pair.open_requests(prng, requests.len()));
    }
    assert_eq!(paged.snapshot.matrix().validate(), Ok(()));
    same_answers(&flat.snapshot, &paged.snapshot);

    // One more document under the same schema, held alone.
    let vocabulary = flat.reference.vocabulary();
    let mut policy = generate::policy(prng, vocabulary, size.statements).unwrap();
    if conditional {
        generate::restrict(prng, vocabulary, &World::of(&flat.reference), &mut policy);
    }
    let text = generate::spelled(&policy);
    let (read, _) = Document::read(&Source::new("generated.json", &*text)).unwrap();
    let (grants, _) = read.resolve(flat.snapshot.schema()).unwrap();
    same_meaning(&grants, vocabulary, &serde_json::from_str::<reference::Document>(&text).unwrap());
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
        generate::attributed_schema(prng, Size { types, actions, ..Size::default() })
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
