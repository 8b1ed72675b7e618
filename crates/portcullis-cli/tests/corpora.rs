//! The published cases through the built program: what a user types must answer as the library does.
//!
//! Every question of every case is asked twice in one run of `check --requests` (once in strings, once as AuthZEN objects),
//! `what` is held against the publisher's answers and the reference, and some questions a case are typed, one process
//! each, for `check`, `explain` and `who`. The counts are asserted, so that a case that got lost cannot pass as
//! success. There is a test a publisher, so that they run side by side.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use portcullis_testkit::corpus::{self, Case, Question};
use portcullis_testkit::reference::Reference;
use serde::Deserialize;
use serde_json::{Value, json};

/// What was asked of the program, and how it was answered.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    cases: usize,
    /// Questions of the publisher, each asked in both forms.
    questions: usize,
    /// Of these, the ones with the answer yes.
    allowed: usize,
    /// Members whom `what` told of.
    members: usize,
    /// Of these, the ones for whom the reference was asked, which takes its time.
    compared: usize,
    /// The permissions that `what` told, of all members together.
    permissions: usize,
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

/// One line of `what`.
#[derive(Deserialize)]
struct Told {
    subject: String,
    permissions: BTreeMap<String, Vec<String>>,
}

/// So many members of a case are held against the reference; who is left out is held against the publisher alone.
const MOST_COMPARED: usize = 70;

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
        let answers = self.run(&["check", "--requests", "-"], &[], input.as_bytes()).expect(0, &self.case.id);
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
        let lines: Vec<(&str, &str)> = members.iter().copied().zip(output.lines()).collect();
        for &(member, line) in &spread(&lines, MOST_COMPARED) {
            let permissions = serde_json::to_string(&self.reference.what(member)).unwrap();
            let expected = format!(r#"{{"subject":{},"permissions":{permissions}}}"#, json!(member));
            assert_eq!(line, expected, "{}", self.case.id);
            counts.compared += 1;
        }
        let mut told = BTreeSet::new();
        for (member, line) in lines {
            let line: Told = serde_json::from_str(line).unwrap();
            assert_eq!(line.subject, member, "{}", self.case.id);
            for (resource, actions) in line.permissions {
                told.extend(actions.into_iter().map(|action| (member, action, resource.clone())));
            }
        }
        for question in &self.case.questions {
            // `what` speaks of types under their own names.
            let Question { subject, action, resource, expected } = question;
            let own = self.reference.vocabulary().type_asked(resource).unwrap_or(resource);
            let found = told.contains(&(&**subject, action.clone(), own.to_owned()));
            assert_eq!(found, *expected, "{}: {question:?}", self.case.id);
        }
        counts.members += members.len();
        counts.permissions += told.len();
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
        let pair = |question: &Question| (question.action.clone(), question.resource.clone());
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
    assert_eq!(
        counts,
        Counts {
            cases: 3,
            questions: 2025,
            allowed: 525,
            members: 15,
            compared: 15,
            permissions: 449,
            typed: 36,
            typed_allowed: 18,
            who: 18
        }
    );
}

#[test]
fn casbin() {
    let counts = run(&corpus::casbin().unwrap(), 2);
    assert_eq!(
        counts,
        Counts {
            cases: 9,
            questions: 64,
            allowed: 25,
            members: 16,
            compared: 16,
            permissions: 26,
            typed: 36,
            typed_allowed: 18,
            who: 18
        }
    );
}

#[test]
fn cedar() {
    let counts = run(&corpus::cedar().unwrap(), 2);
    assert_eq!(
        counts,
        Counts {
            cases: 9,
            questions: 31,
            allowed: 16,
            members: 17,
            compared: 17,
            permissions: 54,
            typed: 26,
            typed_allowed: 13,
            who: 17
        }
    );
}

#[test]
fn xacml() {
    let counts = run(&corpus::xacml().unwrap(), 1);
    assert_eq!(
        counts,
        Counts {
            cases: 70,
            questions: 70,
            allowed: 35,
            members: 70,
            compared: 70,
            permissions: 35,
            typed: 70,
            typed_allowed: 35,
            who: 70
        }
    );
}

#[test]
fn kubernetes() {
    let counts = run(&corpus::kubernetes().unwrap(), 3);
    assert_eq!(
        counts,
        Counts {
            cases: 5,
            questions: 67 * 13 * 120 + 11,
            allowed: 4470,
            members: 76,
            compared: 76,
            permissions: 4501,
            typed: 15,
            typed_allowed: 7,
            who: 10
        }
    );
}

/// Here the permissions told are as many as the questions allowed, and `what` told each of those: it told nothing else.
#[test]
fn naughty_strings() {
    let counts = run(&corpus::naughty_strings().unwrap(), 12);
    assert_eq!(
        counts,
        Counts {
            cases: 1,
            questions: 2032,
            allowed: 1016,
            members: 508,
            compared: 70,
            permissions: 1016,
            typed: 24,
            typed_allowed: 12,
            who: 12
        }
    );
}

/// Every request with its published answer, through one run a case. What is asked about a type alone has the form of a string: properties
/// sent for it count for nothing.
#[test]
fn requests_with_properties() {
    let directory = tempfile::tempdir().unwrap();
    let mut counts = BTreeMap::new();
    for case in corpus::all_by_request().unwrap() {
        fs::write(directory.path().join("w.json"), case.workspace.to_string()).unwrap();
        let input: String = case
            .vectors
            .iter()
            .map(|vector| {
                let mut request = vector.request.clone();
                if request["resource"].get("id").is_none() {
                    request["resource"] = request["resource"]["type"].take();
                }
                format!("{request}\n")
            })
            .collect();
        let arguments = ["check", "-w", "w.json", "--requests", "-"];
        let answers = portcullis(directory.path(), &arguments, input.as_bytes()).expect(0, &case.id);
        assert_eq!(answers.lines().count(), case.vectors.len(), "{}", case.id);
        for ((answer, vector), request) in answers.lines().zip(&case.vectors).zip(input.lines()) {
            assert_eq!(answer, format!(r#"{{"decision":{}}}"#, vector.expected), "{}: {request}", case.id);
        }
        let allowed = case.vectors.iter().filter(|vector| vector.expected).count();
        counts.insert(case.id, (case.vectors.len(), allowed));
    }
    println!("{counts:?}");
    assert_eq!(counts.values().map(|(count, _)| count).sum::<usize>(), 274);
}

/// The examples as they lie in their files, with the files that they name.
#[test]
fn the_examples_of_the_interop_scenarios_are_clean() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let files =
        ["authzen-todo/workspace.json", "authzen-todo/workspace-00.json", "authzen-idp/workspace.json"];
    for file in files {
        let arguments = ["lint", "--deny-warnings", file];
        portcullis(&examples, &arguments, b"").expect(0, file);
    }
    // An object that is stored, typed: only its owner may delete a record, and only what is stored of it counts.
    let typed = |command: &str, status| {
        let arguments = command.split(' ').collect::<Vec<_>>();
        portcullis(&examples, &arguments, b"").expect(status, command)
    };
    let w = "-w authzen-idp/workspace.json";
    assert_eq!(typed(&format!("check {w} alice delete record/101"), 0), "allow\n");
    assert_eq!(typed(&format!("check {w} bob delete record/101"), 1), "deny\n");
    assert_eq!(typed(&format!("check {w} alice delete record/999"), 1), "deny\n");
    assert_eq!(typed(&format!("check {w} alice delete record"), 1), "deny\n");
    assert!(typed(&format!("explain {w} alice delete record/101"), 0).contains("record/101"));
}

#[test]
fn no_publisher_is_left_out() {
    assert_eq!(corpus::all().unwrap().len(), 3 + 9 + 9 + 70 + 5 + 1);
}

/// `--help`, `--version`, `-1`, `--` and a lone `-` are names like any other once two dashes have been typed.
#[test]
fn names_like_flags_are_names() {
    let case = corpus::naughty_strings().unwrap().remove(0);
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("w.json"), case.workspace.to_string()).unwrap();
    let reference = Reference::from_json(&case.workspace).unwrap();
    let program = Program { directory: directory.path(), file: "w.json", case: &case, reference };
    let mut counts = Counts::default();
    for question in case.questions.iter().filter(|question| question.resource.starts_with('-')) {
        if question.subject == question.action && question.action == question.resource {
            program.ask(question, &mut counts);
        }
    }
    assert_eq!(counts, Counts { typed: 21, typed_allowed: 21, ..Counts::default() });
}

/// The first command that a newcomer copies from the README.
#[test]
fn the_main_job_runs_on_the_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let command = "check -w examples/acme/workspace.json svc-atlan@acme.example read sync --explain";
    let output = portcullis(&root, &command.split(' ').collect::<Vec<_>>(), b"").expect(0, command);
    assert!(output.starts_with("allow: "), "{output}");
    assert!(output.contains("role atlan_role, through group `atlan_group`"), "{output}");
}
