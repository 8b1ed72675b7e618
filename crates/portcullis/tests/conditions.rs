//! Conditions through snapshots: the engine decides every request as the naive reference does, and as publishers say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads how long it may take"
)]

use portcullis::{Decision, NoFiles, Question, Snapshot, Source, Workspace};
use portcullis_matrix::Layout;
use portcullis_testkit::corpus;
use portcullis_testkit::generate::{Size, conditional_case};
use portcullis_testkit::sent::Sent;

fn compiled(text: &str, layout: Layout) -> Snapshot {
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles)
        .unwrap_or_else(|report| panic!("{report}\n{text}"));
    let compiled = workspace.compile_with(layout, portcullis::Revision::FIRST);
    compiled.unwrap_or_else(|report| panic!("{report}\n{text}")).0
}

#[test]
fn requests_are_decided_as_the_reference_decides() {
    let cases = if std::env::var_os("PORTCULLIS_LONG").is_some() { 20_000 } else { 600 };
    let (mut asked, mut allowed, mut open) = (0, 0, 0);
    for seed in 0..cases {
        let case = conditional_case(seed, Size::default()).unwrap();
        let layouts = [Layout::Flat, Layout::Paged].map(|layout| compiled(&case.workspace, layout));
        let sent: Vec<Sent> = case.requests.iter().map(|asked| Sent::read(&asked.request).unwrap()).collect();
        let questions: Vec<Question<'_>> = sent
            .iter()
            .zip(&case.requests)
            .map(|(sent, asked)| sent.question(asked.now.as_deref()))
            .collect();
        for snapshot in &layouts {
            assert_eq!(snapshot.matrix().validate(), Ok(()));
            let together = snapshot.decide_all(&questions);
            for ((question, expected), together) in questions.iter().zip(&case.requests).zip(together) {
                let decision = snapshot.decide(question);
                assert_eq!(
                    decision.is_allowed(),
                    expected.expected.is_allowed(),
                    "{}: {} at {:?}\n{}\nthe reference: {}",
                    case.id,
                    expected.request,
                    expected.now,
                    case.workspace,
                    expected.expected
                );
                assert_eq!(together, decision, "{}: {}", case.id, expected.request);
                asked += 1;
                allowed += u32::from(decision.is_allowed());
                if let (Some(subject), Ok(permission)) = (
                    snapshot.subject(question.subject),
                    snapshot.permission(question.action, question.resource),
                ) {
                    open += u32::from(snapshot.matrix().check(subject, permission).is_open());
                }
            }
        }
    }
    assert!(asked > 20_000 && allowed > 1_000 && open > 2_000, "{asked} {allowed} {open}");
}

/// Names alone, handles and names in blocks are the same question: one on a type, with nothing sent.
#[test]
fn a_bare_question_is_one_without_properties() {
    let mut open = 0;
    for seed in 0..200 {
        let case = conditional_case(seed, Size::default()).unwrap();
        let snapshot = compiled(&case.workspace, Layout::Auto);
        let actions: Vec<&str> = snapshot.schema().actions().collect();
        for member in snapshot.members() {
            let mut triples = Vec::new();
            for kind in snapshot.schema().types() {
                triples.extend(actions.iter().map(|action| (member, *action, kind.name())));
            }
            let mut many = vec![Decision::default(); triples.len()];
            snapshot.check_many(&triples, &mut many);
            for (&(member, action, kind), many) in triples.iter().zip(many) {
                let decision = snapshot.check(member, action, kind);
                assert_eq!(decision, snapshot.decide(&Question::new(member, action, kind)));
                assert_eq!(decision, many);
                if let (Some(subject), Ok(permission)) =
                    (snapshot.subject(member), snapshot.permission(action, kind))
                {
                    assert_eq!(
                        decision.is_allowed(),
                        snapshot.check_handles(subject, permission).is_allowed()
                    );
                    open += u32::from(snapshot.matrix().check(subject, permission).is_open());
                }
            }
        }
    }
    assert!(open > 500, "{open}");
}

#[test]
fn published_requests_are_decided_as_their_publishers_say() {
    let mut decided = 0;
    for case in corpus::all_by_request().unwrap() {
        let snapshot = compiled(&case.workspace.to_string(), Layout::Auto);
        for vector in &case.vectors {
            let sent = Sent::read(&vector.request.to_string()).unwrap();
            let decision = snapshot.decide(&sent.question(None));
            assert_eq!(decision.is_allowed(), vector.expected, "{}: {}", case.id, vector.request);
            decided += 1;
        }
    }
    assert_eq!(decided, 274);
}
