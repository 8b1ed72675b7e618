//! From a described workspace to a snapshot, or to everything that is wrong with it.
//!
//! Documents are resolved on all cores, since each stands alone; names are then tied together on one.
//! Nothing is published when anything is an error, so the decider never meets a fault.

use std::sync::Arc;

use portcullis_matrix::{Layout, MatrixBuilder, RoleId, Stamp};
use rayon::prelude::*;

use super::{Mention, Workspace};
use crate::decision::Revision;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::names::Names;
use crate::policy::{Document, Grants};
use crate::read::over_limit;
use crate::schema::{ROLE_ALIASES, built_in};
use crate::snapshot::{Directory, Role, Snapshot};
use crate::suggest::Suggester;
use crate::text::quoted;

impl Workspace {
    /// Compiles the workspace, documents and all. The report beside the snapshot holds warnings and notes.
    ///
    /// # Errors
    /// Every fault that can be seen at once: names that the schema does not have, roles and members that do
    /// not exist, limits passed.
    pub fn compile(&self) -> Result<(Snapshot, Report), Report> {
        self.compile_with(Layout::Auto, Revision::FIRST)
    }

    /// Compiles with a row layout of the caller's choice and a revision: for tests that compare layouts, and
    /// for whoever numbers the versions of a workspace.
    ///
    /// # Errors
    /// As [`Workspace::compile`]; also when the schema is too wide for the layout.
    pub fn compile_with(&self, layout: Layout, revision: Revision) -> Result<(Snapshot, Report), Report> {
        let mut compiler =
            Compiler { workspace: self, report: Report::new(), suggester: Suggester::default() };
        let snapshot = compiler.snapshot(layout, revision);
        match snapshot {
            Some(snapshot) => compiler.report.finish(snapshot),
            None => Err(compiler.report),
        }
    }
}

pub(super) struct Compiler<'w> {
    pub(super) workspace: &'w Workspace,
    pub(super) report: Report,
    pub(super) suggester: Suggester,
}

impl Compiler<'_> {
    fn snapshot(&mut self, layout: Layout, revision: Revision) -> Option<Snapshot> {
        let (role_names, documents) = self.name_roles()?;
        let grants = self.resolve(&documents);
        let members = self.name_members()?;
        let own_roles = self.own_roles(&role_names);
        let mut directory = Directory::new(members, own_roles);
        self.groups(&role_names, &mut directory);
        self.objects();
        if self.report.has_errors() {
            return None;
        }
        let roles: Vec<Role> =
            documents.into_iter().zip(grants).filter_map(|(role, grants)| role.with(grants?)).collect();
        let matrix = self.matrix(layout, &roles, &mut directory)?;
        directory.role_names = role_names;
        Some(Snapshot::new(
            self.workspace.name.clone(),
            self.workspace.schema.clone(),
            revision,
            matrix,
            roles,
            directory,
        ))
    }

    /// Numbers the roles, built-in ones first.
    fn name_roles(&mut self) -> Option<(Names, Vec<NamedDocument>)> {
        let mut names = Names::default();
        let mut documents = Vec::new();
        let built_in = self.workspace.schema.is_hightouch();
        if built_in {
            match built_in_roles() {
                Ok(roles) => documents.extend(roles),
                Err(report) => self.report.append(report),
            }
        }
        for role in &documents {
            self.enter(&mut names, &Mention::new(&*role.name), "role")?;
        }
        for (mention, document) in &self.workspace.roles {
            self.legal(mention, "a role's name");
            let name = &mention.name;
            let mut built_ins = documents.iter().take_while(|role| role.built_in);
            let was_built_in = built_ins.any(|role| role.name == *name);
            let alias = ROLE_ALIASES.iter().find(|(alias, _)| built_in && alias == name);
            if let Some((_, role)) = alias {
                let message =
                    format!("the name {} belongs to the built-in role {}", quoted(name), quoted(role));
                let fault = self.fault(Code::BuiltInRole, mention, message, "an alias of a built-in role");
                self.report.push(fault.help("give the role another name"));
            } else if was_built_in {
                let message = format!("the role {} is built in and cannot be redefined", quoted(name));
                let fault = self.fault(Code::BuiltInRole, mention, message, "");
                self.report.push(fault.help("give the role another name"));
            }
            if !was_built_in {
                self.enter(&mut names, mention, "role")?;
            }
            documents.push(NamedDocument {
                name: name.clone(),
                document: Arc::clone(document),
                built_in: false,
            });
        }
        let limit = self.workspace.limits.roles;
        if documents.len() > limit {
            self.report.push(over_limit(documents.len(), limit, "role", "max-roles"));
        }
        Some((names, documents))
    }

    /// Resolves every document, on all cores, and gathers the reports in the order of the roles.
    fn resolve(&mut self, documents: &[NamedDocument]) -> Vec<Option<Grants>> {
        let schema = &self.workspace.schema;
        let resolve = |role: &NamedDocument| role.document.resolve(schema);
        // A handful is done before threads would have woken up.
        let results: Vec<_> = if documents.len() < 64 {
            documents.iter().map(resolve).collect()
        } else {
            documents.par_iter().map(resolve).collect()
        };
        let mut grants = Vec::with_capacity(results.len());
        for (result, role) in results.into_iter().zip(documents) {
            let (grant, report) = match result {
                Ok((grant, report)) => (Some(grant), report),
                Err(report) => (None, report),
            };
            if !role.built_in {
                self.report.append(report);
            }
            grants.push(grant);
        }
        grants
    }

    fn name_members(&mut self) -> Option<Names> {
        let mut names = Names::default();
        let limit = self.workspace.limits.members;
        if self.workspace.members.len() > limit {
            self.report.push(over_limit(self.workspace.members.len(), limit, "member", "max-members"));
            return None;
        }
        for (mention, _) in &self.workspace.members {
            if mention.span.is_none() {
                self.legal(mention, "a member's id");
            }
            self.enter(&mut names, mention, "member")?;
        }
        Some(names)
    }

    /// Bits, role sets and rows. Whatever goes wrong here is a limit.
    fn matrix(
        &mut self,
        layout: Layout,
        roles: &[Role],
        directory: &mut Directory,
    ) -> Option<portcullis_matrix::Matrix> {
        let schema = &self.workspace.schema;
        let limits = self.workspace.limits;
        let mut build = || {
            let seed = seed();
            let mut builder =
                MatrixBuilder::new(Stamp::fresh()?, schema.stamp(), schema.permission_count(), layout, seed)?;
            for role in roles {
                builder.add_role(role.grants().planes())?;
            }
            let mut held: Vec<RoleId> = Vec::new();
            for (index, (mention, member)) in self.workspace.members.iter().enumerate() {
                directory.roles_of(index as u32, &mut held);
                if held.len() > limits.roles_per_subject {
                    let mut fault =
                        over_limit(held.len(), limits.roles_per_subject, "role", "max-roles-per-subject");
                    fault.message = format!("the member {} holds {}", quoted(&mention.name), fault.message);
                    self.report.push(fault);
                }
                let set = builder.add_set(&held)?;
                if member.suspended {
                    directory.suspended.push(index as u32);
                    builder.add_vacant()?;
                } else {
                    builder.add_subject(set)?;
                }
                if let Some(kind) = &member.kind {
                    directory.kinds.push((index as u32, kind.clone()));
                }
            }
            Ok::<_, portcullis_matrix::BuildError>(builder.build())
        };
        let built = build();
        built.map_err(|error| self.report.push(Diagnostic::new(Code::OutOfNumbers, error.to_string()))).ok()
    }
}

/// A seed that outsiders cannot know, for tables keyed by bits that they choose.
fn seed() -> u64 {
    use std::hash::BuildHasher;
    foldhash::fast::RandomState::default().hash_one(0_u64)
}

struct NamedDocument {
    name: String,
    document: Arc<Document>,
    built_in: bool,
}

impl NamedDocument {
    fn with(self, grants: Grants) -> Option<Role> {
        Some(Role::new(self.name, self.document, grants, self.built_in))
    }
}

fn built_in_roles() -> Result<Vec<NamedDocument>, Report> {
    let roles = built_in()?.roles.iter();
    let named = |(name, document): &(&str, Arc<Document>)| NamedDocument {
        name: (*name).to_owned(),
        document: Arc::clone(document),
        built_in: true,
    };
    Ok(roles.map(named).collect())
}
