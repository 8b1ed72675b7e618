//! A text that earns each code, and the same text mended.
//!
//! A test reads every one of them: the first must earn its code, the second nothing worse than it
//! must. Codes without an example need a text that is too large or a system that fails.

use super::code::{Code, Example, ExampleKind};

const fn policy(bad: &'static str, good: &'static str) -> Option<Example> {
    Some(Example { kind: ExampleKind::Policy, bad, good })
}

const fn schema(bad: &'static str, good: &'static str) -> Option<Example> {
    Some(Example { kind: ExampleKind::Schema, bad, good })
}

const fn workspace(bad: &'static str, good: &'static str) -> Option<Example> {
    Some(Example { kind: ExampleKind::Workspace, bad, good })
}

const fn tests(bad: &'static str, good: &'static str) -> Option<Example> {
    Some(Example { kind: ExampleKind::Tests, bad, good })
}

const fn rules(bad: &'static str, good: &'static str) -> Option<Example> {
    Some(Example { kind: ExampleKind::Rules, bad, good })
}

impl Code {
    /// A text that earns the code and the same text mended, where a short one exists.
    #[must_use]
    pub const fn example(self) -> Option<Example> {
        match self {
            Code::EmptyText => policy("", r##"{"version": "2022-04-26", "policies": []}"##),
            Code::TrailingComma => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "model", "conditions": "*",}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "model", "conditions": "*"}]}"##,
            ),
            Code::Comment => policy(
                r##"// who may look
{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"##,
            ),
            Code::SmartQuotes => policy(
                "{“version”: “2022-04-26”, “policies”: []}",
                r##"{"version": "2022-04-26", "policies": []}"##,
            ),
            Code::SingleQuotes => policy(
                "{'version': '2022-04-26', 'policies': []}",
                r##"{"version": "2022-04-26", "policies": []}"##,
            ),
            Code::UnquotedText => policy(
                r##"{version: "2022-04-26", policies: []}"##,
                r##"{"version": "2022-04-26", "policies": []}"##,
            ),
            Code::Unclosed => policy(
                r##"{"version": "2022-04-26", "policies": []"##,
                r##"{"version": "2022-04-26", "policies": []}"##,
            ),
            Code::MissingComma => policy(
                r##"{"version": "2022-04-26" "policies": []}"##,
                r##"{"version": "2022-04-26", "policies": []}"##,
            ),
            Code::UnexpectedToken => policy(
                r##"{"version" = "2022-04-26", "policies": []}"##,
                r##"{"version": "2022-04-26", "policies": []}"##,
            ),
            Code::BadEscape => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "re\ad", "resource": "sync"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"##,
            ),
            Code::BadNumber => policy(
                r##"{"version": 02022, "policies": []}"##,
                r##"{"version": "2022-04-26", "policies": []}"##,
            ),
            Code::TextAfterEnd => policy(
                r##"{"version": "2022-04-26", "policies": []}
{"version": "2022-04-26", "policies": []}"##,
                r##"{"version": "2022-04-26", "policies": []}"##,
            ),
            Code::DuplicateKey => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "effect": "deny", "actions": "read", "resource": "sync"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "deny", "actions": "read", "resource": "sync"}]}"##,
            ),
            Code::UnknownKind => {
                policy(r##"{"hello": "world"}"##, r##"{"version": "2022-04-26", "policies": []}"##)
            }
            Code::WrongShape => policy(
                r##"{"version": "2022-04-26", "policies": {}}"##,
                r##"{"version": "2022-04-26", "policies": []}"##,
            ),
            Code::MissingKey => policy(
                r##"{"version": "2022-04-26", "policies": [{"actions": "read", "resource": "sync"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"##,
            ),
            Code::UnknownKey => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resources": "sync"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"##,
            ),
            Code::BareStatement => policy(
                r##"{"effect": "allow", "actions": "read", "resource": "sync"}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"##,
            ),
            Code::UnknownVersion => policy(
                r##"{"version": "2026-01-01", "policies": []}"##,
                r##"{"version": "2022-04-26", "policies": []}"##,
            ),
            Code::UnknownEffect => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "Allow", "actions": "read", "resource": "sync"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"##,
            ),
            Code::IllegalName => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": [""], "resource": "sync"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": ["read"], "resource": "sync"}]}"##,
            ),
            Code::EmptyConditions => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {}}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync", "conditions": "*"}]}"##,
            ),
            Code::UnknownOperator => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "model", "conditions": {"labels.team": {"eq": "marketing"}}}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "model", "conditions": {"labels.team": {"equals": "marketing"}}}]}"##,
            ),
            Code::WrongOperand => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "model", "conditions": {"labels.team": {"in": "marketing"}}}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "model", "conditions": {"labels.team": {"in": ["marketing"]}}}]}"##,
            ),
            Code::BadReference => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "model", "conditions": {"owner": {"equals": {"ref": "subject"}}}}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "model", "conditions": {"owner": {"equals": {"ref": "subject.id"}}}}]}"##,
            ),
            Code::UnknownAction => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "raed", "resource": "sync"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"##,
            ),
            Code::UnknownResource => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "snyc"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"##,
            ),
            Code::CoveredName => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "api_key"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "workspace"}]}"##,
            ),
            Code::Alias => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync_templates"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync_template"}]}"##,
            ),
            Code::Inadmissible => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": ["read", "start"], "resource": ["sync", "model"]}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": ["read"], "resource": ["sync", "model"]}, {"effect": "allow", "actions": "start", "resource": "sync"}]}"##,
            ),
            Code::GrantsNothing => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "start", "resource": "model"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "start", "resource": "sync"}]}"##,
            ),
            Code::ProtectsNothing => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "deny", "actions": "start", "resource": "model"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "deny", "actions": "start", "resource": "sync"}]}"##,
            ),
            Code::NoMatch => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": ["sync", "Sync*"]}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": ["sync", "sync*"]}]}"##,
            ),
            Code::EmptyList => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": [], "resource": "sync"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "*", "resource": "sync"}]}"##,
            ),
            Code::ReservedType => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "alert"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"##,
            ),
            Code::UndeclaredAttribute => workspace(
                r##"{"workspace": "acme", "schema": {"schema": "own", "resources": {"sync": {"actions": ["read"], "attributes": {"labels.team": {"type": "string"}}}}}, "roles": {"reader": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {"labels.taem": {"equals": "marketing"}}}]}}, "members": {"ann": {"role": "reader"}}}"##,
                r##"{"workspace": "acme", "schema": {"schema": "own", "resources": {"sync": {"actions": ["read"], "attributes": {"labels.team": {"type": "string"}}}}}, "roles": {"reader": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {"labels.team": {"equals": "marketing"}}}]}}, "members": {"ann": {"role": "reader"}}}"##,
            ),
            Code::OperandOfOtherType => workspace(
                r##"{"workspace": "acme", "schema": {"schema": "own", "resources": {"sync": {"actions": ["read"], "attributes": {"labels.team": {"type": "string"}}}}}, "roles": {"reader": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {"labels.team": {"equals": 7}}}]}}, "members": {"ann": {"role": "reader"}}}"##,
                r##"{"workspace": "acme", "schema": {"schema": "own", "resources": {"sync": {"actions": ["read"], "attributes": {"labels.team": {"type": "string"}}}}}, "roles": {"reader": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {"labels.team": {"equals": "7"}}}]}}, "members": {"ann": {"role": "reader"}}}"##,
            ),
            Code::UnknownRole => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {"role": "edtor"}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {"role": "editor"}}}"##,
            ),
            Code::UnknownMember => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"g": {"roles": ["editor"], "members": ["bob"]}}, "members": {"ann": {}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"g": {"roles": ["editor"], "members": ["ann"]}}, "members": {"ann": {}}}"##,
            ),
            Code::UnknownDefaultRole => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "default_role": "veiwer", "roles": {}, "members": {"ann": {}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "default_role": "viewer", "roles": {}, "members": {"ann": {}}}"##,
            ),
            Code::NoRole => workspace(
                r##"{"workspace": "w", "schema": {"schema": "s", "resources": {"doc": {"actions": ["read"]}}}, "roles": {}, "members": {"ann": {}}}"##,
                r##"{"workspace": "w", "schema": {"schema": "s", "resources": {"doc": {"actions": ["read"]}}}, "roles": {"r": {"version": "2022-04-26", "policies": []}}, "members": {"ann": {"role": "r"}}}"##,
            ),
            Code::BuiltInRole => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {"admin": {"version": "2022-04-26", "policies": []}}, "members": {"ann": {}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {"our_admin": {"version": "2022-04-26", "policies": []}}, "members": {"ann": {}}}"##,
            ),
            Code::RoleAlias => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {"role": "reader"}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {"role": "viewer"}}}"##,
            ),
            Code::DuplicateName => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}, "objects": [{"type": "sync", "id": "1"}, {"type": "sync", "id": "1"}]}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}, "objects": [{"type": "sync", "id": "1"}, {"type": "sync", "id": "2"}]}"##,
            ),
            Code::UnknownObjectType => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}, "objects": [{"type": "snyc", "id": "1"}]}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}, "objects": [{"type": "sync", "id": "1"}]}"##,
            ),
            Code::UnreadableFile => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {"r": "roles/missing.json"}, "members": {"ann": {}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {"r": {"version": "2022-04-26", "policies": []}}, "members": {"ann": {}}}"##,
            ),
            Code::UnknownSchema => workspace(
                r##"{"workspace": "acme", "schema": "higtouch", "roles": {}, "members": {"ann": {}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}"##,
            ),
            Code::NameUsedTwice => schema(
                r##"{"schema": "s", "resources": {"doc": {"actions": ["read"], "aliases": ["file"]}, "folder": {"actions": ["read"], "covers": ["file"]}}}"##,
                r##"{"schema": "s", "resources": {"doc": {"actions": ["read"], "aliases": ["file"]}, "folder": {"actions": ["read"]}}}"##,
            ),
            Code::NoActions => schema(
                r##"{"schema": "s", "resources": {"doc": {"actions": []}}}"##,
                r##"{"schema": "s", "resources": {"doc": {"actions": ["read"]}}}"##,
            ),
            Code::UnknownStatus => schema(
                r##"{"schema": "s", "resources": {"doc": {"actions": ["read"], "status": "beta"}}}"##,
                r##"{"schema": "s", "resources": {"doc": {"actions": ["read"], "status": "reserved"}}}"##,
            ),
            Code::UnknownAdministration => schema(
                r##"{"schema": "s", "resources": {"doc": {"actions": ["read"]}}, "administration": {"workspace": "doc", "membership": "team"}}"##,
                r##"{"schema": "s", "resources": {"doc": {"actions": ["read"]}, "team": {"actions": ["read"]}}, "administration": {"workspace": "doc", "membership": "team"}}"##,
            ),
            Code::BadAttribute => schema(
                r##"{"schema": "s", "resources": {"doc": {"actions": ["read"], "attributes": {"team": {"type": "text"}}}}}"##,
                r##"{"schema": "s", "resources": {"doc": {"actions": ["read"], "attributes": {"team": {"type": "string"}}}}}"##,
            ),
            Code::NoAdministration => schema(
                r##"{"schema": "s", "resources": {"workspace": {"actions": ["read", "update"]}, "member": {"actions": ["read", "update"]}}}"##,
                r##"{"schema": "s", "resources": {"workspace": {"actions": ["read", "update"]}, "member": {"actions": ["read", "update"]}}, "administration": {"workspace": "workspace", "membership": "member"}}"##,
            ),
            Code::NothingTested => tests(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "ann reads", "subject": "ann", "may": {}}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "ann reads", "subject": "ann", "may": {"sync": "read"}}]}"##,
            ),
            Code::MixedTest => tests(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "ann reads", "subject": "ann", "role": "viewer", "may": {"sync": "read"}}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "ann reads", "subject": "ann", "may": {"sync": "read"}}]}"##,
            ),
            Code::Contradiction => tests(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "ann reads", "subject": "ann", "may": {"sync": "read"}, "may_not": {"sync": "*"}}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "ann reads", "subject": "ann", "may": {"sync": "read"}, "may_not": {"sync": ["update", "delete"]}}]}"##,
            ),
            Code::NeverAdmitted => tests(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "ann starts nothing", "subject": "ann", "may_not": {"model": "start"}}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "ann starts nothing", "subject": "ann", "may_not": {"sync": "start"}}]}"##,
            ),
            Code::Stranger => tests(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "ann starts nothing", "subject": "an", "may_not": {"sync": "start"}}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "ann starts nothing", "subject": "ann", "may_not": {"sync": "start"}}]}"##,
            ),
            Code::SuspendedMember => tests(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {"suspended": true}}}, "tests": [{"name": "ann starts nothing", "subject": "ann", "may_not": {"sync": "start"}}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {"suspended": true}}}, "tests": [{"name": "ann may nothing", "subject": "ann", "grid": {}}]}"##,
            ),
            Code::NotAMember => tests(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "viewers start nothing", "subject": "viewer", "may_not": {"sync": "start"}}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}, "tests": [{"name": "viewers start nothing", "role": "viewer", "may_not": {"sync": "start"}}]}"##,
            ),
            Code::NothingRuled => rules(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"platform": {"roles": ["admin"], "members": ["ann"]}}, "members": {"ann": {}, "bob": {}}}, "rules": [{"never": {"actions": "start", "resource": "model"}}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"platform": {"roles": ["admin"], "members": ["ann"]}}, "members": {"ann": {}, "bob": {}}}, "rules": [{"never": {"actions": "start", "resource": "sync"}}]}"##,
            ),
            Code::MixedRule => rules(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"platform": {"roles": ["admin"], "members": ["ann"]}}, "members": {"ann": {}, "bob": {}}}, "rules": [{"only": "ann", "at-most": 1, "actions": "delete", "resource": "sync"}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"platform": {"roles": ["admin"], "members": ["ann"]}}, "members": {"ann": {}, "bob": {}}}, "rules": [{"only": "ann", "actions": "delete", "resource": "sync"}]}"##,
            ),
            Code::OverlappingSides => rules(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"platform": {"roles": ["admin"], "members": ["ann"]}}, "members": {"ann": {}, "bob": {}}}, "rules": [{"separate": [{"actions": "*", "resource": "sync"}, {"actions": "enable", "resource": "sync"}]}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"platform": {"roles": ["admin"], "members": ["ann"]}}, "members": {"ann": {}, "bob": {}}}, "rules": [{"separate": [{"actions": ["create", "update"], "resource": "sync"}, {"actions": "enable", "resource": "sync"}]}]}"##,
            ),
            Code::UnknownGroup => rules(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"platform": {"roles": ["admin"], "members": ["ann"]}}, "members": {"ann": {}, "bob": {}}}, "rules": [{"never": {"actions": "update", "resource": "workspace"}, "except": {"groups": "plattform"}}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"platform": {"roles": ["admin"], "members": ["ann"]}}, "members": {"ann": {}, "bob": {}}}, "rules": [{"never": {"actions": "update", "resource": "workspace"}, "except": {"groups": "platform"}}]}"##,
            ),
            Code::UnknownSubject => rules(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"platform": {"roles": ["admin"], "members": ["ann"]}}, "members": {"ann": {}, "bob": {}}}, "rules": [{"only": ["ann", "bobb"], "actions": "update", "resource": "workspace"}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"platform": {"roles": ["admin"], "members": ["ann"]}}, "members": {"ann": {}, "bob": {}}}, "rules": [{"only": ["ann", "bob"], "actions": "update", "resource": "workspace"}]}"##,
            ),
            Code::UnknownObject => rules(
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}, "objects": [{"type": "sync", "id": "42"}]}, "rules": [{"never": {"actions": "update", "resource": "sync", "object": "43"}}]}"##,
                r##"{"workspace": {"workspace": "acme", "schema": "hightouch", "roles": {}, "members": {"ann": {}}, "objects": [{"type": "sync", "id": "42"}]}, "rules": [{"never": {"actions": "update", "resource": "sync", "object": "42"}}]}"##,
            ),
            Code::RepeatedStatement => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": ["sync", "model"]}, {"effect": "allow", "actions": ["read"], "resource": ["model", "sync"]}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": ["sync", "model"]}]}"##,
            ),
            Code::IdleStatement => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "*", "resource": "sync"}, {"effect": "deny", "actions": "*", "resource": "source"}, {"effect": "allow", "actions": "read", "resource": "source"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "*", "resource": "sync"}, {"effect": "deny", "actions": ["update", "create", "delete", "preview"], "resource": "source"}, {"effect": "allow", "actions": "read", "resource": "source"}]}"##,
            ),
            Code::ListOfAll => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "deny", "actions": ["read", "update", "create", "delete"], "resource": "destination"}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "deny", "actions": "*", "resource": "destination"}]}"##,
            ),
            Code::EqualRole => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {"looker": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}, "watcher": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": ["read"], "resource": ["sync"]}]}}, "members": {"ann": {"role": "looker"}, "bob": {"role": "watcher"}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {"looker": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}}, "members": {"ann": {"role": "looker"}, "bob": {"role": "looker"}}}"##,
            ),
            Code::ContainedRole => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {"looker": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}, "starter": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": ["read", "start"], "resource": "sync"}]}}, "members": {"ann": {"role": "looker"}, "bob": {"role": "starter"}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {"starter": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": ["read", "start"], "resource": "sync"}]}}, "members": {"ann": {"role": "starter"}, "bob": {"role": "starter"}}}"##,
            ),
            Code::UnusedRole => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {"looker": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}}, "members": {"ann": {}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {"looker": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}}, "members": {"ann": {"role": "looker"}}}"##,
            ),
            Code::UnusedGroup => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"team": {"roles": ["editor"], "members": []}}, "members": {"ann": {}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"team": {"roles": ["editor"], "members": ["ann"]}}, "members": {"ann": {}}}"##,
            ),
            Code::NeverHolds => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {"labels.team": {"equals": "marketing", "in": ["sales", "finance"]}}}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {"labels.team": {"in": ["marketing", "sales", "finance"]}}}]}"##,
            ),
            Code::AlwaysHolds => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {"subject.id": {"equals": "*"}}}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {"subject.id": {"equals": "*@acme.example"}}}]}"##,
            ),
            Code::DenyOfMissing => policy(
                r##"{"version": "2022-04-26", "policies": [{"effect": "deny", "actions": "update", "resource": "sync", "conditions": {"labels.tier": {"equals": "gold"}}}]}"##,
                r##"{"version": "2022-04-26", "policies": [{"effect": "deny", "actions": "update", "resource": "sync", "conditions": {"labels.tier": {"exists": true, "equals": "gold"}}}]}"##,
            ),
            Code::IdleGroup => workspace(
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"readers": {"roles": ["viewer"], "members": ["ann"]}}, "members": {"ann": {"role": "editor"}}}"##,
                r##"{"workspace": "acme", "schema": "hightouch", "roles": {}, "groups": {"readers": {"roles": ["editor"], "members": ["ann"]}}, "members": {"ann": {"role": "viewer"}}}"##,
            ),
            Code::InvalidUtf8
            | Code::TooDeep
            | Code::OverLimit
            | Code::OutOfNumbers
            | Code::NotThere
            | Code::RoleInUse
            | Code::ColumnAttribute
            | Code::ColumnName
            | Code::NoColumn
            | Code::NotInSql
            | Code::ColumnType => None,
        }
    }
}
