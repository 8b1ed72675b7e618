//! Codes that no short text earns: each limit, lowered so that a short text does, and what only a machine can run into.

use portcullis::diagnostic::{Code, Diagnostic};
use portcullis::matrix::Layout;
use portcullis::{
    Document, Limits, Member, NAME_BYTES, NoFiles, Report, Revision, Schema, Source, Workspace,
    source_from_bytes,
};
use portcullis_testkit::fuzz::sound;

use super::{codes, lint, lint_within, policy};

const POLICY: &str = r#"{"effect": "allow", "actions": ["read", "update"], "resource": "sync"}, {"effect": "deny", "actions": "delete", "resource": "sync"}"#;

const WORKSPACE: &str = r#"{"workspace": "w", "schema": "hightouch",
  "roles": {"r": {"version": "2022-04-26", "policies": []}},
  "groups": {"g": {"roles": ["r", "editor"], "members": ["ann"]}},
  "members": {"ann": {}, "bob": {}}}"#;

const MEMBERS: &str =
    r#"{"workspace": "w", "schema": "hightouch", "roles": {}, "members": {"ann": {}, "bob": {}}}"#;

const SCHEMA: &str = r#"{"schema": "s", "resources": {"doc": {"actions": ["read", "write"]}}}"#;

fn lowered(lower: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    lower(&mut limits);
    limits
}

/// The one error of a text under limits; it names the limit's flag.
fn only(text: &str, limits: &Limits, flag: &str) -> Diagnostic {
    let report = lint_within(text, limits);
    let errors: Vec<&Diagnostic> = report.iter().collect();
    let [fault] = errors.as_slice() else { panic!("{report}") };
    let help = fault.help.as_deref().unwrap_or_default();
    assert!(help.contains(&format!("--{flag}")), "{fault}\n{help}");
    (*fault).clone()
}

#[test]
fn each_limit_names_itself_and_its_flag() {
    let policy = policy(POLICY);
    let over = |text: &str, limits: Limits, flag: &str, message: &str| {
        let fault = only(text, &limits, flag);
        assert_eq!(fault.code, Code::OverLimit, "{fault}");
        assert!(fault.message.contains(message), "{fault}");
    };
    over(&policy, lowered(|l| l.statements = 1), "max-statements", "2 statements where the limit is 1");
    over(&policy, lowered(|l| l.list_names = 1), "max-names", "2 names where the limit is 1");
    over(&policy, lowered(|l| l.document_bytes = 9), "max-document-bytes", "bytes where the limit is 9");
    over(SCHEMA, lowered(|l| l.document_bytes = 9), "max-document-bytes", "bytes where the limit is 9");
    over(SCHEMA, lowered(|l| l.permissions = 1), "max-permissions", "2 permissions where the limit is 1");
    over(WORKSPACE, lowered(|l| l.workspace_bytes = 9), "max-workspace-bytes", "bytes where the limit is 9");
    over(MEMBERS, lowered(|l| l.members = 1), "max-members", "2 members where the limit is 1");
    // Three are built in.
    over(WORKSPACE, lowered(|l| l.roles = 3), "max-roles", "4 roles where the limit is 3");
    over(
        WORKSPACE,
        lowered(|l| l.roles_per_subject = 2),
        "max-roles-per-subject",
        "`ann` holds 3 roles where the limit is 2",
    );
}

#[test]
fn a_limit_that_is_passed_brings_no_faults_that_follow_from_it() {
    // Ann is a member; that the members were not read is no reason to call her a stranger.
    let fault = only(WORKSPACE, &lowered(|l| l.members = 1), "max-members");
    assert_eq!(fault.code, Code::OverLimit);
}

#[test]
fn a_limit_that_is_met_exactly_is_not_passed() {
    let limits = lowered(|l| {
        (l.statements, l.list_names, l.permissions, l.members) = (2, 2, 47, 2);
        (l.roles, l.roles_per_subject, l.nesting) = (4, 3, 4);
        l.document_bytes = policy(POLICY).len();
    });
    for text in [policy(POLICY).as_str(), WORKSPACE, SCHEMA] {
        let report = lint_within(text, &limits);
        assert!(!report.has_errors(), "{report}");
    }
}

#[test]
fn too_deep() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let fault = only(&nested(65), &Limits::default(), "max-nesting");
    assert_eq!((fault.code, fault.primary.unwrap().span.start), (Code::TooDeep, 64));
    assert!(!codes(&lint(&nested(64))).contains(&Code::TooDeep));
    // As deep as a text can get: no stack is used up.
    let fault = only(&"[".repeat(1 << 20), &lowered(|l| l.nesting = 1_000), "max-nesting");
    assert_eq!(fault.code, Code::TooDeep);
    let limits = lowered(|l| l.nesting = usize::MAX);
    assert!(lint_within(&r#"{"a":"#.repeat(150_000), &limits).has_errors());
}

#[test]
fn bytes_that_are_not_utf8() {
    let refused = |bytes: &[u8]| -> Report {
        let report = source_from_bytes("role.json", bytes.to_vec()).unwrap_err();
        sound(&report);
        report
    };
    let report = refused(b"{\"version\": \"\xc3\x28\"}");
    let fault = report.iter().next().unwrap();
    assert_eq!(fault.to_string(), "role.json:1:14: error[P0001]: byte 13 does not belong to UTF-8 text");
    let utf16 = refused(&[0xff, 0xfe, b'{', 0]);
    assert!(utf16.iter().next().unwrap().help.as_deref().unwrap().contains("UTF-16"));
    assert!(source_from_bytes("role.json", "é".into()).is_ok());
}

#[test]
fn a_name_has_at_most_512_bytes() {
    let named =
        |name: &str| policy(&format!(r#"{{"effect": "allow", "actions": "{name}", "resource": "sync"}}"#));
    // One byte a letter, and two.
    for letter in ["x", "é"] {
        let longest = letter.repeat(NAME_BYTES / letter.len());
        assert_eq!(codes(&lint(&named(&longest))), [Code::UnknownAction]);
        assert_eq!(codes(&lint(&named(&format!("{longest}x")))), [Code::IllegalName]);
    }
}

/// Of all that has no number left, this alone can be had: a row layout that the caller chose and that is too small.
#[test]
fn out_of_numbers() {
    let types: Vec<String> =
        (0..513).map(|number| format!(r#""t{number}": {{"actions": ["read"]}}"#)).collect();
    let text = format!(r#"{{"schema": "wide", "resources": {{{}}}}}"#, types.join(", "));
    let (schema, _) = Schema::read(&Source::new("schema.json", text)).unwrap();
    let (document, _) = Document::read(&Source::new("p.json", policy(""))).unwrap();
    let mut workspace = Workspace::new("w", schema);
    workspace.add_role("r", document).add_member("ann", Member::with_role("r"));
    let report = workspace.compile_with(Layout::Flat, Revision::FIRST).unwrap_err();
    assert_eq!(codes(&report), [Code::OutOfNumbers]);
    assert!(workspace.compile_with(Layout::Paged, Revision::FIRST).is_ok());
}

#[test]
fn a_file_that_is_not_there() {
    let text =
        r#"{"workspace": "w", "schema": "schemas/own.json", "roles": {"r": "roles/r.json"}, "members": {}}"#;
    let report = Workspace::read(&Source::new("workspace.json", text), &NoFiles).unwrap_err();
    assert_eq!(codes(&report), [Code::UnreadableFile; 2]);
    let places: Vec<&str> = report.iter().map(Diagnostic::snippet).collect();
    assert_eq!(places, ["\"schemas/own.json\"", "\"roles/r.json\""]);
}
