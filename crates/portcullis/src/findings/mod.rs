//! Findings: what a document or a workspace says that surely, or perhaps, nobody meant to say.
//!
//! Everything here compiles and decides. That a statement changes nothing, that two roles are one, that nobody holds
//! a role are exact statements about sets of permissions, made on the ranges and planes that documents come to. Only
//! [`lint`](crate::lint()) asks for them: no other command pays for them or counts them as warnings.
//!
//! A finding is a warning where something is surely not meant and a note where it often is. All work is bounded, where that
//! is said, by leaving findings out and never by guessing.

mod cover;
mod denies;
mod differ;
mod groups;
mod idle;
mod implied;
mod jointly;
mod meaning;
mod possible;
mod ranges;
mod roles;
mod statements;
mod truths;
mod unused;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::policy::{Document, Grants};
use crate::snapshot::{Role, Snapshot};
use crate::source::Source;
use crate::workspace::{Place, Workspace};

/// Findings on their way into a report: a report for each code, so that none takes the room of another.
#[derive(Debug, Default)]
struct Found {
    by_code: BTreeMap<Code, Report>,
}

impl Found {
    fn push(&mut self, fault: Diagnostic) {
        self.by_code.entry(fault.code).or_default().push(fault);
    }

    /// Whether further findings of a code would only be counted.
    fn is_full(&self, code: Code) -> bool {
        self.by_code.get(&code).is_some_and(|report| report.dropped() > 0)
    }

    fn append(&mut self, other: Found) {
        for (code, report) in other.by_code {
            self.by_code.entry(code).or_default().append(report);
        }
    }

    fn report(self) -> Report {
        Report::shared(self.by_code.into_values())
    }
}

/// What is found in a document by itself.
pub(crate) fn of_document(document: &Document, grants: &Grants) -> Report {
    statements_of(document, grants, 1).report()
}

/// What is found in one of so many documents.
fn statements_of(document: &Document, grants: &Grants, documents: usize) -> Found {
    let mut found = Found::default();
    let possible = possible::possible(grants, documents);
    let mut weighed = idle::Weighed::of(grants, &possible, documents);
    statements::idle(document, &mut weighed, &mut found);
    truths::find(document, &possible, &mut found);
    denies::find(document, &possible, &weighed, &mut found);
    statements::lists_of_all(document, grants, &weighed, &mut found);
    found
}

/// What is found in a workspace: in each of its documents, and between roles, groups and members.
pub(crate) fn of_workspace(workspace: &Workspace, snapshot: &Snapshot) -> Report {
    let mut told = HashSet::new();
    let own = snapshot.roles().filter(|role| !role.is_built_in());
    // Of a document that several roles name everything is said once.
    let documents: Vec<&Role> = own.filter(|role| told.insert(statements::place(role.document()))).collect();
    let each =
        documents.par_iter().map(|role| statements_of(role.document(), role.grants(), documents.len()));
    let mut found = Found::default();
    each.collect::<Vec<Found>>().into_iter().for_each(|of_one| found.append(of_one));
    let places = Places { source: workspace.source(), roles: workspace.role_places(snapshot) };
    unused::find(workspace, snapshot, &places, &mut found);
    roles::find(snapshot, &places, &mut found);
    groups::find(workspace, snapshot, &mut found);
    found.report()
}

/// Where the roles of a workspace are named, by number; built-in ones nowhere.
struct Places<'w> {
    source: Option<&'w Arc<Source>>,
    roles: Vec<Place>,
}

impl Places<'_> {
    /// The fault with its place, if there is one.
    fn at(&self, fault: Diagnostic, role: u32, label: &str) -> Diagnostic {
        match (self.source, self.span(role)) {
            (Some(source), Some(span)) => fault.at(source, span, label),
            _ => fault,
        }
    }

    fn also(&self, fault: Diagnostic, role: u32, label: &str) -> Diagnostic {
        match (self.source, self.span(role)) {
            (Some(source), Some(span)) => fault.also(source, span, label),
            _ => fault,
        }
    }

    fn span(&self, role: u32) -> Place {
        self.roles.get(role as usize).copied().flatten()
    }
}
