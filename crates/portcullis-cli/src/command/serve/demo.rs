//! `portcullis serve --demo`: the sample workspace `acme`, served at once, with what to try printed beside it.
//!
//! It is a data folder like any other, in a temporary folder that is its owner's alone and is removed at the end, or by the next demo when this one is
//! killed; only what is in it comes out of this binary. Its key is drawn when it starts: no two demos share one. What is printed under each question is what the server
//! answers, which a test asks it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use portcullis::{FetchedFile, Files, Source};
use portcullis_store::SqliteStore;

use super::running::{Serving, Signals};
use super::temporary::Temporary;
use super::{store, temporary};
use crate::command::admin::acting;
use crate::command::admin::folder::Opened;
use crate::command::admin::refused::failure;
use crate::exit::Outcome;
use crate::files;
use crate::output::{FAINT, Output, STRONG};

/// The workspace file of the sample.
const WORKSPACE: &str = include_str!("../../../../../examples/acme/workspace.json");
/// What it names.
const ROLES: [(&str, &str); 3] = [
    ("roles/atlan_role.json", include_str!("../../../../../examples/acme/roles/atlan_role.json")),
    (
        "roles/audience_collaborator.json",
        include_str!("../../../../../examples/acme/roles/audience_collaborator.json"),
    ),
    (
        "roles/protected_sources.json",
        include_str!("../../../../../examples/acme/roles/protected_sources.json"),
    ),
];
/// Whose key is printed.
const ADMIN: &str = "ann@acme.example";

/// Something to try: a question in words, the path under `/access/v1/`, further headers, the body, and how the answer begins.
struct Try {
    asks: &'static str,
    path: &'static str,
    headers: &'static [&'static str],
    body: &'static str,
    answer: &'static str,
}

const TRIES: [Try; 3] = [
    Try {
        asks: "May Bob delete the warehouse?",
        path: "evaluation",
        headers: &[],
        body: r#"{"subject": {"type": "user", "id": "bob@acme.example"}, "action": {"name": "delete"}, "resource": {"type": "source", "id": "warehouse"}}"#,
        answer: r#"{"decision":false}"#,
    },
    Try {
        asks: "Why not?",
        path: "evaluation",
        headers: &["portcullis-explain: true"],
        body: r#"{"subject": {"type": "user", "id": "bob@acme.example"}, "action": {"name": "delete"}, "resource": {"type": "source", "id": "warehouse"}}"#,
        answer: r#"{"decision":false,"context":{"reason_admin":{"code":"explicit_deny","en":"a statement denies it, which overrides every allow"#,
    },
    Try {
        asks: "Who may?",
        path: "search/subject",
        headers: &[],
        body: r#"{"subject": {"type": "user"}, "action": {"name": "delete"}, "resource": {"type": "source", "id": "warehouse"}}"#,
        answer: r#"{"results":[{"type":"user","id":"ann@acme.example"}]}"#,
    },
];

/// The files that the sample names.
struct Sample;

impl Files for Sample {
    fn fetch(&self, path: &str, _most: usize, _flag: &str) -> Result<FetchedFile, String> {
        let found = ROLES.iter().find(|(name, _)| *name == path);
        let (name, text) = found.ok_or_else(|| "there is no such file".to_owned())?;
        Ok(FetchedFile { name: (*name).to_owned(), bytes: text.as_bytes().to_vec() })
    }
}

/// Serves the sample until a signal comes.
pub(super) fn serve(serving: &Serving<'_>, out: &mut Output) -> Outcome {
    let signals = Signals::caught()?;
    temporary::remove_left();
    let folder = Temporary::make()?;
    let path = folder.path().join("data");
    let opened = Opened::of(SqliteStore::create(&path).map_err(|error| failure(error.into()))?)?;
    let source = Source::new("workspace.json", WORKSPACE);
    let made = opened.service.import(&acting::user(), &source, &Sample, ADMIN).map_err(failure)?;
    let key = made.key.reveal();
    store::serve_opened(&path, opened, (signals, serving), |base| Ok(told(base, &key, &path, out)?), || {})
}

/// Prints where the demo is and what to try.
fn told(base: &str, key: &str, data: &Path, out: &mut Output) -> io::Result<()> {
    let data = files::typed(data);
    writeln!(out, "The sample workspace `acme` is served at {base} until Ctrl-C. Nothing of it is kept.\n")?;
    writeln!(out, "The key of its administrator, {ADMIN}:\n\n  KEY={key}\n")?;
    writeln!(out, "With that line in another terminal, ask:")?;
    for one in &TRIES {
        let heading = out.paint(STRONG, one.asks);
        writeln!(out, "\n{heading}\n\n  curl {base}/access/v1/{} \\", one.path)?;
        for header in
            ["authorization: Bearer $KEY", "content-type: application/json"].iter().chain(one.headers)
        {
            writeln!(out, "    -H \"{header}\" \\")?;
        }
        writeln!(out, "    -d '{}'", one.body)?;
        let whole = one.answer.ends_with('}');
        let answer = out.paint(FAINT, &format!("{}{}", one.answer, if whole { "" } else { "…" }));
        writeln!(out, "\n  {answer}")?;
    }
    let command = command();
    writeln!(
        out,
        "\nThe administrator's commands work on it too:\n\n  PORTCULLIS_KEY=$KEY {command} member list --data {data}"
    )?;
    out.flush()
}

/// This command as it can be typed anywhere: where it was called by its path, it need not be among those that a shell finds.
fn command() -> String {
    let typed = PathBuf::from(std::env::args_os().next().unwrap_or_default());
    let is_path = typed.parent().is_some_and(|folder| !folder.as_os_str().is_empty());
    match std::path::absolute(&typed) {
        Ok(path) if is_path => files::typed(&path),
        _ => "portcullis".to_owned(),
    }
}
