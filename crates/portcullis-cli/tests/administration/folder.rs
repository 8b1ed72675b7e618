//! The data folder itself: whose it is, who has it, which one is meant, and how it is brought back.

use std::fs;

use portcullis_store::SqliteStore;
use serde_json::json;

use crate::desk::{ADMIN, Desk};

#[cfg(unix)]
#[test]
fn the_folder_and_its_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let desk = Desk::new();
    desk.run(&["group", "add", "ops"]).done();
    desk.without_key(&["backup", "acme.backup"]).done();
    assert_eq!(mode(&desk.data()), 0o700);
    for (file, _) in desk.bytes() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&desk.path("acme.backup")), 0o600);
}

#[test]
fn while_another_process_has_the_folder_only_backup_works() {
    let mut desk = Desk::new();
    desk.stop();
    let open = SqliteStore::open(desk.data()).unwrap();
    let number = std::process::id();
    for command in [
        &["member", "list"][..],
        &["group", "add", "x"],
        &["audit", "verify"],
        &["init", "x", "--admin", "y"],
    ] {
        let ran = desk.run(command);
        assert!(ran.status == 2 && ran.err.contains("is in use by another process"), "{command:?}: {ran:?}");
        assert!(ran.err.contains(&format!("(number {number})")) && ran.err.contains("help: "), "{ran:?}");
    }
    let backup = desk.without_key(&["backup", "acme.backup", "--format", "json"]).done();
    assert_eq!(backup.json(), json!({ "written": "acme.backup", "noted": false }));
    drop(open);
    desk.run(&["group", "add", "x"]).done();
}

#[test]
fn a_backup_is_restored_with_its_history() {
    let desk = Desk::new();
    desk.run(&["group", "add", "before"]).done();
    desk.without_key(&["backup", "acme.backup"]).done();
    let again = desk.without_key(&["backup", "acme.backup"]);
    assert!(again.status == 2 && again.err.contains("error: "), "{again:?}");
    desk.run(&["group", "add", "after"]).done();
    let revision = |data: &str| {
        let shown = desk.json(&["workspace", "show", "--data", data]);
        shown["revision"].as_str().unwrap().to_owned()
    };
    let onto = desk.without_key(&["restore", "acme.backup"]);
    let told = if crate::SERVED { "this command needs a folder for itself" } else { "holds data already" };
    assert!(onto.status == 2 && onto.err.contains(told), "{onto:?}");
    let restored = desk.without_key(&["restore", "acme.backup", "--data", "restored"]).done();
    assert!(restored.out.starts_with("restored the workspace `acme` ("), "{restored:?}");
    assert!(restored.err.contains("revoked after the backup are valid again"), "{restored:?}");
    assert_ne!(revision("restored").split_once('.').unwrap().0, revision("data").split_once('.').unwrap().0);
    let groups = desk.json(&["group", "list", "--data", "restored"]);
    assert_eq!((groups.as_array().unwrap().len(), &groups[0]["name"]), (1, &json!("before")));
    let trail = desk.json(&["audit", "list", "--data", "restored"]);
    let last = trail.as_array().unwrap().last().unwrap();
    assert_eq!((&last["actor"], &last["operation"]), (&json!("local:operating"), &json!("restore")));
    desk.run(&["audit", "verify", "--data", "restored"]).done();

    let mut bytes = fs::read(desk.path("acme.backup")).unwrap();
    bytes[5000] ^= 1;
    fs::write(desk.path("bad.backup"), bytes).unwrap();
    let bad = desk.without_key(&["restore", "bad.backup", "--data", "other"]);
    assert!(bad.status == 2 && bad.err.contains("is not a whole backup"), "{bad:?}");
}

#[test]
fn of_several_workspaces_a_key_tells_which_or_in_does() {
    let desk = Desk::new();
    let add = ["workspace", "add", "beta", "--admin", "ben", "--format", "json"];
    let made = desk.with(&desk.operator, &add).done().json();
    let ben = made["key"].as_str().unwrap();
    assert!(made.get("operator_key").is_none(), "there is one operator");
    let again = desk.with(&desk.operator, &add);
    assert!(again.status == 1 && again.err.contains("there is another workspace of that name"), "{again:?}");

    let neither = desk.without_key(&["member", "list"]);
    assert!(neither.status == 2 && neither.err.contains("2 workspaces: `acme` and `beta`"), "{neither:?}");
    let typo = desk.without_key(&["member", "list", "--in", "betta"]);
    assert!(typo.status == 2 && typo.err.contains("the folder holds `acme` and `beta`"), "{typo:?}");
    assert!(desk.without_key(&["member", "list", "--in", "beta"]).done().out.contains("ben "));
    let theirs = desk.with(ben, &["member", "list", "--format", "json"]).done().json();
    assert_eq!((theirs.as_array().unwrap().len(), &theirs[0]["subject"]), (1, &json!("ben")));
    // Of a workspace that is another's, a key learns no more than of one that is not there.
    let [other, none] = ["acme", "gone"].map(|name| desk.with(ben, &["member", "list", "--in", name]));
    assert_eq!((other.status, other.err.replace("acme", "gone")), (none.status, none.err));

    let names = |key: Option<&str>| {
        let ran = desk.command(key, &["workspace", "list", "--format", "json"], "").done();
        let all = ran.json();
        all.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(None), ["acme", "beta"]);
    assert_eq!(names(Some(&desk.operator)), ["acme", "beta"]);
    assert_eq!(names(Some(ben)), ["beta"]);
}

#[test]
fn a_workspace_goes_into_a_file_and_comes_back_as_another() {
    let desk = Desk::new();
    desk.role("drafts", r#""read""#, r#""model""#);
    desk.run(&["member", "add", "bob", "--role", "drafts"]).done();
    desk.run(&["workspace", "export", "--out", "acme.json"]).done();
    let text = fs::read_to_string(desk.path("acme.json")).unwrap();
    assert_eq!(desk.run(&["workspace", "export"]).done().out, text);
    desk.save("beta.json", &text.replace(r#""workspace": "acme""#, r#""workspace": "beta""#));
    let import = ["workspace", "import", "beta.json", "--admin", ADMIN, "--format", "json"];
    let member = desk.run(&import);
    assert!(member.status == 2 && member.err.contains("the operator's key"), "{member:?}");
    let made = desk.with(&desk.operator, &import).done().json();
    assert_eq!(made["workspace"]["name"], "beta");
    let key = made["key"].as_str().unwrap();
    let theirs = desk.with(key, &["workspace", "export"]).done().out;
    assert_eq!(theirs.replace(r#""workspace": "beta""#, r#""workspace": "acme""#), text);
}

#[test]
fn a_folder_that_was_made_and_not_set_up_is_set_up() {
    let desk = Desk::new();
    drop(SqliteStore::create(desk.path("made")).unwrap());
    let init = desk.without_key(&["init", "acme", "--admin", "x", "--data", "made"]).done();
    assert_eq!(init.out.matches("shown this once").count(), 2, "{init:?}");
    let bad = desk.without_key(&["init", "\u{200b}", "--admin", "x", "--data", "new"]);
    assert!(bad.status == 2 && bad.err.contains("U+200B"), "{bad:?}");
    desk.without_key(&["init", "acme", "--admin", "x", "--data", "new"]).done();
}

#[test]
fn a_workspace_may_have_a_schema_of_its_own() {
    let desk = Desk::new();
    desk.save("todo.json", r#"{"schema": "todo", "resources": {"task": {"actions": ["read", "update"]}, "workspace": {"actions": ["read"]}}}"#);
    let init =
        ["init", "todo", "--admin", "x", "--schema", "todo.json", "--data", "todo", "--format", "json"];
    let made = desk.without_key(&init).done();
    assert!(made.err.contains("the type `workspace` does not administer the workspace"), "{made:?}");
    let value = made.json();
    let key = value["key"].as_str().unwrap();
    desk.with(key, &["object", "put", "task", "1", "--data", "todo"]).done();
    let shown = desk.with(key, &["workspace", "show", "--data", "todo", "--format", "json"]).done().json();
    assert_eq!((&shown["schema"], &shown["objects"]), (&json!("todo"), &json!(1)));
    desk.save(
        "todo.json",
        r#"{"schema": "todo", "resources": {"task": {"actions": ["read", "update", "delete"]}, "workspace": {"actions": ["read"]}}}"#,
    );
    desk.with(key, &["workspace", "set", "--schema", "todo.json", "--data", "todo"]).done();
    let unknown = desk.with(key, &["workspace", "set", "--schema", "none", "--data", "todo"]);
    assert!(unknown.status == 2 && unknown.err.contains("there is no built-in schema `none`"), "{unknown:?}");
    let faulty =
        desk.without_key(&["init", "a", "--admin", "x", "--schema", "missing.json", "--data", "never"]);
    assert!(
        faulty.status == 2 && !desk.path("never").exists(),
        "nothing is made for a schema that cannot be read: {faulty:?}"
    );
}
