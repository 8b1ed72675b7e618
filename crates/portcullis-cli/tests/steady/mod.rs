//! Pages of which the commands print secrets, ids and times: what differs from run to run has a stand-in of the same width.
//!
//! Secrets lose their random end, which no page is to show; an id is the number of its first appearance; a time is always the same noon, an
//! epoch the same digits, a hash none. A comment `<!-- kept: FILE … -->` saves the secrets that the command before it printed, in order, as the
//! page tells its reader to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use portcullis_server::{Id, Secret};

/// What every time is.
const NOON: &str = "2026-03-01T12:00:00Z";

/// What was seen on a page so far.
#[derive(Default)]
pub(crate) struct Steady {
    ids: RefCell<Vec<String>>,
    environment: BTreeMap<String, String>,
    printed: String,
}

impl Steady {
    /// What a command prints, with stand-ins.
    pub(crate) fn run(&mut self, command: &str, directory: &Path) -> String {
        if let Some((name, file)) =
            command.strip_prefix("export ").and_then(|rest| rest.split_once("=$(cat "))
        {
            let text = fs::read_to_string(directory.join(file.trim_end_matches(')'))).unwrap();
            self.environment.insert(name.to_owned(), text.trim().to_owned());
            return "\n".to_owned();
        }
        // A digest of a dry run is named by what is shown of it.
        let command = match command.split_once(" DIGEST") {
            Some((before, after)) => format!("{before} {}{after}", self.digest()),
            None => command.to_owned(),
        };
        self.printed = super::run(&command, directory, &self.environment);
        self.stand_in(&self.printed)
    }

    /// Saves secrets where a line of the page says so.
    pub(crate) fn keep(&self, line: &str, directory: &Path) {
        let Some(files) = line.strip_prefix("<!-- kept: ").and_then(|rest| rest.strip_suffix(" -->")) else {
            return;
        };
        let secrets: Vec<&str> = words(&self.printed).filter(|word| Secret::parse(word).is_some()).collect();
        let files: Vec<&str> = files.split(' ').collect();
        assert_eq!(files.len(), secrets.len(), "{line}: {}", self.stand_in(&self.printed));
        for (file, secret) in files.iter().zip(secrets) {
            fs::write(directory.join(file), secret).unwrap();
        }
    }

    fn digest(&self) -> String {
        let line = self.printed.lines().rev().find_map(|line| line.strip_prefix("digest "));
        line.expect("the command before was a dry run").to_owned()
    }

    fn stand_in(&self, text: &str) -> String {
        let mut shown = String::new();
        let mut rest = text;
        for word in words(text) {
            let at = rest.find(word).unwrap();
            shown.push_str(&rest[..at]);
            shown.push_str(&self.word(word));
            rest = &rest[at + word.len()..];
        }
        shown + rest
    }

    fn word(&self, word: &str) -> String {
        let hex = |text: &str, length: usize| {
            text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if let Some(secret) = Secret::parse(word) {
            let (head, _) = word.rsplit_once('_').unwrap();
            return head.replace(&secret.id().to_string(), "…");
        }
        if Id::parse(word).is_some() {
            let mut ids = self.ids.borrow_mut();
            let at = ids.iter().position(|id| id == word).unwrap_or_else(|| {
                ids.push(word.to_owned());
                ids.len() - 1
            });
            return format!("{:026}", at + 1);
        }
        if word.len() == NOON.len() && word.ends_with('Z') && word.as_bytes()[10] == b'T' {
            return NOON.to_owned();
        }
        if word.len() == NOON.len() + 4 && word.ends_with('Z') && word.as_bytes()[19] == b'.' {
            return NOON.replace('Z', ".000Z");
        }
        let is_day =
            |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
        if word.len() == 10 && word.bytes().enumerate().all(is_day) {
            return NOON[..10].to_owned();
        }
        match word.split_once(['.', ':']) {
            Some((epoch, number)) if hex(epoch, 16) => format!("5f0c9a1e7b3d2468.{number}"),
            Some((number, hash)) if hex(hash, 64) => format!("{number}:3f79…"),
            _ if hex(word, 64) => "3f79…".to_owned(),
            _ => word.to_owned(),
        }
    }
}

/// The words of a text that could be such.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let part = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-'));
    text.split(part).filter(|word| !word.is_empty())
}
