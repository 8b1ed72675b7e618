//! What is refused, with its place: tests that cannot fail, names that mean nothing, keys that do not go together.

use std::cell::RefCell;

use portcullis::suite::Suite;
use portcullis::{FetchedFile, Files, Limits, NoFiles, Read, Report, Schema, Source, Workspace, read_any};

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
fn nothing_asked_of_a_workspace_with_nothing_in_it() {
    let said = |schema: &str, members: &str, tests: &str| {
        let text =
            format!(r#"{{"workspace": "w", "schema": {schema}, "roles": {{}}, "members": {members}}}"#);
        let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles).unwrap();
        let (suite, _) = Suite::read(&super::source(tests), &NoFiles).unwrap();
        suite.check(&workspace.compile().unwrap().0).to_string()
    };
    let asks_nothing = "error[P0501]: this test asks nothing: `w` has ";
    let no_types = r#"{"schema": "s", "resources": {}}"#;
    for test in [
        r#"{"name": "n", "subject": "eve", "grid": {}}"#,
        r#"{"name": "n", "subject": "eve", "may_not": {"*": "*"}}"#,
        r#"{"name": "n", "action": "*", "resource": "*", "who": "eve"}"#,
    ] {
        let said = said(no_types, "{}", test);
        let told = format!("tests.json:2:10: {asks_nothing}a schema that admits none of these actions");
        assert!(said.contains(&told) && !said.contains("P0504"), "{said}");
    }
    let who = r#"{"name": "n", "action": "read", "resource": "sync", "who": []}"#;
    let told = format!("tests.json:2:10: {asks_nothing}no members, and `who` lists nobody");
    assert_eq!(said("\"hightouch\"", "{}", who), told);
    assert_eq!(said("\"hightouch\"", r#"{"ann": {}}"#, who), "");
    let listed = said("\"hightouch\"", "{}", &who.replace("[]", "\"eve\""));
    assert_eq!(listed, "tests.json:2:60: warning[P0505]: `eve` is no member of `w`");
}

#[test]
fn patterns_groups_and_roles_are_nobody() {
    let not_a_member = |name: &str, told: &str| {
        for (test, column) in [
            (format!(r#"{{"name": "n", "subject": ["ann", "{name}"], "may_not": {{"sync": "start"}}}}"#), 34),
            (format!(r#"{{"name": "n", "subject": "{name}", "grid": {{}}}}"#), 26),
            (format!(r#"{{"name": "n", "action": "read", "resource": "sync", "who": "{name}"}}"#), 60),
        ] {
            one(&test, &format!("tests.json:2:{column}: error[P0507]: `{name}` is {told}"));
        }
    };
    not_a_member("*", "no member of `acme`: there are no patterns here");
    not_a_member("a*", "no member of `acme`: there are no patterns here");
    not_a_member("runners", "a group of `acme`, not a member");
    not_a_member("runner", "a role of `acme`, not a member");
    not_a_member("viewer", "a role of `acme`, not a member");
    not_a_member("reader", "a role of `acme`, not a member");
    // Whoever has such an id is a member like any other.
    let members = r#"{"*": {}, "viewer": {}, "team": {}}"#;
    let text = format!(
        r#"{{"workspace": "w", "schema": "hightouch", "roles": {{}}, "members": {members},
        "groups": {{"team": {{"roles": ["editor"], "members": ["team"]}}}}}}"#
    );
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles).unwrap();
    let snapshot = workspace.compile().unwrap().0;
    let suite = super::suite(r#"{"name": "n", "subject": ["*", "viewer", "team"], "may": {"sync": "read"}}"#);
    assert!(suite.check(&snapshot).is_empty());
    assert_eq!(super::run(&suite, &snapshot).0.failed(), 0);
}

#[test]
fn denials_of_whoever_is_suspended_are_warned_of() {
    one(
        r#"{"name": "n", "subject": ["bob", "dan"], "may_not": {"workspace": "*"}}"#,
        "tests.json:2:34: warning[P0506]: `dan` is suspended, so this passes whatever the roles say",
    );
    for test in [
        r#"{"name": "n", "subject": "dan", "grid": {}}"#,
        r#"{"name": "n", "subject": "dan", "may": {"sync": "read"}, "may_not": {"workspace": "*"}}"#,
        r#"{"name": "n", "action": "read", "resource": "sync", "who": "dan"}"#,
    ] {
        assert_eq!(said(test), [""; 0], "{test}");
    }
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
    let statement = r#"{"effect": "allow"}"#;
    for (text, kind) in [(super::ACME, "a workspace"), (statement, "a policy document"), ("[]", "a list")] {
        let report = Suite::read(&Source::new("t.json", text), &NoFiles).unwrap_err();
        assert_eq!(report.to_string(), format!("t.json:1:1: error[P0017]: this is {kind}, not a test suite"));
    }
}

#[test]
fn whoever_has_no_suite_yet_is_told_what_one_looks_like() {
    let example = |text: &str| {
        let report = Suite::read(&Source::new("t.json", text), &NoFiles).unwrap_err();
        let help = report.iter().next().unwrap().help.clone().unwrap();
        help.strip_prefix("a test suite looks like ").map(str::to_owned).unwrap_or_else(|| panic!("{help}"))
    };
    for text in ["", " \n", "\u{feff}", "[]", r#"[{"name": "n", "role": "runner", "grid": {}}]"#] {
        let (suite, _) = Suite::read(&Source::new("t.json", example(text)), &NoFiles).unwrap();
        assert!(suite.check(&super::acme()).is_empty(), "the example is a suite: {text:?}");
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
fn where_the_workspace_is_at_fault_no_other_is_looked_for() {
    let tests = r#""tests": [{"name": "n", "role": "nobody knows", "grid": {}}]}"#;
    for head in [
        r#"{"workspace": 7, "#,
        r#"{"workspace": "", "#,
        r#"{"workspace": {"members": 7}, "#,
        r#"{"worksapce": "nowhere.json", "#,
    ] {
        let (report, fetched) = linted(&format!("{head}{tests}"));
        let report = report.unwrap_err();
        let beyond = report.iter().filter(|fault| matches!(fault.code.as_str(), "P0309" | "P0301"));
        assert!(fetched.is_empty() && beyond.count() == 0, "{head}: {report}");
    }
}

#[test]
fn what_is_wrong_with_the_workspace_is_said_with_the_suite() {
    let tests = r#""tests": [{"name": "n", "subject": "ann", "grid": {}}]}"#;
    let inline = r#"{"workspace": {"workspace": "w", "schema": "hightouch", "roles": {}, "members": {"ann": {"role": "edtor"}}}, "#;
    let (report, _) = linted(&format!("{inline}{tests}"));
    let told = "tests.json:1:98: error[P0301]: the member `ann` names the role `edtor`, which does not exist";
    assert_eq!(report.unwrap_err().to_string(), told);
}
