//! Tests that bring a request: generated requests are answered as the reference answers them, and what is wrong with one is refused.

use std::collections::BTreeMap;

use portcullis::condition::{Attribute, Instant, Value};
use portcullis::suite::{Coverage, Suite};
use portcullis::{NoFiles, Question, Snapshot, Source, Workspace};
use portcullis_testkit::generate::{Size, conditional_case};

use super::{said, source};

fn compiled(text: &str) -> Snapshot {
    Workspace::read(&Source::new("workspace.json", text), &NoFiles).unwrap().0.compile().unwrap().0
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// What a request brings, as a test has it; nothing of one that a test cannot ask.
fn brought(request: Value<'_>, id: Option<&str>, now: Option<&str>) -> String {
    let inside = |part: &str| request.as_object()?.get(part);
    let properties = |part: &str| inside(part)?.as_object()?.get("properties");
    let mut parts: BTreeMap<&str, String> = BTreeMap::new();
    for part in ["subject", "action"] {
        parts.extend(properties(part).map(|sent| (part, format!(r#"{{"properties": {sent}}}"#))));
    }
    if let Some(id) = id {
        let sent =
            properties("resource").map(|sent| format!(r#", "properties": {sent}"#)).unwrap_or_default();
        parts.insert("resource", format!(r#"{{"id": {}{sent}}}"#, quoted(id)));
    }
    parts.extend(inside("context").map(|sent| ("context", sent.to_string())));
    parts.extend(now.map(|now| ("now", quoted(now))));
    let parts: Vec<String> = parts.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}", parts.join(", "))
}

#[test]
fn generated_requests_are_answered_as_the_reference_answers_them() {
    let (mut asked, mut open, mut allowed) = (0, 0, 0);
    for seed in 0..60 {
        let case = conditional_case(seed, Size::default()).unwrap();
        let snapshot = compiled(&case.workspace);
        let (mut tests, mut expected) = (Vec::new(), Vec::new());
        for (number, drawn) in case.requests.iter().enumerate() {
            let sent = portcullis_testkit::sent::Sent::read(&drawn.request).unwrap();
            let Question { subject, subject_type, action, resource, object, .. } = sent.question(None);
            let (Some(member), Ok(permission)) =
                (snapshot.subject(subject), snapshot.permission(action, resource))
            else {
                continue;
            };
            if drawn.now.as_deref().is_some_and(|now| Instant::parse(now).is_none()) {
                continue;
            }
            // A test names members whatever their type, and types are asked about under their own names.
            let is_own = snapshot.schema().types().iter().any(|kind| kind.name() == resource);
            if subject_type.is_some_and(|kind| snapshot.member_type(subject) != Some(kind)) || !is_own {
                continue;
            }
            let whole = Attribute::read(&Source::new("request", drawn.request.as_str())).unwrap();
            let request = brought(whole.value(), object, drawn.now.as_deref());
            let may = drawn.expected.is_allowed();
            let key = if may { "may" } else { "may_not" };
            tests.push(format!(
                r#"{{"name": "{number}", "subject": {}, "request": {request}, "{key}": {{{}: {}}}}}"#,
                quoted(subject),
                quoted(resource),
                quoted(action)
            ));
            // The same asked of everybody.
            let who = snapshot.members().filter(|other| {
                let asked =
                    Question { subject: other, subject_type: None, ..sent.question(drawn.now.as_deref()) };
                snapshot.decide(&asked).is_allowed()
            });
            let who: Vec<String> = who.map(quoted).collect();
            tests.push(format!(
                r#"{{"name": "who {number}", "action": {}, "resource": {}, "request": {request}, "who": [{}]}}"#,
                quoted(action),
                quoted(resource),
                who.join(", ")
            ));
            expected.push((may, drawn.request.clone()));
            open += usize::from(snapshot.matrix().check(member, permission).is_open());
            allowed += usize::from(may);
        }
        if tests.is_empty() {
            continue;
        }
        let text = format!("{{\"tests\": [\n{}\n]}}", tests.join(",\n"));
        let (suite, _) = Suite::read(&Source::new("tests.json", text), &NoFiles)
            .unwrap_or_else(|report| panic!("{report}"));
        let (outcome, _) =
            suite.run(&snapshot, &mut Coverage::of(&snapshot)).unwrap_or_else(|report| panic!("{report}"));
        for (test, text) in outcome.tests().iter().zip(&tests) {
            assert!(test.passed(), "{}: {text}\n{}", case.id, case.workspace);
        }
        asked += expected.len();

        // With everything turned around every question fails, and is explained as it was asked.
        let turned = text_of_opposites(&tests);
        let (suite, _) = Suite::read(&Source::new("tests.json", turned), &NoFiles).unwrap();
        let (outcome, _) = suite.run(&snapshot, &mut Coverage::of(&snapshot)).unwrap();
        for (test, (may, request)) in outcome.tests().iter().zip(expected) {
            let [failure] = &test.failures[..] else { panic!("{}: {request}", case.id) };
            let explanation = failure.explain(&snapshot);
            assert_eq!(explanation.decision.is_allowed(), may, "{}: {request}", case.id);
        }
    }
    assert!(asked > 1_000 && open > 200 && allowed > 100, "{asked} {open} {allowed}");
}

fn text_of_opposites(tests: &[String]) -> String {
    let opposite = |test: &String| match test.replace("\"may\": {", "\"may_not\": {") {
        turned if turned == *test => test.replace("\"may_not\": {", "\"may\": {"),
        turned => turned,
    };
    let cells = tests.iter().filter(|test| !test.contains("\"who\": ["));
    format!("{{\"tests\": [\n{}\n]}}", cells.map(opposite).collect::<Vec<_>>().join(",\n"))
}

const LABELS: &str = r#"{"workspace": "w", "schema": "hightouch",
  "roles": {
    "marketing": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": "update", "resource": "sync", "conditions": {"labels.team": {"equals": {"ref": "subject.team"}}}},
      {"effect": "allow", "actions": "start", "resource": "sync", "conditions": {"subject.on_call": {"equals": true}}},
      {"effect": "deny", "actions": "update", "resource": "sync", "conditions": {"context.now": {"greaterthan": "2030-01-01T00:00:00Z"}}}]}},
  "members": {"ann": {"role": "marketing", "properties": {"team": "marketing"}}, "bob": {"role": "marketing"}},
  "objects": [{"type": "sync", "id": "1", "properties": {"labels": {"team": "marketing"}}}]}"#;

/// Which questions of the one test failed, and the statements that were kept from applying.
fn failures(test: &str) -> Vec<String> {
    let snapshot = compiled(LABELS);
    let (suite, _) = Suite::read(&source(test), &NoFiles).unwrap_or_else(|report| panic!("{report}"));
    let (outcome, _) =
        suite.run(&snapshot, &mut Coverage::of(&snapshot)).unwrap_or_else(|report| panic!("{report}"));
    let told = outcome.tests()[0].failures.iter().map(|failure| {
        let explanation = failure.explain(&snapshot);
        let kept =
            explanation.not_applying.iter().flat_map(|ground| &ground.condition.as_ref().unwrap().findings);
        let why = kept.filter_map(|finding| finding.undecided).map(|undecided| undecided.why.as_str());
        let resource = failure.question().object.unwrap_or("");
        format!("{} {} {resource} {:?}", failure.asker.name(), failure.action, why.collect::<Vec<_>>())
    });
    told.collect()
}

#[test]
fn a_test_brings_an_object_properties_and_a_time() {
    let now = r#""now": "2026-03-01T12:00:00Z""#;
    let test = |about: &str, request: &str, cells: &str| {
        failures(&format!(r#"{{"name": "n", {about}, "request": {{{request}}}, {cells}}}"#))
    };
    let none: [&str; 0] = [];
    let (ann, stored) = (r#""subject": "ann""#, format!(r#""resource": {{"id": "1"}}, {now}"#));
    assert_eq!(test(ann, &stored, r#""may": {"sync": "update"}, "may_not": {"sync": "start"}"#), none);
    assert_eq!(
        test(
            ann,
            &format!(r#"{stored}, "subject": {{"properties": {{"on_call": true}}}}"#),
            r#""may": {"sync": "start"}"#
        ),
        none
    );
    assert_eq!(test(ann, &stored.replace("2026", "2031"), r#""may_not": {"sync": "update"}"#), none);
    let sent =
        format!(r#""resource": {{"id": "2", "properties": {{"labels": {{"team": "marketing"}}}}}}, {now}"#);
    assert_eq!(test(ann, &sent, r#""may": {"sync": "update"}"#), none);
    assert_eq!(
        test(
            ann,
            &sent.replace("\"2\"", "\"1\"").replace("\"marketing\"", "\"sales\""),
            r#""may": {"sync": "update"}"#
        ),
        [r#"ann update 1 ["attribute conflict"]"#]
    );
    // Without a time a deny that asks for it applies.
    assert_eq!(test(ann, r#""resource": {"id": "1"}"#, r#""may": {"sync": "update"}"#), ["ann update 1 []"]);
    assert_eq!(test(r#""action": "update", "resource": "sync""#, &stored, r#""who": ["ann"]"#), none);
    assert_eq!(
        test(r#""action": "update", "resource": "sync""#, &stored, r#""who": ["ann", "bob"]"#),
        [r#"bob update 1 ["missing"]"#]
    );
    // Of whoever holds a role what the request says is known, and nothing else.
    let role = r#""role": "marketing""#;
    assert_eq!(
        test(role, &stored, r#""may": {"sync": "update"}"#),
        [r#"marketing update 1 ["unknown entity"]"#]
    );
    let said = format!(r#"{stored}, "subject": {{"properties": {{"team": "marketing"}}}}"#);
    assert_eq!(test(role, &said, r#""may": {"sync": "update"}, "may_not": {"sync": "start"}"#), none);
}

#[test]
fn what_no_request_can_be_is_refused() {
    let one = |request: &str, expected: &str| {
        let test =
            format!(r#"{{"name": "n", "subject": "ann", "may": {{"sync": "read"}}, "request": {request}}}"#);
        assert_eq!(said(&test), [expected], "{request}");
    };
    one("5", "tests.json:2:69: error[P0101]: `request` must be an object, found a number");
    one(r#"{"resorce": {"id": "1"}}"#, "tests.json:2:70: error[P0103]: `request` has no key `resorce`");
    one(
        r#"{"resource": {"properties": {}}}"#,
        "tests.json:2:82: error[P0102]: `resource` of a request has no `id`",
    );
    one(
        r#"{"resource": {"id": "1", "type": "sync"}}"#,
        "tests.json:2:94: error[P0103]: `resource` of a request has no key `type`",
    );
    one(r#"{"resource": {"id": ""}}"#, "tests.json:2:89: error[P0107]: an object's `id` is empty");
    one(
        r#"{"resource": {"id": 1}}"#,
        "tests.json:2:89: error[P0101]: an object's `id` must be a string, found a number",
    );
    one(r#"{"subject": {}}"#, "tests.json:2:81: error[P0102]: `subject` of a request has no `properties`");
    one(
        r#"{"subject": {"id": "ann", "properties": {}}}"#,
        "tests.json:2:82: error[P0103]: `subject` of a request has no key `id`",
    );
    one(
        r#"{"action": {"properties": []}}"#,
        "tests.json:2:95: error[P0101]: `properties` must be an object, found a list",
    );
    one(r#"{"context": null}"#, "tests.json:2:81: error[P0101]: `context` must be an object, found null");
    one(
        r#"{"now": "2026-03-01"}"#,
        "tests.json:2:77: error[P0101]: `now` must be a time as RFC 3339 writes it, found `2026-03-01`",
    );
    one(
        r#"{"context": {"a": 1, "a": 1}}"#,
        "tests.json:2:90: error[P0015]: the key `a` stands twice in one object",
    );
}
