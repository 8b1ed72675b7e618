//! The workloads that are timed, made from a seed so that every run asks the same.
//!
//! Names and documents are Hightouch's: the five public roles without conditions over ten types and
//! nine actions, members with one to three roles and ids of 24 bytes. [`Workload::verify`] compares every decision with
//! the reference decider before anything is timed; a bench that skips it times nothing worth knowing.

pub mod arguments;
pub mod counting;
pub mod crowd;
pub mod directory;
pub mod field;
pub mod floor;
pub mod labels;
pub mod large;
pub mod ours;
pub mod requests;
pub mod stream;

use portcullis::{Group, Member, NoFiles, Schema, Snapshot, Source, Workspace};
use portcullis_testkit::generate::Prng;
use portcullis_testkit::reference::Reference;
use serde_json::{Value, json};

/// How many questions a stream has: a power of two that no branch predictor learns by heart.
pub const QUESTIONS: usize = 65_536;

/// The most members of a group: fewer names than a list may have by default.
pub const GROUP: usize = 60_000;

/// Why a workload could not be made. It is shown and the run ends.
pub type Trouble = Box<dyn std::error::Error>;

/// A workspace and a stream of questions.
#[derive(Debug)]
pub struct Workload {
    /// The workspace file.
    pub workspace: Value,
    /// The same, compiled.
    pub snapshot: Snapshot,
    /// Ids of members and, behind them, as many of strangers.
    ids: Vec<String>,
    actions: Vec<String>,
    types: Vec<String>,
    /// Indices of a subject, an action and a type.
    questions: Vec<[usize; 3]>,
}

/// The public documents that need no conditions, by name.
///
/// # Errors
/// When the corpus cannot be read.
pub fn real_documents() -> Result<Vec<(String, String)>, Trouble> {
    let documents = portcullis_testkit::corpus::documents()?;
    let plain = ["atlan_role", "audience_collaborator", "admin", "editor", "reader"];
    let texts = plain.iter().filter_map(|name| Some(((*name).to_owned(), documents.get(*name)?)));
    texts.map(|(name, document)| Ok((name, serde_json::to_string_pretty(document)?))).collect()
}

impl Workload {
    /// `members` members with one to three of `roles` roles: the five public ones, then random custom ones of
    /// which one statement in five is a deny.
    ///
    /// # Errors
    /// When the corpus cannot be read or the workspace does not compile.
    pub fn new(members: usize, roles: usize) -> Result<Workload, Trouble> {
        let mut prng = Prng::new(0x000b_17e5_ca1e);
        let schema = Schema::hightouch()?;
        let mut documents = serde_json::Map::new();
        for (name, text) in real_documents()? {
            documents.insert(format!("public_{name}"), serde_json::from_str(&text)?);
        }
        while documents.len() < roles {
            documents.insert(format!("custom_{:05}", documents.len()), custom_role(&mut prng, &schema));
        }
        let names: Vec<String> = documents.keys().cloned().collect();
        let mut held = serde_json::Map::new();
        let mut groups = serde_json::Map::new();
        for number in 0..members {
            let id = member_id(number);
            let role = pick(&mut prng, &names);
            // Roles beside the own one come through a group of one, as role edits in the wild make them.
            let more = prng.below(3);
            if more > 0 {
                let extra: Vec<&str> = (0..more).map(|_| pick(&mut prng, &names)).collect();
                groups.insert(format!("group {number}"), json!({ "roles": extra, "members": [id] }));
            }
            held.insert(id, json!({ "role": role }));
        }
        let workspace = json!({ "workspace": "bench", "schema": "hightouch", "roles": documents,
            "groups": groups, "members": held });
        let source = Source::new("workspace.json", workspace.to_string());
        let (parsed, _) = Workspace::read(&source, &NoFiles)?;
        let (snapshot, _) = parsed.compile()?;
        let actions: Vec<String> = schema.actions().map(str::to_owned).collect();
        let types: Vec<String> = schema.types().iter().map(|kind| kind.name().to_owned()).collect();
        let questions = (0..QUESTIONS)
            .map(|_| {
                let stranger = if prng.below(16) == 0 { members } else { 0 };
                [stranger + prng.below(members), prng.below(actions.len()), prng.below(types.len())]
            })
            .collect();
        let ids = (0..2 * members).map(member_id).collect();
        Ok(Workload { workspace, snapshot, ids, actions, types, questions })
    }

    /// The stream: (subject, action, resource), one in 16 a stranger's, every second on a pair that the schema does
    /// not admit. The texts are shared, since a request's names are in the cache when they are asked about.
    #[must_use]
    pub fn questions(&self) -> Vec<(&str, &str, &str)> {
        self.questions
            .iter()
            .filter_map(|&[subject, action, resource]| {
                Some((&**self.ids.get(subject)?, &**self.actions.get(action)?, &**self.types.get(resource)?))
            })
            .collect()
    }

    /// Compares the first `most` decisions with the reference decider.
    ///
    /// # Errors
    /// The first difference.
    pub fn verify(&self, most: usize) -> Result<usize, Trouble> {
        let reference = Reference::from_json(&self.workspace)?;
        let mut allowed = 0;
        for (subject, action, resource) in self.questions().into_iter().take(most) {
            let ours = self.snapshot.check(subject, action, resource).is_allowed();
            if ours != reference.decide(subject, action, resource) {
                return Err(format!("{subject} {action} {resource}: the engine says {ours}").into());
            }
            allowed += usize::from(ours);
        }
        Ok(allowed)
    }
}

pub(crate) fn custom_role(prng: &mut Prng, schema: &Schema) -> Value {
    let statements = (0..2 + prng.below(3)).map(|_| {
        // A pair that the schema admits, so that no deny protects nothing.
        let types = schema.types();
        let kind = types.get(prng.below(types.len())).or(types.first());
        let admitted: Vec<&str> = kind.map(|kind| schema.actions_of(kind).collect()).unwrap_or_default();
        let actions: Vec<&str> = (0..1 + prng.below(3)).map(|_| pick(prng, &admitted)).collect();
        let effect = if prng.below(5) == 0 { "deny" } else { "allow" };
        json!({ "effect": effect, "actions": actions, "resource": [kind.map_or("", |kind| kind.name())] })
    });
    json!({ "version": "2022-04-26", "policies": statements.collect::<Vec<_>>() })
}

fn pick<'a, T: AsRef<str>>(prng: &mut Prng, names: &'a [T]) -> &'a str {
    prng.pick(names).map_or("", AsRef::as_ref)
}

/// An id of 24 bytes.
#[must_use]
pub fn member_id(number: usize) -> String {
    format!("user{number:07}@acme.corp.io")
}

/// A workspace built in code with `members` members, for what does not go through a file.
///
/// # Errors
/// When the built-in schema cannot be had.
pub fn built_in_code(members: usize) -> Result<Workspace, Trouble> {
    let mut workspace = Workspace::new("built", Schema::hightouch()?);
    for number in 0..members {
        workspace.add_member(member_id(number), Member::with_role("editor"));
    }
    workspace.add_group("everybody", Group::new().role("viewer"));
    Ok(workspace)
}

/// What Linux tells of a process's memory, in bytes: of `VmRSS` (now) or `VmHWM` (at most). Elsewhere it is unknown.
#[must_use]
pub fn memory(process: &str, what: &str) -> Option<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let told = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'))?;
    Some(told.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok()? * 1_024)
}
