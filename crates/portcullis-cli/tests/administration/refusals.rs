//! Every way in which a command is not done: 1 where it was understood and refused, 2 where it could not be tried.

use serde_json::json;

use crate::desk::{ADMIN, Desk, document};

/// A command, its exit status, and what its message says.
type Case<'c> = (&'c [&'c str], i32, &'c str);

#[track_caller]
fn all(desk: &Desk, key: &str, cases: &[Case<'_>]) {
    for (arguments, status, told) in cases {
        let ran = desk.with(key, arguments);
        assert!(ran.status == *status && ran.err.contains(told), "{arguments:?}: {ran:?}");
        assert!(ran.err.starts_with("error: ") || ran.err.starts_with("error["), "{arguments:?}: {ran:?}");
        assert_eq!(ran.out, "", "{arguments:?}: nothing is a result");
    }
}

#[test]
fn what_rules_refuse_ends_with_1() {
    let mut desk = Desk::new();
    desk.role("people", r#"["read", "create", "update", "delete"]"#, r#""workspace_membership""#);
    desk.role("spare", r#""read""#, r#""sync""#);
    desk.run(&["workspace", "set", "--default-role", "spare"]).done();
    let manager = desk.member("manager", "people");
    desk.run(&["member", "add", "bob"]).done();
    desk.save(
        "rule.json",
        r#"{"never": {"actions": "delete", "resource": "sync"}, "except": {"roles": ["admin"]}}"#,
    );
    desk.run(&["rule", "add", "nobody deletes", "rule.json"]).done();

    all(
        &desk,
        &manager,
        &[
            (&["group", "add", "ops"], 1, "this needs `create` on the administration type of workspace"),
            (&["role", "list"], 1, "this needs `read` on the administration type of workspace"),
            (&["member", "set", "bob", "--role", "editor"], 1, "nobody gives what they do not hold"),
            (&["member", "add", "carol", "--role", "admin"], 1, "nobody gives what they do not hold"),
            (&["member", "suspend", ADMIN], 1, "nobody changes who holds more than they do"),
            (&["key", "add", "--member", ADMIN, "--name", "x"], 1, "this needs `create`"),
        ],
    );
    all(
        &desk,
        &desk.key,
        &[
            (&["member", "set", ADMIN, "--role", "viewer"], 1, "no administrator would be left"),
            (&["role", "save", "admin", "spare.json"], 1, "the built-in role `admin` cannot be edited"),
            (&["role", "remove", "spare"], 1, "it is the default role; name the role that takes its place"),
            (&["role", "add", "SPARE", "spare.json"], 1, "there is a role `spare` already"),
            (&["member", "add", "Bob"], 1, "there is a member `bob` already"),
            (&["invite", "send", ADMIN], 1, "`ann@acme.example` is a member already"),
            (&["role", "save", "spare", "spare.json", "--version", "1"], 1, "changed meanwhile"),
            (&["role", "save", "spare", "spare.json", "--digest", "00"], 1, "this is not what was previewed"),
            (&["member", "set", "bob", "--role", "editor"], 1, "standing rules would be broken"),
        ],
    );
    let decides = desk.run(&["key", "add", "--name", "asks", "--format", "json"]).done().secret();
    all(
        &desk,
        &decides,
        &[
            (&["member", "list"], 1, "this needs a key with the scope `directory`"),
            (&["key", "list"], 1, "this needs a key with the scope `keys`"),
            (&["object", "put", "sync", "1"], 1, "this needs a key with the scope `objects`"),
        ],
    );
    // For programs the reason is a word.
    let refused = desk.with(&manager, &["member", "set", "bob", "--role", "editor", "--format", "json"]);
    let value = refused.json();
    assert_eq!((refused.status, &value["refused"]), (1, &json!("excess")));
    assert_eq!(value["excess"][0]["holder"], "bob");
    desk.stop();
    all(&desk, "", &[(&["init", "again", "--admin", "x"], 1, "the store has been set up already")]);
}

#[test]
fn what_could_not_be_tried_ends_with_2() {
    let desk = Desk::new();
    desk.save("bad.json", "{");
    desk.save("unknown.json", &document(r#""reed""#, r#""sync""#));
    desk.save("spare.json", &document(r#""read""#, r#""sync""#));
    desk.save("latin.json", "x");
    std::fs::write(desk.path("latin.json"), b"\"\xe9\"").unwrap();
    desk.save("operations.json", r#"[{"add-grup": {"name": "x"}}]"#);
    let many: Vec<String> = (0..10_001).map(|n| format!(r#"{{"add-group":{{"name":"g{n}"}}}}"#)).collect();
    desk.save("many.json", &format!("[{}]", many.join(",")));
    desk.save(
        "second.json",
        r#"[{"add-group":{"name":"x"}},{"add-to-group":{"group":"x","member":"nobody"}}]"#,
    );
    all(
        &desk,
        &desk.key,
        &[
            (&["member", "show", "nobody"], 2, "there is no member `nobody`"),
            (&["group", "join", "g", "nobody"], 2, "there is no group `g`"),
            (&["role", "add", "x", "missing.json"], 2, "cannot read `missing.json`: there is no such file"),
            (&["role", "add", "x", "bad.json"], 2, "this is never closed with"),
            (&["role", "add", "x", "unknown.json"], 2, "error[P0"),
            (&["role", "add", "x", "latin.json"], 2, "it is no UTF-8 text"),
            (&["role", "add", "a\u{202e}b", "spare.json"], 2, "U+202E"),
            (&["member", "add", "bob", "--properties", "[]"], 2, "expected a JSON object"),
            (&["member", "add", "bob", "--role", "gone"], 2, "there is no role `gone`"),
            (&["key", "add", "--name", "x", "--scopes", "everything"], 2, "there is no scope `everything`"),
            (&["key", "add", "--name", "x", "--expires", "soon"], 2, "expected a time or a number of days"),
            (
                &["key", "add", "--name", "x", "--expires", "2001-01-01T00:00:00Z"],
                2,
                "would have expired already",
            ),
            (&["invite", "send", "nobody"], 2, "expected an e-mail address"),
            (&["workspace", "set"], 2, "nothing is to be changed"),
            (&["workspace", "set", "--invitation-days", "0"], 2, "expected 1 to 365 days"),
            (&["batch", "operations.json"], 2, "unknown variant `add-grup`"),
            (&["batch", "many.json"], 2, "10001 operations are more than the 10000 allowed"),
            (&["batch", "second.json"], 2, "operation 2: there is no member `nobody`"),
            (&["member", "list", "--in", "other"], 2, "there is no workspace `other` for this key"),
            (
                &["workspace", "add", "beta", "--admin", "ben"],
                2,
                "expected the operator's key, found the key of a member",
            ),
        ],
    );
    // What is beside the data, and where they are.
    for (key, told) in [
        ("portcullis_key_x", "its checksum is wrong"),
        (&*desk.operator, "expected the key of a member, found the operator's key"),
    ] {
        let ran = desk.with(key, &["group", "add", "x"]);
        assert!(ran.status == 2 && ran.err.contains(told), "{ran:?}");
    }
    let elsewhere = desk.run(&["member", "list", "--data", "elsewhere"]);
    assert!(elsewhere.status == 2 && elsewhere.err.contains("`portcullis init` makes them"), "{elsewhere:?}");
}

#[test]
fn without_a_key_a_user_of_the_machine_looks_and_changes_nothing() {
    let desk = Desk::new();
    let looked = desk.without_key(&["member", "list"]).done();
    assert!(looked.out.contains(ADMIN) && looked.err.is_empty(), "{looked:?}");
    for change in [
        &["member", "add", "bob"][..],
        &["member", "add", "bob", "--dry-run"],
        &["key", "revoke", "first key"],
        &["group", "add", "ops"],
        &["object", "put", "sync", "1"],
        &["workspace", "add", "beta", "--admin", "ben"],
    ] {
        let ran = desk.without_key(change);
        assert!(ran.status == 2 && ran.err.contains("$PORTCULLIS_KEY"), "{change:?}: {ran:?}");
    }
    let said = |at: usize| {
        let entry = desk.json(&["audit", "list"])[at].clone();
        (entry["actor"].clone(), entry["operation"].clone())
    };
    assert_eq!(said(1), (json!(format!("local:{}", desk.user())), json!("local.member.list")));
}

#[test]
fn breaking_the_glass_is_loud_and_leads_back_in() {
    let desk = Desk::new();
    let made = desk.without_key(&["member", "add", "eve", "--role", "admin", "--break-glass"]).done();
    let user = format!("local:{}", desk.user());
    let warned = format!("warning: BREAKING THE GLASS: this acts as `{user}`");
    assert!(made.err.contains(&warned), "{made:?}");
    let add = [
        "key",
        "add",
        "--member",
        "eve",
        "--name",
        "recovery",
        "--scopes",
        "all",
        "--break-glass",
        "--format",
        "json",
    ];
    let made = desk.without_key(&add).done();
    assert!(made.err.contains("BREAKING THE GLASS"), "{made:?}");
    desk.with(&made.secret(), &["member", "remove", ADMIN]).done();
    let trail = desk.with(&made.secret(), &["audit", "list", "--format", "json"]).done().json();
    let broken: Vec<&str> = trail
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["actor"] == *user && entry["operation"] != "workspace.create")
        .map(|entry| entry["operation"].as_str().unwrap())
        .collect();
    assert_eq!(broken, ["member.add", "key.add"]);
    // Without whose it is to be, it is nobody's.
    let nobody = desk.without_key(&["key", "add", "--name", "x", "--break-glass"]);
    assert!(nobody.status == 2 && nobody.err.contains("say whose key it is to be"), "{nobody:?}");
    assert_eq!(
        desk.without_key(&["group", "add", "x", "--break-glass"]).status,
        2,
        "no other command has the flag"
    );
}
