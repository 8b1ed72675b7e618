//! Reading a suite: its shape, which keys go together, and that every test asks something.
//!
//! Knows no workspace but the one that may stand in the suite: names are checked for being names, not for meaning
//! anything. A test with a fault is left out, and the suite with it is never handed out.

use std::collections::HashMap;

use super::{Askers, Claim, Request, Row, Suite, Test};
use crate::diagnostic::{Code, Report};
use crate::json::{Kind, Value};
use crate::limits::Limits;
use crate::read::{FileKind, Habit, Reader};
use crate::source::Span;
use crate::text::quoted;
use crate::tied::{Form, TiedReader, key_of};
use crate::workspace::Files;

/// What is said of a suite as a whole.
pub(super) const FORM: Form = Form {
    kind: FileKind::Tests,
    called: "test suite",
    briefly: "suite",
    list: "tests",
    item: "test",
    habits: &[Habit { written: "cases", known: "tests" }, Habit { written: "suite", known: "tests" }],
    most: |limits| (limits.tests, "max-tests"),
    looks_like: "a test suite looks like {\"tests\": [{\"name\": \"editors leave settings alone\", \
    \"role\": \"editor\", \"may_not\": {\"workspace\": \"*\"}}]}",
    nothing_listed: "so this suite asks nothing",
    nothing_named: "so this test asks nothing",
    nothing: Code::NothingTested,
    nothing_here: "nothing is asked here",
    nothing_help: "say what is expected with `may`, `may_not` or `grid`, or with `action`, `resource` and `who`",
    mixed: Code::MixedTest,
};

const TEST_KEYS: &[&str] =
    &["name", "subject", "role", "request", "may", "may_not", "grid", "action", "resource", "who"];

const TEST_HABITS: &[Habit] = &[
    Habit { written: "test", known: "name" },
    Habit { written: "title", known: "name" },
    Habit { written: "subjects", known: "subject" },
    Habit { written: "member", known: "subject" },
    Habit { written: "members", known: "subject" },
    Habit { written: "user", known: "subject" },
    Habit { written: "users", known: "subject" },
    Habit { written: "roles", known: "role" },
    Habit { written: "with", known: "request" },
    Habit { written: "sends", known: "request" },
    Habit { written: "can", known: "may" },
    Habit { written: "allow", known: "may" },
    Habit { written: "allowed", known: "may" },
    Habit { written: "cannot", known: "may_not" },
    Habit { written: "can_not", known: "may_not" },
    Habit { written: "deny", known: "may_not" },
    Habit { written: "denied", known: "may_not" },
    Habit { written: "exactly", known: "grid" },
    Habit { written: "actions", known: "action" },
    Habit { written: "resources", known: "resource" },
];

/// Reads the suite that a value is, as far as it can be read.
pub(crate) fn read_suite(root: Value<'_>, files: &dyn Files, limits: &Limits, report: &mut Report) -> Suite {
    let mut reader = SuiteReader { reader: Reader::new(root.source(), limits, report) };
    let (tied, tests) = reader.whole(root, files, SuiteReader::test);
    reader.distinct(&tests);
    Suite { tied, tests }
}

struct SuiteReader<'r> {
    reader: Reader<'r>,
}

impl<'r> TiedReader<'r> for SuiteReader<'r> {
    const FORM: &'static Form = &FORM;

    fn reader(&mut self) -> &mut Reader<'r> {
        &mut self.reader
    }
}

impl SuiteReader<'_> {
    fn test(&mut self, value: Value<'_>) -> Option<Test> {
        if !self.reader.object(value, "a test") {
            return None;
        }
        let strange = self.known_keys(value, "a test", TEST_KEYS, TEST_HABITS);
        let name = match value.get("name") {
            Some(name) => self.word(name, "a test's name"),
            None => {
                if !strange {
                    let help =
                        "say in a few words what it holds: `\"name\": \"editors leave settings alone\"`";
                    self.reader.missing_key(value, "this test", "name", help);
                }
                None
            }
        };
        let request = match value.get("request") {
            Some(request) => Request::read(request, &mut self.reader),
            None => Some(Request::default()),
        };
        let claim = self.claim(value, strange);
        Some(Test { name: name?, request: request?, claim: claim? })
    }

    /// What a test says. There are three ways to say it, which do not mix.
    fn claim(&mut self, test: Value<'_>, strange: bool) -> Option<Claim> {
        let (may, may_not) = (test.get("may"), test.get("may_not"));
        let who = ["who", "action", "resource"].into_iter().find_map(|key| key_of(test, key));
        let cells = key_of(test, "may").or(key_of(test, "may_not"));
        let ways: Vec<Value<'_>> = [cells, key_of(test, "grid"), who].into_iter().flatten().collect();
        if let [first, second, ..] = ways[..] {
            let help = "a test holds `may` and `may_not`, or a `grid`, or `action`, `resource` and `who`";
            self.mixed(first, second, help);
            return None;
        }
        if ways.is_empty() {
            if !strange {
                let fault = "this test asks nothing";
                self.nothing(Span::new(test.span().start, test.span().start + 1), fault);
            }
            return None;
        }
        if who.is_some() {
            return self.who(test, strange);
        }
        let askers = self.askers(test, strange);
        if let (Some(grid), Some(key)) = (test.get("grid"), key_of(test, "grid")) {
            let rows = self.rows(grid, "`grid`", true);
            return Some(Claim::Grid { askers: askers?, rows: rows?, span: key.span() });
        }
        let may = may.map_or(Some(Vec::new()), |value| self.rows(value, "`may`", false));
        let may_not = may_not.map_or(Some(Vec::new()), |value| self.rows(value, "`may_not`", false));
        Some(Claim::Cells { askers: askers?, may: may?, may_not: may_not? })
    }

    /// `subject` or `role`: one of them, and not both.
    fn askers(&mut self, test: Value<'_>, strange: bool) -> Option<Askers> {
        match (test.get("subject"), test.get("role")) {
            (Some(_), Some(_)) => {
                if let (Some(subject), Some(role)) = (key_of(test, "subject"), key_of(test, "role")) {
                    self.mixed(
                        subject,
                        role,
                        "a test is about members, or about roles held alone: write two",
                    );
                }
                None
            }
            (Some(subject), None) => self.some_words(subject, "`subject`").map(Askers::Subjects),
            (None, Some(role)) => self.some_words(role, "`role`").map(Askers::Roles),
            (None, None) => {
                if !strange {
                    let help = "say whom it is about: `\"subject\": \"ID\"`, or `\"role\": \"NAME\"` for a role held alone";
                    self.reader.missing_key(test, "this test", "subject", help);
                }
                None
            }
        }
    }

    /// `action`, `resource` and `who`, all three.
    fn who(&mut self, test: Value<'_>, strange: bool) -> Option<Claim> {
        let part = |key: &'static str| test.get(key).zip(key_of(test, key));
        if let Some(asker) = key_of(test, "subject").or(key_of(test, "role"))
            && let Some(who) = ["who", "action", "resource"].into_iter().find_map(|key| key_of(test, key))
        {
            let help = "`who` lists everybody who may; leave the other out, or write `may` and `may_not`";
            self.mixed(who, asker, help);
            return None;
        }
        let mut missing = false;
        for key in ["action", "resource", "who"] {
            if part(key).is_none() {
                let help =
                    "`action` and `resource` are the question, `who` lists everybody who may; `[]` is nobody";
                if !strange {
                    self.reader.missing_key(test, "this test", key, help);
                }
                missing = true;
            }
        }
        if missing {
            return None;
        }
        let ((action, _), (resource, _), (who, key)) = (part("action")?, part("resource")?, part("who")?);
        let (actions, kinds) = (self.some_words(action, "`action`"), self.some_words(resource, "`resource`"));
        let members = self.words(who, "`who`");
        Some(Claim::Who { actions: actions?, kinds: kinds?, members: members?, span: key.span() })
    }

    /// Resource types, each with its actions. Only in a grid a type may have none.
    fn rows(&mut self, value: Value<'_>, what: &str, is_grid: bool) -> Option<Vec<Row>> {
        if value.kind() != Kind::Object {
            self.reader.wrong_shape(value, what, "an object of resource types and their actions");
            return None;
        }
        let count = value.members().count();
        if count == 0 && !is_grid {
            self.nothing(value.span(), &format!("{what} is empty, so it asks nothing"));
            return None;
        }
        if !self.reader.within(count, self.reader.limits.list_names, "name", "max-names", value.span()) {
            return None;
        }
        let mut rows = Vec::with_capacity(count);
        let mut whole = true;
        for (key, value) in value.members() {
            let kind = self.word(key, "a resource type");
            let actions = self.words(value, &format!("the actions of {}", quoted(&key.text())));
            if actions.as_ref().is_some_and(Vec::is_empty) && !is_grid {
                let message = format!("{} has no actions here, so nothing is asked", quoted(&key.text()));
                self.nothing(value.span(), &message);
                whole = false;
            }
            match (kind, actions) {
                (Some(kind), Some(actions)) => rows.push(Row { kind, actions }),
                _ => whole = false,
            }
        }
        whole.then_some(rows)
    }

    /// Names tell tests apart in reports that are compared from day to day.
    fn distinct(&mut self, tests: &[Test]) {
        let mut seen: HashMap<&str, Span> = HashMap::with_capacity(tests.len());
        for test in tests {
            if let Some(&first) = seen.get(&*test.name.text) {
                let message = format!("two tests have the name {}", quoted(&test.name.text));
                let fault = self.reader.fault(Code::DuplicateName, test.name.span, message, "again here");
                let fault = fault.also(&self.reader.source, first, "first here");
                self.reader.push(fault.help("give each test a name of its own"));
            } else {
                seen.insert(&test.name.text, test.name.span);
            }
        }
    }
}
