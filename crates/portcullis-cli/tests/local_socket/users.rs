//! Users of the machine: whose commands a server takes, and whose answers a client. Only root can be several users, so these tests need root and
//! say when they are not run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use portcullis_store::SqliteStore;
use tempfile::TempDir;

use crate::desk::{Desk, Server};

/// Two users who are neither root nor each other.
const OWNER: u32 = 65_534;
const OTHER: u32 = 54_321;

fn portcullis(user: u32, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments).current_dir("/").env_remove("PORTCULLIS_KEY").env("PORTCULLIS_DATA", folder);
    if user != 0 {
        command.uid(user).gid(user);
    }
    command
}

fn run(user: u32, folder: &Path, arguments: &[&str]) -> Output {
    portcullis(user, folder, arguments).output().unwrap()
}

/// Whether commands can be run as somebody else.
fn can_be_others() -> bool {
    let version = portcullis(OWNER, Path::new("/"), &["--version"]).output();
    let can = version.is_ok_and(|ran| ran.status.success());
    if !can {
        eprintln!("NOT RUN: this needs root, and a binary that others may execute");
    }
    can
}

/// What the system calls a user.
fn name(user: u32) -> String {
    let said = Command::new("id").args(["-un", &user.to_string()]).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A directory in which everybody may make something, with the data folder of [`OWNER`] in it.
fn of_owner() -> (TempDir, std::path::PathBuf) {
    let place = tempfile::tempdir().unwrap();
    set(place.path(), 0o777);
    let folder = place.path().join("data");
    let made = run(OWNER, &folder, &["init", "acme", "--admin", "ann"]);
    assert!(made.status.success(), "{made:?}");
    (place, folder)
}

#[test]
fn a_server_takes_commands_from_its_user_and_from_root() {
    if !can_be_others() {
        return;
    }
    let (_place, folder) = of_owner();
    let server = Server::started(&mut portcullis(OWNER, &folder, &["serve", "--listen", "127.0.0.1:0"]));
    for user in [OWNER, 0] {
        let ran = run(user, &folder, &["group", "list"]);
        assert!(ran.status.success(), "{user}: {ran:?}");
    }
    let outside = run(OTHER, &folder, &["group", "list"]);
    assert_eq!(outside.status.code(), Some(2), "the folder is closed: {outside:?}");
    // Somebody opened everything to everybody: the server asks the system who it is all the same.
    for (name, mode) in [("", 0o777), ("portcullis.lock", 0o666), ("portcullis.sock", 0o666)] {
        set(&folder.join(name), mode);
    }
    let refused = run(OTHER, &folder, &["group", "list"]);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("commands are taken from the user that the server runs as"), "{told}");
    assert_eq!(refused.status.code(), Some(2));
    let trail = run(0, &folder, &["audit", "list", "--format", "json"]);
    let trail: serde_json::Value = serde_json::from_slice(&trail.stdout).unwrap();
    let actors: Vec<&str> = trail
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["operation"] == "local.group.list")
        .map(|entry| entry["actor"].as_str().unwrap())
        .collect();
    assert_eq!(actors, [OWNER, 0].map(|user| format!("local:{}", name(user))));
    drop(server);
}

#[test]
fn a_client_says_nothing_to_a_socket_that_is_not_the_owners() {
    if !can_be_others() {
        return;
    }
    let mut desk = Desk::new();
    desk.stop();
    let _open = SqliteStore::open(desk.data()).unwrap();
    let (_place, theirs) = of_owner();
    let _server = Server::started(&mut portcullis(OWNER, &theirs, &["serve", "--listen", "127.0.0.1:0"]));
    fs::rename(theirs.join("portcullis.sock"), desk.data().join("portcullis.sock")).unwrap();
    let ran = desk.run(&["group", "list"]);
    let told = format!("it is `{}`, who does not own the folder", name(OWNER));
    assert!(ran.status == 2 && ran.err.contains(&told), "{ran:?}");
}

#[test]
fn a_user_without_a_name_has_a_number() {
    if !can_be_others() {
        return;
    }
    assert_eq!(name(OTHER), "", "somebody is called so here");
    let place = tempfile::tempdir().unwrap();
    set(place.path(), 0o777);
    let folder = place.path().join("data");
    assert!(run(OTHER, &folder, &["init", "acme", "--admin", "ann"]).status.success());
    let _server = Server::started(&mut portcullis(OTHER, &folder, &["serve", "--listen", "127.0.0.1:0"]));
    assert!(run(OTHER, &folder, &["group", "list"]).status.success());
    let trail = run(0, &folder, &["audit", "list"]);
    let trail = String::from_utf8(trail.stdout).unwrap();
    assert!(trail.contains(&format!("local:uid:{OTHER}")), "{trail}");
}
