//! Whole questions: how a resource typed as one word is taken, what a typed subject asks for, and the typed view.
//!
//! The rule for typed words is the command line's: a known name is taken whole; else what follows the longest known name
//! and a `/` is the id of an object. A request names type and id apart, and nothing in it is ever split.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use portcullis::hightouch::{Actions, Resource};
use portcullis::matrix::Layout;
use portcullis::{Document, Member, Question, Reason, Schema, Snapshot, Source, Workspace};
use portcullis_testkit::agreement::compiled;
use portcullis_testkit::corpus;
use portcullis_testkit::reference::Reference;

fn schema() -> Schema {
    let text = r#"{"schema": "s", "resources": {
        "a": {"actions": ["read"], "aliases": ["alias/of"], "covers": ["part"]},
        "a/b": {"actions": ["read"]}, "/pods": {"actions": ["read"]}, "a/b/c/": {"actions": ["read"]}}}"#;
    Schema::read(&Source::new("schema.json", text)).unwrap().0
}

#[test]
fn a_typed_resource_is_split_after_the_longest_known_name() {
    let schema = schema();
    let cases: &[(&str, &str, Option<&str>)] = &[
        ("a", "a", None),
        ("a/b", "a/b", None),
        ("a/7", "a", Some("7")),
        ("a/b/7", "a/b", Some("7")),
        ("a/b/7/8", "a/b", Some("7/8")),
        ("a/bc", "a", Some("bc")),
        ("a/", "a", Some("")),
        ("a//7", "a", Some("/7")),
        ("a/b/c/", "a/b/c/", None),
        ("a/b/c//7", "a/b/c/", Some("7")),
        ("a/b/c/7", "a/b", Some("c/7")),
        ("alias/of", "alias/of", None),
        ("alias/of/7", "alias/of", Some("7")),
        ("part/7", "part", Some("7")),
        ("/pods", "/pods", None),
        ("/pods/7", "/pods", Some("7")),
        ("pods/7", "pods/7", None),
        ("aa/7", "aa/7", None),
        ("A/7", "A/7", None),
        ("/", "/", None),
        ("", "", None),
        ("é/é", "é/é", None),
        ("a/é/𝄞", "a", Some("é/𝄞")),
    ];
    for &(typed, resource, object) in cases {
        let question = Question::typed(&schema, "ann", "read", typed);
        assert_eq!((question.resource, question.object), (resource, object), "{typed:?}");
    }
}

fn acme() -> Snapshot {
    let mut workspace = Workspace::new("acme", Schema::hightouch().unwrap());
    workspace
        .add_member("ann", Member::with_role("admin"))
        .add_member("bot", Member::with_role("editor").of_type("service"))
        .add_member("sam", Member::with_role("editor").of_type("service").suspended());
    workspace.compile().unwrap().0
}

#[test]
fn a_typed_subject_must_match_the_type() {
    let snapshot = acme();
    let ask = |subject_type, subject| {
        let question = Question { subject_type, ..Question::new(subject, "read", "sync") };
        let decision = snapshot.decide(&question);
        let explanation = snapshot.explain(&question);
        assert_eq!((explanation.decision, explanation.reason), (decision, decision.reason()));
        decision.reason()
    };
    for (kind, subject, expected) in [
        (None, "ann", Reason::Allowed),
        (Some("user"), "ann", Reason::Allowed),
        (Some("service"), "ann", Reason::UnknownSubject),
        (Some(""), "ann", Reason::UnknownSubject),
        (None, "bot", Reason::Allowed),
        (Some("service"), "bot", Reason::Allowed),
        (Some("user"), "bot", Reason::UnknownSubject),
        (Some("Service"), "bot", Reason::UnknownSubject),
        (Some("service"), "sam", Reason::Suspended),
        (Some("user"), "sam", Reason::UnknownSubject),
        (Some("user"), "nobody", Reason::UnknownSubject),
        (None, "", Reason::UnknownSubject),
    ] {
        assert_eq!(ask(kind, subject), expected, "{kind:?} {subject}");
    }
    assert_eq!((snapshot.member_type("ann"), snapshot.member_type("bot")), (Some("user"), Some("service")));
    assert_eq!(snapshot.member_type("nobody"), None);
}

#[test]
fn many_questions_at_once_are_answered_in_their_order() {
    let snapshot = acme();
    let questions: Vec<Question<'_>> = ["ann", "nobody", "bot", "sam"]
        .into_iter()
        .flat_map(|who| {
            ["sync", "api_key", "workspace", "none"].map(|kind| Question::new(who, "delete", kind))
        })
        .collect();
    let one_by_one: Vec<_> = questions.iter().map(|question| snapshot.decide(question)).collect();
    assert_eq!(snapshot.decide_all(&questions), one_by_one);
    assert_eq!(one_by_one.iter().filter(|decision| decision.is_allowed()).count(), 3 + 1);
}

#[test]
fn the_typed_view_says_what_checks_say() {
    const TYPES: [(Resource, &str); 10] = [
        (Resource::Workspace, "workspace"),
        (Resource::Destination, "destination"),
        (Resource::Source, "source"),
        (Resource::Model, "model"),
        (Resource::Sync, "sync"),
        (Resource::Audience, "audience"),
        (Resource::AudienceSchema, "audience_schema"),
        (Resource::SyncTemplate, "sync_template"),
        (Resource::WorkspaceMembership, "workspace_membership"),
        (Resource::Alert, "alert"),
    ];
    let mut cells = 0;
    for case in corpus::hightouch().unwrap() {
        let snapshot = compiled(&case.workspace, Layout::Auto).unwrap();
        let Some(view) = snapshot.hightouch() else {
            assert_eq!(case.id, "hightouch/literal", "a schema of one's own has no typed view");
            continue;
        };
        let reference = Reference::from_json(&case.workspace).unwrap();
        for member in reference.members() {
            for (resource, name) in TYPES {
                let actions = view.actions(snapshot.subject(member).unwrap(), resource);
                for (word, flag) in Actions::all().iter_names() {
                    let expected = reference.decide(member, &word.to_lowercase(), name);
                    assert_eq!(actions.contains(flag), expected, "{member} {word} {name}");
                    cells += 1;
                }
            }
        }
    }
    assert_eq!(cells, (5 + 5) * 10 * 9);
}

#[test]
fn the_typed_view_gives_a_stale_handle_nothing() {
    let (one, other) = (acme(), acme());
    let ann = other.subject("ann").unwrap();
    assert_eq!(one.hightouch().unwrap().actions(ann, Resource::Sync), Actions::empty());
    assert!(other.hightouch().unwrap().actions(ann, Resource::Sync).contains(Actions::READ | Actions::START));
    let sam = one.subject("sam").unwrap();
    assert_eq!(one.hightouch().unwrap().actions(sam, Resource::Sync), Actions::empty());
}

/// An explanation of a default deny names what was near, and the roles that would do.
#[test]
fn what_was_nearest_to_a_default_deny() {
    let text = r#"{"version": "2022-04-26", "policies": [
        {"effect": "allow", "actions": "read", "resource": "sync"},
        {"effect": "allow", "actions": "start", "resource": "sync"},
        {"effect": "allow", "actions": ["update", "create"], "resource": "model"},
        {"effect": "deny", "actions": "delete", "resource": "sync"}]}"#;
    let (document, _) = Document::read(&Source::new("roles/runner.json", text)).unwrap();
    let mut workspace = Workspace::new("acme", Schema::hightouch().unwrap());
    workspace.add_role("runner", document).add_member("ann", Member::with_role("runner"));
    let (snapshot, _) = workspace.compile().unwrap();
    let explanation = snapshot.explain(&Question::new("ann", "update", "sync"));
    assert_eq!(explanation.reason, Reason::DefaultDeny);
    let nearest = explanation.nearest;
    let indices = |grounds: &[portcullis::Grounds<'_>]| {
        grounds.iter().map(|one| one.statement.index()).collect::<Vec<_>>()
    };
    assert_eq!(indices(&nearest.same_action), [2], "it names the action, on another type");
    assert_eq!(indices(&nearest.same_resource), [0, 1], "they name the type, for other actions");
    assert_eq!(nearest.granting_roles, ["admin", "editor"]);
    let place = nearest.same_action[0].place();
    assert_eq!((place.0, place.1.line, place.1.column), ("roles/runner.json", 4, 9));
    // Pairs that are not admitted, and slips.
    let start = snapshot.explain(&Question::new("ann", "start", "model")).nearest;
    assert_eq!(start.types_of_action, ["sync"]);
    assert_eq!(start.actions_of_type, ["read", "update", "create", "delete", "preview"]);
    let slip = |subject, action, resource| {
        let explanation = snapshot.explain(&Question::new(subject, action, resource));
        explanation.nearest.did_you_mean.map(str::to_owned)
    };
    assert_eq!(slip("anne", "read", "sync").as_deref(), Some("ann"));
    assert_eq!(slip("ann", "reed", "sync").as_deref(), Some("read"));
    assert_eq!(slip("ann", "read", "api_keys").as_deref(), Some("api_key"));
    assert_eq!(slip("ann", "read", "zebra"), None);
}
