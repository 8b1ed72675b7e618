//! Files of questions at length: order, places of errors, pipes that pause or break, bounded memory.
//!
//! What a single line means is held by golden tests and beside the reader; here it is about many of them, in blocks that are
//! answered side by side. The answers that are expected come from the library, one question at a time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use portcullis::{NoFiles, Snapshot, Source, Workspace};
use portcullis_testkit::generate::Prng;
use serde_json::json;

const YES: &str = r#"{"decision":true}"#;
const NO: &str = r#"{"decision":false}"#;
const BLANK: &str = r#"{"decision":false,"error":"the line is blank"}"#;
const WORKSPACE: &str = r#"{"workspace": "w", "schema": "hightouch", "default_role": "viewer", "roles": {},
    "members": {"ann": {"role": "admin"}, "bob": {"role": "editor"}, "eve": {}, "bot": {"type": "robot"}}}"#;
/// How much is read at once.
const READ_BYTES: usize = 1 << 18;

/// A directory with a workspace in it.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("workspace.json"), WORKSPACE).unwrap();
    directory
}

fn snapshot() -> Snapshot {
    let source = Source::new("workspace.json", WORKSPACE.to_owned());
    Workspace::read(&source, &NoFiles).unwrap().0.compile().unwrap().0
}

fn check(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(["check", "-w", "workspace.json", "--requests"]).args(arguments).current_dir(directory);
    command
        .env_remove("PORTCULLIS_WORKSPACE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A program that is asked through a pipe.
struct Asked {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<Box<dyn Read>>,
}

impl Asked {
    fn begin(directory: &Path) -> Self {
        let mut child = check(directory, &["-"]).stdin(Stdio::piped()).spawn().unwrap();
        let questions = child.stdin.take().unwrap();
        let answers: Box<dyn Read> = Box::new(child.stdout.take().unwrap());
        Asked { child, questions, answers: BufReader::new(answers) }
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

/// A line and its answer.
fn line(prng: &mut Prng, snapshot: &Snapshot) -> (String, String) {
    let of = |prng: &mut Prng, names: &[&'static str]| *prng.pick(names).unwrap();
    if prng.below(500) == 0 {
        return match prng.below(3) {
            0 => (" ".repeat(prng.below(4)), BLANK.to_owned()),
            1 => ("{}".to_owned(), r#"{"decision":false,"error":"`subject` is missing"}"#.to_owned()),
            _ => {
                let why = "the line is longer than 1,048,576 bytes";
                (
                    " ".repeat((1 << 20) + 1 + prng.below(9)),
                    format!(r#"{{"decision":false,"error":"{why}"}}"#),
                )
            }
        };
    }
    let subject = of(prng, &["ann", "bob", "eve", "bot", "mallory"]);
    let action = of(prng, &["read", "update", "delete", "start", "reed"]);
    let resource = of(prng, &["sync", "model", "workspace", "sync_templates", "api_key", "planet"]);
    // Most lines are short, a few are longer than what is read at once.
    let length = if prng.below(1_000) == 0 { prng.below(2 * READ_BYTES) } else { prng.below(120) };
    let more = "m".repeat(length);
    let decision = snapshot.check(subject, action, resource).is_allowed();
    let request = if prng.below(2) == 0 {
        json!({ "subject": subject, "action": action, "resource": resource, "more": more })
    } else {
        let kind = snapshot.member_type(subject).unwrap_or("user");
        json!({ "subject": { "type": kind, "id": subject, "more": more }, "action": { "name": action },
            "resource": { "type": resource, "id": "42" }, "context": {} })
    };
    (request.to_string(), if decision { YES } else { NO }.to_owned())
}

#[test]
fn answers_stand_in_the_order_of_their_questions() {
    let (directory, snapshot, mut prng) = (directory(), snapshot(), Prng::new(0x0bde));
    let lines: Vec<(String, String)> = (0..40_000).map(|_| line(&mut prng, &snapshot)).collect();
    let questions: String = lines.iter().map(|(question, _)| format!("{question}\n")).collect();
    let expected: String = lines.iter().map(|(_, answer)| format!("{answer}\n")).collect();
    fs::write(directory.path().join("questions.jsonl"), &questions).unwrap();
    let refused = lines.iter().filter(|(_, answer)| answer.contains("error")).count();
    let first = lines.iter().position(|(_, answer)| answer.contains("error")).unwrap() + 1;
    let allowed = lines.iter().filter(|(_, answer)| answer == YES).count();
    assert!((50..200).contains(&refused) && (5_000..20_000).contains(&allowed), "{refused} {allowed}");
    for threads in ["0", "1", "7"] {
        let out = directory.path().join(format!("{threads}.jsonl"));
        let mut command = check(directory.path(), &["questions.jsonl", "--out", out.to_str().unwrap()]);
        let output = command.env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert!(fs::read_to_string(&out).unwrap() == expected, "the answers of {threads} threads differ");
        let said = String::from_utf8(output.stderr).unwrap();
        let summary =
            format!("error: {refused} of 40,000 lines could not be read; the first is line {first}: ");
        assert!(output.status.code() == Some(2) && said.starts_with(&summary), "{said}");
    }
    // The same through pipes.
    let mut asked = Asked::begin(directory.path());
    let mut pipe = asked.questions;
    let writer = thread::spawn(move || pipe.write_all(questions.as_bytes()));
    let mut answers = String::new();
    asked.answers.read_to_string(&mut answers).unwrap();
    writer.join().unwrap().unwrap();
    assert!(answers == expected, "the answers through a pipe differ");
    assert_eq!(asked.child.wait().unwrap().code(), Some(2));
}

#[test]
fn lines_end_where_they_end_around_the_end_of_what_is_read_at_once() {
    let directory = directory();
    let file = directory.path().join("questions.jsonl");
    let end = r#"{"subject":"bob","action":"delete","resource":"workspace"}"#;
    for filled in READ_BYTES - 2..=READ_BYTES + 2 {
        let start = r#"{"subject":"ann","action":"read","resource":"sync"}"#;
        let first = format!("{start}{}\n", " ".repeat(filled - start.len() - 1));
        assert_eq!(first.len(), filled);
        for last in [format!("{end}\n"), end.to_owned(), format!("{end}\r\n")] {
            fs::write(&file, format!("\u{feff}{first}{first}{last}")).unwrap();
            let output = check(directory.path(), &["questions.jsonl"]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{YES}\n{YES}\n{NO}\n"));
            assert!(output.status.success());
        }
    }
    // One line, and no end of it; a mark of byte order is for the beginning alone.
    fs::write(&file, end).unwrap();
    assert_eq!(
        check(directory.path(), &["questions.jsonl"]).output().unwrap().stdout,
        format!("{NO}\n").as_bytes()
    );
    fs::write(&file, format!("{end}\n\u{feff}{end}\n")).unwrap();
    assert_eq!(check(directory.path(), &["questions.jsonl"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn what_came_in_is_answered_when_a_pipe_pauses() {
    let directory = directory();
    let mut asked = Asked::begin(directory.path());
    let question = r#"{"subject":"ann","action":"read","resource":"sync"}"#;
    let (half, rest) = question.split_at(20);
    for count in [1, 3, 5_000, 1] {
        // Lines, and the beginning of one more; then nothing until all have been answered.
        let lines = format!("{question}\n").repeat(count);
        thread::scope(|scope| {
            let (questions, answers) = (&mut asked.questions, &mut asked.answers);
            scope.spawn(move || questions.write_all(format!("{lines}{half}").as_bytes()).unwrap());
            assert!(answers.lines().take(count).all(|answer| answer.unwrap() == YES));
        });
        asked.questions.write_all(format!("{rest}\n").as_bytes()).unwrap();
        assert_eq!(asked.answer(), YES);
    }
    asked.questions.write_all(half.as_bytes()).unwrap();
    drop(asked.questions);
    let mut last = String::new();
    asked.answers.read_to_string(&mut last).unwrap();
    assert!(last.contains("not JSON") && last.lines().count() == 1, "{last}");
    assert_eq!(asked.child.wait().unwrap().code(), Some(2));
}

#[test]
fn a_reader_that_has_gone_ends_the_command_though_more_could_be_asked() {
    let directory = directory();
    let mut asked = Asked::begin(directory.path());
    writeln!(asked.questions, "{{}}").unwrap();
    assert!(asked.answer().contains("missing"));
    drop(asked.answers);
    // The pipe of questions stays open, and nothing more comes through it.
    writeln!(asked.questions, "{{}}").unwrap();
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = asked.child.try_wait().unwrap() {
            break status;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it waits for questions that nobody wants answered"
        );
        thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status.code(), Some(2));
    let mut said = String::new();
    asked.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_is_bounded_whatever_comes() {
    let directory = directory();
    let mut asked = Asked::begin(directory.path());
    let ask = r#"{"subject":"ann","action":"read","resource":"sync"#;
    // What is sent: a line, how often, and what it is answered.
    let longest = format!("{ask}\",\"more\":\"{}\"}}\n", "m".repeat((1 << 20) - ask.len() - 12));
    assert_eq!(longest.len(), (1 << 20) + 1);
    // Its end does not count, whichever it is.
    let longest_too = longest.replace('\n', "\r\n");
    let short = format!("{ask}\"}}\n").repeat(1_000);
    let sent: Vec<(Vec<u8>, usize, usize)> = vec![
        (longest.into_bytes(), 30, 30),
        (longest_too.into_bytes(), 30, 30),
        // A line of 96 MiB.
        (vec![b'x'; 1 << 20], 96, 0),
        // Lines whose answers are many times as long as they are.
        (b"\n".repeat(1_000), 200, 200_000),
        (short.into_bytes(), 100, 100_000),
    ];
    let lines: usize = sent.iter().map(|(_, _, lines)| lines).sum();
    let bytes: usize = sent.iter().map(|(text, times, _)| text.len() * times).sum();
    assert!(bytes > 160 << 20);
    let mut questions = asked.questions;
    let writer = thread::spawn(move || {
        for (text, times, _) in &sent {
            (0..*times).for_each(|_| questions.write_all(text).unwrap());
        }
        questions
    });
    // The first newline after the long line ends it, so there are as many answers as were counted.
    let counts = asked.answers.by_ref().lines().take(lines).fold([0; 3], |[yes, blank, long], answer| {
        let answer = answer.unwrap();
        let long_line = usize::from(answer.contains("longer than 1,048,576 bytes"));
        [yes + usize::from(answer == YES), blank + usize::from(answer == BLANK), long + long_line]
    });
    assert_eq!(counts, [100_060, 199_999, 1]);
    let questions = writer.join().unwrap();
    let status = fs::read_to_string(PathBuf::from(format!("/proc/{}/status", asked.child.id()))).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let peak: usize = peak.unwrap().parse().unwrap();
    println!("{bytes} bytes asked, {peak} kB held at most");
    assert!(peak < 100_000, "{peak} kB");
    drop(questions);
    assert_eq!(asked.child.wait().unwrap().code(), Some(2));
}
