//! Bytes as a workspace.
use arbitrary::{Arbitrary, Unstructured};
use portcullis::matrix::{Blueprint, Layout};
use portcullis::{Document, Source};
use serde::Deserialize;

use super::document::same_meaning;
use crate::agreement::{Pair, same_answers};
use crate::generate::{self, Prng, Size};
use crate::reference;

/// Bytes as a workspace: a kilobyte decides how large everything is, the rest which numbers the generators draw.
///
/// # Panics
/// When the engine and the reference disagree on anything, or a matrix is not sound.
pub fn decide(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    if bytes.arbitrary().unwrap_or(false) {
        return blueprint(&mut bytes);
    }
    let mut below = |bound: usize| bytes.int_in_range(0..=bound).unwrap_or(0);
    let size = Size {
        types: 1 + below(11),
        actions: 1 + below(11),
        roles: 1 + below(7),
        statements: below(6),
        groups: below(5),
        members: below(7),
        questions: 20,
    };
    let seed = bytes.arbitrary().unwrap_or(0);
    let case = generate::case(seed, size).unwrap();
    let flat = Pair::new(&case.workspace, Layout::Flat);
    flat.agree_on_every_cell();
    let asked: Vec<_> =
        case.questions.iter().map(|asked| (&*asked.subject, &*asked.action, &*asked.resource)).collect();
    flat.agree_on(&asked);
    let paged = Pair::new(&case.workspace, Layout::Paged);
    assert_eq!(paged.snapshot.matrix().validate(), Ok(()));
    same_answers(&flat.snapshot, &paged.snapshot);

    // A document as the fuzzer would have it: the names of the schema with the statements of the bytes.
    let mut prng = Prng::new(seed ^ bytes.arbitrary::<u64>().unwrap_or(0));
    let vocabulary = flat.reference.vocabulary();
    let policy = generate::policy(&mut prng, vocabulary, size.statements).unwrap();
    let source = Source::new("generated.json", policy.to_string());
    let (read, _) = Document::read(&source).unwrap();
    let (grants, _) = read.resolve(flat.snapshot.schema()).unwrap();
    same_meaning(&grants, vocabulary, &reference::Document::deserialize(&policy).unwrap());
}

fn blueprint(bytes: &mut Unstructured<'_>) {
    if let Ok(blueprint) = Blueprint::arbitrary(bytes) {
        let matrix = blueprint.build().unwrap();
        assert_eq!(matrix.validate(), Ok(()), "{blueprint:?}");
    }
}
