//! The three-valued table: every operator on every state that an attribute can be in, and how truths combine.

use super::*;

/// A workspace of one member and a few objects, all of whose roles are empty: conditions are asked for one by one.
pub(super) const PLAIN: &str = r#"{
    "schema": { "schema": "test", "resources": {
        "item": { "actions": ["read", "write"], "aliases": ["items"], "covers": ["part"] } } },
    "roles": { "none": { "version": "2022-04-26", "policies": [] } },
    "default_role": "none",
    "members": { "ann": { "properties": { "team": "data", "best": { "ref": { "type": "item", "id": "1" } } } },
                 "bot": { "type": "service" } },
    "objects": [
        { "type": "item", "id": "1", "properties": {
            "team": "data", "other": "blue", "count": 5, "huge": 1e99999999999999999999, "flag": true, "list": ["data", 5, null, ["data"]],
            "empty": [], "object": { "team": "data" }, "nothing": null, "when": "2024-05-01T12:00:00Z", "star": "d*",
            "link": { "ref": { "type": "item", "id": "2" } },
            "alias": { "ref": { "type": "items", "id": "2" } },
            "dangling": { "ref": { "type": "item", "id": "none" } },
            "typeless": { "ref": { "type": "part", "id": "2" } },
            "malformed": { "ref": { "type": "item", "id": 2 } },
            "wordy": { "ref": { "type": "item", "id": "2", "why": "" } },
            "bare": { "ref": "2" },
            "beside": { "ref": { "type": "item", "id": "2" }, "team": "beside" },
            "self": { "ref": { "type": "item", "id": "1" } },
            "clash": "stored", "agreed": { "a": [1.0, "x"] } } },
        { "type": "item", "id": "2", "properties": {
            "team": "ops", "id": "not this", "back": { "ref": { "type": "item", "id": "1" } },
            "on": { "ref": { "type": "item", "id": "3" } }, "self": { "ref": { "type": "item", "id": "2" } } } },
        { "type": "item", "id": "3", "properties": { "team": "deep" } } ]
}"#;

/// A question of Ann's about the first item, contradicting one of its properties.
pub(super) const ASKED: &str = r#"{
    "subject": { "type": "user", "id": "ann" },
    "action": { "name": "read", "properties": { "team": "data" } },
    "resource": { "type": "item", "id": "1", "properties": { "clash": "sent", "agreed": { "a": [1, "x"] } } },
    "context": { "team": "data" }
}"#;

/// What a condition comes to, given as JSON.
pub(super) fn truth(workspace: &str, request: &str, condition: &str) -> Truth {
    let reference = Reference::read(workspace).unwrap_or_else(|error| panic!("{error}"));
    let request = Request::read(request).unwrap();
    let condition: Condition =
        serde_json::from_str(condition).unwrap_or_else(|error| panic!("{error}: {condition}"));
    reference.truth(&condition, &request)
}

/// Nine letters: what `equals`, `in`, `notin`, `greaterthan`, `lessthan` (by number, then by time) and `exists` true and false say.
fn row(request: &str, path: &str) -> String {
    let tests = [
        r#""equals": "data""#,
        r#""in": ["x", "data"]"#,
        r#""notin": ["x", "data"]"#,
        r#""greaterthan": 4"#,
        r#""lessthan": 4"#,
        r#""greaterthan": "2024-05-01T12:00:00+01:00""#,
        r#""lessthan": "2024-05-01T12:00:00+01:00""#,
        r#""exists": true"#,
        r#""exists": false"#,
    ];
    let letter = |test: &&str| match truth(PLAIN, request, &format!(r#"{{"{path}": {{{test}}}}}"#)) {
        Truth::True => 'T',
        Truth::False => 'F',
        Truth::Unknown => 'u',
    };
    tests.iter().map(letter).collect()
}

#[test]
fn the_table() {
    //                     equals, in, notin; > and < by number; > and < by time; exists, exists not
    let rows = [
        // A value of the right type, and of others.
        ("team", "TTFuuuuTF"),
        ("other", "FFTuuuuTF"),
        ("count", "uuuTFuuTF"),
        ("flag", "uuuuuuuTF"),
        ("when", "FFTuuTFTF"),
        ("list", "uuuuuuuTF"),
        ("empty", "uuuuuuuTF"),
        ("object", "uuuuuuuTF"),
        ("huge", "uuuuuuuTF"),
        ("link", "uuuuuuuTF"),
        ("dangling", "uuuuuuuTF"),
        ("malformed", "uuuuuuuTF"),
        ("agreed", "uuuuuuuTF"),
        ("object.team", "TTFuuuuTF"),
        // Missing, in an entity that is known.
        ("nothing", "uuuuuuuFT"),
        ("absent", "uuuuuuuFT"),
        ("team.absent", "uuuuuuuFT"),
        ("list.team", "uuuuuuuFT"),
        ("object.absent", "uuuuuuuFT"),
        ("link.absent", "uuuuuuuFT"),
        ("link.id.absent", "uuuuuuuFT"),
        ("subject.absent", "uuuuuuuFT"),
        ("action.absent", "uuuuuuuFT"),
        ("context.absent", "uuuuuuuFT"),
        // Into other objects, and what is only like a way there.
        ("link.team", "FFTuuuuTF"),
        ("alias.team", "FFTuuuuTF"),
        ("link.on.team", "FFTuuuuTF"),
        ("link.id", "FFTuuuuTF"),
        ("beside.team", "FFTuuuuTF"),
        ("subject.best.team", "TTFuuuuTF"),
        // Broken, cyclic, contradicted, not to be had.
        ("dangling.team", "uuuuuuuuu"),
        ("dangling.id", "uuuuuuuuu"),
        ("typeless.team", "uuuuuuuuu"),
        ("malformed.team", "uuuuuuuuu"),
        ("wordy.team", "uuuuuuuuu"),
        ("bare.team", "uuuuuuuuu"),
        ("self.team", "uuuuuuuuu"),
        ("self.id", "uuuuuuuuu"),
        ("link.back.team", "uuuuuuuuu"),
        ("link.self.team", "uuuuuuuuu"),
        ("link.back", "uuuuuuuTF"),
        ("subject.best.self.team", "uuuuuuuuu"),
        ("clash", "uuuuuuuuu"),
        ("context.now", "uuuuuuuuu"),
        // What is an entity's own.
        ("subject.id", "FFTuuuuTF"),
        ("action.name", "FFTuuuuTF"),
        ("action.team", "TTFuuuuTF"),
        ("context.team", "TTFuuuuTF"),
    ];
    for (path, expected) in rows {
        assert_eq!(row(ASKED, path), expected, "{path}");
    }
}

#[test]
fn what_is_known_of_an_entity() {
    let question =
        |resource: &str| format!(r#"{{"subject": "ann", "action": "read", "resource": {resource}}}"#);
    let rows = [
        // Stored; not stored; not stored, but described; known by its type alone, described or not.
        (r#"{"type": "item", "id": "1"}"#, "clash", "FFTuuuuTF"),
        (r#"{"type": "part", "id": "1"}"#, "team", "TTFuuuuTF"),
        (r#"{"type": "items", "id": "1"}"#, "team", "TTFuuuuTF"),
        (r#"{"type": "item", "id": "9"}"#, "team", "uuuuuuuuu"),
        (r#"{"type": "item", "id": "9", "properties": null}"#, "team", "uuuuuuuuu"),
        (r#"{"type": "item", "id": "9", "properties": {}}"#, "team", "uuuuuuuFT"),
        (r#"{"type": "item", "id": "9", "properties": {"team": "data"}}"#, "team", "TTFuuuuTF"),
        (r#"{"type": "item", "properties": {"team": "data"}}"#, "team", "uuuuuuuuu"),
        (r#"{"type": "item", "properties": {"team": "data"}}"#, "id", "uuuuuuuuu"),
        (r#"{"type": "item"}"#, "link.team", "uuuuuuuuu"),
        (r#""item""#, "resource.team", "uuuuuuuuu"),
        (r#""item""#, "type", "FFTuuuuTF"),
        // Without properties and context, nothing is known of those either; a member is always known.
        (r#""item""#, "action.team", "uuuuuuuuu"),
        (r#""item""#, "context.team", "uuuuuuuuu"),
        (r#""item""#, "subject.absent", "uuuuuuuFT"),
        (r#""item""#, "action.name", "FFTuuuuTF"),
    ];
    for (resource, path, expected) in rows {
        assert_eq!(row(&question(resource), path), expected, "{resource} {path}");
    }
    let bare = r#"{"subject": "ann", "action": "read", "resource": "item", "context": {}}"#;
    assert_eq!(row(bare, "context.team"), "uuuuuuuFT");
    assert_eq!(row(bare, "context.now"), "uuuuuuuuu");
}

/// One condition against the first item.
fn of_item(condition: &str) -> Truth {
    truth(PLAIN, ASKED, condition)
}

#[test]
fn truths_combine_as_kleene_says() {
    // A test of each truth, under names that sort in every order.
    let tests = [
        (Truth::True, [r#""team": {"equals": "data"}"#, r#""resource.team": {"equals": "data"}"#]),
        (Truth::False, [r#""other": {"equals": "data"}"#, r#""resource.other": {"equals": "data"}"#]),
        (Truth::Unknown, [r#""absent": {"equals": "data"}"#, r#""resource.absent": {"equals": "data"}"#]),
    ];
    let and = |one, other| match (one, other) {
        (Truth::False, _) | (_, Truth::False) => Truth::False,
        (Truth::True, Truth::True) => Truth::True,
        _ => Truth::Unknown,
    };
    for (one, [text, _]) in &tests {
        assert_eq!(of_item(&format!("{{{text}}}")), *one);
        for (other, [_, again]) in &tests {
            assert_eq!(of_item(&format!("{{{text}, {again}}}")), and(*one, *other), "{text} {again}");
            assert_eq!(one.and(*other), and(*one, *other));
            assert_eq!(one.or(*other), !and(!*one, !*other));
        }
    }
    // Several operators on one reference are as many tests.
    assert_eq!(of_item(r#"{"count": {"greaterthan": 4, "lessthan": 6}}"#), Truth::True);
    assert_eq!(of_item(r#"{"count": {"greaterthan": 4, "lessthan": 5}}"#), Truth::False);
    assert_eq!(of_item(r#"{"absent": {"equals": "x", "exists": true}}"#), Truth::False);
    assert_eq!(of_item(r#"{"absent": {"equals": "x", "exists": false}}"#), Truth::Unknown);
}

#[test]
fn in_is_an_or_of_equals() {
    for (list, expected) in [
        (r#"["data", 5]"#, Truth::True),
        (r#"[5, "d*a"]"#, Truth::True),
        (r#"["x", 5]"#, Truth::Unknown),
        (r#"["x", "y"]"#, Truth::False),
        (r#"["x", {"ref": "subject.team"}]"#, Truth::True),
        (r#"["x", {"ref": "subject.id"}]"#, Truth::False),
        (r#"["x", {"ref": "subject.absent"}]"#, Truth::Unknown),
        (r#"["data", {"ref": "clash"}]"#, Truth::True),
        // The list that is stored: "data", 5, null and a list.
        (r#"{"ref": "list"}"#, Truth::True),
        (r#"{"ref": "empty"}"#, Truth::False),
        (r#"{"ref": "team"}"#, Truth::Unknown),
        (r#"{"ref": "absent"}"#, Truth::Unknown),
        (r#"{"ref": "object"}"#, Truth::Unknown),
    ] {
        assert_eq!(of_item(&format!(r#"{{"team": {{"in": {list}}}}}"#)), expected, "{list}");
        assert_eq!(of_item(&format!(r#"{{"team": {{"notin": {list}}}}}"#)), !expected, "not {list}");
    }
    let against_list =
        |path: &str, list: &str| of_item(&format!(r#"{{"{path}": {{"in": {{"ref": "{list}"}}}}}}"#));
    assert_eq!(against_list("other", "list"), Truth::Unknown);
    assert_eq!(against_list("count", "list"), Truth::True);
    // What has no value that can be compared is not in a list, and not out of it, though it be empty.
    for path in ["absent", "list", "object", "clash", "huge"] {
        assert_eq!(against_list(path, "empty"), Truth::Unknown, "{path}");
    }
}

#[test]
fn only_what_is_written_is_a_pattern() {
    for (condition, expected) in [
        (r#"{"team": {"equals": "d*"}}"#, Truth::True),
        (r#"{"team": {"equals": "*"}}"#, Truth::True),
        (r#"{"team": {"equals": "*a*a"}}"#, Truth::True),
        (r#"{"team": {"equals": "D*"}}"#, Truth::False),
        (r#"{"team": {"equals": "dat"}}"#, Truth::False),
        (r#"{"star": {"equals": "d*"}}"#, Truth::True),
        (r#"{"star": {"equals": {"ref": "star"}}}"#, Truth::True),
        (r#"{"team": {"equals": {"ref": "star"}}}"#, Truth::False),
        (r#"{"team": {"in": [{"ref": "star"}]}}"#, Truth::False),
        (r#"{"star": {"equals": {"ref": "team"}}}"#, Truth::False),
        (r#"{"count": {"equals": "*"}}"#, Truth::Unknown),
    ] {
        assert_eq!(of_item(condition), expected, "{condition}");
    }
}

#[test]
fn operands_by_reference() {
    for (condition, expected) in [
        (r#"{"team": {"equals": {"ref": "subject.team"}}}"#, Truth::True),
        (r#"{"link.team": {"equals": {"ref": "team"}}}"#, Truth::False),
        (r#"{"team": {"equals": {"ref": "count"}}}"#, Truth::Unknown),
        (r#"{"object": {"equals": {"ref": "object"}}}"#, Truth::Unknown),
        (r#"{"huge": {"equals": {"ref": "huge"}}}"#, Truth::Unknown),
        (r#"{"count": {"greaterthan": {"ref": "count"}}}"#, Truth::False),
        (r#"{"count": {"lessthan": {"ref": "when"}}}"#, Truth::Unknown),
        (r#"{"when": {"lessthan": {"ref": "context.now"}}}"#, Truth::Unknown),
    ] {
        assert_eq!(of_item(condition), expected, "{condition}");
    }
    let mut request = Request::read(ASKED).unwrap();
    request.context.as_mut().unwrap().insert("now".to_owned(), Json::Text("1999-01-01T00:00:00Z".to_owned()));
    request.now = Some("2024-05-01T13:00:00.5Z".to_owned());
    let reference = Reference::read(PLAIN).unwrap();
    let since = serde_json::from_str(r#"{"when": {"lessthan": {"ref": "context.now"}}}"#).unwrap();
    assert_eq!(reference.truth(&since, &request), Truth::True);
}

#[test]
fn an_allow_needs_the_truth_and_a_deny_only_doubt() {
    let statement = |effect: &str, value: &str| {
        json!({ "effect": effect, "actions": "read", "resource": "item",
                "conditions": { value: { "equals": "data" } } })
    };
    let mut file: Value = serde_json::from_str(&PLAIN.replace("1e99999999999999999999", "1")).unwrap();
    for (property, allows, denies) in
        [("team", true, true), ("other", false, false), ("absent", false, true), ("clash", false, true)]
    {
        let mut decide = |statements: Value| {
            file["roles"]["none"]["policies"] = statements;
            Reference::from_json(&file).unwrap().answer(&Request::read(ASKED).unwrap())
        };
        let allowed = if allows { Reason::Allow } else { Reason::DefaultDeny };
        assert_eq!(decide(json!([statement("allow", property)])), allowed, "{property}");
        let everything = allow(json!("*"), json!("*"));
        let denied = if denies { Reason::ExplicitDeny } else { Reason::Allow };
        assert_eq!(decide(json!([statement("deny", property), everything])), denied, "{property}");
    }
}
