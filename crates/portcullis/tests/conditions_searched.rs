//! Searches where conditions decide: what is listed as allowed is allowed whatever a request sends, what is not listed is denied
//! whatever it sends, and the rest is conditional.
//!
//! The requests are those that the generator drew for the workspace, asked again of every member, action, type and object.
//! A request that contradicts what is stored brings no properties of that entity where a plain yes is
//! confirmed; a no is confirmed by all of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and how long it runs is said by the environment"
)]

use std::collections::BTreeMap;

use portcullis::condition::Value;
use portcullis::{Answer, NoFiles, Question, Reason, Snapshot, Source, Standing, Workspace, diff_snapshots};
use portcullis_testkit::generate::{ConditionalCase, Size, conditional_case};
use portcullis_testkit::sent::Sent;

fn compiled(text: &str) -> Snapshot {
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles)
        .unwrap_or_else(|report| panic!("{report}\n{text}"));
    workspace.compile().unwrap_or_else(|report| panic!("{report}\n{text}")).0
}

fn cases() -> u64 {
    if std::env::var_os("PORTCULLIS_LONG").is_some() { 6_000 } else { 150 }
}

/// Whether what was sent may contradict what is stored, on some path; an attribute can be read as a whole and in parts.
fn contradicts(stored: Option<Value<'_>>, sent: Option<Value<'_>>) -> bool {
    let (Some(Value::Object(stored)), Some(Value::Object(sent))) = (stored, sent) else { return false };
    sent.iter().any(|(key, value)| stored.get(key).is_some_and(|stored| stored != value))
}

/// A request without the properties that contradict what is stored of the member and of the object.
fn agreeing<'q>(snapshot: &Snapshot, question: Question<'q>) -> Question<'q> {
    let stored = snapshot.member_properties(question.subject);
    let of_object = question.object.and_then(|id| snapshot.object_properties(question.resource, id));
    let keep = |stored, sent: Option<Value<'q>>| sent.filter(|_| !contradicts(stored, sent));
    Question {
        subject_properties: keep(stored, question.subject_properties),
        object_properties: keep(of_object, question.object_properties),
        ..question
    }
}

/// A question by names, and the same with what each of the drawn requests sends, at its time. One on a type is asked about the objects of
/// the requests too.
fn asked_again<'q>(question: Question<'q>, case: &'q ConditionalCase, sent: &'q [Sent]) -> Vec<Question<'q>> {
    let again = sent.iter().zip(&case.requests).map(|(sent, drawn)| {
        let drawn = sent.question(drawn.now.as_deref());
        Question {
            subject: question.subject,
            subject_type: None,
            action: question.action,
            resource: question.resource,
            object: question.object.or(drawn.object),
            ..drawn
        }
    });
    std::iter::once(question).chain(again).collect()
}

#[derive(Debug, Default)]
struct Counts {
    allowed: usize,
    denied: usize,
    conditional: usize,
    /// Conditional, and some request was allowed and some denied.
    both: usize,
    confirmed: usize,
}

impl Counts {
    /// Asks every request again about one cell, as the answer to it foretells.
    fn confirm(&mut self, snapshot: &Snapshot, answer: &Answer<'_>, asked: &[Question<'_>], about: &str) {
        self.confirmed += asked.len();
        let allowed = |question: &Question<'_>| snapshot.decide(question).is_allowed();
        match answer {
            Answer::Allowed => {
                self.allowed += 1;
                let agreeing = asked.iter().map(|question| agreeing(snapshot, *question));
                let wrong = agreeing.clone().find(|question| !allowed(question));
                assert_eq!(wrong, None, "{about}: listed as allowed");
            }
            Answer::Denied { .. } => {
                self.denied += 1;
                assert_eq!(asked.iter().find(|question| allowed(question)), None, "{about}: not listed");
            }
            Answer::Conditional(provisos) => {
                self.conditional += 1;
                assert!(!provisos.is_empty());
                let some = asked.iter().any(allowed);
                self.both += usize::from(some && !asked.iter().all(allowed));
            }
        }
    }
}

#[test]
fn what_is_said_of_types_is_so_for_every_request() {
    let mut counts = Counts::default();
    for seed in 0..cases() {
        let case = conditional_case(seed, Size::default()).unwrap();
        let snapshot = compiled(&case.workspace);
        let sent: Vec<Sent> = case.requests.iter().map(|asked| Sent::read(&asked.request).unwrap()).collect();
        let actions: Vec<&str> = snapshot.schema().actions().collect();
        for kind in snapshot.schema().types() {
            for action in actions.iter().copied() {
                let Ok(permission) = snapshot.permission(action, kind.name()) else { continue };
                let who = snapshot.who_on(&Question::new("", action, kind.name())).unwrap();
                for member in snapshot.members() {
                    let question = Question::new(member, action, kind.name());
                    let answer = snapshot.answer(&question).unwrap();
                    assert_eq!(who.allowed.binary_search(&member).is_ok(), answer.is_allowed());
                    let conditional = matches!(answer, Answer::Conditional(_));
                    assert_eq!(who.conditional.iter().any(|(id, _)| *id == member), conditional);
                    let subject = snapshot.subject(member).unwrap();
                    if !snapshot.matrix().check(subject, permission).is_open() {
                        assert!(!conditional);
                        continue;
                    }
                    let asked = asked_again(question, &case, &sent);
                    let about = format!("{}: {member} {action} {}", case.id, kind.name());
                    counts.confirm(&snapshot, &answer, &asked, &about);
                }
            }
        }
    }
    println!("open cells of types: {counts:?}");
    assert!(counts.allowed > 100 && counts.denied > 100 && counts.conditional > 1_000, "{counts:?}");
    assert!(counts.both * 2 > counts.conditional, "most of what is conditional depends: {counts:?}");
}

#[test]
fn what_is_said_of_stored_objects_is_so_for_every_request() {
    let (mut counts, mut bare) = (Counts::default(), 0);
    for seed in 0..cases() / 5 {
        let case = conditional_case(seed, Size::default()).unwrap();
        let snapshot = compiled(&case.workspace);
        let sent: Vec<Sent> = case.requests.iter().map(|asked| Sent::read(&asked.request).unwrap()).collect();
        let actions: Vec<&str> = snapshot.schema().actions().collect();
        // Under every name: `resource.type` is the name asked.
        let mut names: Vec<&str> = Vec::new();
        for kind in snapshot.schema().types() {
            names.push(kind.name());
            names.extend(kind.covers());
        }
        for (kind, action) in names.iter().flat_map(|kind| actions.iter().map(move |action| (*kind, *action)))
        {
            let Ok(permission) = snapshot.permission(action, kind) else { continue };
            for member in snapshot.members() {
                let subject = snapshot.subject(member).unwrap();
                let listed = snapshot.objects_for(member, action, kind).unwrap();
                assert!(listed.allowed.is_sorted());
                let verdict = snapshot.matrix().check(subject, permission);
                for id in snapshot.objects_of(kind) {
                    let question = Question { object: Some(id), ..Question::new(member, action, kind) };
                    let answer = snapshot.answer(&question).unwrap();
                    let allowed = listed.allowed.binary_search(&id).is_ok();
                    let conditional = listed.conditional.iter().any(|(one, _)| *one == id);
                    assert_eq!(allowed, answer.is_allowed());
                    assert_eq!(conditional, matches!(answer, Answer::Conditional(_)));
                    if !conditional {
                        assert_eq!(snapshot.decide(&question).is_allowed(), allowed, "{}", case.id);
                        bare += 1;
                    }
                    if !verdict.is_open() {
                        continue;
                    }
                    let asked = asked_again(question, &case, &sent);
                    let about = format!("{}: {member} {action} {kind}/{id}", case.id);
                    counts.confirm(&snapshot, &answer, &asked, &about);
                    let who = snapshot.who_on(&question).unwrap();
                    assert_eq!(who.allowed.contains(&member), allowed);
                    assert_eq!(who.conditional.iter().any(|(one, _)| *one == member), conditional);
                }
            }
        }
    }
    println!("open cells of stored objects: {counts:?}, {bare} decided with nothing sent");
    assert!(counts.allowed > 200 && counts.denied > 300 && counts.conditional > 1_000, "{counts:?}");
    assert!(bare > 5_000, "{bare}");
}

#[test]
fn what_a_member_may_is_told_in_two_lists() {
    let mut conditional = 0;
    for seed in 0..cases() {
        let snapshot = compiled(&conditional_case(seed, Size::default()).unwrap().workspace);
        for member in snapshot.members() {
            let plain: Vec<(&str, &str)> = snapshot.what(member).unwrap().collect();
            let depends: Vec<(&str, &str)> =
                snapshot.what_if(member).unwrap().map(|(name, _)| name).collect();
            for (action, kind) in plain.iter().chain(&depends).copied() {
                let answer = snapshot.answer(&Question::new(member, action, kind)).unwrap();
                assert_eq!(answer.is_allowed(), plain.contains(&(action, kind)));
                assert_ne!(answer.is_allowed(), depends.contains(&(action, kind)));
            }
            conditional += depends.len();
        }
        assert!(snapshot.what_if("nobody of that name").is_none());
    }
    assert!(conditional > 500, "{conditional}");
}

/// What a member holds, by name.
fn standings(snapshot: &Snapshot, member: &str) -> BTreeMap<(String, String), Standing> {
    let mut held = BTreeMap::new();
    for (action, kind) in snapshot.what(member).into_iter().flatten() {
        held.insert((kind.to_owned(), action.to_owned()), Standing::Allowed);
    }
    for ((action, kind), provisos) in snapshot.what_if(member).into_iter().flatten() {
        let mut all: Vec<_> = provisos.iter().map(|one| (one.effect, one.condition.clone())).collect();
        all.sort();
        all.dedup();
        held.insert((kind.to_owned(), action.to_owned()), Standing::Conditional(all));
    }
    held
}

#[test]
fn a_difference_leads_from_one_to_the_other() {
    let (mut conditional, mut plain) = (0, 0);
    let texts: Vec<String> =
        (0..cases()).map(|seed| conditional_case(seed, Size::default()).unwrap().workspace).collect();
    for (number, text) in texts.iter().enumerate() {
        // Roles that lose every second condition, or members that lose their properties: the same workspace edited.
        let mut value: serde_json::Value =
            serde_json::from_str(&text.replace("1e400", "1e40").replace("1e9223372036854775808", "1e41"))
                .unwrap();
        if number % 2 == 0 {
            for role in value["roles"].as_object_mut().unwrap().values_mut() {
                for (at, statement) in role["policies"].as_array_mut().into_iter().flatten().enumerate() {
                    if at % 2 == 0 {
                        statement.as_object_mut().unwrap().remove("conditions");
                    }
                }
            }
        } else {
            for member in value["members"].as_object_mut().unwrap().values_mut() {
                member.as_object_mut().unwrap().remove("properties");
            }
        }
        let (old, new) = (compiled(text), compiled(&value.to_string()));
        assert_eq!(diff_snapshots(&old, &old), []);
        let mut after: BTreeMap<String, _> =
            old.members().map(|member| (member.to_owned(), standings(&old, member))).collect();
        for one in diff_snapshots(&old, &new) {
            plain += one.change.gained.len() + one.change.lost.len();
            conditional += one.change.conditional.len();
            for member in &one.members {
                let held = after.get_mut(member).unwrap();
                let name =
                    |named: &portcullis::PermissionName| (named.resource.clone(), named.action.clone());
                for gained in &one.change.gained {
                    assert_eq!(held.insert(name(gained), Standing::Allowed), None);
                }
                for lost in &one.change.lost {
                    assert_eq!(held.remove(&name(lost)), Some(Standing::Allowed));
                }
                for change in &one.change.conditional {
                    assert!(change.before.is_conditional() || change.after.is_conditional());
                    let before = match &change.after {
                        Standing::Denied => held.remove(&name(&change.permission)),
                        after => held.insert(name(&change.permission), after.clone()),
                    };
                    assert_eq!(before.unwrap_or_default(), change.before);
                }
            }
        }
        for member in old.members() {
            assert_eq!(
                after[member],
                standings(&new, member),
                "{member} of generated with conditions/{number}"
            );
        }
    }
    assert!(conditional > 500 && plain > 100, "{conditional} {plain}");
}

#[test]
fn whoever_and_whatever_is_not_known_is_said_to_be() {
    let text = r#"{"workspace": "w", "schema": "hightouch", "default_role": "viewer", "roles": {},
        "members": {"ann": {}, "bob": {"suspended": true}}, "objects": [{"type": "sync", "id": "1"}]}"#;
    let snapshot = compiled(text);
    assert_eq!(snapshot.objects_for("ann", "read", "sync").unwrap().allowed, ["1"]);
    assert!(snapshot.objects_for("bob", "read", "sync").unwrap().allowed.is_empty());
    assert_eq!(snapshot.objects_for("eve", "read", "sync").err(), Some(Reason::UnknownSubject));
    assert_eq!(snapshot.objects_for("ann", "start", "model").err(), Some(Reason::NotAdmitted));
    assert_eq!(snapshot.answer(&Question::new("ann", "fly", "sync")).err(), Some(Reason::UnknownAction));
    let denied = snapshot.answer(&Question::new("eve", "read", "sync")).unwrap();
    assert!(matches!(denied, Answer::Denied { by_statement: false }));
}
