//! Every published case, against the library: the publisher's answer, the reference's, and the engine's, all the same.
//!
//! Each case goes in as the text of a workspace file and is asked by strings, by handles, in batch and with an
//! explanation. The counts are asserted, so that nothing can be skipped without this test saying so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use portcullis::matrix::Layout;
use portcullis_testkit::agreement::{Pair, same_answers};
use portcullis_testkit::corpus::{self, Case};

/// Asks every question of these cases; how many cases, questions and allows there were.
fn run(cases: &[Case]) -> (usize, usize, usize) {
    let (mut questions, mut allowed) = (0, 0);
    for case in cases {
        let pair = Pair::new(&case.workspace, Layout::Auto);
        for asked in &case.questions {
            let decision = pair.snapshot.check(&asked.subject, &asked.action, &asked.resource);
            assert_eq!(decision.is_allowed(), asked.expected, "{}: {asked:?}", case.id);
            questions += 1;
            allowed += usize::from(asked.expected);
        }
        let asked = case.questions.iter().map(|asked| (&*asked.subject, &*asked.action, &*asked.resource));
        pair.agree_on(&asked.collect::<Vec<_>>());
        assert_eq!(pair.snapshot.matrix().validate(), Ok(()), "{}", case.id);
    }
    let counts = (cases.len(), questions, allowed);
    println!("{} cases, {} questions, {} allowed", counts.0, counts.1, counts.2);
    counts
}

#[test]
fn hightouch() {
    let cases = corpus::hightouch().unwrap();
    assert_eq!(cases[0].questions.len(), 495, "read literally");
    assert_eq!(cases[1].questions.len(), 765, "under the built-in schema");
    assert_eq!(cases[2].questions.len(), 765, "the built-in roles");
    assert_eq!(run(&cases), (3, 2_025, 525));
}

#[test]
fn casbin() {
    assert_eq!(run(&corpus::casbin().unwrap()), (9, 64, 25));
}

#[test]
fn cedar() {
    assert_eq!(run(&corpus::cedar().unwrap()), (9, 31, 16));
}

#[test]
fn xacml() {
    assert_eq!(run(&corpus::xacml().unwrap()), (70, 70, 35));
}

#[test]
fn kubernetes_default_roles() {
    assert_eq!(run(&[corpus::kubernetes_roles().unwrap()]), (1, 67 * 13 * 120, 4_464));
}

#[test]
fn kubernetes_authorizer() {
    assert_eq!(run(&corpus::kubernetes_authorizer().unwrap()), (4, 11, 6));
}

#[test]
fn naughty_strings() {
    assert_eq!(run(&corpus::naughty_strings().unwrap()), (1, 4 * 508, 2 * 508));
}

#[test]
fn nothing_is_left_out() {
    let cases = corpus::all().unwrap();
    let questions: usize = cases.iter().map(|case| case.questions.len()).sum();
    // The sums of the tests above.
    assert_eq!(
        (cases.len(), questions),
        (3 + 9 + 9 + 70 + 1 + 4 + 1, 2_025 + 64 + 31 + 70 + 104_520 + 11 + 2_032)
    );
    println!("{} cases, {questions} questions in all", cases.len());
}

/// The small cases once more, about everything that their names can ask, strangers included, in both layouts.
#[test]
fn every_cell_of_every_small_case() {
    let mut cells = 0;
    for case in corpus::all().unwrap().iter().filter(|case| case.questions.len() < 1_000) {
        let pair = Pair::new(&case.workspace, Layout::Flat);
        pair.agree_on_every_cell();
        cells += pair.snapshot.member_count() * pair.snapshot.schema().permission_count() as usize;
        same_answers(&pair.snapshot, &Pair::new(&case.workspace, Layout::Paged).snapshot);
    }
    println!("{cells} cells of members and permissions, and those of strangers");
    assert_eq!(cells, 1_291);
}
