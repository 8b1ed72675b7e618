//! What the directory is timed with: data folders on a real disk, the service on them, and workspaces of every size.
//!
//! Everything goes through the service as a transport would call it: imported from workspace files, changed by members with keys. Nothing is put
//! into a store behind its back, so that what is timed is what a user waits for. Two people make the changes: an administrator, whom the gate lets pass as
//! somebody who holds everything, and a steward who holds all but one permission, for whom it must look at everybody whom a change concerns.

pub mod changes;
pub mod checks;
pub mod disk;
pub mod large;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use portcullis::{NoFiles, Source};
use portcullis_server::{Call, Change, Done, Id, Operation, Service, System, Whence};
use portcullis_store::{SqliteStore, Store};

use crate::Trouble;
use crate::crowd::address;

/// Who administers every workspace here.
pub const ADMIN: &str = "ann@acme.example";

/// Who holds all but one permission.
pub const STEWARD: &str = "steward@acme.example";

/// The group of every second member, and how many teams there are besides.
pub const HALF: &str = "every second";
const TEAMS: usize = 100;

/// The group that no member is in at first.
pub const EMPTY: &str = "nobody yet";

/// The role that every second member has as its own, some of them and others of whom are in groups.
pub const WIDE: &str = "wide";

/// A service on the data of a folder, which are made if there are none.
///
/// # Errors
/// When they cannot be opened.
pub fn serve(folder: &Path) -> Result<Service, Trouble> {
    let store = if folder.join("portcullis.db").exists() {
        SqliteStore::open(folder)?
    } else {
        SqliteStore::create(folder)?
    };
    Ok(Service::open(Arc::new(store) as Arc<dyn Store>, Arc::new(System))?)
}

/// A folder that is removed in the end, in the one that the tool was given.
///
/// # Errors
/// When it cannot be made.
pub fn fresh(within: &Path) -> Result<tempfile::TempDir, Trouble> {
    Ok(tempfile::Builder::new().prefix("directory-").tempdir_in(within)?)
}

/// A workspace file of so many members: half of them have [`WIDE`] as their own role, the others one of two more. With groups, every second member is in
/// [`HALF`], and everybody in one of `TEAMS` teams that give a role.
///
/// # Errors
/// Never: a string takes what is written.
pub fn file(name: &str, members: usize, groups: bool) -> Result<String, Trouble> {
    let mut text = String::with_capacity(96 * members);
    write!(
        text,
        "{{\"workspace\":\"{name}\",\"schema\":\"hightouch\",\"roles\":{{\"{WIDE}\":{},\"analyst\":{ANALYST}}},\"members\":{{",
        wide(0),
    )?;
    for number in 0..members {
        let comma = if number > 0 { "," } else { "" };
        let role = own_role(number);
        write!(text, "{comma}\n\"{}\":{{\"role\":\"{role}\"}}", address(number))?;
    }
    text.push('}');
    if groups {
        text.push_str(",\n\"groups\":{");
        writeln!(text, "\"{EMPTY}\":{{}},")?;
        write_group(&mut text, HALF, "", (0..members).step_by(2))?;
        for team in 0..TEAMS {
            text.push(',');
            let role = if team % 2 == 0 { "\"viewer\"" } else { "\"analyst\"" };
            write_group(&mut text, &format!("team {team}"), role, (team..members).step_by(TEAMS))?;
        }
        text.push('}');
    }
    text.push_str("}\n");
    Ok(text)
}

fn write_group(
    text: &mut String,
    name: &str,
    roles: &str,
    members: impl Iterator<Item = usize>,
) -> std::fmt::Result {
    write!(text, "\n\"{name}\":{{\"roles\":[{roles}],\"members\":[")?;
    for (place, number) in members.enumerate() {
        let comma = if place > 0 { "," } else { "" };
        write!(text, "{comma}\"{}\"", address(number))?;
    }
    text.write_str("]}")
}

/// The role that a member has as its own.
fn own_role(number: usize) -> &'static str {
    match number % 4 {
        0 | 1 => WIDE,
        2 => "viewer",
        _ => "analyst",
    }
}

/// A document of the wide role, another for every second number.
#[must_use]
pub fn wide(number: usize) -> String {
    let action = if number.is_multiple_of(2) { "read" } else { "update" };
    format!(
        r#"{{"version":"2022-04-26","policies":[{{"effect":"allow","actions":["{action}"],"resource":["model","sync"]}}]}}"#
    )
}

/// A workspace that was imported, and the administrator's call.
#[derive(Debug)]
pub struct Imported {
    /// The workspace.
    pub workspace: Id,
    /// Who administers it.
    pub admin: Call,
    /// The administrator's key.
    pub key: String,
}

/// Imports a workspace file.
///
/// # Errors
/// When it is refused.
pub fn import(service: &Service, text: String) -> Result<Imported, Trouble> {
    let source: Arc<Source> = Source::new("workspace.json", text);
    let setup = service.import("bench", &source, &NoFiles, ADMIN)?;
    let key = setup.key.reveal();
    let admin = Call::of_key(service.authenticate(&key)?);
    Ok(Imported { workspace: setup.workspace, admin, key })
}

/// What the analyst's role says.
const ANALYST: &str = r#"{"version":"2022-04-26","policies":[{"effect":"allow","actions":["read","preview"],"resource":["audience"]}]}"#;

/// What the steward's role says.
const ALL_BUT_ONE: &str = r#"{"version":"2022-04-26","policies":[{"effect":"allow","actions":"*","resource":"*"},{"effect":"deny","actions":["delete"],"resource":["source"]}]}"#;

/// The call of the steward, whose role is made first.
///
/// # Errors
/// When something is refused.
pub fn steward(service: &Service, imported: &Imported) -> Result<Call, Trouble> {
    let (name, document) = ("steward".to_owned(), ALL_BUT_ONE.to_owned());
    let role = Operation::AddRole { name, document, note: String::new() };
    service.change(&imported.admin, imported.workspace, &Change::from(role))?;
    joins(service, imported, STEWARD, "steward")
}

/// The call of somebody who joins by an invitation to a role.
///
/// # Errors
/// When it is refused.
fn joins(service: &Service, imported: &Imported, email: &str, role: &str) -> Result<Call, Trouble> {
    let invite = Operation::Invite { email: email.to_owned(), role: Some(role.into()) };
    let done = service.change(&imported.admin, imported.workspace, &Change::from(invite))?;
    let token = secret(&done).ok_or("an invitation has a token")?;
    let accepted = service.accept(&token, &Whence::default())?;
    Ok(Call::of_key(service.authenticate(&accepted.key.reveal())?))
}

/// The secret that a change showed.
fn secret(done: &Done) -> Option<String> {
    Some(done.made.first()?.secret.as_ref()?.reveal())
}

/// The middle one of some durations.
#[must_use]
pub fn median(took: &[Duration]) -> Duration {
    let mut sorted = took.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The middle one of some numbers.
#[must_use]
pub fn middle(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How much of the memory is resident now, and was at most.
#[must_use]
pub fn resident() -> String {
    let told = |what| {
        crate::memory("self", what).map_or("?".to_owned(), |bytes| format!("{:.0} MB", bytes as f64 / 1e6))
    };
    format!("resident {}, at most {}", told("VmRSS"), told("VmHWM"))
}

/// The path of a data folder in another.
#[must_use]
pub fn data(within: &Path) -> PathBuf {
    within.join("data")
}
