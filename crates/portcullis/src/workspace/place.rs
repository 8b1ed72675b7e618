//! Where the roles and groups of a workspace are named, for whoever has something to say about them.

use std::sync::Arc;

use super::Workspace;
use crate::diagnostic::Diagnostic;
use crate::snapshot::Snapshot;
use crate::source::{Source, Span};

/// Where in the workspace's source a name stands; nowhere when it was given in code.
pub(crate) type Place = Option<Span>;

/// A group as it is written.
pub(crate) struct GroupAsWritten<'w> {
    pub(crate) name: &'w str,
    pub(crate) place: Place,
    pub(crate) roles: usize,
    pub(crate) members: usize,
}

impl Workspace {
    /// The text that it was read from.
    pub(crate) fn source(&self) -> Option<&Arc<Source>> {
        self.source.as_ref()
    }

    /// The place of each role of what the workspace compiled to, by number; built-in ones have none.
    pub(crate) fn role_places(&self, snapshot: &Snapshot) -> Vec<Place> {
        let mut places = vec![None; snapshot.directory().role_names.len()];
        for (mention, _) in &self.roles {
            let number = snapshot.directory().role_names.get(self.name_of(mention));
            if let Some(place) = number.and_then(|number| places.get_mut(number as usize)) {
                *place = mention.span();
            }
        }
        places
    }

    /// Its groups, in the order of their numbers.
    pub(crate) fn group_entries(&self) -> impl Iterator<Item = GroupAsWritten<'_>> {
        self.groups.iter().map(|group| GroupAsWritten {
            name: self.name_of(&group.name),
            place: group.name.span(),
            roles: group.roles.len(),
            members: group.members.len(),
        })
    }

    /// A fault at a place of its source, if it has one.
    pub(crate) fn at(&self, fault: Diagnostic, place: Place, label: &str) -> Diagnostic {
        match (&self.source, place) {
            (Some(source), Some(span)) => fault.at(source, span, label),
            _ => fault,
        }
    }
}
