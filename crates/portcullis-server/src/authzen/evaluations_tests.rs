//! Many evaluations: defaults, faults in their places, faults of the whole, and that both ways of reading are one.

use proptest::prelude::*;

use super::*;
use crate::authzen::{Evaluation, Forms};

const SUBJECT: &str = r#""subject":{"type":"user","id":"ann"}"#;
const ACTION: &str = r#""action":{"name":"read"}"#;
const RESOURCE: &str = r#""resource":{"type":"sync","id":"4"}"#;
const MOST: usize = 20;

/// Each question, shown, or what is the matter with it.
type Told = Result<(Semantic, bool, Vec<Result<String, String>>), String>;

fn told(read: Result<Evaluations<'_>, Fault>) -> Told {
    let read = read.map_err(|fault| fault.to_string())?;
    let each = |asked: Result<Question<'_>, &Fault>| match asked {
        Ok(question) => Ok(format!("{question:?}")),
        Err(fault) => Err(fault.to_string()),
    };
    Ok((read.semantic(), read.is_single(), read.iter(Some("now")).map(each).collect()))
}

/// What both ways come to.
fn both(body: &str, keep: Keep) -> Told {
    let bytes = body.as_bytes();
    let slowly = told(Evaluations::one_by_one(bytes, keep, MOST));
    if let Some(quickly) = Evaluations::at_once(bytes, keep, MOST) {
        assert_eq!(told(quickly), slowly, "{body}");
    }
    let read = Evaluations::read(bytes, keep, MOST);
    if let Ok(many) = &read
        && many.is_single()
    {
        let one = Evaluation::read(bytes, Forms::ObjectsOnly, keep).unwrap();
        assert_eq!(many.get(0, None), Some(Ok(one.question(None))), "{body}");
    }
    assert_eq!(told(read), slowly, "{body}");
    slowly
}

fn read(body: &str) -> Evaluations<'_> {
    both(body, Keep::Names).unwrap_or_else(|fault| panic!("{body}: {fault}"));
    Evaluations::read(body.as_bytes(), Keep::Names, MOST).unwrap()
}

fn fault(body: &str) -> String {
    both(body, Keep::Names).unwrap_err()
}

/// The names of a question.
fn names<'q>(asked: Option<Result<Question<'q>, &'q Fault>>) -> [&'q str; 5] {
    let Some(Ok(asked)) = asked else { panic!("{asked:?}") };
    [
        asked.subject_type.unwrap_or("-"),
        asked.subject,
        asked.action,
        asked.resource,
        asked.object.unwrap_or("-"),
    ]
}

#[test]
fn an_item_takes_what_it_lacks_from_the_defaults() {
    // The defaults stand on both sides of the items.
    let body = format!(
        r#"{{{SUBJECT},"evaluations":[{{}},{{"resource":{{"id":"5","type":"model"}}}},
        {{"subject":{{"type":"bot","id":"b\u006ft"}},"x":1,"action":{{"name":"update","name2":[]}}}}],{RESOURCE},{ACTION}}}"#
    );
    let many = read(&body);
    assert_eq!((many.len(), many.is_single(), many.semantic()), (3, false, Semantic::ExecuteAll));
    assert_eq!(names(many.get(0, None)), ["user", "ann", "read", "sync", "4"]);
    assert_eq!(names(many.get(1, None)), ["user", "ann", "read", "model", "5"]);
    assert_eq!(names(many.get(2, None)), ["bot", "bot", "update", "sync", "4"]);
    assert_eq!(many.get(3, None), None);
    let item = format!("{{{SUBJECT},{ACTION},{RESOURCE}}}");
    let body = format!("{{\"evaluations\":[{item},{item}]}}");
    assert_eq!(names(read(&body).get(1, None)), ["user", "ann", "read", "sync", "4"]);
}

#[test]
fn without_items_it_is_one_question() {
    for items in ["", ",\"evaluations\":[]", ",\"evaluations\":[ ],\"options\":{}"] {
        let body = format!("{{{SUBJECT},{ACTION},{RESOURCE}{items}}}");
        let many = read(&body);
        assert!(many.is_single() && many.len() == 1);
        assert_eq!(names(many.get(0, None)), ["user", "ann", "read", "sync", "4"]);
        assert_eq!(many.get(1, None), None);
        assert_eq!(fault(&body.replace(ACTION, "\"x\":1")), "`action` is missing");
        assert_eq!(fault(&body.replace("\"name\":\"read\"", "")), "`action.name` is missing");
    }
}

#[test]
fn an_entity_replaces_the_default_whole_and_its_properties_with_it() {
    let body = r#"{"subject":{"type":"user","id":"ann","properties":{"n":1}},"action":{"name":"read"},"far":1e400,
        "context":{"n":1},"resource":{"type":"sync","id":"4","properties":{"n":1e400}},"evaluations":[{},
        {"subject":{"type":"user","id":"ann"},"context":null},{"resource":{"id":"4","type":"sync","properties":{"n":2}},"context":{}},
        {"action":{"name":"read","properties":{"n":9007199254740993}},"subject":{"type":"user","id":"ann","properties":null}}]}"#;
    // Once as it is, and so item by item; once at once; and once item by item because of a fault.
    for (body, far) in [
        (body.to_owned(), r#"{"n": 1e400}"#),
        (body.replace("1e400", "7"), r#"{"n": 7}"#),
        (body.replacen("]}", ",5]}", 1), r#"{"n": 1e400}"#),
    ] {
        both(&body, Keep::Properties).unwrap();
        let many = Evaluations::read(body.as_bytes(), Keep::Properties, MOST).unwrap();
        let brought = |at| {
            let question = many.get(at, None).unwrap().unwrap();
            let Question { subject_properties, action_properties, object_properties, context, .. } = question;
            [subject_properties, action_properties, object_properties, context]
                .map(|value| value.map_or_else(|| "-".to_owned(), |value| value.to_string()))
        };
        let one = r#"{"n": 1}"#;
        assert_eq!(brought(0), [one, "-", far, one]);
        assert_eq!(brought(1), ["-", "-", far, one]);
        assert_eq!(brought(2), [one, "-", r#"{"n": 2}"#, "{}"]);
        assert_eq!(brought(3), ["-", r#"{"n": 9007199254740993}"#, far, one]);
    }
    let many = read(body);
    let names = many.get(0, None).unwrap().unwrap();
    assert!(names.subject_properties.is_none() && names.context.is_none());
}

#[test]
fn a_faulty_item_is_a_fault_in_its_own_place() {
    let deep = "[".repeat(62) + &"]".repeat(62);
    let faults = [
        ("5", "expected an object, found a number at line 1 column "),
        ("[]", "expected an object, found a list at line 1 column "),
        ("{\"action\":{}}", "`action.name` is missing"),
        ("{\"action\":\"read\"}", "expected an object for `action`, found a string at line 1 column "),
        (
            "{\"resource\":{\"type\":5}}",
            "expected a string for `resource.type`, found a number at line 1 column ",
        ),
        ("{\"resource\":{\"type\":\"sync\"}}", "`resource.id` is missing"),
        ("{\"context\":[]}", "`context` must be an object, not a list at line 1 column "),
        ("{\"x\":1,\"x\":1}", "the key `x` stands twice at line 1 column "),
        (&format!("{{\"x\":{deep}}}"), "lists and objects nest deeper than 64 levels at line 1 column "),
        ("{\"x\":\"\\ud800\"}", "not JSON: "),
    ];
    for (item, expected) in faults {
        let body =
            format!("{{\"evaluations\":[{{}},{item},{{}}],{SUBJECT},{ACTION},{RESOURCE},\"x\":1e400}}");
        let many = read(&body);
        let fault = many.get(1, None).unwrap().unwrap_err();
        assert!(fault.words().starts_with(expected), "{item}: {fault}");
        assert!(fault.words().ends_with(" of the item") || fault.words().ends_with("missing"), "{fault}");
        for at in [0, 2] {
            assert_eq!(names(many.get(at, None)), ["user", "ann", "read", "sync", "4"], "{item}");
        }
    }
    // What no default completes.
    let body = format!("{{\"evaluations\":[{{}},{{{SUBJECT}}},5],{ACTION},{RESOURCE}}}");
    let many = read(&body);
    assert_eq!(many.get(0, None).unwrap().unwrap_err().words(), "`subject` is missing");
    assert!(many.get(1, None).unwrap().is_ok() && many.get(2, None).unwrap().is_err());
    // A default that lacks something is the matter of the items that need it.
    let body = format!(
        "{{\"evaluations\":[{{}},{{{SUBJECT}}}],\"subject\":{{\"type\":\"user\"}},{ACTION},{RESOURCE}}}"
    );
    let many = read(&body);
    assert_eq!(many.get(0, None).unwrap().unwrap_err().words(), "`subject.id` is missing");
    assert!(many.get(1, None).unwrap().is_ok());
}

#[test]
fn a_payload_that_is_faulty_as_a_whole_is_refused() {
    let all = format!("{SUBJECT},{ACTION},{RESOURCE}");
    let deep = "[".repeat(64) + &"]".repeat(64);
    let twenty = vec!["{}"; MOST].join(",");
    assert_eq!(read(&format!("{{{all},\"evaluations\":[{twenty}]}}")).len(), MOST);
    for (more, expected) in [
        ("\"evaluations\":{}".to_owned(), "expected a list for `evaluations`, found an object at line 1"),
        ("\"evaluations\":null".to_owned(), "expected a list for `evaluations`, found null at line 1"),
        ("\"evaluations\":[],\"evaluations\":[]".to_owned(), "the key `evaluations` stands twice"),
        ("\"options\":{},\"options\":{}".to_owned(), "the key `options` stands twice"),
        ("\"options\":[]".to_owned(), "expected an object for `options`, found a list at line 1"),
        ("\"options\":{\"x\":1,\"x\":1}".to_owned(), "the key `x` stands twice"),
        (
            "\"options\":{\"evaluations_semantic\":5}".to_owned(),
            "expected a string for `options.evaluations_semantic`, found a number",
        ),
        (
            "\"options\":{\"evaluations_semantic\":\"execute\"}".to_owned(),
            "expected `execute_all`, `deny_on_first_deny` or `permit_on_first_permit` for `options.evaluations_semantic`, found `execute`",
        ),
        ("\"subject\":{}".to_owned(), "the key `subject` stands twice"),
        ("\"context\":5".to_owned(), "`context` must be an object, not a number at line 1"),
        (format!("\"x\":{deep}"), "lists and objects nest deeper than 64 levels at line 1"),
        ("\"evaluations\":[{]".to_owned(), "not JSON: "),
        ("\"evaluations\":[{\"x\":1e400.5}]".to_owned(), "not JSON: "),
        (format!("\"evaluations\":[{twenty},{{}}]"), "`evaluations` holds more than 20 items; "),
        (format!("\"evaluations\":[{twenty},5]"), "`evaluations` holds more than 20 items; "),
    ] {
        let told = fault(&format!("{{{all},{more}}}"));
        assert!(told.starts_with(expected), "{more}: {told}");
    }
    let ill = fault(&format!("{{\"subject\":\"ann\",\"evaluations\":[{{{all}}}]}}"));
    assert!(ill.starts_with("expected an object for `subject`, found a string"), "{ill}");
    assert_eq!(
        told(Evaluations::read(b" ", Keep::Names, MOST)),
        Err("the body is empty; expected a JSON object".to_owned())
    );
    assert!(fault("[]").starts_with("expected an object with `evaluations`, found a list"));
    assert!(Evaluations::read(b"{\"x\":\"\xff\"}", Keep::Names, MOST).is_err());
}

#[test]
fn options_say_when_to_stop() {
    for (options, semantic, ends) in [
        ("{}", Semantic::ExecuteAll, [false, false]),
        (
            r#"{"another_option":"value","evaluations_semantic":"execute_all"}"#,
            Semantic::ExecuteAll,
            [false; 2],
        ),
        (
            r#"{"evaluations_semantic":"deny_on_first_deny","x":[1e400]}"#,
            Semantic::DenyOnFirstDeny,
            [true, false],
        ),
        (
            r#"{"evaluations_\u0073emantic":"permit_on_first_permit"}"#,
            Semantic::PermitOnFirstPermit,
            [false, true],
        ),
    ] {
        let body =
            format!("{{\"options\":{options},\"evaluations\":[{{}},{{}}],{SUBJECT},{ACTION},{RESOURCE}}}");
        assert_eq!(read(&body).semantic(), semantic);
        assert_eq!([false, true].map(|allowed| semantic.ends_with(allowed)), ends, "{options}");
    }
}

#[test]
fn a_faultless_body_is_read_at_once() {
    let item = format!(
        "{{{SUBJECT},{ACTION},\"resource\":{{\"type\":\"s\",\"id\":\"4\",\"properties\":{{\"a\":[{{}}]}}}}}}"
    );
    let body = format!("{{\"evaluations\":[{}]}}", vec![&*item; MOST].join(","));
    for keep in [Keep::Names, Keep::Properties] {
        assert!(
            matches!(Evaluations::at_once(body.as_bytes(), keep, MOST), Some(Ok(read)) if read.len() == MOST)
        );
    }
}

/// Values of keys, sound and not.
fn value() -> impl Strategy<Value = String> {
    let sound = [
        "{}",
        "null",
        "{\"n\":1e400}",
        "{\"a\":[1,{\"b\":null}],\"c\":\"\\u0064\"}",
        "{\"n\":0.1,\"m\":true}",
    ];
    let ill = [
        "5",
        "\"x\"",
        "[{}]",
        "{\"a\":1,\"a\":2}",
        "\"\\ud800\"",
        "1e400",
        "{\"a\":",
        "01",
        "]",
        "{\"a\":{\"b\":1,\"b\":1}}",
    ];
    prop_oneof![
        9 => prop::sample::select(sound.to_vec()),
        1 => prop::sample::select(ill.to_vec()),
    ]
    .prop_map(str::to_owned)
}

/// The text of a field.
fn name() -> impl Strategy<Value = String> {
    let names = ["\"ann\"", "\"b\\u006fb\"", "\"é\"", "\"\"", "\"sync\""];
    prop_oneof![
        15 => prop::sample::select(names.to_vec()).prop_map(str::to_owned),
        1 => value(),
    ]
}

/// An object with some of these members, in any order, now and then with one of them twice.
fn object(members: Vec<(&'static str, BoxedStrategy<String>, f64)>) -> BoxedStrategy<String> {
    let each: Vec<_> = members
        .into_iter()
        .map(|(key, value, share)| {
            prop::option::weighted(share, value.prop_map(move |value| format!("\"{key}\":{value}")))
        })
        .collect();
    let whole = each.prop_map(|members| members.into_iter().flatten().collect::<Vec<_>>());
    (whole.prop_shuffle(), 0..60_usize)
        .prop_map(|(mut members, twice)| {
            if let Some(again) = members.get(twice).cloned() {
                members.push(again);
            }
            format!("{{{}}}", members.join(","))
        })
        .boxed()
}

fn entity() -> BoxedStrategy<String> {
    let whole = object(vec![
        ("type", name().boxed(), 0.97),
        ("id", name().boxed(), 0.97),
        ("properties", value().boxed(), 0.3),
        ("more", value().boxed(), 0.1),
    ]);
    prop_oneof![30 => whole, 1 => value()].boxed()
}

fn four(share: f64, more: Vec<(&'static str, BoxedStrategy<String>, f64)>) -> BoxedStrategy<String> {
    let action = object(vec![("name", name().boxed(), 0.97), ("properties", value().boxed(), 0.3)]);
    let mut members = vec![
        ("subject", entity(), share),
        ("action", action, share),
        ("resource", entity(), share),
        ("context", value().boxed(), 0.2),
        ("m\\u006fre", value().boxed(), 0.1),
    ];
    members.extend(more);
    object(members)
}

fn body() -> impl Strategy<Value = String> {
    let item = prop_oneof![20 => four(0.6, Vec::new()), 1 => value()];
    let items = prop::collection::vec(item, 0..6).prop_map(|items| format!("[{}]", items.join(", ")));
    let semantic = prop::sample::select(vec![
        "{}",
        "{\"evaluations_semantic\":\"deny_on_first_deny\"}",
        "{\"evaluations_semantic\":\"x\"}",
    ]);
    four(
        0.85,
        vec![
            ("evaluations", items.boxed(), 0.95),
            ("options", semantic.prop_map(str::to_owned).boxed(), 0.05),
        ],
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    #[test]
    fn at_once_and_one_by_one_are_one_reading(body in body()) {
        both(&body, Keep::Names).ok();
        both(&body, Keep::Properties).ok();
    }

    #[test]
    fn a_slip_changes_both_alike(body in body(), at in any::<prop::sample::Index>(), to in prop::sample::select(b"{}[]\",:\\ 1eu".to_vec())) {
        let mut bytes = body.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(body) = String::from_utf8(bytes) {
            both(&body, Keep::Names).ok();
            both(&body, Keep::Properties).ok();
        }
    }
}

/// The bodies above are of all kinds, so that what is held of them says something.
#[test]
fn random_bodies_are_of_all_kinds() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut refused, mut faultless, mut mixed) = (0, 0, 0);
    for _ in 0..300 {
        let body = body().new_tree(&mut runner).unwrap().current();
        match both(&body, Keep::Properties) {
            Err(_) => refused += 1,
            Ok((_, _, items)) if items.iter().all(Result::is_ok) => faultless += 1,
            Ok((_, _, items)) if items.iter().any(Result::is_ok) => mixed += 1,
            Ok(_) => {}
        }
    }
    assert!(refused > 30 && faultless > 30 && mixed > 30, "{refused} {faultless} {mixed}");
}
