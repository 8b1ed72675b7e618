//! The built-in vocabulary as types: no strings left to misspell.
//!
//! A program that speaks only Hightouch's vocabulary can ask for all the actions on a type at once and
//! test them as flags. The view exists only for snapshots of the built-in schema itself, so a flag can
//! never mean another permission than its name says.

use bitflags::bitflags;
use portcullis_matrix::{PermissionId, Subject};

use crate::schema::ResourceType;
use crate::snapshot::Snapshot;

bitflags! {
    /// The nine actions of Hightouch's vocabulary.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Actions: u16 {
        /// See it.
        const READ = 1;
        /// Change it.
        const UPDATE = 1 << 1;
        /// Make one.
        const CREATE = 1 << 2;
        /// Remove it.
        const DELETE = 1 << 3;
        /// Run a sync now.
        const START = 1 << 4;
        /// Switch a sync on or off.
        const ENABLE = 1 << 5;
        /// See a sync's live debugger.
        const DEBUGGER = 1 << 6;
        /// See rows of the data behind it.
        const PREVIEW = 1 << 7;
        /// Send one row as a test.
        const TESTROW = 1 << 8;
    }
}

impl Actions {
    fn named(name: &str) -> Actions {
        match name {
            "read" => Actions::READ,
            "update" => Actions::UPDATE,
            "create" => Actions::CREATE,
            "delete" => Actions::DELETE,
            "start" => Actions::START,
            "enable" => Actions::ENABLE,
            "debugger" => Actions::DEBUGGER,
            "preview" => Actions::PREVIEW,
            "testrow" => Actions::TESTROW,
            _ => Actions::empty(),
        }
    }
}

/// The ten resource types of Hightouch's vocabulary, in the schema's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// The catch-all for workspace-level configuration.
    Workspace,
    /// A place that data goes to.
    Destination,
    /// A place that data comes from.
    Source,
    /// A query over a source.
    Model,
    /// A model on its way to a destination.
    Sync,
    /// A set of people or things.
    Audience,
    /// The set-up behind audiences, but for sync templates.
    AudienceSchema,
    /// A template for syncs.
    SyncTemplate,
    /// Who is in the workspace, with which role.
    WorkspaceMembership,
    /// Reserved.
    Alert,
}

/// A snapshot of the built-in schema, asked in types.
///
/// ```
/// use portcullis::{hightouch::{Actions, Resource}, Member, Schema, Workspace};
/// let mut workspace = Workspace::new("acme", Schema::hightouch()?);
/// workspace.add_member("ann", Member::with_role("editor"));
/// let (snapshot, _) = workspace.compile()?;
/// let ann = snapshot.subject("ann").unwrap();
/// let view = snapshot.hightouch().unwrap();
/// assert!(view.actions(ann, Resource::Sync).contains(Actions::READ | Actions::START));
/// assert_eq!(view.actions(ann, Resource::Workspace), Actions::empty());
/// # Ok::<(), portcullis::Report>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Hightouch<'s> {
    snapshot: &'s Snapshot,
}

impl Snapshot {
    /// The typed view; `Some` only when the schema is the built-in one.
    #[must_use]
    pub fn hightouch(&self) -> Option<Hightouch<'_>> {
        self.schema().is_hightouch().then_some(Hightouch { snapshot: self })
    }
}

impl Hightouch<'_> {
    /// Every action that a subject may do on a type; none for a stale handle.
    #[must_use]
    pub fn actions(self, subject: Subject, resource: Resource) -> Actions {
        let snapshot = self.snapshot;
        let Some(kind) = snapshot.schema().types().get(resource as usize) else { return Actions::empty() };
        if !snapshot.matrix().is_current(subject) {
            return Actions::empty();
        }
        let range = kind.permissions();
        let bits = snapshot.matrix().granted_bits(
            subject.id(),
            PermissionId::from_u32(range.start),
            range.len() as u32,
        );
        flags(snapshot, kind, bits)
    }
}

fn flags(snapshot: &Snapshot, kind: &ResourceType, bits: u64) -> Actions {
    let granted = snapshot.schema().actions_of(kind).enumerate().filter(|(place, _)| bits >> place & 1 == 1);
    granted.fold(Actions::empty(), |flags, (_, name)| flags | Actions::named(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn types_and_actions_are_those_of_the_schema_in_its_order() {
        let schema = Schema::hightouch().unwrap();
        let named = [
            (Resource::Workspace, "workspace"),
            (Resource::Destination, "destination"),
            (Resource::Source, "source"),
            (Resource::Model, "model"),
            (Resource::Sync, "sync"),
            (Resource::Audience, "audience"),
            (Resource::AudienceSchema, "audience_schema"),
            (Resource::SyncTemplate, "sync_template"),
            (Resource::WorkspaceMembership, "workspace_membership"),
            (Resource::Alert, "alert"),
        ];
        for (resource, name) in named {
            assert_eq!(schema.types()[resource as usize].name(), name);
        }
        let all = schema.actions().fold(Actions::empty(), |flags, name| flags | Actions::named(name));
        assert_eq!(all, Actions::all());
    }
}
