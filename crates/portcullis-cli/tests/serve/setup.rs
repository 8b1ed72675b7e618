//! The setup of an empty folder: a code for whoever started the server, good once and for five tries.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::http::{Answer, ask, get, send};
use crate::server::{Served, eventually, run};

fn claim(at: &str, code: &str) -> Answer {
    let body = json!({ "code": code, "workspace": "acme", "admin": "ann@acme.example" }).to_string();
    let headers = [("content-type", "application/json"), ("x-request-id", "setting-up")];
    send(at, "POST", "/setup", &headers, Some(&body))
}

/// Starts on a folder that is new, and gives the code that was left in it.
fn begun(folder: &Path) -> (Served, String) {
    let mut served = Served::start(folder, &["--data", "data"]);
    let line = served.until("this store has not been set up");
    let file = folder.join("data/setup-code");
    assert!(line.contains("data/setup-code"), "{line}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let code = fs::read_to_string(&file).unwrap().trim().to_owned();
    assert!(code.len() == 26 && !served.log.contains(&code), "{}", served.log);
    (served, code)
}

#[test]
fn whoever_has_the_code_sets_the_store_up_once() {
    let folder = tempfile::tempdir().unwrap();
    let (served, code) = begun(folder.path());
    let at = served.address.clone();
    // Nobody is let in before there is anybody.
    assert_eq!(ask(&at, None, ["ann@acme.example", "read", "sync"]).status, 401);
    let json = [("content-type", "application/json")];
    let no_object = "the body is not the object that was expected";
    for (headers, body, said) in [
        (&json[..], "{}", no_object),
        (&json, r#"{"code": "x", "workspace": "y"}"#, no_object),
        (&json, r#"{"code": "x", "workspace": "y", "admin": "z", "more": 1}"#, no_object),
        (&json, r#"{"code": 7, "workspace": "y", "admin": "z"}"#, no_object),
        (&json, r#"{"code": "x", "workspace": "#, "the body is not JSON"),
        (&[], r#"{"code": "x", "workspace": "y", "admin": "z"}"#, "expected the header"),
    ] {
        let told = send(&at, "POST", "/setup", headers, Some(body));
        assert!(told.status == 400 && told.body.contains(said), "{body}: {told:?}");
    }
    let body = format!("{{\n \"codes\": {code:?}}}");
    let told = send(&at, "POST", "/setup", &json, Some(&body)).json();
    assert_eq!(
        told,
        "the body is not the object that was expected, as line 2 column 8 shows: send `code`, `workspace` and `admin`, each a string, and \
         nothing else"
    );
    assert_eq!(get(&at, None, "/setup").status, 405);
    assert_eq!(claim(&at, "00000000000000000000000000").status, 401);

    let claimed = claim(&at, &code);
    assert_eq!((claimed.status, claimed.header("cache-control")), (200, Some("no-store")), "{claimed:?}");
    let told = claimed.json();
    let [key, operator] = ["key", "operator_key"].map(|name| told[name].as_str().unwrap().to_owned());
    assert!(key.starts_with("portcullis_key_") && operator.starts_with("portcullis_operator_"));
    assert!(ask(&at, Some(&key), ["ann@acme.example", "update", "workspace"]).decision());
    assert_eq!(get(&at, Some(&operator), "/metrics").status, 200);
    assert_eq!(get(&at, Some(&key), "/metrics").status, 401);
    assert_eq!(claim(&at, &code).status, 401, "it was claimed");

    let (_, log) = served.stop();
    assert!(![&key, &operator, &code].into_iter().any(|secret| log.contains(secret.as_str())), "{log}");
    assert!(!folder.path().join("data/setup-code").exists());
    // From where it was set up, and tried, is in the trails.
    for (trail, operation, outcome) in
        [(&[][..], "workspace.create", "done"), (&["--operator"], "setup.claim", "refused")]
    {
        let listed =
            run(folder.path(), &[&["audit", "list", "--data", "data", "--format", "json"], trail].concat());
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        let entry = listed.as_array().unwrap().iter().find(|entry| entry["operation"] == operation);
        let entry = entry.unwrap_or_else(|| panic!("{listed}"));
        assert_eq!(
            (&entry["outcome"], &entry["actor"], &entry["address"], &entry["request"]),
            (&json!(outcome), &json!("setup"), &json!("127.0.0.1"), &json!("setting-up"))
        );
    }
    // From then on there is nothing to set up.
    let served = Served::start(folder.path(), &["--data", "data"]);
    eventually("it being ready", || get(&served.address, None, "/readyz").status == 200);
    assert!(ask(&served.address, Some(&key), ["ann@acme.example", "update", "workspace"]).decision());
    assert_eq!(claim(&served.address, &code).status, 401);
    let (_, log) = served.stop();
    assert!(!log.contains("has not been set up") && !folder.path().join("data/setup-code").exists(), "{log}");
}

#[test]
fn after_five_wrong_codes_the_right_one_is_wrong_too() {
    let folder = tempfile::tempdir().unwrap();
    let (served, code) = begun(folder.path());
    let other = |at: usize| {
        let letter = if code.as_bytes()[at] == b'a' { "b" } else { "a" };
        format!("{}{letter}{}", &code[..at], &code[at + 1..])
    };
    for wrong in (20..25).map(other) {
        assert_eq!(claim(&served.address, &wrong).status, 401);
    }
    assert_eq!(claim(&served.address, &code).status, 401);
    served.stop();
    assert!(!folder.path().join("data/setup-code").exists(), "a code of a server that is gone");
    // The next start shows another, which is good.
    let (served, newer) = begun(folder.path());
    assert_ne!(newer, code);
    assert_eq!(claim(&served.address, &code).status, 401);
    assert_eq!(claim(&served.address, &newer).status, 200);
}
