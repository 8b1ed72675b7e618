//! What passes and what fails: of members, of strangers, of roles alone, of who; and which statements that covers.

use portcullis::Reason;
use portcullis::suite::Asker;

use super::{acme, run, suite};

/// Which questions of the one test failed, as `ASKER ACTION RESOURCE EXPECTED`.
fn failures(test: &str) -> Vec<String> {
    let (snapshot, suite) = (acme(), suite(test));
    let (outcome, ..) = run(&suite, &snapshot);
    let [test] = outcome.tests() else { panic!("one test") };
    assert_eq!((test.failed, test.passed()), (test.failures.len(), test.failures.is_empty()));
    let told = test.failures.iter().map(|failure| {
        let explanation = failure.explain(&snapshot);
        assert_ne!(explanation.decision.is_allowed(), failure.expected, "explained as it was asked");
        let expected = if failure.expected { "allow" } else { "deny" };
        let at = suite.source().slice(failure.span);
        format!("{} {} {} {expected} {at}", failure.asker.name(), failure.action, failure.resource)
    });
    told.collect()
}

#[test]
fn members_may_and_may_not() {
    let passes = |test: &str| assert_eq!(failures(test), [""; 0], "{test}");
    passes(r#"{"name": "n", "subject": ["ann", "bob"], "may": {"sync": "start"}}"#);
    passes(r#"{"name": "n", "subject": "ann", "may": {"*": "*"}}"#);
    passes(
        r#"{"name": "n", "subject": "bob", "may": {"s*": ["re*", "start"]}, "may_not": {"api_key": "*", "*": "delete"}}"#,
    );
    assert_eq!(
        failures(
            r#"{"name": "n", "subject": ["bob", "cat"], "may": {"sync": ["read", "start"]}, "may_not": {"model": "read"}}"#
        ),
        ["bob read model deny \"read\"", "cat read model deny \"read\"", "cat start sync allow \"start\"",]
    );
}

#[test]
fn a_grid_fails_for_what_is_missing_and_for_what_is_too_much() {
    let grid = r#"{"name": "n", "role": "runner", "grid": {"sync": ["read", "start"], "audience": ["read", "create", "preview", "update"]}}"#;
    assert_eq!(failures(grid), [""; 0]);
    let changed = grid.replace("\"start\"", "\"enable\"").replace(", \"update\"", "");
    assert_eq!(
        failures(&changed),
        [
            "runner start sync deny \"grid\"",
            "runner enable sync allow \"enable\"",
            "runner update audience deny \"grid\"",
        ]
    );
}

#[test]
fn strangers_and_suspended_members_may_nothing() {
    for who in ["dan", "nobody"] {
        assert_eq!(failures(&format!(r#"{{"name": "n", "subject": "{who}", "grid": {{}}}}"#)), [""; 0]);
        let asked = failures(&format!(r#"{{"name": "n", "subject": "{who}", "may": {{"sync": "read"}}}}"#));
        assert_eq!(asked, [format!("{who} read sync allow \"read\"")]);
    }
    let (snapshot, suite) = (acme(), suite(r#"{"name": "n", "subject": "bbo", "may": {"sync": "read"}}"#));
    let (outcome, coverage, report) = run(&suite, &snapshot);
    let explanation = outcome.tests()[0].failures[0].explain(&snapshot);
    assert_eq!(explanation.reason, Reason::UnknownSubject);
    assert_eq!(explanation.nearest.did_you_mean, Some("bob"));
    assert_eq!(report.to_string(), "tests.json:2:26: warning[P0505]: `bbo` is no member of `acme`");
    assert_eq!(coverage.written().covered, 0);
}

#[test]
fn who_is_everybody_who_may_and_nobody_else() {
    let who = |who: &str| format!(r#"{{"name": "n", "action": "start", "resource": "sync", "who": {who}}}"#);
    assert_eq!(failures(&who(r#"["bob", "ann", "bob"]"#)), [""; 0]);
    assert_eq!(failures(r#"{"name": "n", "action": "*", "resource": "integration", "who": "ann"}"#), [""; 0]);
    assert_eq!(
        failures(&who(r#"["ann", "dan", "eve"]"#)),
        ["dan start sync allow \"dan\"", "eve start sync allow \"eve\"", "bob start sync deny \"who\""]
    );
    assert_eq!(failures(&who("[]")), ["ann start sync deny \"who\"", "bob start sync deny \"who\""]);
}

#[test]
fn questions_are_counted_once_each() {
    let asked = |test: &str| {
        let (snapshot, suite) = (acme(), suite(test));
        run(&suite, &snapshot).0.asked()
    };
    assert_eq!(
        asked(r#"{"name": "n", "subject": "ann", "may": {"sync": ["read", "re*", "read"], "s*": "read"}}"#),
        3
    );
    assert_eq!(asked(r#"{"name": "n", "subject": ["ann", "bob"], "grid": {}}"#), 94);
    assert_eq!(asked(r#"{"name": "n", "role": "admin", "may": {"*": "*", "sync": "*"}}"#), 47);
    assert_eq!(asked(r#"{"name": "n", "action": "read", "resource": ["sync", "model"], "who": "eve"}"#), 10);
}

#[test]
fn a_role_alone_is_explained_by_its_own_statements() {
    let (snapshot, suite) = (
        acme(),
        suite(
            r#"{"name": "n", "role": "runner",
        "may": {"audience": "delete", "sync": "update"}, "may_not": {"audience": "create"}}"#,
        ),
    );
    let (outcome, ..) = run(&suite, &snapshot);
    let told = outcome.tests()[0].failures.iter().map(|failure| {
        assert!(matches!(failure.asker, Asker::Role(role) if role.name() == "runner"));
        let why = failure.explain(&snapshot);
        let indices = |grounds: &[portcullis::Grounds<'_>]| -> Vec<usize> {
            grounds.iter().map(|ground| ground.statement.index()).collect()
        };
        let near = [&why.nearest.same_action, &why.nearest.same_resource].map(|grounds| indices(grounds));
        let denies = failure.nearest_denies(&snapshot);
        (
            failure.action,
            why.reason,
            indices(&why.determining),
            indices(&why.overridden),
            near,
            indices(&denies),
        )
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("update", Reason::DefaultDeny, vec![], vec![], [vec![1], vec![0]], vec![]),
            ("create", Reason::Allowed, vec![1], vec![], [vec![], vec![]], vec![2]),
            ("delete", Reason::ExplicitDeny, vec![2], vec![1], [vec![], vec![]], vec![]),
        ]
    );
}

/// The statements that a test leaves uncovered, as `ROLE INDEX`.
fn uncovered(test: &str) -> Vec<String> {
    let (snapshot, suite) = (acme(), suite(test));
    let (_, coverage, _) = run(&suite, &snapshot);
    let sum = coverage.written();
    let left: Vec<String> =
        coverage.uncovered().map(|one| format!("{} {}", one.role.name(), one.statement.index())).collect();
    assert_eq!((sum.statements, sum.statements - sum.covered), (4, left.len()));
    left
}

#[test]
fn a_statement_is_covered_by_a_question_that_rests_on_it() {
    let all = ["runner 0", "runner 1", "runner 2", "unheld 0"];
    // Bob is an editor too, but his group's statement would do alone; that a question fails does not matter.
    assert_eq!(uncovered(r#"{"name": "n", "subject": "bob", "may_not": {"sync": "read"}}"#), all[1..]);
    assert_eq!(
        uncovered(r#"{"name": "n", "subject": "bob", "may": {"audience": "read"}}"#),
        [all[0], all[2], all[3]]
    );
    // The deny decides; what it overrides does not.
    assert_eq!(
        uncovered(r#"{"name": "n", "subject": "bob", "may_not": {"audience": "delete"}}"#),
        [all[0], all[1], all[3]]
    );
    // Neither of strangers nor of those who are suspended does any statement decide.
    assert_eq!(uncovered(r#"{"name": "n", "subject": ["dan", "eve", "cat"], "may_not": {"*": "*"}}"#), all);
    assert_eq!(uncovered(r#"{"name": "n", "role": ["runner", "unheld"], "grid": {}}"#), [""; 0]);
    // Everybody is asked, but nobody holds the role.
    assert_eq!(uncovered(r#"{"name": "n", "action": "*", "resource": "*", "who": []}"#), all[3..]);
}

#[test]
fn suites_of_one_workspace_cover_it_together() {
    let snapshot = acme();
    let first = suite(r#"{"name": "n", "role": "unheld", "may": {"workspace": "read"}}"#);
    let second = suite(r#"{"name": "n", "subject": "bob", "may": {"sync": "start"}}"#);
    let (_, mut coverage, _) = run(&first, &snapshot);
    assert_eq!((coverage.written().covered, coverage.built_in().covered), (1, 0));
    second.run(&snapshot, &mut coverage).unwrap();
    assert_eq!((coverage.written().covered, coverage.built_in().covered), (2, 1));
    assert_eq!((coverage.written().percent(), coverage.built_in().statements), (50, 3));
}

#[test]
fn a_test_that_fails_everywhere_keeps_a_thousand_failures() {
    let members: Vec<String> = (0..40).map(|number| format!("\"eve-{number}\"")).collect();
    let test = format!(r#"{{"name": "n", "subject": [{}], "may": {{"*": "*"}}}}"#, members.join(","));
    let (snapshot, suite) = (acme(), suite(&test));
    let (outcome, ..) = run(&suite, &snapshot);
    let test = &outcome.tests()[0];
    assert_eq!((test.asked, test.failed, test.failures.len()), (40 * 47, 40 * 47, 1_000));
}

#[test]
fn a_run_that_fails_everywhere_keeps_a_hundred_thousand_failures() {
    let members: Vec<String> = (0..25).map(|number| format!("\"eve-{number}\"")).collect();
    let test = |number| {
        format!(r#"{{"name": "n {number}", "subject": [{}], "may": {{"*": "*"}}}}"#, members.join(","))
    };
    let tests: Vec<String> = (0..102).map(test).collect();
    let (snapshot, suite) = (acme(), suite(&tests.join(",\n")));
    let (outcome, ..) = run(&suite, &snapshot);
    let kept: Vec<usize> = outcome.tests().iter().map(|test| test.failures.len()).collect();
    assert!(outcome.tests().iter().all(|test| test.failed == 25 * 47));
    assert_eq!((&kept[..100], &kept[100..]), (&[1_000; 100][..], &[0, 0][..]));
}
