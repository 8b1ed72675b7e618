//! The socket: whose it is, what is told where nobody answers, and what goes through it.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use portcullis_store::SqliteStore;
use serde_json::json;

use crate::desk::{ADMIN, Desk, Server, document};

#[test]
fn the_socket_is_its_owners_alone_and_goes_with_the_server() {
    let mut desk = Desk::new();
    let socket = desk.data().join("portcullis.sock");
    let about = fs::symlink_metadata(&socket).unwrap();
    assert!(about.file_type().is_socket());
    assert_eq!(about.permissions().mode() & 0o777, 0o600);
    let names: Vec<_> = fs::read_dir(desk.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{names:?}");
    desk.stop();
    assert!(!socket.exists());
    desk.run(&["group", "list"]).done();
}

#[test]
fn what_a_killed_server_leaves_is_in_nobodys_way() {
    let mut desk = Desk::new();
    desk.stop();
    let mut server = Server::of(&desk.data());
    desk.run(&["group", "add", "before"]).done();
    server.0.kill().unwrap();
    drop(server);
    assert!(desk.data().join("portcullis.sock").exists(), "it had no time to clear up");
    desk.run(&["group", "add", "between"]).done();
    // Nor is what one left that was killed while it made its socket.
    fs::create_dir(desk.data().join("portcullis.sock.part")).unwrap();
    fs::write(desk.data().join("portcullis.sock.part/portcullis.sock"), "").unwrap();
    let _server = Server::of(&desk.data());
    desk.run(&["group", "add", "after"]).done();
    assert_eq!(desk.json(&["group", "list"]).as_array().unwrap().len(), 3);
    assert!(!desk.data().join("portcullis.sock.part").exists());
}

#[test]
fn a_file_in_the_sockets_place_stays() {
    let mut desk = Desk::new();
    desk.stop();
    fs::write(desk.data().join("portcullis.sock"), "mine").unwrap();
    let refused = desk.without_key(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.status == 2 && refused.err.contains("is no socket: move it away"), "{refused:?}");
    assert_eq!(fs::read_to_string(desk.data().join("portcullis.sock")).unwrap(), "mine");
}

#[test]
fn where_nobody_answers_it_is_told_soon() {
    let mut desk = Desk::new();
    desk.stop();
    let _open = SqliteStore::open(desk.data()).unwrap();
    let in_use = |ran: &crate::desk::Ran| ran.status == 2 && ran.err.contains("is in use by another process");
    let none = desk.run(&["group", "list"]);
    assert!(in_use(&none) && none.err.contains("it takes no commands"), "{none:?}");
    // Bound by somebody who is gone.
    drop(UnixListener::bind(desk.data().join("portcullis.sock")).unwrap());
    let gone = desk.run(&["group", "list"]);
    assert_eq!((gone.status, &gone.err), (2, &none.err));
    // Somebody who says nothing.
    fs::remove_file(desk.data().join("portcullis.sock")).unwrap();
    let _silent = UnixListener::bind(desk.data().join("portcullis.sock")).unwrap();
    let begun = Instant::now();
    let silent = desk.run(&["group", "list"]);
    assert!(silent.status == 2 && silent.err.contains("it does not answer"), "{silent:?}");
    assert!(silent.err.contains("help: ") && begun.elapsed() < Duration::from_secs(20));
    // Whoever needs the folder is told what is known: that it is taken.
    assert!(in_use(&desk.without_key(&["init", "x", "--admin", "y"])));
}

#[test]
fn a_server_that_is_stopped_keeps_nobody_waiting() {
    let mut desk = Desk::new();
    desk.stop();
    let server = Server::of(&desk.data());
    let signal = |what: &str| {
        let number = server.0.id().to_string();
        assert!(Command::new("kill").args([what, &number]).status().unwrap().success());
    };
    signal("-STOP");
    let begun = Instant::now();
    let stopped = desk.run(&["group", "add", "ops"]);
    let took = begun.elapsed();
    signal("-CONT");
    assert!(stopped.status == 2 && stopped.err.contains("it does not answer"), "{stopped:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(desk.json(&["group", "list"]), json!([]), "nothing had been asked for yet");
}

#[test]
fn what_needs_the_folder_for_itself_says_so() {
    let desk = Desk::new();
    let init = desk.without_key(&["init", "other", "--admin", ADMIN]);
    assert!(init.status == 2 && init.err.contains("is being served by process "), "{init:?}");
    assert!(init.err.contains("`portcullis workspace add"), "{init:?}");
    desk.without_key(&["backup", "acme.backup"]).done();
    let restore = desk.without_key(&["restore", "acme.backup"]);
    assert!(restore.status == 2 && restore.err.contains("is being served by process "), "{restore:?}");
    let serve = desk.without_key(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(serve.status == 2 && serve.err.contains("is in use by another process"), "{serve:?}");
}

#[test]
fn a_folder_may_lie_deep() {
    let mut desk = Desk::new();
    desk.stop();
    let deep = desk.path(&["deeper-than-a-socket-may-lie"; 6].join("/"));
    fs::create_dir_all(deep.parent().unwrap()).unwrap();
    fs::rename(desk.data(), &deep).unwrap();
    let deep_named = deep.to_str().unwrap().to_owned();
    let _server = Server::of(&deep);
    desk.run(&["group", "add", "ops", "--data", &deep_named]).done();
    assert!(desk.run(&["group", "list", "--data", &deep_named]).done().out.contains("ops"));
    assert_eq!(
        fs::symlink_metadata(deep.join("portcullis.sock")).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

/// What a command says before it finds the folder taken is said once.
#[test]
fn remarks_are_told_once() {
    let desk = Desk::new();
    desk.save(
        "todo.json",
        r#"{"schema": "todo", "resources": {"task": {"actions": ["read"]}, "workspace": {"actions": ["read"]}}}"#,
    );
    let add = ["workspace", "add", "beta", "--admin", "ben", "--schema", "todo.json"];
    let made = desk.with(&desk.operator, &add).done();
    assert_eq!(made.err.matches("does not administer the workspace").count(), 1, "{made:?}");
    assert_eq!(made.out.matches("shown this once").count(), 1, "{made:?}");
}

#[test]
fn a_workspace_that_names_files_is_imported_with_them() {
    let desk = Desk::new();
    fs::create_dir(desk.path("beta")).unwrap();
    desk.save("beta/reader.json", &document(r#""read""#, r#""model""#));
    let workspace = |policy: &str| {
        json!({
            "workspace": "beta",
            "schema": "hightouch",
            "roles": { "drafts": policy },
            "members": { "ben": { "role": "drafts" } },
        })
        .to_string()
    };
    desk.save("beta/workspace.json", &workspace("gone.json"));
    let import = ["workspace", "import", "beta/workspace.json", "--admin", "ann", "--format", "json"];
    let missing = desk.with(&desk.operator, &import);
    assert!(missing.status == 2 && missing.err.contains("there is no such file"), "{missing:?}");
    desk.save("beta/workspace.json", &workspace("reader.json"));
    let made = desk.with(&desk.operator, &import).done().json();
    let key = made["key"].as_str().unwrap();
    let role = desk.with(key, &["role", "show", "drafts", "--document"]).done().out;
    assert!(role.contains(r#""read""#) && role.contains(r#""model""#), "{role}");
}

#[test]
fn a_file_is_written_by_whoever_asks_for_it() {
    let desk = Desk::new();
    let failed = desk.run(&["workspace", "export", "--out", "no/such/place.json"]);
    assert!(failed.status == 2 && failed.out.is_empty(), "{failed:?}");
    assert!(
        failed.err.contains("cannot write `no/such/place.json`: there is no such directory"),
        "{failed:?}"
    );
    assert!(!failed.err.contains("wrote"), "{failed:?}");
    let wrote = desk.run(&["workspace", "export", "--out", "here.json", "--format", "json"]).done();
    assert_eq!(wrote.json(), json!({ "written": "here.json" }));
    assert!(desk.path("here.json").is_file());
}

#[test]
fn what_is_too_much_for_the_socket_is_told_and_not_begun() {
    let desk = Desk::new();
    let text = "x".repeat(60_000);
    let line =
        |id: usize| format!("{{\"type\":\"sync\",\"id\":\"{id}\",\"properties\":{{\"t\":\"{text}\"}}}}\n");
    desk.save("objects.jsonl", &(0..1_130).map(line).collect::<String>());
    let refused = desk.run(&["object", "import", "objects.jsonl"]);
    assert!(refused.status == 2 && refused.err.contains("more than the 67,108,864 bytes"), "{refused:?}");
    assert_eq!(desk.json(&["object", "list"]), json!([]));
    desk.save("objects.jsonl", &(0..1_000).map(line).collect::<String>());
    desk.run(&["object", "import", "objects.jsonl"]).done();
    // Nor is an answer small.
    assert_eq!(desk.json(&["object", "list"]).as_array().unwrap().len(), 1_000);
}

#[test]
fn many_at_once_are_all_answered() {
    let desk = Desk::new();
    let add = |number: usize| {
        // So many run at once that some are asked to come again.
        let name = format!("group {number}");
        loop {
            let ran = desk.run(&["group", "add", &name]);
            if !ran.err.contains("commands are running already") {
                break ran;
            }
            thread::sleep(Duration::from_millis(20));
        }
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..24).map(|number| scope.spawn(move || add(number))).collect();
        for one in all {
            one.join().unwrap().done();
        }
    });
    assert_eq!(desk.json(&["group", "list"]).as_array().unwrap().len(), 24);
    let revision = desk.json(&["workspace", "show"])["revision"].as_str().unwrap().to_owned();
    assert_eq!(revision.split_once('.').unwrap().1, "25");
    desk.run(&["audit", "verify"]).done();
}

/// What both sides show is the same, byte for byte, colour and width too.
#[test]
fn a_served_folder_looks_as_it_does_without_a_server() {
    let mut desk = Desk::new();
    desk.role("drafts", r#"["read", "update"]"#, r#"["model", "sync"]"#);
    desk.member("bob", "drafts");
    desk.save("empty.json", "{}");
    desk.save("members.csv", "subject,role\nbob,drafts\n");
    let shown = |desk: &Desk| -> Vec<(i32, String, String)> {
        let mut all = Vec::new();
        for command in [
            &["member", "list"][..],
            &["role", "list"],
            &["role", "show", "drafts"],
            &["role", "diff", "drafts", "1", "1"],
            &["role", "save", "drafts", "empty.json"],
            &["role", "add", "other", "no-such-file.json"],
            &["member", "set", "bob", "--role", "admin", "--dry-run"],
            &["member", "import", "members.csv"],
            &["member", "show", "nobody"],
            &["group", "remove", "none"],
            &["workspace", "show"],
            &["workspace", "export"],
            &["audit", "list", "--most", "3"],
        ] {
            for format in ["human", "json"] {
                let ran = desk.run(&[command, &["--format", format]].concat());
                all.push((ran.status, ran.out, ran.err));
            }
        }
        all
    };
    let served = shown(&desk);
    desk.stop();
    assert_eq!(served, shown(&desk));
}
