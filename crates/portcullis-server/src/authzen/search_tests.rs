//! What a search is, and when two are the same.

use portcullis::condition::{Attribute, Value};

use super::*;

const SUBJECT: &str = r#""subject":{"type":"user","id":"ann"}"#;
const ACTION: &str = r#""action":{"name":"read"}"#;
const RESOURCE: &str = r#""resource":{"type":"sync","id":"4"}"#;

fn read(body: &str, wanted: Wanted) -> Search<'_> {
    Search::read(body.as_bytes(), wanted, Keep::Properties).unwrap_or_else(|fault| panic!("{body}: {fault}"))
}

fn fault(body: &str, wanted: Wanted) -> String {
    Search::read(body.as_bytes(), wanted, Keep::Names).unwrap_err().to_string()
}

#[test]
fn the_gap_is_what_is_searched_for() {
    let whole = Question {
        subject_type: Some("user"),
        object: Some("4"),
        now: Some("now"),
        ..Question::new("ann", "read", "sync")
    };
    for id in ["", r#","id":5"#, r#","id":null"#, r#","id":{"id":"x"}"#, r#","id":"eve""#, r#","id":1e400"#] {
        let body = format!("{{\"subject\":{{\"type\":\"user\"{id}}},{ACTION},{RESOURCE}}}");
        let search = read(&body, Wanted::Subjects);
        assert_eq!(search.question(Some("now")), Question { subject: "", ..whole }, "{body}");
        assert_eq!(search.searched_type(), Some("user"));
        let body = format!("{{\"resource\":{{\"type\":\"sync\"{id}}},{ACTION},{SUBJECT}}}");
        let search = read(&body, Wanted::Resources);
        assert_eq!(search.question(Some("now")), Question { object: None, ..whole }, "{body}");
        assert_eq!(search.searched_type(), Some("sync"));
    }
    for action in ["", ",\"action\":5", ",\"action\":null", ",\"action\":{\"name\":5,\"properties\":[]}"] {
        let body = format!("{{{SUBJECT},{RESOURCE}{action},\"context\":{{\"a\":1}}}}");
        let search = read(&body, Wanted::Actions);
        let question = search.question(Some("now"));
        assert!(matches!(question.context, Some(Value::Object(_))), "{body}");
        assert_eq!(Question { context: None, ..question }, Question { action: "", ..whole }, "{body}");
        assert_eq!((search.searched_type(), search.page()), (None, None));
    }
}

#[test]
fn what_is_not_searched_for_must_be_there() {
    for (body, wanted, expected) in [
        ("{}".to_owned(), Wanted::Subjects, "`subject` is missing"),
        (format!("{{\"subject\":{{}},{ACTION},{RESOURCE}}}"), Wanted::Subjects, "`subject.type` is missing"),
        (
            format!("{{{SUBJECT},{ACTION},\"resource\":{{\"type\":\"s\"}}}}"),
            Wanted::Subjects,
            "`resource.id` is missing",
        ),
        (format!("{{{SUBJECT},{RESOURCE}}}"), Wanted::Resources, "`action` is missing"),
        (
            format!("{{\"subject\":{{\"type\":\"u\"}},{RESOURCE}}}"),
            Wanted::Actions,
            "`subject.id` is missing",
        ),
        (" ".to_owned(), Wanted::Actions, "the body is empty; expected a JSON object"),
    ] {
        assert_eq!(fault(&body, wanted), expected, "{body}");
    }
    let twice = format!("{{\"subject\":{{\"type\":\"u\",\"id\":1,\"id\":2}},{ACTION},{RESOURCE}}}");
    assert!(fault(&twice, Wanted::Subjects).starts_with("the key `id` stands twice"));
}

fn paged(page: &str) -> String {
    format!("{{{SUBJECT},{RESOURCE},\"page\":{page}}}")
}

#[test]
fn a_page_has_a_token_and_a_limit() {
    let page = |token: Option<&'static str>, limit| Page { token: token.map(Cow::Borrowed), limit };
    for (text, expected) in [
        ("{}", page(None, None)),
        (r#"{"token":""}"#, page(None, None)),
        (r#"{"limit":0,"token":"a\u0062","properties":{"x":1e400},"size":5}"#, page(Some("ab"), Some(0))),
        (r#"{"limit":18446744073709551615}"#, page(None, Some(u64::MAX))),
    ] {
        assert_eq!(read(&paged(text), Wanted::Actions).page(), Some(&expected), "{text}");
    }
    for (text, expected) in [
        ("[]", "expected an object for `page`, found a list"),
        ("null", "expected an object for `page`, found null"),
        (r#"{"token":5}"#, "expected a string for `page.token`, found a number"),
        (r#"{"token":null}"#, "expected a string for `page.token`, found null"),
        (r#"{"token":"a","token":"a"}"#, "the key `token` stands twice"),
        (r#"{"limit":1,"limit":1}"#, "the key `limit` stands twice"),
        (r#"{"x":1,"x":1}"#, "the key `x` stands twice"),
        (r#"{},"page":{}"#, "the key `page` stands twice"),
    ] {
        let told = fault(&paged(text), Wanted::Actions);
        assert!(told.starts_with(expected), "{text}: {told}");
    }
    for limit in ["-1", "1.5", "1.0", "1e400", "18446744073709551616", "\"5\"", "null", "[]"] {
        let told = fault(&paged(&format!("{{\"limit\":{limit}}}")), Wanted::Actions);
        let expected = "expected a whole number of 0 or more for `page.limit`, found ";
        assert!(told.starts_with(expected), "{limit}: {told}");
    }
}

#[test]
fn a_fingerprint_is_of_what_is_meant() {
    let mark = |body: &str, keep| {
        let search = Search::read(body.as_bytes(), Wanted::Resources, keep);
        search.unwrap_or_else(|fault| panic!("{body}: {fault}")).fingerprint()
    };
    let body = r#"{"subject":{"type":"user","id":"ann","properties":{"a":[1,{"b":"x"}],"n":10}},
        "action":{"name":"read"},"resource":{"type":"sync"},"context":{"t":true,"n":0.5},"page":{"limit":2}}"#;
    let same = r#" {"more":[1], "context":{"n":5e-1,"t":true,"z":null},"page":{"token":"x"},"resource":{"id":5,"type":"s\u0079nc"},
        "action":{"properties":null,"name":"read"},"subject":{"properties":{"n":1e1,"a":[1.0,{"\u0062":"\u0078"}]},"id":"ann","type":"user"}}"#;
    assert_eq!(mark(body, Keep::Properties), mark(same, Keep::Properties));
    assert_eq!(mark(body, Keep::Properties), mark(body, Keep::Names));
    assert_eq!(mark(body, Keep::Names), mark(same, Keep::Names));
    for (one, other) in [
        ("\"ann\"", "\"anna\""),
        ("\"user\"", "\"use\""),
        ("\"read\"", "\"\""),
        ("\"sync\"", "\"model\""),
        ("10}", "11}"),
        ("\"x\"", "\"y\""),
        ("0.5", "0.51"),
        ("\"t\":true", "\"t\":false"),
        ("\"name\":\"read\"", "\"name\":\"read\",\"properties\":{}"),
        ("\"type\":\"sync\"", "\"type\":\"sync\",\"properties\":{\"t\":true}"),
        ("context", "contexts"),
    ] {
        let changed = body.replace(one, other);
        assert_ne!(changed, body);
        assert_ne!(mark(&changed, Keep::Names), mark(body, Keep::Names), "{other}");
    }
    // What stands beside another thing is not that other thing, and who is searched for is part of it.
    let parts = |subject: &str, action: &str| {
        mark(&body.replace("\"ann\"", subject).replace("\"read\"", action), Keep::Names)
    };
    assert_ne!(parts("\"ab\"", "\"c\""), parts("\"a\"", "\"bc\""));
    let both = format!("{{{SUBJECT},{ACTION},{RESOURCE}}}");
    let marks =
        [Wanted::Subjects, Wanted::Resources, Wanted::Actions].map(|of| read(&both, of).fingerprint());
    assert!(marks[0] != marks[1] && marks[1] != marks[2] && marks[0] != marks[2]);
}

#[test]
fn properties_reach_the_question_where_they_are_kept() {
    let body = format!(
        "{{\"subject\":{{\"type\":\"user\",\"properties\":{{\"n\":9007199254740993}}}},{ACTION},{RESOURCE},\"far\":1e400}}"
    );
    let search = read(&body, Wanted::Subjects);
    let kept = search.sent.as_deref().unwrap().parts();
    assert_eq!(
        kept.map(|kept| kept.map(Attribute::to_string)),
        [Some(r#"{"n": 9007199254740993}"#.to_owned()), None, None, None]
    );
    assert!(search.question(None).subject_properties.is_some());
    let names = Search::read(body.as_bytes(), Wanted::Subjects, Keep::Names).unwrap();
    assert!(names.question(None).subject_properties.is_none());
}
