//! What is refused, with its place: tests that cannot fail, names that mean nothing, keys that do not go together.

use std::cell::RefCell;

use portcullis::suite::Suite;
use portcullis::{FetchedFile, Files, Limits, NoFiles, Read, Report, Schema, Source, read_any};

use super::said;

/// The one thing that is said of a test.
fn one(test: &str, expected: &str) {
    assert_eq!(said(test), [expected], "{test}");
}

#[test]
fn names_that_mean_nothing() {
    one(
        r#"{"name": "n", "subject": "ann", "may_not": {"snyc": "read"}}"#,
        "tests.json:2:45: error[P0202]: the schema `hightouch` has no resource type `snyc`",
    );
    one(
        r#"{"name": "n", "subject": "ann", "may_not": {"sync": ["read", "raed"]}}"#,
        "tests.json:2:62: error[P0201]: the schema `hightouch` has no action `raed`",
    );
    one(
        r#"{"name": "n", "subject": "ann", "may_not": {"snyc*": "read"}}"#,
        "tests.json:2:45: error[P0208]: the pattern `snyc*` matches no resource type",
    );
    one(
        r#"{"name": "n", "subject": "ann", "grid": {"*": "raed*"}}"#,
        "tests.json:2:47: error[P0208]: the pattern `raed*` matches no action",
    );
    one(
        r#"{"name": "n", "role": "runer", "grid": {}}"#,
        "tests.json:2:23: error[P0301]: `acme` has no role `runer`",
    );
    one(
        r#"{"name": "n", "action": "read", "resource": "snyc", "who": []}"#,
        "tests.json:2:45: error[P0202]: the schema `hightouch` has no resource type `snyc`",
    );
}

#[test]
fn pairs_that_the_schema_does_not_admit() {
    one(
        r#"{"name": "n", "subject": "ann", "may_not": {"model": ["read", "start"]}}"#,
        "tests.json:2:63: error[P0504]: the schema does not admit `start` on `model`",
    );
    one(
        r#"{"name": "n", "subject": "ann", "may_not": {"a*": "start"}}"#,
        "tests.json:2:51: error[P0504]: the schema does not admit `start` on `a*`",
    );
    one(
        r#"{"name": "n", "subject": "ann", "grid": {"model": "deb*"}}"#,
        "tests.json:2:51: error[P0504]: the schema does not admit `deb*` on `model`",
    );
    one(
        r#"{"name": "n", "action": "start", "resource": ["sync", "model"], "who": ["ann", "bob"]}"#,
        "tests.json:2:25: error[P0504]: the schema does not admit `start` on `model`",
    );
}

#[test]
fn opposites() {
    one(
        r#"{"name": "n", "subject": "ann", "may": {"api_key": "read"}, "may_not": {"w*": "r*"}}"#,
        "tests.json:2:79: error[P0503]: `read` on `workspace` is both in `may` and in `may_not`",
    );
}

#[test]
fn nothing_asked() {
    for (test, place) in [
        (r#"{"name": "n", "subject": "ann"}"#, "2:1"),
        (r#"{"name": "n"}"#, "2:1"),
        (r#"{"name": "n", "subject": [], "grid": {}}"#, "2:26"),
        (r#"{"name": "n", "subject": "ann", "may_not": {}}"#, "2:44"),
        (r#"{"name": "n", "subject": "ann", "may_not": {"sync": []}}"#, "2:53"),
        (r#"{"name": "n", "action": [], "resource": "sync", "who": []}"#, "2:25"),
    ] {
        let said = said(test);
        assert!(said[0].starts_with(&format!("tests.json:{place}: error[P0501]: ")), "{said:?}");
        assert_eq!(said.len(), 1, "{said:?}");
    }
    let empty = Suite::read(&Source::new("t.json", r#"{"tests": []}"#), &NoFiles).unwrap_err();
    assert!(empty.to_string().starts_with("t.json:1:11: error[P0501]: "), "{empty}");
}

#[test]
fn keys() {
    one(
        r#"{"name": "n", "subject": "ann", "can": {"sync": "read"}}"#,
        "tests.json:2:33: error[P0103]: a test has no key `can`",
    );
    one(
        r#"{"name": "n", "user": "ann", "grid": {}}"#,
        "tests.json:2:15: error[P0103]: a test has no key `user`",
    );
    one(r#"{"subject": "ann", "grid": {}}"#, "tests.json:2:1: error[P0102]: this test has no `name`");
    one(r#"{"name": "n", "grid": {}}"#, "tests.json:2:1: error[P0102]: this test has no `subject`");
    one(
        r#"{"name": "n", "resource": "sync", "who": []}"#,
        "tests.json:2:1: error[P0102]: this test has no `action`",
    );
    for mixed in [
        r#"{"name": "n", "subject": "ann", "role": "runner", "grid": {}}"#,
        r#"{"name": "n", "subject": "ann", "grid": {}, "may": {"sync": "read"}}"#,
        r#"{"name": "n", "subject": "ann", "grid": {}, "action": "read"}"#,
        r#"{"name": "n", "subject": "ann", "action": "read", "resource": "sync", "who": []}"#,
    ] {
        let said = said(mixed);
        assert!(said[0].contains("error[P0502]") && said.len() == 1, "{said:?}");
    }
    let twice =
        said(r#"{"name": "n", "subject": "ann", "grid": {}}, {"name": "n", "subject": "ann", "grid": {}}"#);
    assert_eq!(twice, ["tests.json:2:55: error[P0307]: two tests have the name `n`"]);
    let twice = said(r#"{"name": "n", "subject": "ann", "may": {"sync": "read", "sync": "update"}}"#);
    assert_eq!(twice, ["tests.json:2:57: error[P0015]: the key `sync` stands twice in one object"]);
}

#[test]
fn aliases_are_warned_of_and_covered_names_are_not() {
    one(
        r#"{"name": "n", "subject": "ann", "may": {"sync_templates": "read", "api_key": "read"}}"#,
        "tests.json:2:41: warning[P0204]: `sync_templates` is an alias of `sync_template`",
    );
    one(
        r#"{"name": "n", "role": "reader", "may": {"sync": "read"}}"#,
        "tests.json:2:23: warning[P0306]: `reader` is an alias of the built-in role `viewer`",
    );
    one(
        r#"{"name": "n", "action": "read", "resource": "role", "who": ["ann", "bobb"]}"#,
        "tests.json:2:68: warning[P0505]: `bobb` is no member of `acme`",
    );
}

#[test]
fn limits() {
    let read = |text: &str, limits: &Limits| {
        Suite::read_within(&Source::new("t.json", text), &NoFiles, limits).unwrap_err()
    };
    let test = |name: &str| format!(r#"{{"name": "{name}", "subject": ["ann", "bob"], "grid": {{}}}}"#);
    let text = format!(r#"{{"tests": [{}, {}]}}"#, test("a"), test("b"));
    let lowered = |lower: &dyn Fn(&mut Limits)| {
        let mut limits = Limits::default();
        lower(&mut limits);
        let report = read(&text, &limits);
        let fault = report.iter().next().unwrap();
        format!("{} {}", fault.message, fault.help.as_deref().unwrap())
    };
    let told = lowered(&|limits| limits.tests = 1);
    assert_eq!(told, "2 tests where the limit is 1 raise the limit with `--max-tests 2`");
    assert!(lowered(&|limits| limits.list_names = 1).starts_with("2 names where the limit is 1 "));
    assert!(lowered(&|limits| limits.document_bytes = 9).contains("--max-document-bytes"));
    assert!(lowered(&|limits| limits.nesting = 3).contains("--max-nesting"));
}

#[test]
fn another_kind_of_file() {
    for (text, kind) in [(super::ACME, "a workspace"), ("[]", "a policy document")] {
        let report = Suite::read(&Source::new("t.json", text), &NoFiles).unwrap_err();
        assert_eq!(report.to_string(), format!("t.json:1:1: error[P0017]: this is {kind}, not a test suite"));
    }
}

/// Files that are there, and what was asked for.
struct Shelf(RefCell<Vec<(String, String)>>);

impl Files for Shelf {
    fn fetch(&self, path: &str, _most: usize, flag: &str) -> Result<FetchedFile, String> {
        self.0.borrow_mut().push((path.to_owned(), flag.to_owned()));
        let text = match path {
            "workspace.json" | "../acme/workspace.json" => {
                r#"{"workspace": "w", "schema": "hightouch", "roles": {"r": "roles/r.json"}, "members": {"ann": {}}}"#
            }
            "roles/r.json" | "../acme/roles/r.json" => r#"{"version": "2022-04-26", "policies": []}"#,
            _ => return Err("there is no such file".to_owned()),
        };
        Ok(FetchedFile { name: path.to_owned(), bytes: text.as_bytes().to_vec() })
    }
}

fn linted(text: &str) -> (Result<Report, Report>, Vec<(String, String)>) {
    let shelf = Shelf(RefCell::default());
    let schema = Schema::hightouch().unwrap();
    let read = read_any(&Source::new("tests.json", text), &schema, &shelf, &Limits::default());
    let report = read.map(|(read, report)| {
        assert!(matches!(read, Read::Tests(_)));
        report
    });
    (report, shelf.0.into_inner())
}

#[test]
fn a_linter_reads_the_workspace_that_a_suite_names() {
    let tests = r#""tests": [{"name": "n", "role": "r", "may_not": {"sync": "raed"}}]}"#;
    let flags = ["max-workspace-bytes", "max-document-bytes"].map(str::to_owned);
    for (head, directory) in [("{", ""), (r#"{"workspace": "../acme/workspace.json", "#, "../acme/")] {
        let (report, fetched) = linted(&format!("{head}{tests}"));
        assert!(report.unwrap_err().to_string().ends_with("has no action `raed`"));
        let files = ["workspace.json", "roles/r.json"].map(|file| format!("{directory}{file}"));
        assert_eq!(fetched, files.into_iter().zip(flags.clone()).collect::<Vec<_>>());
    }
    let (report, _) = linted(&format!(r#"{{"workspace": "nowhere.json", {tests}"#));
    let told = "tests.json:1:15: error[P0309]: cannot read `nowhere.json`: there is no such file";
    assert_eq!(report.unwrap_err().to_string(), told);
    let (report, _) = linted(&format!("{{{tests}").replace("raed", "read"));
    assert!(report.unwrap().is_empty());
}

#[test]
fn what_is_wrong_with_the_workspace_is_said_with_the_suite() {
    let tests = r#""tests": [{"name": "n", "subject": "ann", "grid": {}}]}"#;
    let inline = r#"{"workspace": {"workspace": "w", "schema": "hightouch", "roles": {}, "members": {"ann": {"role": "edtor"}}}, "#;
    let (report, _) = linted(&format!("{inline}{tests}"));
    let told = "tests.json:1:98: error[P0301]: the member `ann` names the role `edtor`, which does not exist";
    assert_eq!(report.unwrap_err().to_string(), told);
}
