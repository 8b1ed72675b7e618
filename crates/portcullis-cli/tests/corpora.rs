//! The published cases through the built program: what a user types must answer as the library does.
//!
//! Every question of every case is asked twice in one run of `check --requests` (once in strings, once as AuthZEN objects),
//! `what` is held against the reference for every member, and some questions a case are typed, one process each, for
//! `check`, `explain` and `who`. The counts are asserted, so that a case that got lost cannot pass as success. There is a
//! test a publisher, so that they run side by side.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use portcullis_testkit::corpus::{self, Case, Question};
use portcullis_testkit::reference::Reference;
use serde_json::{Value, json};

/// What was asked of the program, and how it was answered.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    cases: usize,
    /// Questions of the publisher, each asked in both forms.
    questions: usize,
    /// Of these, the ones with the answer yes.
    allowed: usize,
    /// Members of whom `what` told everything.
    members: usize,
    /// Questions that were typed, once for `check` and once for `explain`.
    typed: usize,
    /// Of these, the ones with the exit status 0.
    typed_allowed: usize,
    /// Pairs of an action and a resource that `who` was asked for.
    who: usize,
}

/// What a run of the program came to.
struct Ran {
    status: Option<i32>,
    output: String,
    errors: String,
}

impl Ran {
    /// What it printed, if it ended as it should have.
    fn expect(self, status: i32, what: &str) -> String {
        assert_eq!(self.status, Some(status), "{what}\n{}{}", self.errors, self.output);
        self.output
    }
}

fn portcullis(directory: &Path, arguments: &[&str], input: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("PORTCULLIS_WORKSPACE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // Questions are written while answers are read: neither pipe can hold them all.
    let output = thread::scope(|scope| {
        // Who is not asked for input may be gone before it was offered.
        scope.spawn(move || drop(pipe.write_all(input)));
        child.wait_with_output().unwrap()
    });
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { status: output.status.code(), output: text(output.stdout), errors: text(output.stderr) }
}

/// Up to so many of these, from beginning to end.
fn spread<T: Copy>(all: &[T], most: usize) -> Vec<T> {
    let count = all.len().min(most);
    (0..count).map(|index| all[index * all.len() / count]).collect()
}

/// Runs whole cases, typing up to `few` questions of either answer, and up to `few` pairs, for each.
fn run(cases: &[Case], few: usize) -> Counts {
    let directory = tempfile::tempdir().unwrap();
    let mut counts = Counts::default();
    let mut files = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let file = format!("{number}.json");
        fs::write(directory.path().join(&file), case.workspace.to_string()).unwrap();
        let reference = Reference::from_json(&case.workspace).unwrap();
        let program = Program { directory: directory.path(), file: &file, case, reference };
        program.requests(&mut counts);
        program.what(&mut counts);
        program.typed(few, &mut counts);
        program.who(few, &mut counts);
        counts.cases += 1;
        files.push(file);
    }
    let arguments: Vec<&str> = ["lint"].into_iter().chain(files.iter().map(String::as_str)).collect();
    portcullis(directory.path(), &arguments, b"").expect(0, "lint");
    // Two runs a case, two a typed question, one a pair, and one for all the lint.
    let starts = 2 * counts.cases + 2 * counts.typed + counts.who + 1;
    println!("{starts} runs of the program: {counts:?}");
    counts
}

/// The program, and a case in a file that it is run on.
struct Program<'a> {
    directory: &'a Path,
    file: &'a str,
    case: &'a Case,
    reference: Reference,
}

impl Program<'_> {
    /// Everything that was typed comes after two dashes, since a name may begin with one.
    fn run(&self, command: &[&str], typed: &[&str], input: &[u8]) -> Ran {
        let arguments = [command, &["-w", self.file, "--"], typed].concat();
        portcullis(self.directory, &arguments, input)
    }

    fn requests(&self, counts: &mut Counts) {
        let (mut input, mut asked) = (String::new(), Vec::new());
        for question in &self.case.questions {
            let Question { subject, action, resource, .. } = question;
            let strings = json!({ "subject": subject, "action": action, "resource": resource });
            // Objects are open: one that nobody stored is decided by its type, whatever its id is.
            let objects = json!({
                "subject": { "type": "user", "id": subject }, "action": { "name": action },
                "resource": { "type": resource, "id": subject }, "context": {},
            });
            for request in [strings, objects] {
                input.push_str(&format!("{request}\n"));
                asked.push(question);
            }
        }
        let answers =
            self.run(&["check", "--requests", "-"], &[], input.as_bytes()).expect(0, &self.case.id);
        assert_eq!(answers.lines().count(), asked.len(), "{}", self.case.id);
        for ((answer, question), request) in answers.lines().zip(asked).zip(input.lines()) {
            let expected = if question.expected { r#"{"decision":true}"# } else { r#"{"decision":false}"# };
            assert_eq!(answer, expected, "{}: {request}", self.case.id);
        }
        counts.questions += self.case.questions.len();
        counts.allowed += self.case.questions.iter().filter(|question| question.expected).count();
    }

    fn what(&self, counts: &mut Counts) {
        let output = self.run(&["what", "--format", "jsonl"], &[], b"").expect(0, &self.case.id);
        let mut members = self.reference.members().collect::<Vec<_>>();
        members.sort_unstable();
        assert_eq!(output.lines().count(), members.len(), "{}", self.case.id);
        for (line, member) in output.lines().zip(&members) {
            let permissions = serde_json::to_string(&self.reference.what(member)).unwrap();
            let expected = format!(r#"{{"subject":{},"permissions":{permissions}}}"#, json!(member));
            assert_eq!(line, expected, "{}", self.case.id);
        }
        counts.members += members.len();
    }

    fn typed(&self, few: usize, counts: &mut Counts) {
        let (yes, no): (Vec<_>, Vec<_>) = self.case.questions.iter().partition(|question| question.expected);
        for question in spread(&yes, few).into_iter().chain(spread(&no, few)) {
            self.ask(question, counts);
        }
    }

    fn ask(&self, question: &Question, counts: &mut Counts) {
        let what = format!("{}: {question:?}", self.case.id);
        let Question { subject, action, resource, expected } = question;
        let typed: [&str; 3] = [subject, action, resource];
        let status = i32::from(!expected);
        let answer = self.run(&["check"], &typed, b"").expect(status, &what);
        assert_eq!(answer, if *expected { "allow\n" } else { "deny\n" }, "{what}");
        let answer = self.run(&["explain", "--format", "json"], &typed, b"").expect(status, &what);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["decision"], *expected, "{what}");
        let reason = self.reference.reason(subject, action, resource);
        assert_eq!(answer["reason"], reason.to_string().replace(' ', "_"), "{what}");
        counts.typed += 1;
        counts.typed_allowed += usize::from(*expected);
    }

    fn who(&self, few: usize, counts: &mut Counts) {
        let pair = |question: &'_ Question| (question.action.clone(), question.resource.clone());
        let pairs: BTreeSet<(String, String)> = self.case.questions.iter().map(pair).collect();
        // For people, names are made harmless: as they are, they stand in JSON alone.
        let plain = |id: &str| id.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        for (action, resource) in spread(&pairs.iter().collect::<Vec<_>>(), few) {
            let what = format!("{}: who {action:?} {resource:?}", self.case.id);
            let expected: Vec<String> = self.reference.who(action, resource).into_iter().collect();
            if expected.iter().all(|id| plain(id)) {
                let output = self.run(&["who"], &[action, resource], b"").expect(0, &what);
                assert_eq!(output.lines().collect::<Vec<_>>(), expected, "{what}");
            } else {
                let output = self.run(&["who", "--format", "json"], &[action, resource], b"");
                let output: Value = serde_json::from_str(&output.expect(0, &what)).unwrap();
                assert_eq!(output["subjects"], json!(expected), "{what}");
            }
            counts.who += 1;
        }
    }
}

#[test]
fn hightouch() {
    let counts = run(&corpus::hightouch().unwrap(), 6);
    assert_eq!(counts, Counts::default());
}

#[test]
fn casbin() {
    let counts = run(&corpus::casbin().unwrap(), 2);
    assert_eq!(counts, Counts::default());
}

#[test]
fn cedar() {
    let counts = run(&corpus::cedar().unwrap(), 2);
    assert_eq!(counts, Counts::default());
}

#[test]
fn xacml() {
    let counts = run(&corpus::xacml().unwrap(), 1);
    assert_eq!(counts, Counts::default());
}

#[test]
fn kubernetes() {
    let counts = run(&corpus::kubernetes().unwrap(), 3);
    assert_eq!(counts, Counts::default());
}

#[test]
fn naughty_strings() {
    let counts = run(&corpus::naughty_strings().unwrap(), 12);
    assert_eq!(counts, Counts::default());
}
