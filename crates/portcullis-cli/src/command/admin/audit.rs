//! `portcullis audit`: the trail of who did what, and whether it is still the one that was written.
//!
//! The trail is a chain of hashes. Its head, kept somewhere else, shows later whether the end was cut off or all of it written anew: a trail
//! that only holds together shows neither.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use portcullis::text::quoted;
use portcullis_server::{Id, Which};
use portcullis_store::audit::{Head, Verifier};
use portcullis_store::{AuditEntry, Outcome as Ended, Store as _};
use serde_json::{Value, json};

use super::around::Around;
use super::folder::{ActingArgs, Opened, Session};
use super::given;
use super::refused::{Trouble, failure, settle};
use crate::clock;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::output::{BAD, GOOD, Output};
use crate::render::list;

/// So many entries are read at a time.
const PAGE: usize = 1_000;

/// Show and verify the audit trail.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis audit list --after 100
  portcullis audit head > acme.head
  portcullis audit verify --head acme.head")]
pub(crate) struct Audit {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum What {
    /// List the entries, the first first
    #[command(after_help = "Example:\n  portcullis audit list --after 100 --format json")]
    List {
        /// Begin after this number
        #[arg(long, value_name = "N", default_value_t = 0)]
        after: u64,
        /// At most so many
        #[arg(long, value_name = "N")]
        most: Option<usize>,
        #[command(flatten)]
        trail: TrailArgs,
    },
    /// Verify the whole trail, entry by entry; exits 1 when it is broken
    ///
    /// Prints the head, NUMBER:HASH. Keep it where nobody who can write to the data folder can write: with --head, the trail must still
    /// hold that entry.
    #[command(after_help = "Example:\n  portcullis audit verify --head acme.head")]
    Verify {
        /// A file that holds a head that was kept; - is standard input
        #[arg(long, value_name = "FILE")]
        head: Option<PathBuf>,
        #[command(flatten)]
        trail: TrailArgs,
    },
    /// Print the head of the trail, NUMBER:HASH, to be kept elsewhere
    #[command(after_help = "Example:\n  portcullis audit head > acme.head")]
    Head {
        #[command(flatten)]
        trail: TrailArgs,
    },
}

/// Which trail.
#[derive(Args, Clone, Debug)]
struct TrailArgs {
    /// The operator's own trail, of what belongs to no workspace; without a key
    #[arg(long)]
    operator: bool,
    #[command(flatten)]
    acting: ActingArgs,
}

/// An open trail.
enum Trail {
    Workspace(Session),
    Operator(Opened),
}

impl TrailArgs {
    fn open(&self, command: &str, out: &mut Output) -> Result<Trail, Trouble> {
        if !self.operator {
            return self.acting.reading(command, out).map(Trail::Workspace);
        }
        if self.acting.key(out)?.is_some() {
            let message = "a key opens a workspace, and the operator's own trail belongs to none";
            return Err(Failure::with_help(
                message,
                "leave out the key: who has the data folder may read it",
            )
            .into());
        }
        let opened = self.acting.folder.open(out)?;
        opened.note_in_realm(&out.around().user(), command)?;
        Ok(Trail::Operator(opened))
    }
}

impl Trail {
    fn workspace(&self) -> Id {
        match self {
            Trail::Workspace(session) => session.workspace,
            Trail::Operator(_) => Id::NIL,
        }
    }

    fn page(&self, after: u64) -> Result<Vec<AuditEntry>, Trouble> {
        match self {
            Trail::Workspace(session) => {
                Ok(session.service().audit(&session.call, session.workspace, after)?)
            }
            Trail::Operator(opened) => {
                Ok(opened.store.audit(Id::NIL, after, PAGE).map_err(|error| failure(error.into()))?)
            }
        }
    }

    /// Gives every entry after a number away, until told to stop.
    fn each(&self, mut after: u64, mut take: impl FnMut(AuditEntry) -> bool) -> Result<(), Trouble> {
        loop {
            let page = self.page(after)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.number;
            for entry in page {
                if !take(entry) {
                    return Ok(());
                }
            }
        }
    }

    /// The subject of a member's id, as far as whoever acts may know it.
    fn name(&self, actor: &str, known: &mut BTreeMap<String, String>) -> String {
        let Trail::Workspace(session) = self else { return actor.to_owned() };
        if Id::parse(actor).is_none() {
            return actor.to_owned();
        }
        let found = known.entry(actor.to_owned()).or_insert_with(|| {
            let member = session.service().member(&session.call, session.workspace, &Which::from(actor));
            member.map_or_else(|_| actor.to_owned(), |member| member.subject)
        });
        found.clone()
    }
}

impl Audit {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        match &self.what {
            What::List { after, most, trail } => {
                settle(list_all(trail, *after, *most, out), trail.acting.format, out)
            }
            What::Verify { head, trail } => {
                settle(verify(trail, head.as_deref(), out), trail.acting.format, out)
            }
            What::Head { trail } => settle(show_head(trail, out), trail.acting.format, out),
        }
    }
}

fn list_all(args: &TrailArgs, after: u64, most: Option<usize>, out: &mut Output) -> Result<Exit, Trouble> {
    let trail = args.open("audit.list", out)?;
    let (mut entries, most) = (Vec::new(), most.unwrap_or(usize::MAX));
    trail.each(after, |entry| {
        if entries.len() < most {
            entries.push(entry);
        }
        entries.len() < most
    })?;
    let mut names = BTreeMap::new();
    if args.acting.format.is_json() {
        let all = entries.iter().map(|entry| value(entry, &trail.name(&entry.entry.actor, &mut names)));
        out.json(&all.collect::<Value>())?;
        return Ok(Exit::Clear);
    }
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|one| {
            let (number, entry) = (one.number.to_string(), &one.entry);
            let actor = trail.name(&entry.actor, &mut names);
            vec![
                number,
                clock::shown(entry.time),
                actor,
                entry.operation.clone(),
                ended(entry.outcome).to_owned(),
            ]
        })
        .collect();
    list::table(out, &["number", "time", "actor", "operation", "outcome"], &rows)?;
    Ok(Exit::Clear)
}

const fn ended(outcome: Ended) -> &'static str {
    match outcome {
        Ended::Done => "done",
        Ended::Refused => "refused",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn value(one: &AuditEntry, actor: &str) -> Value {
    let entry = &one.entry;
    // A payload is JSON; one that is not is told as it is.
    let payload =
        entry.payload.as_deref().map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
    json!({
        "number": one.number,
        "time": clock::of_millis(entry.time),
        "actor": entry.actor,
        "actor_name": actor,
        "credential": entry.credential.map(|id| id.to_string()),
        "address": entry.address,
        "request": entry.request,
        "operation": entry.operation,
        "outcome": ended(entry.outcome),
        "revision": one.revision,
        "payload": payload,
        "payload_hash": one.payload_hash.as_ref().map(|hash| hex(hash)),
        "previous": hex(&one.previous),
        "hash": hex(&one.hash),
    })
}

/// A head that was kept.
fn kept_head(around: &Around, file: &Path) -> Result<Head, Failure> {
    let text = given::text(around, file, 4096)?;
    Head::parse(&text).ok_or_else(|| {
        let message = format!("expected a head, NUMBER:HASH, in {}", quoted(&files::shown(file)));
        Failure::with_help(message, "`portcullis audit head` and `audit verify` print one")
    })
}

fn verify(args: &TrailArgs, head: Option<&Path>, out: &mut Output) -> Result<Exit, Trouble> {
    let kept = head.map(|file| kept_head(out.around(), file)).transpose()?;
    // Opening a folder looks at the end of every trail; what is wrong there is an answer here.
    if let Some(what) = args.acting.folder.damage(out) {
        return broken(args, &what, out);
    }
    let trail = args.open("audit.verify", out)?;
    let mut verifier = Verifier::new(trail.workspace(), kept);
    let mut found = Ok(());
    trail.each(0, |entry| {
        found = verifier.next(&entry);
        found.is_ok()
    })?;
    let head = match found.and_then(|()| verifier.finish()) {
        Ok(head) => head,
        Err(what) => return broken(args, &what.to_string(), out),
    };
    if args.acting.format.is_json() {
        out.json(&json!({ "whole": true, "entries": head.number, "head": head.to_string() }))?;
    } else {
        let word = out.paint(GOOD, "whole");
        out.tell(&format!("{word}: {} entries", head.number));
        writeln!(out, "{head}")?;
    }
    Ok(Exit::Clear)
}

fn broken(args: &TrailArgs, what: &str, out: &mut Output) -> Result<Exit, Trouble> {
    let exit = out.announce(Exit::Findings);
    if args.acting.format.is_json() {
        out.json(&json!({ "whole": false, "broken": what }))?;
    } else {
        let word = out.paint(BAD, "broken");
        writeln!(out, "{word}: {}", portcullis::text::printable(what))?;
    }
    Ok(exit)
}

fn show_head(args: &TrailArgs, out: &mut Output) -> Result<Exit, Trouble> {
    let trail = args.open("audit.head", out)?;
    let mut head = Head::EMPTY;
    trail.each(0, |entry| {
        head = entry.head();
        true
    })?;
    if args.acting.format.is_json() {
        out.json(&json!({ "head": head.to_string() }))?;
    } else {
        writeln!(out, "{head}")?;
    }
    Ok(Exit::Clear)
}
