//! The demo: what it prints is what it answers, and nothing of it stays.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::http::{Answer, send};
use crate::page::Curl;
use crate::server::{Served, command};

/// Whether it answers so, or goes on after what was shown of it.
#[track_caller]
fn answers(answer: &Answer, shown: &str) {
    assert_eq!(answer.status, 200, "{answer:?}");
    match shown.strip_suffix('…') {
        Some(beginning) => {
            assert!(answer.body.starts_with(beginning) && answer.body.len() > shown.len(), "{answer:?}")
        }
        None => assert_eq!(answer.body, shown),
    }
}

#[test]
fn a_newcomer_sees_something_at_once_and_nothing_of_it_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::start(folder.path(), &["--demo"]);
    let printed = served.printed_until("portcullis member list --data ");
    let key = printed.lines().find_map(|line| line.strip_prefix("  KEY=")).unwrap();
    assert!(printed.contains(&format!("http://{}", served.address)), "{printed}");

    let lines: Vec<&str> = printed.lines().collect();
    let mut tried = 0;
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("  curl ")) {
        let count = lines[at..].iter().take_while(|line| line.ends_with('\\')).count() + 1;
        let curl = Curl::read(&lines[at..at + count].join("\n"), key);
        assert!(lines[at + count].is_empty());
        answers(&curl.send(&served.address), lines[at + count + 1].trim());
        tried += 1;
    }
    assert_eq!(tried, 3, "{printed}");

    let made: Vec<PathBuf> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(fs::metadata(&made[0]).unwrap().permissions().mode() & 0o777, 0o700);
    let data = printed.lines().last().unwrap().rsplit(' ').next().unwrap();
    let list = command(folder.path(), &["member", "list", "--data", data])
        .env("PORTCULLIS_KEY", key)
        .output()
        .unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(list.contains("svc-atlan@acme.example") && list.contains("ann@acme.example"), "{list}");
    // There is nothing to set up.
    let claim = r#"{"code": "x", "workspace": "y", "admin": "z"}"#;
    let claimed =
        send(&served.address, "POST", "/setup", &[("content-type", "application/json")], Some(claim));
    assert_eq!(claimed.status, 401);
    let (_, log) = served.stop();
    assert!(!log.contains("portcullis_key_"), "{log}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "it is gone");
}

#[test]
fn no_two_demos_share_anything_and_one_that_cannot_listen_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, mut other) =
        (Served::start(folder.path(), &["--demo"]), Served::start(folder.path(), &["--demo"]));
    let key = |served: &mut Served| {
        let printed = served.printed_until("  KEY=");
        printed.lines().last().unwrap().to_owned()
    };
    assert_ne!(key(&mut one), key(&mut other));
    let refused = command(folder.path(), &["serve", "--demo", "--listen", &one.address]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && said.contains("cannot listen on"), "{said}");
    assert!(refused.stdout.is_empty());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
