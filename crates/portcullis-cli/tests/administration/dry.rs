//! Dry runs of what makes whole workspaces, and of what brings a document: what would be done is said, nothing is written, and they fail exactly
//! where the real run does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use crate::desk::{ADMIN, Desk, document};

/// The data folder but for its lock, which says who had it last; and every trail's head and every revision.
fn all_of(desk: &Desk) -> (BTreeMap<PathBuf, Vec<u8>>, Vec<String>) {
    if crate::SERVED {
        // Only the server can look, and says where everything stands.
        let list = desk.with(&desk.operator, &["workspace", "list"]);
        let [head, shown] = [["audit", "head"], ["workspace", "show"]].map(|command| desk.run(&command));
        return (BTreeMap::new(), [list, head, shown].map(|ran| ran.done().out).into());
    }
    let lock = |path: &PathBuf| path.ends_with("portcullis.lock");
    let files = desk.bytes().into_iter().filter(|(path, _)| !lock(path)).collect();
    let store = portcullis_store::SqliteStore::open(desk.data()).unwrap();
    let workspaces = portcullis_store::Store::workspaces(&store).unwrap();
    let mut said: Vec<String> =
        workspaces.iter().map(|one| format!("{} {}", one.name, one.revision)).collect();
    said.extend(store.verify().unwrap().into_iter().map(|(id, head)| format!("{id} {head}")));
    (files, said)
}

/// Runs a command dry, which must change nothing, and gives what it came to.
#[track_caller]
fn dry(desk: &Desk, key: Option<&str>, arguments: &[&str]) -> crate::desk::Ran {
    let before = all_of(desk);
    let ran = desk.command(key, &[arguments, &["--dry-run"]].concat(), "");
    let after = all_of(desk);
    assert_eq!(before.1, after.1, "{arguments:?}: {ran:?}");
    // A member's key is marked as used, whatever it is used for.
    if arguments[0] == "workspace" {
        assert!(before.0 == after.0, "{arguments:?} wrote to {:?}", before.0.keys());
    }
    ran
}

const FILE: &str = r#"{ "workspace": "beta", "schema": "hightouch",
    "roles": { "drafts": { "version": "2022-04-26", "policies": [ { "effect": "allow", "actions": "read", "resource": "model" } ] } },
    "groups": { "ops": { "members": ["ben"] } },
    "members": { "ben": { "role": "drafts", "suspended": true }, "eve": {} },
    "objects": [ { "type": "model", "id": "1" } ] }"#;

#[test]
fn a_dry_run_of_adding_a_workspace_says_what_would_be_made() {
    let desk = Desk::new();
    let add = ["workspace", "add", "beta", "--admin", "ben"];
    let seen = dry(&desk, Some(&desk.operator), &add).done();
    let says = [
        "would make the workspace `beta`, administered by `ben`, whose first key would be shown\n",
        "schema        hightouch\n",
        "members       1\n",
        "roles         3\n",
        "nothing was made\n",
    ];
    assert!(says.iter().all(|line| seen.out.contains(line)), "{seen:?}");
    assert!(!seen.out.contains("portcullis_key"), "{seen:?}");
    let seen = dry(&desk, Some(&desk.operator), &[&add[..], &["--format", "json"]].concat()).done().json();
    let would = &seen["would_make"];
    assert_eq!(
        (&would["workspace"], &would["administrator"], &would["was"]),
        (&json!("beta"), &json!("ben"), &json!(null))
    );
    assert_eq!(
        desk.with(&desk.operator, &["workspace", "list", "--format", "json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    desk.with(&desk.operator, &add).done();
}

#[test]
fn a_dry_run_of_an_import_says_what_would_be_made_and_replaced() {
    let desk = Desk::new();
    desk.save("beta.json", FILE);
    let import = ["workspace", "import", "beta.json", "--admin", "ben"];
    let seen = dry(&desk, Some(&desk.operator), &import).done();
    let says = [
        "would make the workspace `beta`, administered by `ben`",
        "`ben` has the role `drafts` and is suspended in the file, and would be active with the role `admin`\n",
        "default role  viewer\n",
        "members       2\n",
        "groups        1\n",
        "roles         4\n",
        "objects       1\n",
    ];
    assert!(says.iter().all(|line| seen.out.contains(line)), "{seen:?}");
    // Nobody of the file, and the built-in roles of a schema of one's own, which a file may say anew.
    desk.save(
        "todo.json",
        &FILE
            .replace(r#""hightouch""#, r#"{ "schema": "todo", "resources": { "model": { "actions": ["read", "update"] } } }"#)
            .replace(r#""roles": {"#, r#""default_role": "viewer", "roles": { "viewer": { "version": "2022-04-26", "policies": [] }, "#),
    );
    let import = ["workspace", "import", "todo.json", "--admin", "zoe", "--format", "json"];
    let seen = dry(&desk, Some(&desk.operator), &import).done().json();
    let would = &seen["would_make"];
    assert_eq!(
        (&would["replaced"], &would["was"], &would["members"]),
        (&json!(["viewer"]), &json!(null), &json!(3))
    );
    let made = desk.with(&desk.operator, &import).done().json();
    let key = made["key"].as_str().unwrap();
    let shown = desk.with(key, &["workspace", "show", "--format", "json"]).done().json();
    for count in ["members", "groups", "roles", "objects", "schema", "default_role"] {
        assert_eq!(shown[count], would[count], "{count}");
    }
}

/// Every way in which a workspace is refused, tried and done: the same status and the same words.
#[test]
fn a_dry_run_fails_exactly_where_the_real_run_does() {
    let desk = Desk::new();
    let with = |from: &str, to: &str| FILE.replace(from, to);
    desk.save("good.json", FILE);
    desk.save("bad.json", "{");
    desk.save("faulty.json", &with(r#""actions": "read""#, r#""actions": "red""#));
    desk.save("taken.json", &with(r#""beta""#, r#""acme""#));
    desk.save("alike.json", &with(r#""eve": {}"#, r#""Ben": {}"#));
    desk.save("groups.json", &with(r#""groups": {"#, r#""groups": { "OPS": {}, "#));
    desk.save(
        "roles.json",
        &with(r#""drafts": {"#, r#""Viewer": { "version": "2022-04-26", "policies": [] }, "drafts": {"#),
    );
    desk.save("hidden.json", &with(r#""beta""#, "\"be\u{200b}ta\""));
    desk.save("twice.json", &with(r#""id": "1" }"#, r#""id": "1" }, { "type": "model", "id": "1" }"#));
    desk.save("todo.json", r#"{ "schema": "todo", "resources": { "task": { "actions": ["read"] }, "portcullis.workspace": { "actions": ["read"] } } }"#);
    desk.save("role.json", &document(r#""read""#, r#""model""#));
    let (operator, member) = (desk.operator.clone(), desk.key.clone());
    let cut = operator[..operator.len() - 1].to_owned();
    let import =
        |file: &'static str, admin: &'static str| vec!["workspace", "import", file, "--admin", admin];
    let add = |name: &'static str, admin: &'static str| vec!["workspace", "add", name, "--admin", admin];
    let cases: Vec<(Option<&str>, Vec<&str>, i32)> = vec![
        (Some(&operator), import("bad.json", "ben"), 2),
        (Some(&operator), import("missing.json", "ben"), 2),
        (Some(&operator), import("role.json", "ben"), 2),
        (Some(&operator), import("faulty.json", "ben"), 2),
        (Some(&operator), import("taken.json", "ben"), 1),
        (Some(&operator), import("alike.json", "eve"), 1),
        (Some(&operator), import("groups.json", "eve"), 1),
        (Some(&operator), import("roles.json", "eve"), 1),
        (Some(&operator), import("hidden.json", "eve"), 2),
        (Some(&operator), import("twice.json", "eve"), 2),
        (Some(&operator), import("good.json", "BEN"), 1),
        (Some(&operator), import("good.json", "\u{202e}"), 2),
        (Some(&member), import("good.json", "ben"), 2),
        (None, import("good.json", "ben"), 2),
        (Some(&operator), add("acme", "ben"), 1),
        (Some(&operator), add("\u{200b}", "ben"), 2),
        (Some(&operator), add("beta", "\u{200b}"), 2),
        (Some(&operator), [add("beta", "ben"), vec!["--schema", "none"]].concat(), 2),
        (Some(&operator), [add("beta", "ben"), vec!["--schema", "todo.json"]].concat(), 2),
        (Some(&operator), [add("beta", "ben"), vec!["--data", "nowhere"]].concat(), 2),
        (Some(&cut), add("beta", "ben"), 2),
        (None, add("beta", "ben"), 2),
    ];
    for (key, arguments, status) in cases {
        let tried = dry(&desk, key, &arguments);
        let real = desk.command(key, &arguments, "");
        assert_eq!((tried.status, real.status), (status, status), "{arguments:?}: {tried:?} {real:?}");
        assert_eq!((tried.err, tried.out), (real.err, real.out), "{arguments:?}");
    }
    dry(&desk, Some(&operator), &import("good.json", "ben")).done();
    desk.with(&operator, &import("good.json", "ben")).done();
}

#[test]
fn a_dry_run_of_a_role_says_what_would_be_done_and_names_the_file() {
    let desk = Desk::new();
    let statement = r#"{ "effect": "allow", "actions": "read", "resource": "alert" }"#;
    let text = format!(r#"{{ "version": "2022-04-26", "policies": [{statement}, {statement}] }}"#);
    desk.save("watch.json", &text);
    let add = ["role", "add", "watch", "watch.json"];
    let seen = dry(&desk, Some(&desk.key), &add).done();
    assert!(
        seen.out.starts_with("would add the role `watch`\nnobody gains or loses anything\ndigest "),
        "{seen:?}"
    );
    assert!(seen.err.contains("note[P0210]") && seen.err.contains(" --> watch.json:1:"), "{seen:?}");
    assert!(!seen.err.contains("operation 1"), "{seen:?}");
    let done = desk.run(&add).done();
    assert_eq!(done.err, seen.err, "what is amiss is told alike");
    let seen =
        dry(&desk, Some(&desk.key), &["role", "save", "watch", "watch.json", "--format", "json"]).done();
    let warning = seen.json()["warnings"][0][1].as_str().unwrap().to_owned();
    assert!(warning.starts_with("watch.json:1:"), "{warning}");

    // Faults too: of a role, of what narrows a key, of a text that is none.
    desk.save("bad.json", &document(r#""red""#, r#""model""#));
    for arguments in [
        &["role", "add", "b", "bad.json"][..],
        &["role", "save", "watch", "bad.json"],
        &["key", "add", "--name", "k", "--policy", "bad.json"],
    ] {
        for ran in [dry(&desk, Some(&desk.key), arguments), desk.run(arguments)] {
            assert!(ran.status == 2 && ran.err.contains(" --> bad.json:3:"), "{arguments:?}: {ran:?}");
            assert!(ran.err.ends_with("error: `bad.json` has 1 error\n"), "{arguments:?}: {ran:?}");
        }
    }
    let piped = desk.command(Some(&desk.key), &["role", "add", "b", "-"], "{}");
    assert!(piped.status == 2 && piped.err.contains("error: `standard input` has 1 error\n"), "{piped:?}");
}

#[test]
fn a_dry_run_of_several_operations_says_each() {
    let desk = Desk::new();
    let groups: Vec<String> =
        (0..25).map(|at| format!(r#"{{ "add-group": {{ "name": "g{at}" }} }}"#)).collect();
    desk.save("groups.json", &format!("[{}]", groups.join(", ")));
    let seen = dry(&desk, Some(&desk.key), &["batch", "groups.json"]).done();
    assert_eq!(seen.out.matches("would add the group `g").count(), 20, "{seen:?}");
    assert!(seen.out.contains("\n… 25 operations in all\n"), "{seen:?}");
    let seen = dry(&desk, Some(&desk.key), &["member", "set", ADMIN, "--role", "viewer"]);
    assert!(
        seen.status == 1 && seen.out.starts_with(&format!("would give `{ADMIN}` the role `viewer`\n")),
        "{seen:?}"
    );
}
