//! The keys file: how it comes to be, and who is let in by it while it changes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{Kept, Watch, ask, get};
use crate::server::{Served, acme, command, edit, eventually, new_key, run};

const SERVE: [&str; 4] = ["-w", "workspace.json", "--keys", "keys.json"];
const ASKED: [&str; 3] = ["ann@acme.example", "read", "sync"];

/// What only whoever is let in gets.
const PATHS: [&str; 3] =
    ["/access/v1/capabilities?subject=ann%40acme.example", "/access/v1/capabilities/numbering", "/metrics"];

fn entries(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("keys.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["keys"].as_array().unwrap().clone()
}

/// Takes an entry out of the file, as one would by hand.
fn revoke(folder: &Path, id: &str) {
    let text = fs::read_to_string(folder.join("keys.json")).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains(id)).collect();
    let text = lines.join("\n").replace("},\n  ]", "}\n  ]");
    serde_json::from_str::<Value>(&text).unwrap();
    fs::write(folder.join("keys.json"), text).unwrap();
}

#[test]
fn a_key_is_shown_once_and_its_hash_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &["key", "new", "--offline", "--name", "billing", "--keys", "keys.json"]);
    let shown = String::from_utf8(made.stdout).unwrap();
    assert!(made.status.success() && made.stderr.is_empty(), "{shown}");
    let secret = shown.split_whitespace().find(|word| word.starts_with("portcullis_key_")).unwrap();
    assert_eq!(shown.matches(secret).count(), 1);
    let file = folder.path().join("keys.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    let tail = secret.rsplit('_').next().unwrap();
    assert!(!text.contains(tail) && text.contains("\"name\":\"billing\""), "{text}");

    // What a file allows others stays as it is, and so does what is in it.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let (id, _) = new_key(folder.path(), "second");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    let names: Vec<Value> = entries(folder.path()).iter().map(|entry| entry["name"].clone()).collect();
    assert_eq!(names, ["billing", "second"]);
    assert_eq!(entries(folder.path())[1]["id"], id);

    // Without a file the entry is printed, for whoever puts it there.
    let printed = run(folder.path(), &["key", "new", "--offline", "--name", "third"]);
    let printed = String::from_utf8(printed.stdout).unwrap();
    let entry: Value = serde_json::from_str(printed.lines().last().unwrap().trim()).unwrap();
    assert!(entry["name"] == "third" && entry["hash"].as_str().unwrap().starts_with("sha256:"), "{printed}");
    assert_eq!(entries(folder.path()).len(), 2);

    for (arguments, wanted) in [
        (&["--name", "x"][..], "`key new` makes keys for a keys file alone"),
        (&["--offline", "--name", ""], "the name of a key is empty"),
        (&["--offline", "--name", "x", "--keys", "none/keys.json"], "there is no such directory"),
    ] {
        let mut command = vec!["key", "new"];
        command.extend(arguments);
        let refused = run(folder.path(), &command);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(2) && said.contains(wanted), "{said}");
        assert!(refused.stdout.is_empty(), "no secret that opens nothing");
    }
}

#[test]
fn keys_that_are_made_at_once_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let making: Vec<Child> = (0..8)
        .map(|number| {
            let name = format!("n{number}");
            command(folder.path(), &["key", "new", "--offline", "--name", &name, "--keys", "keys.json"])
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    making.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success()));
    assert_eq!(entries(folder.path()).len(), 8);
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "nothing else is left");
}

#[test]
fn a_new_key_opens_soon_and_a_revoked_one_is_closed_out_of_everything() {
    let folder = acme();
    let (_, staying) = new_key(folder.path(), "staying");
    let mut served = Served::start(folder.path(), &SERVE);
    let at = served.address.clone();
    let mut other = Watch::open(&at, Some(&staying));
    // A machine that does much else may be late once; a server that does not do it is late each time.
    let took = (0..3).map(|number| {
        let (id, going) = new_key(folder.path(), &format!("going {number}"));
        eventually("the new key opening", || ask(&at, Some(&going), ASKED).status == 200);
        let mut watch = Watch::open(&at, Some(&going));
        let mut kept = PATHS.map(|path| (path, Kept::open(&at)));
        for (path, kept) in &mut kept {
            assert_eq!(kept.get(&going, path), 200, "{path}");
        }
        let begun = Instant::now();
        revoke(folder.path(), &id);
        let took = watch.end() - begun;
        assert!(
            watch.seen.contains("event: end") && watch.seen.contains("the credential is not valid"),
            "{}",
            watch.seen
        );
        assert_eq!(ask(&at, Some(&going), ASKED).status, 401);
        // A connection that remembers who it was found to be is no way around it.
        for (path, kept) in &mut kept {
            assert_eq!(kept.get(&going, path), 401, "{path}");
        }
        took
    });
    let took: Vec<Duration> = took.collect();
    assert!(took.iter().any(|took| *took < Duration::from_secs(1)), "{took:?}");
    assert_eq!(ask(&at, Some(&staying), ASKED).status, 200);
    // Who stays is told nothing new by that: the revision is the same.
    assert_eq!(other.seen.matches("event: ").count(), 1, "{}", other.seen);
    served.until("a new version is in force");
    served.stop();
    other.end();
    assert!(other.seen.contains("the server stops"), "{}", other.seen);
}

#[test]
fn a_broken_keys_file_lets_in_as_before_and_is_told() {
    let folder = acme();
    let (id, key) = new_key(folder.path(), "one");
    let mut served = Served::start(folder.path(), &SERVE);
    let (at, key) = (served.address.clone(), Some(&*key));
    let file = folder.path().join("keys.json");
    edit(&file, "\"name\"", "\"nome\"");
    served.until("a new version is not in force");
    served.until(
        "`keys.json` is no keys file: unknown field `nome`, expected one of `id`, `name`, `hash` at line 3",
    );
    assert_eq!(ask(&at, key, ASKED).status, 200);
    assert!(get(&at, None, "/readyz").json()["message"].as_str().unwrap().contains("keys file has errors"));
    assert!(get(&at, key, "/readyz").json()["errors"].as_str().unwrap().contains("unknown field"));
    assert!(get(&at, key, "/metrics").body.contains("portcullis_stale 1"));

    // Mended, with the key gone: an empty file lets nobody in.
    edit(&file, "\"nome\"", "\"name\"");
    revoke(folder.path(), &id);
    eventually("nobody being let in", || ask(&at, key, ASKED).status == 401);
    assert!(get(&at, None, "/readyz").json().get("stale").is_none());
}

#[test]
fn a_keys_file_with_faults_is_told_before_anything_is_served() {
    let folder = acme();
    let (id, secret) = new_key(folder.path(), "one");
    let file = folder.path().join("keys.json");
    let text = fs::read_to_string(&file).unwrap();
    for (broken, wanted) in [
        (text.replace("\"keys\"", "\"key\""), "unknown field `key`, expected `keys` at line 2 column 7"),
        (text.replace("sha256:", "md5:"), "`hash` is none: expected `sha256:` and 64 digits"),
        (text.replace(&id, "ann"), "`id` is none"),
        (text.replace("\"one\"", &format!("\"{secret}\"")), "it holds a secret: replace that key"),
        (String::new(), "EOF while parsing"),
        (" ".repeat(3 << 20), "it has more than 2,097,152 bytes, which is the limit"),
    ] {
        fs::write(&file, broken).unwrap();
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
        arguments.extend(SERVE);
        let refused = run(folder.path(), &arguments);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(2) && said.contains(wanted), "{wanted}\n{said}");
        assert!(!said.contains("portcullis_key_"), "{said}");
        // A key is not added to what nobody can read.
        let refused = run(folder.path(), &["key", "new", "--offline", "--name", "x", "--keys", "keys.json"]);
        assert!(refused.status.code() == Some(2) && refused.stdout.is_empty(), "{wanted}");
    }
}
