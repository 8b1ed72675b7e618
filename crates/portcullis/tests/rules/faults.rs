//! Files of rules with faults: each is told at its place, and nothing is asserted.

use portcullis::diagnostic::Code;
use portcullis::rules::Rules;
use portcullis::{Limits, NoFiles, Read, Schema, Source, read_any};

use crate::{acme, said, source};

#[track_caller]
fn faults(rule: &str, expected: &[&str]) {
    let said = said(rule);
    let said: Vec<&str> = said.iter().map(|line| line.lines().next().unwrap()).collect();
    assert_eq!(said, expected, "{rule}");
}

#[test]
fn a_rule_says_one_thing() {
    faults("", &["rules.json:1:11: error[P0801]: `rules` is an empty list, so nothing could break them"]);
    faults("{}", &["rules.json:2:1: error[P0801]: this rule says nothing"]);
    faults(r#"{"name": "x"}"#, &["rules.json:2:1: error[P0801]: this rule says nothing"]);
    faults(
        r#"{"never": {"actions": "read", "resource": "sync"}, "at-most": 1}"#,
        &["rules.json:2:52: error[P0802]: `never` and `at-most` do not go together"],
    );
    faults(
        r#"{"never": {"role": "admin"}, "role": "editor"}"#,
        &["rules.json:2:30: error[P0802]: `never` and `role` do not go together"],
    );
    faults(
        r#"{"only": "ann", "role": "admin", "object": "42"}"#,
        &["rules.json:2:17: error[P0802]: `object` and `role` do not go together"],
    );
    faults(
        r#"{"only": "ann", "role": "admin", "except": {}}"#,
        &["rules.json:2:34: error[P0802]: `only` and `except` do not go together"],
    );
    faults(
        r#"{"separate": [{"role": "admin"}]}"#,
        &["rules.json:2:14: error[P0801]: `separate` has fewer than two sides, and nothing is kept apart"],
    );
    faults(
        r#"{"never": {"actions": [], "resource": "sync"}}"#,
        &["rules.json:2:23: error[P0801]: `actions` is an empty list, so nothing could break this rule"],
    );
}

#[test]
fn shapes_and_keys_are_told_at_their_places() {
    faults("7", &["rules.json:2:1: error[P0101]: a rule must be an object, found a number"]);
    faults(
        r#"{"never": "admin"}"#,
        &["rules.json:2:11: error[P0101]: `never` must be an object, found a string"],
    );
    faults(
        r#"{"never": {"action": "read", "resource": "sync"}}"#,
        &["rules.json:2:12: error[P0103]: `never` has no key `action`"],
    );
    faults(
        r#"{"never": {"resource": "sync"}}"#,
        &["rules.json:2:11: error[P0102]: `never` has no `actions`"],
    );
    faults(
        r#"{"only": [1], "role": "admin"}"#,
        &["rules.json:2:11: error[P0101]: a name in `only` must be a string, found a number"],
    );
    for (number, found) in
        [("-1", "-1"), ("1.5", "1.5"), ("1e3", "1e3"), ("\"3\"", "a string"), ("99999999999", "99999999999")]
    {
        let message = format!(
            "rules.json:2:13: error[P0101]: `at-most` must be how many, 0 or more and at most 4294967295, found {found}"
        );
        faults(&format!(r#"{{"at-most": {number}, "role": "admin"}}"#), &[&message]);
    }
    faults(
        r#"{"never": {"role": "admin"}, "except": {"role": ["editor"]}}"#,
        &["rules.json:2:41: error[P0103]: `except` has no key `role`"],
    );
    faults(
        r#"{"separate": {"role": "admin"}}"#,
        &["rules.json:2:14: error[P0101]: `separate` must be a list of two sides, or more, found an object"],
    );
}

#[test]
fn what_stands_twice_is_told() {
    faults(
        r#"{"name": "a", "never": {"role": "admin"}}, {"name": "a", "never": {"role": "admin"}}"#,
        &["rules.json:2:53: error[P0307]: two rules have the name `a`"],
    );
    faults(
        r#"{"only": ["ann", "bob", "ann"], "role": "admin"}"#,
        &["rules.json:2:25: error[P0307]: `only` lists twice `ann`"],
    );
    faults(
        r#"{"never": {"role": "admin"}, "except": {"groups": ["runners", "runners"]}}"#,
        &["rules.json:2:63: error[P0307]: `groups` lists twice `runners`"],
    );
    faults(
        r#"{"separate": [{"role": "admin"}, {"role": "viewer"}, {"role": "admin"}]}"#,
        &["rules.json:2:54: error[P0803]: the role `admin` is on both of two sides"],
    );
    faults(
        r#"{"separate": [{"actions": ["create", "enable"], "resource": "sync"}, {"actions": "en*", "resource": "*"}]}"#,
        &["rules.json:2:70: error[P0803]: `enable` on `sync` is on both of two sides"],
    );
    // Two objects are two things.
    faults(
        r#"{"separate": [{"actions": "update", "resource": "sync", "object": "41"},
                          {"actions": "update", "resource": "sync", "object": "42"}]}"#,
        &[],
    );
}

#[test]
fn names_that_mean_nothing_are_told_with_what_may_have_been_meant() {
    faults(
        r#"{"never": {"actions": ["raed", "start"], "resource": ["snyc", "zz*"]}}"#,
        &[
            "rules.json:2:24: error[P0201]: the schema `hightouch` has no action `raed`",
            "rules.json:2:55: error[P0202]: the schema `hightouch` has no resource type `snyc`",
            "rules.json:2:63: error[P0208]: the pattern `zz*` matches no resource type",
        ],
    );
    faults(
        r#"{"never": {"actions": ["update", "start"], "resource": ["model", "source"]}}"#,
        &[
            "rules.json:2:34: error[P0801]: `start` is admitted on none of these types, so nobody could be allowed it",
        ],
    );
    faults(
        r#"{"never": {"actions": ["start"], "resource": ["sync", "model"]}}"#,
        &[
            "rules.json:2:55: error[P0801]: `model` admits none of these actions, so nobody could be allowed it",
        ],
    );
    faults(
        r#"{"never": {"role": "editr"}, "except": {"roles": ["amin"], "groups": ["runer"], "members": ["an"]}}"#,
        &[
            "rules.json:2:20: error[P0301]: `acme` has no role `editr`",
            "rules.json:2:51: error[P0301]: `acme` has no role `amin`",
            "rules.json:2:71: error[P0804]: `acme` has no group `runer`",
            "rules.json:2:93: error[P0805]: `an` is no member of `acme`",
        ],
    );
    faults(
        r#"{"only": ["runners", "runner", "*"], "role": "admin"}"#,
        &[
            "rules.json:2:11: error[P0805]: `runners` is no member of `acme`",
            "rules.json:2:22: error[P0805]: `runner` is no member of `acme`",
            "rules.json:2:32: error[P0805]: `*` is no member of `acme`",
        ],
    );
    faults(
        r#"{"never": {"actions": "update", "resource": "sync", "object": "43"}}"#,
        &["rules.json:2:63: error[P0806]: `acme` stores no `sync` with the id `43`"],
    );
    for kinds in [r#"["sync", "model"]"#, r#""*""#] {
        let rule = format!(r#"{{"never": {{"actions": "update", "resource": {kinds}, "object": "42"}}}}"#);
        let said = said(&rule);
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("error[P0806]: `object` needs one resource type, by its name"), "{said:?}");
    }
    // An alias is taken, with a warning; a covered name is its type.
    faults(
        r#"{"never": {"actions": "update", "resource": "sync_templates"}}"#,
        &["rules.json:2:45: warning[P0204]: `sync_templates` is an alias of `sync_template`"],
    );
    faults(r#"{"never": {"actions": "update", "resource": "api_key"}}"#, &[]);
}

#[test]
fn a_file_is_told_from_the_other_kinds() {
    let kind = |text: &str| Rules::read(&Source::new("rules.json", text), &NoFiles).unwrap_err().to_string();
    assert!(kind(r#"{"tests": []}"#).contains("this is a test suite, not a file of rules"));
    assert!(kind(r#"{"members": {}}"#).contains("this is a workspace, not a file of rules"));
    assert!(kind("[]").contains("this is a list, not a file of rules"));
    let empty = Rules::read(&Source::new("rules.json", ""), &NoFiles).unwrap_err();
    let help = empty.iter().find_map(|fault| fault.help.as_deref());
    assert!(help.unwrap().starts_with("a file of rules looks like {"), "{help:?}");
    assert!(kind("7").contains("a file of rules must be an object, found a number"));
    assert!(kind(r#"{"workspace": "w.json"}"#).contains("has no `rules`"));
    let suite = portcullis::suite::Suite::read(&Source::new("x.json", r#"{"rules": []}"#), &NoFiles);
    assert!(suite.unwrap_err().to_string().contains("this is a file of rules, not a test suite"));
}

#[test]
fn lint_reads_rules_and_the_workspace_that_they_name() {
    let lint = |text: &str| {
        read_any(
            &Source::new("rules.json", text),
            &Schema::hightouch().unwrap(),
            &NoFiles,
            &Limits::default(),
        )
    };
    let whole = format!(r#"{{"workspace": {}, "rules": [{{"never": {{"role": "admin"}}}}]}}"#, crate::ACME);
    let (read, report) = lint(&whole).unwrap();
    assert!(matches!(read, Read::Rules(rules) if rules.count() == 1));
    assert!(report.is_empty(), "{report}");
    let report = lint(&whole.replace("\"never\": {\"role\": \"admin\"}", "\"never\": {\"role\": \"amin\"}"));
    assert_eq!(report.unwrap_err().iter().map(|fault| fault.code).collect::<Vec<_>>(), [Code::UnknownRole]);
    // Without a workspace at hand that is said, at the place.
    let report = lint(r#"{"rules": [{"never": {"role": "admin"}}]}"#).unwrap_err();
    assert_eq!(report.iter().map(|fault| fault.code).collect::<Vec<_>>(), [Code::UnreadableFile]);
    let label = report.iter().find_map(|fault| fault.primary.as_ref()).unwrap();
    assert_eq!(label.text, "this file names no workspace");
}

#[test]
fn hostile_files_are_bounded() {
    let many = |count: usize, one: &str| vec![one; count].join(",");
    let names: Vec<String> = (0..60_000).map(|number| format!("\"m{number}\"")).collect();
    let strangers = format!(r#"{{"only": [{}], "role": "admin"}}"#, names.join(","));
    for rules in [
        many(20_000, r#"{"nevr": 1}"#),
        many(12_000, r#"{"never": {"actions": "raed", "resource": "snyc"}}"#),
        format!(r#"{{"separate": [{}]}}"#, many(40_000, r#"{"role": "admin"}"#)),
        format!(r#"{{"separate": [{}]}}"#, many(64, r#"{"actions": "*", "resource": "*"}"#)),
        format!(
            r#"{{"never": {{"actions": [{}], "resource": [{}]}}}}"#,
            many(60_000, "\"start\""),
            many(60_000, "\"model\"")
        ),
        strangers,
        format!(r#"{{"only": "ann", "at-most": {}, "role": "admin"}}"#, "9".repeat(100_000)),
    ] {
        let text = source(&rules);
        let report = match Rules::read(&text, &NoFiles) {
            Ok((rules, _)) => rules.check(&acme()),
            Err(report) => report,
        };
        assert!(report.has_errors() && report.iter().len() <= 1_000);
        portcullis_testkit::fuzz::sound(&report);
    }
}
