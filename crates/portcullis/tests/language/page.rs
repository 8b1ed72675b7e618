//! A page of docs/ whose examples are run: what its blocks mean, and what they must come to.
//!
//! In a section, a `json` block is a schema, a policy document or a workspace, told by its keys. The `text` block after
//! it holds what `lint` says of it, one diagnostic a line, all of them; then questions with their answers. A schema
//! holds for the documents after it in the section, and is `hightouch` before. A policy document becomes the only role
//! of the only member, `ann`. A block `json PATH` is a file of that name beside the workspaces after it in the section.
//! A question is three words, of which the last may be `TYPE/ID`, or a request in JSON that may bring properties and a
//! context; the clock stands still.
//!
//! `PORTCULLIS_BLESS=1` writes the diagnostics into the page anew. It never touches a question or an answer: what a policy
//! means is changed by hand or not at all.

use crate::markdown::blocks;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use portcullis::{
    FetchedFile, Files, Limits, Member, Question, Read, Report, Schema, Snapshot, Source, Workspace, read_any,
};
use portcullis_testkit::sent::Sent;

/// What the clock says when a question of a page is asked.
const NOW: &str = "2026-03-01T12:00:00Z";

/// A page by its name in docs/.
pub(crate) struct Page {
    name: &'static str,
    /// Tests run side by side, and each may bless its section.
    one_at_a_time: Mutex<()>,
}

impl Page {
    pub(crate) const fn new(name: &'static str) -> Page {
        Page { name, one_at_a_time: Mutex::new(()) }
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).join(self.name)
    }

    /// Its text; a checkout may have turned line endings around.
    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap().replace("\r\n", "\n")
    }

    /// Runs the examples of a section.
    pub(crate) fn run(&self, heading: &str) {
        let _one_at_a_time = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        let text = self.text();
        let all = sections(&text);
        let found = all.iter().find(|(title, _)| *title == heading);
        let (_, body) = found.unwrap_or_else(|| panic!("docs/{} has no section `{heading}`", self.name));
        let mut example = Example::new();
        let (mut documents, mut questions) = (0, 0);
        let mut mended = (*body).to_owned();
        for (language, block) in blocks(body) {
            match language.split_once(' ').unwrap_or((language, "")) {
                ("json", "") => {
                    example.read(block);
                    documents += 1;
                }
                ("json", path) => drop(example.files.insert(path.to_owned(), block.to_owned())),
                ("text", "") => {
                    let asked: Vec<&str> = block.lines().filter(|line| is_question(line)).collect();
                    asked.iter().for_each(|line| example.ask(line));
                    questions += asked.len();
                    let said = example.diagnostics().into_iter();
                    let right: String =
                        said.chain(asked.into_iter().map(str::to_owned)).map(|line| line + "\n").collect();
                    if std::env::var_os("PORTCULLIS_BLESS").is_some() {
                        let (old, new) = (format!("```text\n{block}```"), format!("```text\n{right}```"));
                        mended = mended.replacen(&old, &new, 1);
                    } else {
                        assert_eq!(
                            block, right,
                            "in `{heading}`; PORTCULLIS_BLESS=1 writes the diagnostics anew"
                        );
                    }
                }
                _ => panic!("a `{language}` block under `{heading}`: this test runs `json` and `text`"),
            }
        }
        assert!(documents > 0, "`{heading}` has no example");
        if mended != *body {
            std::fs::write(self.path(), text.replacen(body, &mended, 1)).unwrap();
        }
        println!("{heading}: {documents} documents, {questions} questions");
    }

    /// Every section with an example is tested, and nothing else.
    pub(crate) fn is_tested_by(&self, tested: &[&str]) {
        let text = self.text();
        for (heading, body) in sections(&text) {
            assert_eq!(tested.contains(&heading), !blocks(body).is_empty(), "`{heading}`");
        }
    }
}

/// The sections of the page: heading and body.
fn sections(text: &str) -> Vec<(&str, &str)> {
    let mut starts: Vec<usize> = Vec::new();
    let (mut at, mut fenced) = (0, false);
    for line in text.split_inclusive('\n') {
        fenced ^= line.starts_with("```");
        if !fenced && (line.starts_with("## ") || line.starts_with("### ")) {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let cut = starts.iter().zip(ends).map(|(start, end)| text[*start..end].split_once('\n').unwrap());
    cut.map(|(heading, body)| (heading.trim_start_matches('#').trim(), body)).collect()
}

/// What the examples of a section came to so far.
struct Example {
    schema: Schema,
    files: HashMap<String, String>,
    report: Report,
    snapshot: Option<Snapshot>,
}

impl Files for Example {
    fn fetch(&self, path: &str, _most: usize, _flag: &str) -> Result<FetchedFile, String> {
        let text = self.files.get(path).ok_or("there is no such file")?;
        Ok(FetchedFile { name: path.to_owned(), bytes: text.clone().into_bytes() })
    }
}

impl Example {
    fn new() -> Example {
        let schema = Schema::hightouch().unwrap();
        Example { schema, files: HashMap::new(), report: Report::new(), snapshot: None }
    }

    fn read(&mut self, text: &str) {
        self.snapshot = None;
        if text.contains("\"members\"") {
            let source = Source::new("workspace.json", text);
            let (read, report) = settle(read_any(&source, &self.schema, self, &Limits::default()));
            if let Some(Read::Workspace(snapshot)) = read {
                self.snapshot = Some(*snapshot);
            }
            self.report = report;
        } else if text.contains("\"resources\"") {
            let (read, report) = settle(Schema::read(&Source::new("schema.json", text)));
            self.schema = read.unwrap_or(self.schema.clone());
            self.report = report;
        } else {
            let read = portcullis::Document::read(&Source::new("policy.json", text));
            (self.snapshot, self.report) = settle(read.and_then(|(document, report)| {
                let mut workspace = Workspace::new("acme", self.schema.clone());
                workspace.add_role("example", document).add_member("ann", Member::with_role("example"));
                after(report, workspace.compile())
            }));
        }
    }

    /// The lines that the page should have about what was read.
    fn diagnostics(&self) -> Vec<String> {
        self.report.iter().map(ToString::to_string).collect()
    }

    fn ask(&self, line: &str) {
        let (asked, answer) = line.rsplit_once(" -> ").unwrap();
        let snapshot = self.snapshot.as_ref().unwrap_or_else(|| panic!("{line}\n{}", self.report));
        let request = asked.starts_with('{').then(|| Sent::read(asked).unwrap());
        let question = match &request {
            Some(request) => request.question(Some(NOW)),
            None => Question { now: Some(NOW), ..typed(snapshot, asked) },
        };
        let explanation = snapshot.explain(&question);
        let given = if explanation.decision.is_allowed() {
            "allow".to_owned()
        } else {
            format!("deny ({})", explanation.reason.as_str().replace('_', " "))
        };
        assert_eq!(given, answer, "{line}");
        assert_eq!(snapshot.decide(&question), explanation.decision, "{line}");
    }
}

fn settle<T>(outcome: Result<(T, Report), Report>) -> (Option<T>, Report) {
    match outcome {
        Ok((result, report)) => (Some(result), report),
        Err(report) => (None, report),
    }
}

/// What was said of the text comes before what is said of its meaning.
fn after<T>(mut first: Report, then: Result<(T, Report), Report>) -> Result<(T, Report), Report> {
    match then {
        Ok((result, more)) => {
            first.append(more);
            Ok((result, first))
        }
        Err(more) => {
            first.append(more);
            Err(first)
        }
    }
}

fn typed<'a>(snapshot: &Snapshot, asked: &'a str) -> Question<'a> {
    match asked.split(' ').collect::<Vec<_>>()[..] {
        [subject, action, resource] => Question::typed(snapshot.schema(), subject, action, resource),
        _ => panic!("a question is SUBJECT ACTION RESOURCE or a request: {asked}"),
    }
}

fn is_question(line: &str) -> bool {
    line.contains(" -> ")
}
