//! docs/language.md, run: each rule's examples are read, asked and compared with what the page prints.
//!
//! In a section, a `json` block is a schema, a policy document or a workspace, told by its keys. The `text` block after
//! it holds what `lint` says of it, one diagnostic a line, all of them; then questions with their answers. A schema
//! holds for the documents after it in the section, and is `hightouch` before. A policy document becomes the only role
//! of the only member, `ann`.
//!
//! `PORTCULLIS_BLESS=1` writes the diagnostics into the page anew. It never touches a question or an answer: what a policy
//! means is changed by hand or not at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and this one reads the page that it tests"
)]

use std::path::PathBuf;
use std::sync::Mutex;

use portcullis::{Member, NoFiles, Question, Report, Schema, Snapshot, Source, Workspace};
use serde_json::Value;

fn page() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/language.md"))
}

/// Its text; a checkout may have turned line endings around.
fn page_text() -> String {
    std::fs::read_to_string(page()).unwrap().replace("\r\n", "\n")
}

/// Tests run side by side, and each may bless its section.
static PAGE: Mutex<()> = Mutex::new(());

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

/// The fenced blocks of a section: language and text.
fn blocks(body: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = body;
    while let Some((_, opened)) = rest.split_once("\n```") {
        let (language, after) = opened.split_once('\n').unwrap();
        let (text, left) = after.split_once("```").expect("a block is closed");
        found.push((language, text));
        rest = left;
    }
    found
}

/// What the examples of a section came to so far.
struct Example {
    schema: Schema,
    report: Report,
    snapshot: Option<Snapshot>,
}

impl Example {
    fn read(self, text: &str) -> Example {
        let Example { schema, .. } = self;
        if text.contains("\"members\"") {
            let read = Workspace::read(&Source::new("workspace.json", text), &NoFiles);
            let (snapshot, report) =
                settle(read.and_then(|(workspace, report)| after(report, workspace.compile())));
            return Example { schema, report, snapshot };
        }
        if text.contains("\"resources\"") {
            let (read, report) = settle(Schema::read(&Source::new("schema.json", text)));
            return Example { schema: read.unwrap_or(schema), report, snapshot: None };
        }
        let read = portcullis::Document::read(&Source::new("policy.json", text));
        let (snapshot, report) = settle(read.and_then(|(document, report)| {
            let mut workspace = Workspace::new("acme", schema.clone());
            workspace.add_role("example", document).add_member("ann", Member::with_role("example"));
            after(report, workspace.compile())
        }));
        Example { schema, report, snapshot }
    }

    /// The lines that the page should have about what was read.
    fn diagnostics(&self) -> Vec<String> {
        self.report.iter().map(ToString::to_string).collect()
    }

    fn ask(&self, line: &str) {
        let (asked, answer) = line.rsplit_once(" -> ").unwrap();
        let snapshot = self.snapshot.as_ref().unwrap_or_else(|| panic!("{line}\n{}", self.report));
        let request: Value = serde_json::from_str(asked).unwrap_or(Value::Null);
        let question = if request.is_object() { requested(&request) } else { typed(snapshot, asked) };
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

/// A request in the form of a line of JSON Lines.
fn requested(request: &Value) -> Question<'_> {
    let plain = |part: &'static str, key: &str| {
        request[part].as_str().or_else(|| request[part][key].as_str()).unwrap()
    };
    Question {
        subject_type: request["subject"]["type"].as_str(),
        object: request["resource"]["id"].as_str(),
        ..Question::new(plain("subject", "id"), plain("action", "name"), plain("resource", "type"))
    }
}

fn is_question(line: &str) -> bool {
    line.contains(" -> ")
}

/// Runs the examples of a section. Returns how many documents and questions there were.
fn run(heading: &str) -> (usize, usize) {
    let _one_at_a_time = PAGE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let text = page_text();
    let all = sections(&text);
    let found = all.iter().find(|(title, _)| *title == heading);
    let (_, body) = found.unwrap_or_else(|| panic!("docs/language.md has no section `{heading}`"));
    let mut example = Example { schema: Schema::hightouch().unwrap(), report: Report::new(), snapshot: None };
    let (mut documents, mut questions) = (0, 0);
    let mut mended = (*body).to_owned();
    for (language, block) in blocks(body) {
        match language {
            "json" => {
                example = example.read(block);
                documents += 1;
            }
            "text" => {
                let asked: Vec<&str> = block.lines().filter(|line| is_question(line)).collect();
                asked.iter().for_each(|line| example.ask(line));
                questions += asked.len();
                let said = example.diagnostics().into_iter();
                let right: String =
                    said.chain(asked.into_iter().map(str::to_owned)).map(|line| line + "\n").collect();
                if std::env::var_os("PORTCULLIS_BLESS").is_some() {
                    mended =
                        mended.replacen(&format!("```text\n{block}```"), &format!("```text\n{right}```"), 1);
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
        std::fs::write(page(), text.replacen(body, &mended, 1)).unwrap();
    }
    (documents, questions)
}

macro_rules! rules {
    ($($name:ident = $heading:literal;)+) => {
        $(#[test]
        fn $name() {
            let (documents, questions) = run($heading);
            println!("{}: {documents} documents, {questions} questions", $heading);
        })+

        const TESTED: &[&str] = &[$($heading),+];
    };
}

rules! {
    the_form_of_a_document = "The form of a document";
    rule_01_default_deny = "1. Default deny";
    rule_02_a_deny_overrides_every_allow = "2. A deny overrides every allow";
    rule_02_across_all_roles_of_a_member = "Across all roles of a member";
    rule_02_an_effect_is_required = "An effect is required";
    rule_03_names_lists_and_patterns = "3. Names, lists and patterns";
    rule_03_patterns_expand_over_own_names_not_aliases = "Patterns";
    rule_03_an_allow_that_selects_nothing_is_a_warning = "What selects nothing: an allow";
    rule_03_a_deny_that_selects_nothing_is_an_error = "What selects nothing: a deny";
    rule_04_the_wildcard = "4. The wildcard";
    rule_05_pairs_that_the_schema_does_not_admit = "5. Pairs that the schema does not admit";
    rule_05_a_statement_that_grants_nothing = "A statement that grants nothing";
    rule_05_a_deny_that_protects_nothing = "A deny that protects nothing";
    rule_06_unknown_names = "6. Unknown names and aliases";
    rule_06_aliases = "Aliases";
    rule_07_workspace_and_the_names_it_covers = "7. `workspace` and the names it covers";
    rule_07_covered_names_in_documents = "Covered names in documents";
    rule_07_a_name_has_one_meaning = "A name has one meaning";
    rule_08_the_vocabulary_of_hightouch = "8. The vocabulary of `hightouch`";
    rule_08_reserved_types = "Reserved types";
    rule_08_a_schema_of_your_own = "A schema of your own";
    rule_09_one_version = "9. One version, known keys, plain JSON";
    rule_09_unknown_and_duplicate_keys = "Unknown and duplicate keys";
    rule_09_what_is_pasted_from_web_pages = "What is pasted from web pages";
    rule_09_a_bare_statement = "A bare statement";
    rule_10_conditions_that_are_none = "10. Conditions";
    rule_10_conditions_are_refused = "Conditions are refused by this version";
    rule_10_empty_conditions = "Empty conditions";
    rule_11_roles_groups_and_the_default_role = "11. Roles, groups and the default role";
    rule_11_built_in_roles = "Built-in roles";
    rule_12_who_is_not_a_member = "12. Who is not a member";
    rule_13_types_are_closed_object_ids_are_open = "13. Types are closed, object ids are open";
}

#[test]
fn every_example_has_a_test_and_every_rule_an_example() {
    let text = page_text();
    for (heading, body) in sections(&text) {
        assert_eq!(TESTED.contains(&heading), !blocks(body).is_empty(), "`{heading}`");
    }
    for rule in 1..=13 {
        let prefix = format!("{rule}. ");
        assert!(TESTED.iter().any(|heading| heading.starts_with(&prefix)), "rule {rule}");
    }
}
