//! A workspace file that is served: answers, new versions, broken ones, and what is refused before the port is bound.

use std::fs;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use crate::http::{Watch, ask, get, send};
use crate::server::{Served, acme, edit, eventually, new_key, run};

const OPEN: [&str; 3] = ["-w", "workspace.json", "--insecure-no-auth"];
/// What a policy beside the workspace allows, and nothing else does.
const CREATE: [&str; 3] = ["carol@acme.example", "create", "sync"];
const POLICY: &str = "roles/audience_collaborator.json";

#[test]
fn a_file_is_served_to_whoever_has_a_key() {
    let folder = acme();
    let (_, key) = new_key(folder.path(), "one");
    let served = Served::start(folder.path(), &["--workspace", "workspace.json", "--keys", "keys.json"]);
    let (at, key) = (&served.address, Some(&*key));
    assert!(ask(at, key, CREATE).decision());
    assert!(!ask(at, key, ["carol@acme.example", "delete", "sync"]).decision());
    // Whoever is let in may ask about everyone, and why.
    let body =
        r#"{"subject":{"type":"user"},"action":{"name":"delete"},"resource":{"type":"source","id":"1"}}"#;
    let bearer = format!("Bearer {}", key.unwrap());
    let json = [("authorization", &*bearer), ("content-type", "application/json")];
    let found = send(at, "POST", "/access/v1/search/subject", &json, Some(body));
    assert_eq!(found.body, r#"{"results":[{"type":"user","id":"ann@acme.example"}]}"#);
    assert!(get(at, key, "/metrics").body.contains("portcullis_stale 0"));
    for (path, key, status) in [
        ("/metrics", None, 401),
        ("/metrics", Some("portcullis_key_x"), 401),
        ("/workspaces/acme/access/v1/capabilities?subject=ann%40acme.example", key, 200),
        ("/workspaces/other/access/v1/capabilities?subject=ann%40acme.example", key, 404),
        ("/access/v1/capabilities", key, 400),
        ("/readyz", None, 200),
        ("/livez", None, 200),
    ] {
        assert_eq!(get(at, key, path).status, status, "{path}");
    }
    let unknown = ask(at, None, CREATE);
    assert_eq!((unknown.status, unknown.header("www-authenticate")), (401, Some("Bearer")));
    let setup = send(at, "POST", "/setup", &[("content-type", "application/json")], Some("{}"));
    assert_eq!(setup.status, 404);
    let mut wanting = json.to_vec();
    wanting.push(("portcullis-at-least", "0000000000000000.1"));
    let waited = send(at, "POST", "/access/v1/evaluation", &wanting, Some("{}"));
    assert!(
        waited.status == 400 && waited.body.contains("no revisions that can be waited for"),
        "{waited:?}"
    );
    let (printed, log) = served.stop();
    assert!(printed.is_empty() && log.contains("stopping") && !log.contains("NO KEY"), "{log}");
    assert!(log.contains("1 warning: `portcullis lint workspace.json` lists what"), "{log}");
}

#[test]
fn a_change_of_the_file_or_of_a_policy_beside_it_is_in_force_soon() {
    let folder = acme();
    let mut served = Served::start(folder.path(), &OPEN);
    let at = served.address.clone();
    let revision = |question| ask(&at, None, question).header("portcullis-revision").unwrap().to_owned();
    let mut watch = Watch::open(&at, None);
    let first = revision(CREATE);
    assert!(watch.seen.contains(&first), "{first} {}", watch.seen);

    edit(&folder.path().join(POLICY), "\"create\"", "\"delete\"");
    eventually("the policy being another", || !ask(&at, None, CREATE).decision());
    served.until("a new version is in force");
    watch.until("event: revision");
    assert_ne!(revision(CREATE), first);

    let carol = ["carol@acme.example", "delete", "source"];
    assert!(!ask(&at, None, carol).decision());
    let text = fs::read_to_string(folder.path().join("workspace.json")).unwrap();
    fs::write(
        folder.path().join("new"),
        text.replace("\"default_role\": \"viewer\"", "\"default_role\": \"admin\""),
    )
    .unwrap();
    fs::rename(folder.path().join("new"), folder.path().join("workspace.json")).unwrap();
    eventually("the workspace being another", || ask(&at, None, carol).decision());
}

#[test]
fn a_broken_version_changes_nothing_and_is_told_wherever_one_looks() {
    let folder = acme();
    let (_, key) = new_key(folder.path(), "one");
    let mut served = Served::start(folder.path(), &["-w", "workspace.json", "--keys", "keys.json"]);
    let (at, key) = (served.address.clone(), Some(&*key));
    let role = folder.path().join(POLICY);
    edit(&role, "\"create\"", "\"craete\"");
    served.until("a new version is not in force, and the last good one still is");
    served.until("error[P0201]: the schema `hightouch` has no action `craete`");
    served.until("`workspace.json` has 1 error");

    assert!(ask(&at, key, CREATE).decision());
    let ready = get(&at, None, "/readyz");
    let told = ready.json();
    assert_eq!((ready.status, &told["ready"], &told["stale"]), (200, &true.into(), &true.into()));
    assert!(told["message"].as_str().unwrap().contains("workspace file has errors"), "{told}");
    // Whoever is not let in learns no name and no line of it.
    assert!(told.get("errors").is_none() && told["since"].as_str().unwrap().ends_with('Z'), "{told}");
    let told = get(&at, key, "/readyz").json();
    assert!(told["errors"].as_str().unwrap().contains("did you mean `create`?"), "{told}");
    assert!(get(&at, key, "/metrics").body.contains("portcullis_stale 1"));
    // It is told once, however often the file is looked at.
    thread::sleep(Duration::from_millis(1200));
    assert_eq!(served.said().matches("is not in force").count(), 1);

    // Another broken version is told too; a good one ends it.
    edit(&role, "\"craete\"", "\"craate\"");
    served.until("no action `craate`");
    edit(&role, "\"craate\"", "\"create\"");
    served.until("a new version is in force");
    assert_eq!(get(&at, None, "/readyz").json(), serde_json::json!({ "ready": true }));
    assert!(get(&at, key, "/metrics").body.contains("portcullis_stale 0"));
    assert!(ask(&at, key, CREATE).decision());

    // A file that is gone is a broken version like any other.
    fs::rename(folder.path().join("workspace.json"), folder.path().join("away")).unwrap();
    served.until("cannot read `workspace.json`: there is no such file");
    assert!(ask(&at, key, CREATE).decision());
    assert!(!served.stop().1.contains("portcullis_key_"));
}

#[test]
fn what_is_broken_from_the_start_is_told_as_ever_and_no_port_is_bound() {
    let folder = acme();
    edit(&folder.path().join(POLICY), "\"create\"", "\"craete\"");
    // The port is another's, which nobody comes to notice.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let served =
        run(folder.path(), &["serve", "-w", "workspace.json", "--insecure-no-auth", "--listen", &listen]);
    let said = String::from_utf8(served.stderr).unwrap();
    assert_eq!((served.status.code(), served.stdout.len()), (Some(2), 0));
    assert!(
        said.contains("error[P0201]") && said.ends_with("error: `workspace.json` has 1 error\n"),
        "{said}"
    );
    assert!(!said.contains("cannot listen"), "{said}");
    edit(&folder.path().join(POLICY), "\"craete\"", "\"create\"");
    let served =
        run(folder.path(), &["serve", "-w", "workspace.json", "--insecure-no-auth", "--listen", &listen]);
    let said = String::from_utf8(served.stderr).unwrap();
    assert!(served.status.code() == Some(2) && said.contains("cannot listen on"), "{said}");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let folder = acme();
    new_key(folder.path(), "one");
    for (arguments, wanted) in [
        (&["-w", "workspace.json"][..], "it was not said who may ask"),
        (&["-w", "workspace.json", "--keys", "keys.json", "--insecure-no-auth"], "were both given"),
        (&["-w", "workspace.json", "--data", "d"], "`--workspace` and `--data` were both given"),
        (&["--demo", "--data", "d"], "`--demo` and `--data` were both given"),
        (&["--demo", "-w", "workspace.json"], "`--demo` and `--workspace` were both given"),
        (&["--demo", "--insecure-no-auth"], "`--insecure-no-auth` is for a workspace file"),
        (&["--data", "d", "--keys", "keys.json"], "`--keys` is for a workspace file"),
        (&["--data", "d", "--insecure-no-auth"], "`--insecure-no-auth` is for a workspace file"),
        (&["--data", "d", "--max-members", "5"], "limits on files are for a workspace file"),
        (&["-w", "-", "--insecure-no-auth"], "standard input cannot be served"),
        (&["-w", "workspace.json", "--keys", "-"], "standard input cannot be served"),
        (
            &["-w", "workspace.json", "--insecure-no-auth", "--listen", "0.0.0.0:0"],
            "can be reached from other machines",
        ),
        (
            &["-w", "workspace.json", "--insecure-no-auth", "--listen", "[::]:0"],
            "can be reached from other machines",
        ),
        (&["-w", "roles/atlan_role.json", "--insecure-no-auth"], "is a policy document, not a workspace"),
        (&["-w", "workspace.json", "--insecure-no-auth", "--max-members", "2"], "has 1 error"),
        (&["-w", "workspace.json", "--keys", "none.json"], "cannot read `none.json`: there is no such file"),
        (
            &["-w", "workspace.json", "--keys", "none.json"],
            "help: `portcullis key new --offline --name NAME --keys none.json` makes it",
        ),
    ] {
        let mut command = vec!["serve"];
        command.extend(arguments);
        let refused = run(folder.path(), &command);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(2) && said.contains(wanted), "{arguments:?}\n{said}");
        assert!(refused.stdout.is_empty() && !folder.path().join("d").exists(), "{arguments:?}");
    }
}
