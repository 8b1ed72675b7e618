//! What one request is, in lines of files, where parts may be strings, and in bodies, where they may not.

use super::*;

fn line(text: &[u8]) -> Result<Request<'_>, Fault> {
    let request = Request::read(text, Reading::LINE)?;
    request.complete(Reading::LINE).map(|()| request)
}

fn error(text: &str) -> String {
    line(text.as_bytes()).unwrap_err().to_string()
}

/// What a body is answered with status 400.
fn fault(text: impl AsRef<[u8]>) -> String {
    let request = Request::read(text.as_ref(), Reading::BODY);
    request.and_then(|request| request.complete(Reading::BODY)).unwrap_err().to_string()
}

#[test]
fn parts_are_strings_or_objects() {
    let text = br#"{"subject": "a", "action": {"name": "read", "properties": {}}, "resource": "sync/4"}"#;
    let request = line(text).unwrap();
    assert_eq!(request.question(None), Question::new("a", "read", "sync/4"));
    let text = br#"{"resource": {"type": "s", "id": "4"}, "subject": {"type": "bot", "id": "\u0061"},
                    "action": "read", "context": {"a": [1, -2, 0.5, null, true, "x"]}, "decision": true}"#;
    let request = line(text).unwrap();
    let expected =
        Question { subject_type: Some("bot"), object: Some("4"), ..Question::new("a", "read", "s") };
    assert_eq!(request.question(None), expected);
}

#[test]
fn duplicate_keys_are_refused_at_every_level() {
    for line in [
        r#"{"subject":"a","subject":"b","action":"r","resource":"s"}"#,
        r#"{"subject":"a","action":{"name":"r","name":"w"},"resource":"s"}"#,
        r#"{"subject":{"type":"user","id":"a","properties":{"k":1,"k":2}},"action":"r","resource":"s"}"#,
        r#"{"subject":"a","action":"r","resource":"s","context":{"a":[{"k":1,"\u006b":2}]}}"#,
        r#"{"x":1,"x":1,"subject":"a","action":"r","resource":"s"}"#,
    ] {
        assert!(error(line).contains("stands twice"), "{line}: {}", error(line));
    }
}

#[test]
fn keys_that_do_not_count_may_hold_anything() {
    for other in ["null", "5", "[]", "{\"a\":[]}", "1e400", "-1E+400", "1e-400", &"9".repeat(400)] {
        let text = format!(
            r#"{{"subject":{{"type":"t","id":"1e400\\\"","name":{other}}},"x":[{other}],
            "action":{{"name":"r","id":{other},"type":{other}}},
            "resource":{{"type":"s","id":"4","name":{other},"p":{{"k":{other}}}}}}}"#
        );
        let request = line(text.as_bytes()).unwrap();
        let (subject_type, object) = (Some("t"), Some("4"));
        let asked = Question { subject_type, object, ..Question::new("1e400\\\"", "r", "s") };
        assert_eq!(request.question(None), asked, "{text}");
        let twice = text.replace(r#""p":"#, r#""name":"#);
        assert!(error(&twice).contains("`name` stands twice"), "{}", error(&twice));
        let inner = text.replace(r#""k":"#, r#""k":1e999,"k":"#);
        assert!(error(&inner).contains("`k` stands twice"), "{}", error(&inner));
    }
    assert!(error(r#"{"subject":{"type":"t","id":null}}"#).contains("expected a string"));
    assert!(error(r#"{"subject":{"type":"t","id":1e400}}"#).contains("expected a string"));
    assert!(error(r#"{"action":{"name":5}}"#).contains("expected a string"));
}

#[test]
fn numbers_beyond_range_must_still_be_numbers() {
    for number in ["1e400.5", "01e400", "1e+-400", "-", "1e400-", "1.e400", "+1e400", "1e400true"] {
        let line = format!(r#"{{"subject":"a","action":"r","resource":"s","x":{number}}}"#);
        assert!(error(&line).starts_with("not JSON: "), "{number}: {}", error(&line));
    }
    // Columns stay what they were.
    let (far, near) = (error(r#"{"x":1e400,"subject":true}"#), error(r#"{"x":10000,"subject":true}"#));
    assert_eq!(far, near);
}

#[test]
fn errors_say_what_is_missing_or_wrong() {
    assert_eq!(error(" \r"), "the line is blank");
    assert_eq!(error(r#"{"subject":"a","resource":"s"}"#), "`action` is missing");
    assert_eq!(error(r#"{"subject":{"id":"a"},"action":"r","resource":"s"}"#), "`subject` has no `type`");
    assert_eq!(error(r#"{"subject":"a","action":"r","resource":{"type":"s"}}"#), "`resource` has no `id`");
    assert_eq!(error(r#"{"subject":"a","action":{},"resource":"s"}"#), "`action` has no `name`");
    let wrong = error(r#"{"subject":1,"action":"r","resource":"s"}"#);
    assert_eq!(wrong, "invalid type: integer `1`, expected a string or an object at column 12");
    assert!(error("[]").contains("an object with `subject`"));
    assert!(error("{\"subject\":\"a\"} x").contains("trailing"));
    assert!(line(b"{\"subject\":\"\xff\"}").is_err());
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
    assert!(error(&deep).contains("recursion limit"));
    let long = error(&format!("\"{}\"", "x".repeat(100_000)));
    assert!(long.len() < 300 && long.contains(" … ") && long.contains("expected an object"), "{long}");
}

const SUBJECT: &str = r#""subject":{"type":"user","id":"a"}"#;
const ACTION: &str = r#""action":{"name":"read"}"#;
const RESOURCE: &str = r#""resource":{"type":"sync","id":"4"}"#;

#[test]
fn a_body_has_objects_for_parts() {
    let body = format!("{{{RESOURCE},\"more\":[{{}}],{ACTION},\"context\":null,{SUBJECT}}}");
    let request = Request::read(body.as_bytes(), Reading::BODY).unwrap();
    request.complete(Reading::BODY).unwrap();
    let asked =
        Question { subject_type: Some("user"), object: Some("4"), ..Question::new("a", "read", "sync") };
    assert_eq!(request.question(None), asked);
    for (part, object) in [("subject", SUBJECT), ("action", ACTION), ("resource", RESOURCE)] {
        for (value, kind) in [
            ("\"a\"", "a string"),
            ("\"\\u0061\"", "a string"),
            ("5", "a number"),
            ("null", "null"),
            ("[]", "a list"),
            ("true", "a boolean"),
        ] {
            let told = fault(body.replace(object, &format!("\"{part}\":{value}")));
            assert!(
                told.starts_with(&format!("expected an object for `{part}`, found {kind} at line 1 column ")),
                "{told}"
            );
        }
        assert_eq!(fault(body.replace(object, "\"x\":1")), format!("`{part}` is missing"));
    }
}

#[test]
fn faults_of_a_body_name_the_field_and_the_place_and_not_what_stood_there() {
    let body =
        |subject: &str, action: &str| format!("{{\n\"subject\":{subject},\"action\":{action},{RESOURCE}}}");
    let subject = r#"{"type":"user","id":"a"}"#;
    for (text, expected) in [
        (body(r#"{"type":"user"}"#, "{}"), "`subject.id` is missing"),
        (body(r#"{"id":"a"}"#, "{}"), "`subject.type` is missing"),
        (body(subject, "{}"), "`action.name` is missing"),
        (
            body(subject, r#"{"name":5}"#),
            "expected a string for `action.name`, found a number at line 2 column ",
        ),
        (
            body(r#"{"type":"user","id":["secret, expected x"]}"#, "{}"),
            "expected a string for `subject.id`, found a list at line 2 column ",
        ),
        (
            body(r#"{"type":"user","id":"a","properties":"secret"}"#, "{}"),
            "`subject.properties` must be an object, not a string at line 2 column ",
        ),
        (body(subject, r#"{"name":"a","name":"a"}"#), "the key `name` stands twice at line 2 column "),
        (
            "\"secret\"".to_owned(),
            "expected an object with `subject`, `action` and `resource`, found a string at line 1 column 8",
        ),
        (" \n".to_owned(), "the body is empty; expected a JSON object"),
        ("{".to_owned(), "not JSON: EOF while parsing an object at line 1 column 1"),
        ("{}{}".to_owned(), "not JSON: trailing characters at line 1 column 3"),
    ] {
        assert!(fault(&text).starts_with(expected), "{text}: {}", fault(&text));
    }
    assert!(fault(b"{\"subject\":\"\xff\"}").starts_with("not JSON: "));
    let long = "x".repeat(10_000);
    let long = fault(body(&format!("{{\"{long}\":1,\"{long}\":1}}"), "{}"));
    assert!(long.len() < 300 && long.contains("stands twice"), "{long}");
}

#[test]
fn a_body_nests_64_levels_and_no_more() {
    let nested = |before: &str, levels: usize, after: &str| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!("{{{SUBJECT},{ACTION},{before}{open}{close}{after}}}")
    };
    let part = "\"resource\":{\"type\":\"t\",\"id\":\"i\",";
    for (before, above, after) in [
        (format!("{RESOURCE},\"x\":"), 1, ""),
        (format!("{RESOURCE},\"context\":{{\"x\":"), 2, "}"),
        (format!("{part}\"x\":"), 2, "}"),
        (format!("{part}\"properties\":{{\"x\":"), 3, "}}"),
    ] {
        assert!(
            Request::read(nested(&before, 64 - above, after).as_bytes(), Reading::BODY).is_ok(),
            "{before}"
        );
        let told = fault(nested(&before, 65 - above, after));
        assert!(
            told.starts_with("lists and objects nest deeper than 64 levels at line 1"),
            "{before}: {told}"
        );
    }
}
