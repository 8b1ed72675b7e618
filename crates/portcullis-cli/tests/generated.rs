//! Generated requests under generated conditions: the lines of a file are answered as the reference answers the requests.
//!
//! The library is held to the same requests by a reader of its own; here they come as lines, through the reader of the command line. Those
//! that are asked at one time come in one file. A line whose resource has no id is no request here, though the engine could answer it.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads how long it may take"
)]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use portcullis::{NoFiles, Source, Workspace};
use portcullis_cli::{Clock, answer_requests_by};
use portcullis_testkit::generate::{AskedByRequest, Size, conditional_case};

/// A clock that stands, or none.
#[derive(Debug)]
struct Standing(Option<String>);

impl Clock for Standing {
    fn now(&self) -> Option<String> {
        self.0.clone()
    }
}

#[test]
fn lines_are_answered_as_the_reference_answers_requests() {
    let cases = if std::env::var_os("PORTCULLIS_LONG").is_some() { 4_000 } else { 150 };
    let (mut answered, mut allowed, mut unread) = (0, 0, 0);
    for seed in 0..cases {
        let case = conditional_case(seed, Size::default()).unwrap();
        let source = Source::new("workspace.json", case.workspace.as_str());
        let snapshot = Workspace::read(&source, &NoFiles).unwrap().0.compile().unwrap().0;
        let snapshot = Arc::new(snapshot);
        let mut by_time: BTreeMap<Option<&str>, Vec<&AskedByRequest>> = BTreeMap::new();
        for asked in &case.requests {
            by_time.entry(asked.now.as_deref()).or_default().push(asked);
        }
        for (now, requests) in by_time {
            let lines: Vec<&str> = requests.iter().map(|asked| &*asked.request).collect();
            let (input, mut answers) = (Cursor::new(lines.join("\n").into_bytes()), Vec::new());
            let clock = Arc::new(Standing(now.map(str::to_owned)));
            let (count, _) = answer_requests_by(clock, Arc::clone(&snapshot), input, &mut answers).unwrap();
            assert_eq!(count, lines.len());
            let answers = String::from_utf8(answers).unwrap();
            for (asked, answer) in requests.iter().zip(answers.lines()) {
                let about = format!("{}: {} at {now:?}: {answer}", case.id, asked.request);
                if answer.contains("error") {
                    assert_eq!(answer, r#"{"decision":false,"error":"`resource` has no `id`"}"#, "{about}");
                    unread += 1;
                    continue;
                }
                let expected = asked.expected.is_allowed();
                assert_eq!(answer, format!("{{\"decision\":{expected}}}"), "{about}");
                (answered, allowed) = (answered + 1, allowed + usize::from(expected));
            }
        }
    }
    assert!(answered > 5_000 && allowed > 500 && unread < answered / 5, "{answered} {allowed} {unread}");
}
