//! Editing a workspace while others check.
//!
//! A [`Writer`] takes up a snapshot and changes it: roles, members, groups. Edits gather until
//! [`publish`](Writer::publish) makes the next snapshot of them, at one revision; readers see all of them or
//! none. An edit that fails says why and changes nothing. A snapshot shares with the one before what did not
//! change, so that an edit costs what it touches and not what there is.
//!
//! Every edit first asks everything that could speak against it and only then changes anything. The result is
//! what compiling the edited workspace afresh would give, which a test holds.

mod groups;
mod members;
#[cfg(test)]
mod notes_tests;
mod objects;
mod publish;
mod reader;
mod roles;

use std::sync::Arc;

use portcullis_matrix::{BuildError, MatrixBuilder, RoleId};

use publish::Publisher;
pub use reader::Reader;

use crate::decision::Revision;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::names::Names;
use crate::read::name_trouble;
use crate::schema::{ROLE_ALIASES, Schema};
use crate::snapshot::{Classifier, Directory, Snapshot, subject_of};
use crate::suggest::Suggester;
use crate::text::quoted;
use crate::workspace::{seed, too_many_roles};

/// Edits a workspace; see the [module](crate::Writer)'s examples in `docs/embedding.md`.
///
/// ```
/// use portcullis::{Member, Schema, Workspace, Writer};
///
/// let mut workspace = Workspace::new("acme", Schema::hightouch()?);
/// workspace.add_member("ann", Member::with_role("viewer"));
/// let mut writer = Writer::new(workspace.compile()?.0);
/// let mut reader = writer.reader(); // one for each thread
///
/// writer.set_member_role("ann", "editor")?;
/// writer.add_member("bob", Member::with_role("viewer"))?;
/// assert!(!reader.check("ann", "update", "sync").is_allowed());
/// writer.publish();
/// assert!(reader.check("ann", "update", "sync").is_allowed());
/// assert!(reader.check("bob", "read", "sync").is_allowed());
/// # Ok::<(), portcullis::Report>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    /// What the next snapshot will be, but for the matrix, which lies in the builder.
    state: Snapshot,
    matrix: MatrixBuilder,
    publisher: Publisher<Snapshot>,
    /// How many members have each role as their own.
    owners: Vec<u32>,
    /// Numbers of groups that are free to be given out again.
    vacant_groups: Vec<u32>,
    /// Numbers of objects that are free to be given out again.
    vacant_objects: Vec<u32>,
    classifier: Classifier,
    changed: bool,
    /// The roles of the member at hand.
    held: Vec<RoleId>,
}

impl Writer {
    /// A writer that goes on from a snapshot, which is the first that its readers see.
    #[must_use]
    pub fn new(snapshot: impl Into<Arc<Snapshot>>) -> Self {
        let snapshot = snapshot.into();
        Writer::around(Publisher::new(Arc::clone(&snapshot)), &snapshot)
    }

    fn around(publisher: Publisher<Snapshot>, snapshot: &Snapshot) -> Self {
        let directory = snapshot.directory();
        let mut owners = vec![0; snapshot.roles.len()];
        for role in directory.own_roles.iter().filter_map(|role| role.checked_sub(1)) {
            count(&mut owners, role, 1);
        }
        let groups = (0..).zip(directory.groups.iter());
        let vacant_groups = groups.filter(|(_, group)| group.is_none()).map(|(number, _)| number).collect();
        Writer {
            state: snapshot.clone(),
            matrix: MatrixBuilder::resume(snapshot.matrix().clone(), seed()),
            publisher,
            owners,
            vacant_groups,
            vacant_objects: snapshot.objects.vacant().collect(),
            classifier: Classifier::resume(&snapshot.schema, &snapshot.roles, &snapshot.objects),
            changed: false,
            held: Vec::new(),
        }
    }

    /// A reader of what is published, for one thread.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(self.publisher.subscribe())
    }

    /// The snapshot that was published last. It has none of the edits made since.
    #[must_use]
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        self.publisher.newest()
    }

    /// Whether there are edits that are not published.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.changed
    }

    /// Publishes all edits made since the last time, under the next revision. Without any, the snapshot stays.
    ///
    /// Snapshots that were replaced, and that no reader has any more, are freed here.
    pub fn publish(&mut self) -> &Arc<Snapshot> {
        if self.changed {
            self.publish_as(Revision::new(self.state.revision.number().saturating_add(1)));
        }
        self.publisher.newest()
    }

    /// Publishes all edits made since the last time under a revision that somebody else counts. Without any edits there is a new
    /// snapshot all the same.
    pub fn publish_as(&mut self, revision: Revision) -> &Arc<Snapshot> {
        self.state.revision = revision;
        let matrix = self.matrix.matrix();
        self.state.directory.members.renew_notes(|member| matrix.set_of(subject_of(member)).as_u32());
        self.state.objects.renew_notes();
        let next = Arc::new(self.candidate());
        self.state.matrix = next.matrix.clone();
        self.publisher.publish(next);
        self.changed = false;
        self.publisher.newest()
    }

    /// What would be published now, to be looked at first. No reader sees it.
    #[must_use]
    pub fn candidate(&self) -> Snapshot {
        Snapshot { matrix: self.matrix.matrix().clone(), ..self.state.clone() }
    }

    /// Takes back all edits that are not published. It costs as much as [`Writer::new`].
    pub fn discard(&mut self) {
        if self.changed {
            let newest = Arc::clone(self.publisher.newest());
            let publisher = std::mem::replace(&mut self.publisher, Publisher::new(Arc::clone(&newest)));
            *self = Writer::around(publisher, &newest);
        }
    }

    /// Bytes of heap that the writer and its newest snapshot take: names, roles' bits, rows, groups. The schema and the
    /// texts of documents are not counted; they may be shared with other workspaces.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let own = [&self.owners, &self.vacant_groups, &self.vacant_objects]
            .map(Vec::capacity)
            .iter()
            .sum::<usize>()
            * size_of::<u32>();
        self.state.bytes() - self.state.matrix.bytes() + self.matrix.bytes() + own
    }

    #[cfg(test)]
    pub(crate) fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    fn directory(&self) -> &Directory {
        &self.state.directory
    }

    fn schema(&self) -> &Schema {
        &self.state.schema
    }

    /// The number of a member, or what to say when there is none.
    fn member(&self, id: &str) -> Result<u32, Report> {
        self.directory().number(id).ok_or_else(|| self.not_there("member", id, self.directory().ids()))
    }

    /// The number of a role and, when it was named by an alias, a warning.
    fn role(&self, name: &str) -> Result<(u32, Report), Report> {
        let names = &self.directory().role_names;
        let mut report = Report::new();
        let own = match ROLE_ALIASES.iter().find(|(alias, _)| *alias == name) {
            Some((alias, role)) if self.schema().is_hightouch() => {
                let message = format!("{} is an alias of the built-in role {}", quoted(alias), quoted(role));
                report
                    .push(Diagnostic::new(Code::RoleAlias, message).help(format!("write {}", quoted(role))));
                role
            }
            _ => name,
        };
        match names.get(own) {
            Some(number) => Ok((number, report)),
            None => Err(self.not_there("role", name, self.state.roles().map(|role| role.name()))),
        }
    }

    fn not_there<'n>(&self, what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Report {
        let fault = Diagnostic::new(Code::NotThere, format!("there is no {what} {}", quoted(name)));
        match Suggester::default().nearest(name, known) {
            Some(near) => refused(fault.meant(near)),
            None => refused(fault),
        }
    }

    /// Refuses a name that is not legal, or that something of the kind has already.
    fn free(&self, names: &Names, what: &str, name: &str) -> Result<(), Report> {
        if let Some(trouble) = name_trouble(name) {
            let fault = Diagnostic::new(Code::IllegalName, format!("the name of a {what} {trouble}"));
            return Err(refused(fault.help("names have 1 to 512 bytes")));
        }
        if names.get(name).is_some() {
            let message = format!("there is a {what} {} already", quoted(name));
            return Err(refused(Diagnostic::new(Code::DuplicateName, message).help("choose another name")));
        }
        Ok(())
    }

    /// Whether a member may hold so many roles.
    fn may_hold(&self, member: &str, roles: usize) -> Result<(), Report> {
        self.may_all_hold(roles, || member)
    }

    /// The same, asking for the name only where it is to be told: a group may have very many members.
    fn may_all_hold<'n>(&self, roles: usize, member: impl FnOnce() -> &'n str) -> Result<(), Report> {
        let limit = self.state.limits.roles_per_subject;
        if roles > limit { Err(refused(too_many_roles(member(), roles, limit))) } else { Ok(()) }
    }

    /// Gives the members listed the roles that they have in another directory, and makes that the directory. When it
    /// cannot be done for one, it is done for none.
    fn move_to(&mut self, directory: Directory, members: &[u32]) -> Result<(), Report> {
        let mut held = std::mem::take(&mut self.held);
        for member in members {
            directory.roles_of(*member, &mut held);
            self.may_all_hold(held.len(), || directory.name(*member).unwrap_or(""))?;
        }
        let mut done = 0;
        let moved = members.iter().try_for_each(|member| {
            directory.roles_of(*member, &mut held);
            self.assign(*member, &held)?;
            done += 1;
            Ok(())
        });
        match moved {
            // Which set each has come to is noted beside the names.
            Ok(()) => {
                let members = std::mem::take(&mut self.state.directory.members);
                self.state.directory = Directory { members, ..directory };
            }
            Err(_) => {
                for member in members.iter().take(done) {
                    self.state.directory.roles_of(*member, &mut held);
                    // Their sets were there a moment ago, so there are numbers for them.
                    let _ = self.assign(*member, &held);
                }
            }
        }
        self.held = held;
        moved.map_err(out_of_numbers)
    }

    /// Gives a member a set of roles in the matrix, unless they are suspended.
    fn assign(&mut self, member: u32, roles: &[RoleId]) -> Result<(), BuildError> {
        let subject = subject_of(member);
        let before = self.matrix.matrix().set_of(subject);
        if before == portcullis_matrix::SetId::SUSPENDED {
            return Ok(());
        }
        self.matrix.assign(subject, roles)?;
        if self.matrix.matrix().set_of(subject) != before {
            self.note_set(member);
        }
        Ok(())
    }

    /// Notes beside a member's name which set of roles they have: whoever gives a member a set does, since a check by names believes
    /// the note, and the numbers of sets are given out again.
    fn note_set(&mut self, member: u32) {
        let set = self.matrix.matrix().set_of(subject_of(member)).as_u32();
        let directory = &mut self.state.directory;
        if let Some(hash) = directory.hashes.get(member as usize) {
            directory.members.annotate(*hash, member, set);
        }
    }
}

/// One more or less of a role's owners.
fn count(owners: &mut Vec<u32>, role: u32, change: i32) {
    let role = role as usize;
    owners.resize(owners.len().max(role + 1), 0);
    owners.iter_mut().skip(role).take(1).for_each(|count| *count = count.saturating_add_signed(change));
}

/// A report of one fault.
fn refused(fault: Diagnostic) -> Report {
    let mut report = Report::new();
    report.push(fault);
    report
}

fn out_of_numbers(error: BuildError) -> Report {
    refused(Diagnostic::new(Code::OutOfNumbers, error.to_string()))
}
