//! The demo: what it prints is what it answers, and nothing of it stays.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::PathBuf;
use std::process::Command;

use crate::http::{Answer, get, send};
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
    // As it stands, wherever it is typed, though no such command is installed.
    let typed = format!("KEY={key}\n{}", printed.lines().last().unwrap());
    let list = Command::new("sh").args(["-c", &typed]).current_dir("/").output().unwrap();
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

#[test]
fn what_a_killed_demo_leaves_is_removed_by_the_next_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let folders = || {
        let all = fs::read_dir(folder.path()).unwrap();
        all.map(|entry| entry.unwrap().path()).collect::<BTreeSet<PathBuf>>()
    };
    let running = Served::start(folder.path(), &["--demo"]);
    let kept = folders();
    let killed = Served::start(folder.path(), &["--demo"]);
    let left: Vec<PathBuf> = folders().difference(&kept).cloned().collect();
    assert_eq!(left.len(), 1);
    killed.kill();
    assert!(left[0].join("data/portcullis.db").exists());

    // What only looks like it, each with something in it.
    let of = |last: char| folder.path().join(format!("portcullis-demo-{}{last}", "0".repeat(25)));
    let made = |path: PathBuf, mode: u32| {
        fs::create_dir(&path).unwrap();
        fs::write(path.join("file"), "x").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    };
    let target = made(folder.path().join("elsewhere"), 0o700);
    symlink(&target, of('1')).unwrap();
    fs::write(of('2'), "x").unwrap();
    made(of('3'), 0o755);
    // Only root can give something to others; for others there is nothing of others there.
    let _ = chown(made(of('4'), 0o700), Some(65_534), None);
    let is_root = fs::metadata(of('4')).unwrap().uid() == 65_534;
    if !is_root {
        fs::remove_dir_all(of('4')).unwrap();
    }
    for name in ["portcullis-demo-", "portcullis-demo-x", "portcullis-demo", "my-portcullis-demo"] {
        made(folder.path().join(name), 0o700);
    }
    let upper = left[0].file_name().unwrap().to_str().unwrap().rsplit_once('-').unwrap().1.to_uppercase();
    made(folder.path().join(format!("portcullis-demo-{upper}")), 0o700);
    let before: BTreeSet<PathBuf> = folders().into_iter().filter(|path| *path != left[0]).collect();
    // This one is as a killed one would have left it.
    made(of('5'), 0o700);

    let mut next = Served::start(folder.path(), &["--demo"]);
    assert_eq!(next.said().matches("removed the folder of a demo that was killed").count(), 2);
    next.stop();
    assert_eq!(folders(), before);
    assert!(target.join("file").exists() && kept.iter().all(|path| path.join("data/portcullis.db").exists()));
    assert_eq!(get(&running.address, None, "/readyz").status, 200);

    // Where others may rename what is ours, nothing is removed.
    made(of('5'), 0o700);
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    Served::start(folder.path(), &["--demo"]).stop();
    assert!(of('5').exists());
    fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
    Served::start(folder.path(), &["--demo"]).stop();
    assert!(!of('5').exists());
}
