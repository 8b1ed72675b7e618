//! The answers to a block of lines: one a line, whatever the line holds.
//!
//! So answers and questions can be laid side by side. A line that cannot be read is a deny with an error in its place and never stops
//! the others. Nothing here knows of other blocks: lines are counted from the beginning of this one.

use std::sync::Arc;

use portcullis::Snapshot;
use portcullis::text::grouped;
use portcullis_server::authzen::{Evaluation, Forms, Keep};
use serde_json::Value;

use super::blocks::{Block, LINE_BYTES};
use crate::clock::Clock;

const YES: &[u8] = b"{\"decision\":true}\n";
const NO: &[u8] = b"{\"decision\":false}\n";
/// What some editors begin a file with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Who decides: a snapshot and a clock.
#[derive(Debug)]
pub(super) struct Decider {
    snapshot: Arc<Snapshot>,
    clock: Arc<dyn Clock>,
    /// Whether any role has conditions. If none has, nobody asks for properties or for the time.
    has_conditions: bool,
}

impl Decider {
    pub(super) fn new(snapshot: Arc<Snapshot>, clock: Arc<dyn Clock>) -> Self {
        let has_conditions = snapshot.roles().any(|role| !role.grants().conditions().is_empty());
        Decider { snapshot, clock, has_conditions }
    }

    /// What time it is, if anybody wants to know and the clock can tell.
    pub(super) fn now(&self) -> Option<String> {
        self.clock.now().filter(|_| self.has_conditions)
    }

    /// Whether what a line asks for is allowed; the error is for the answer in its place.
    fn decide(&self, line: &[u8], now: Option<&str>) -> Result<bool, String> {
        let keep = if self.has_conditions { Keep::Properties } else { Keep::Names };
        let asked = Evaluation::read(line, Forms::StringsToo, keep).map_err(|fault| fault.to_string())?;
        Ok(self.snapshot.decide(&asked.question(now)).is_allowed())
    }
}

/// How many lines there were, and what was the matter with some.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) lines: usize,
    pub(super) unread: usize,
    /// The first line that could not be read, from 1, and why.
    pub(super) first_unread: Option<(usize, String)>,
}

impl Tally {
    /// Adds what comes after.
    pub(super) fn add(&mut self, next: Tally) {
        let before = self.lines;
        self.lines += next.lines;
        self.unread += next.unread;
        if self.first_unread.is_none() {
            self.first_unread = next.first_unread.map(|(line, why)| (before + line, why));
        }
    }
}

/// Answers as JSON Lines, and their tally.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) text: Vec<u8>,
    pub(super) tally: Tally,
}

impl Answers {
    /// Answers the lines of a block, all at one time, in the place of what was answered before.
    pub(super) fn renew(&mut self, block: &Block, decider: &Decider, now: Option<&str>) {
        self.text.clear();
        self.tally = Tally::default();
        for line in block.lines() {
            self.tally.lines += 1;
            let opens = block.is_first && self.tally.lines == 1;
            match within(line, opens).and_then(|line| decider.decide(line, now)) {
                Ok(allowed) => self.text.extend_from_slice(if allowed { YES } else { NO }),
                Err(why) => self.refuse(why),
            }
        }
    }

    fn refuse(&mut self, why: String) {
        let why = Value::String(why);
        self.text.extend_from_slice(format!("{{\"decision\":false,\"error\":{why}}}\n").as_bytes());
        self.tally.unread += 1;
        if let (None, Value::String(why)) = (&self.tally.first_unread, why) {
            self.tally.first_unread = Some((self.tally.lines, why));
        }
    }
}

/// A line of bearable length without a mark that the input begins with.
fn within(line: &[u8], opens: bool) -> Result<&[u8], String> {
    if line.len() > LINE_BYTES {
        return Err(format!("the line is longer than {} bytes", grouped(LINE_BYTES)));
    }
    Ok(line.strip_prefix(BYTE_ORDER_MARK).filter(|_| opens).unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use portcullis::{NoFiles, Source, Workspace};

    use super::*;

    /// A clock that stands.
    #[derive(Debug)]
    struct Standing(Option<&'static str>);

    impl Clock for Standing {
        fn now(&self) -> Option<String> {
            self.0.map(str::to_owned)
        }
    }

    /// A workspace in which the role of all has a policy with these conditions.
    fn decider(now: Option<&'static str>, conditions: &str) -> Decider {
        let workspace = format!(
            r#"{{"workspace": "w", "schema": "hightouch", "default_role": "own",
            "roles": {{"own": {{"version": "2022-04-26", "policies": [
                {{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {conditions}}}]}}}},
            "members": {{"ann": {{"properties": {{"team": "data"}}}}}},
            "objects": [{{"type": "sync", "id": "1", "properties": {{"team": "data"}}}}]}}"#
        );
        let source = Source::new("workspace.json", workspace);
        let snapshot = Workspace::read(&source, &NoFiles).unwrap().0.compile().unwrap().0;
        Decider::new(Arc::new(snapshot), Arc::new(Standing(now)))
    }

    /// What a request with these parts of subject, action, resource and the whole is answered.
    fn asked(decider: &Decider, more: [&str; 4]) -> Result<bool, String> {
        let [subject, action, resource, whole] = more;
        let line = format!(
            r#"{{"subject":{{"type":"user","id":"ann"{subject}}},"action":{{"name":"read"{action}}},"resource":{{"type":"sync","id":"1"{resource}}}{whole}}}"#
        );
        decider.decide(line.as_bytes(), decider.now().as_deref())
    }

    #[test]
    fn what_a_line_brings_reaches_the_decision() {
        let sent = r#","properties":{"level":9007199254740993,"team":"data"}"#;
        let more = [sent, sent, sent, r#","context":{"level":9007199254740993}"#];
        for (at, root) in ["subject", "action", "resource", "context"].into_iter().enumerate() {
            let decider = decider(None, &format!(r#"{{"{root}.level": {{"equals": 9007199254740993}}}}"#));
            assert_eq!(asked(&decider, more), Ok(true), "{root}");
            let mut less = more;
            less[at] = "";
            assert_eq!(asked(&decider, less), Ok(false), "{root}");
            // The same float as the number that is asked for, and another number.
            less[at] = if at == 3 {
                r#","context":{"level":9007199254740992}"#
            } else {
                r#","properties":{"level":9007199254740992}"#
            };
            assert_eq!(asked(&decider, less), Ok(false), "{root}");
            // A number that no f64 holds, somewhere else on the line, changes none.
            less[at] = more[at];
            less[3] = r#","far":1e400,"context":{"level":9007199254740993}"#;
            assert_eq!(asked(&decider, less), Ok(true), "{root}");
        }
        let decider = decider(None, r#"{"context.n": {"greaterthan": 1e400}}"#);
        for (n, allowed) in
            [("1e401", true), ("1e400", false), ("9e99", false), ("10e400", true), ("-1e999", false)]
        {
            let context = format!(r#","context":{{"n":{n}}}"#);
            assert_eq!(asked(&decider, ["", "", "", &context]), Ok(allowed), "{n}");
        }
    }

    #[test]
    fn what_is_stored_is_not_overruled_by_a_line() {
        let decider = decider(None, r#"{"team": {"equals": {"ref": "subject.team"}}}"#);
        assert_eq!(asked(&decider, [""; 4]), Ok(true));
        assert_eq!(asked(&decider, ["", "", r#","properties":{"team":"data"}"#, ""]), Ok(true));
        assert_eq!(asked(&decider, ["", "", r#","properties":{"team":"sales"}"#, ""]), Ok(false));
        assert_eq!(asked(&decider, [r#","properties":{"team":"sales"}"#, "", "", ""]), Ok(false));
        assert_eq!(asked(&decider, [r#","properties":null"#, "", r#","properties":null"#, ""]), Ok(true));
    }

    #[test]
    fn the_time_is_that_of_the_clock_and_of_nobody_else() {
        let before = r#"{"context.now": {"lessthan": "2030-01-01T00:00:00Z"}}"#;
        let sent = r#","context":{"now":"2029-01-01T00:00:00Z"}"#;
        for (now, allowed) in [
            (Some("2029-12-31T23:59:59.999Z"), true),
            (Some("2030-01-01T00:00:00.000Z"), false),
            (None, false),
        ] {
            let decider = decider(now, before);
            for whole in ["", sent] {
                assert_eq!(asked(&decider, ["", "", "", whole]), Ok(allowed), "{now:?} {whole}");
            }
        }
        // Where nobody asks for the time, the clock is left alone.
        assert_eq!(decider(Some("2029-12-31T23:59:59.999Z"), "\"*\"").now(), None);
    }

    #[test]
    fn a_line_is_judged_alike_whether_conditions_read_it_or_not() {
        let (with, without) = (decider(None, r#"{"context.n": {"exists": false}}"#), decider(None, "\"*\""));
        let alike = |more: [&str; 4], expected: &str| {
            let (told, other) = (asked(&with, more), asked(&without, more));
            assert_eq!(told.clone().err(), other.err());
            let why = told.unwrap_err();
            assert!(why.starts_with(expected), "{why}");
        };
        for (value, kind) in [
            ("5", "a number"),
            ("-5", "a number"),
            ("5.5", "a number"),
            ("1e400", "a number"),
            ("\"x\"", "a string"),
            ("[{}]", "a list"),
            ("true", "a boolean"),
        ] {
            let (properties, context) =
                (format!(r#","properties":{value}"#), format!(r#","context":{value}"#));
            let wrong = |what: &str| format!("`{what}` must be an object, not {kind} at column ");
            alike([&properties, "", "", ""], &wrong("subject.properties"));
            alike(["", &properties, "", ""], &wrong("action.properties"));
            alike(["", "", &properties, ""], &wrong("resource.properties"));
            alike(["", "", "", &context], &wrong("context"));
        }
        for (properties, expected) in [
            (r#","properties":{},"properties":{}"#, "the key `properties` stands twice"),
            (r#","properties":null,"properties":null"#, "the key `properties` stands twice"),
            (r#","properties":{"a":{"k":1,"\u006b":2}}"#, "the key `k` stands twice"),
            (r#","properties":{"k":1e999,"k":2}"#, "the key `k` stands twice"),
            (r#","properties":{"k":01}"#, "not JSON: "),
            (r#","properties":{"k":"\ud800"}"#, "not JSON: "),
        ] {
            for at in 0..3 {
                let mut more = [""; 4];
                more[at] = properties;
                alike(more, expected);
            }
        }
        alike(["", "", "", r#","context":{},"context":null"#], "the key `context` stands twice");
        let deep = |levels| format!(r#","context":{{"a":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
        alike(["", "", "", &deep(200)], "not JSON: recursion limit");
        // The deepest that is read can be kept too.
        assert_eq!(asked(&with, ["", "", "", &deep(125)]), Ok(true));
        assert!(asked(&with, ["", "", "", &deep(126)]).is_err());
    }

    #[test]
    fn lines_are_counted_over_blocks() {
        let block = |lines, unread, first: Option<usize>| Tally {
            lines,
            unread,
            first_unread: first.map(|line| (line, format!("block of {lines}"))),
        };
        let mut tally = Tally::default();
        for next in [block(10, 0, None), block(20, 2, Some(7)), block(30, 1, Some(1)), block(1, 0, None)] {
            tally.add(next);
        }
        assert_eq!((tally.lines, tally.unread), (61, 3));
        assert_eq!(tally.first_unread, Some((17, "block of 20".to_owned())));
    }
}
