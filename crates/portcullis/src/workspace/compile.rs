//! From a described workspace to a snapshot, or to everything that is wrong with it.
//!
//! Documents are resolved on all cores, since each stands alone, and so are the names of members entered; the
//! rest is tied together on one. Nothing is published when anything is an error, so the decider never meets a fault.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use portcullis_matrix::persistent::{Column, Table};
use portcullis_matrix::{BuildError, Layout, Matrix, MatrixBuilder, RoleId, SetId, Stamp};
use rayon::prelude::*;

use super::Workspace;
use super::mention::Mention;
use crate::decision::Revision;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::names::Names;
use crate::policy::{Document, Grants};
use crate::read::over_limit;
use crate::schema::{ROLE_ALIASES, built_in};
use crate::snapshot::{Classifier, Directory, Role, Roles, Snapshot, subject_of};
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
        if let Some(schema) = self.schema.administered_for(self.roles.iter().map(|(_, document)| &**document))
        {
            return Workspace { schema, ..self.clone() }.compile_with(layout, revision);
        }
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

/// A role on its way: resolved already when the schema brought it along.
struct NamedDocument {
    name: String,
    document: Arc<Document>,
    built_in: Option<Arc<Role>>,
}

impl Compiler<'_> {
    fn snapshot(&mut self, layout: Layout, revision: Revision) -> Option<Snapshot> {
        let (role_names, documents) = self.name_roles();
        let mut classifier = Classifier::default();
        let roles = self.resolve(documents, &mut classifier);
        let mut directory = self.name_members()?;
        directory.role_names = role_names;
        let default_role = self.default_role(&directory.role_names);
        let own_roles = self.own_roles(&directory.role_names, default_role);
        let most = directory.role_names.len() as u32;
        directory.own_roles = Column::of(own_roles.iter().map(|role| role.wrapping_add(1)), most);
        self.kinds(&mut directory);
        self.groups(&mut directory);
        self.properties(&mut directory);
        let mut objects = self.objects();
        if self.report.has_errors() {
            return None;
        }
        classifier.follow(&objects);
        for role in roles.iter().flatten() {
            classifier.count(&self.workspace.schema, role, 1);
        }
        classifier.settle(None, &self.workspace.schema, &mut objects);
        let matrix = self.matrix(layout, &roles, &directory)?;
        directory.members.annotate_all(|member| matrix.set_of(subject_of(member)).as_u32());
        let conditional = roles.iter().flatten().filter(|role| !role.conditional().is_empty());
        let conditional_roles = conditional.count() as u32;
        Some(Snapshot {
            workspace: self.workspace.name.as_str().into(),
            schema: self.workspace.schema.clone(),
            limits: self.workspace.limits,
            revision,
            matrix,
            roles,
            default_role,
            directory,
            objects,
            conditional_roles,
            numbers: Arc::new(AtomicU32::new(self.workspace.members.len() as u32)),
        })
    }

    /// Numbers the roles, built-in ones first.
    fn name_roles(&mut self) -> (Names, Vec<NamedDocument>) {
        let mut names = Names::default();
        let mut documents: Vec<NamedDocument> = Vec::new();
        let with_built_in = self.workspace.schema.is_hightouch();
        if with_built_in {
            match built_in() {
                Ok(built_in) => documents.extend(built_in.roles.iter().map(|role| NamedDocument {
                    name: role.name().to_owned(),
                    document: Arc::clone(role.shared_document()),
                    built_in: Some(Arc::clone(role)),
                })),
                Err(report) => self.report.append(report),
            }
        }
        for (number, role) in (0..).zip(&documents) {
            self.enter(&mut names, number, &Mention::alone(&*role.name), "role");
        }
        for (mention, document) in &self.workspace.roles {
            self.legal(mention, "a role's name");
            let name = self.name(mention);
            let taken = built_in_name(name).filter(|_| with_built_in);
            let built_in = taken.is_some();
            if let Some((message, label)) = taken {
                let fault = self.fault(Code::BuiltInRole, mention, message, label);
                self.report.push(fault.help("give the role another name"));
            }
            // An alias is entered all the same, so that whoever names it is no second fault.
            if !built_in || names.get(name).is_none() {
                self.enter(&mut names, documents.len() as u32, mention, "role");
            }
            let document = Arc::clone(document);
            documents.push(NamedDocument { name: name.to_owned(), document, built_in: None });
        }
        let limit = self.workspace.limits.roles;
        if documents.len() > limit {
            self.report.push(over_limit(documents.len(), limit, "role", "max-roles"));
        }
        (names, documents)
    }

    /// Resolves every document, on all cores, and gathers the reports in the order of the roles.
    fn resolve(&mut self, documents: Vec<NamedDocument>, classifier: &mut Classifier) -> Roles {
        let schema = &self.workspace.schema;
        let resolve = |named: NamedDocument| match named.built_in {
            Some(role) => (Some(role), Report::new()),
            None => match named.document.resolve_exactly(schema) {
                Ok((grants, report)) => (Some(role(&named.name, named.document, grants)), report),
                Err(report) => (None, report),
            },
        };
        // A handful is done before threads would have woken up.
        let resolved: Vec<_> = if documents.len() < 64 {
            documents.into_iter().map(resolve).collect()
        } else {
            documents.into_par_iter().map(resolve).collect()
        };
        let mut roles = Vec::with_capacity(resolved.len());
        for (mut role, report) in resolved {
            self.report.append(report);
            // Nobody else has it yet, but for those that the schema brings, which have no conditions.
            if let Some(role) = role.as_mut().and_then(Arc::get_mut) {
                role.number(|condition| classifier.number(condition));
            }
            roles.push(role);
        }
        Table::of(roles)
    }

    /// Numbers the members in the order given.
    fn name_members(&mut self) -> Option<Directory> {
        let members = &self.workspace.members;
        let limit = self.workspace.limits.members;
        if members.len() > limit {
            self.report.push(over_limit(members.len(), limit, "member", "max-members"));
            return None;
        }
        if members.len() >= MatrixBuilder::SUBJECTS as usize {
            self.out_of_numbers("members");
            return None;
        }
        // The reader has looked at those of a file.
        for member in members.iter().filter(|member| member.id.span().is_none()) {
            self.legal(&member.id, "a member's id");
        }
        let workspace = self.workspace;
        let name =
            |number: u32| members.get(number as usize).map_or("", |member| workspace.name_of(&member.id));
        let built = Names::build(members.len() as u32, name);
        for (number, _) in &built.duplicates {
            if let Some(member) = members.get(*number as usize) {
                self.twice(&member.id, "member");
            }
        }
        Some(Directory { members: built.names, hashes: Table::of(built.hashes), ..Directory::default() })
    }

    /// The types of members that are no users.
    fn kinds(&mut self, directory: &mut Directory) {
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut names: Vec<Box<str>> = Vec::new();
        let mut kinds: Vec<u32> = Vec::new();
        for (member, described) in self.workspace.members.iter().enumerate() {
            let Some(kind) = &described.kind else { continue };
            if described.id.span().is_none() {
                self.legal(&Mention::alone(&**kind), "a member's type");
            }
            let number = *numbers.entry(kind).or_insert_with(|| {
                names.push(kind.clone());
                names.len() as u32
            });
            kinds.resize(member, 0);
            kinds.push(number);
        }
        directory.kinds = Column::of(kinds, names.len() as u32);
        directory.kind_names = names.into();
    }

    /// Bits, role sets and rows. Whatever goes wrong here is a limit.
    fn matrix(&mut self, layout: Layout, roles: &Roles, directory: &Directory) -> Option<Matrix> {
        let built = self.build_matrix(layout, roles, directory);
        built.map_err(|error| self.report.push(Diagnostic::new(Code::OutOfNumbers, error.to_string()))).ok()
    }

    fn build_matrix(
        &mut self,
        layout: Layout,
        roles: &Roles,
        directory: &Directory,
    ) -> Result<Matrix, BuildError> {
        let schema = &self.workspace.schema;
        let limit = self.workspace.limits.roles_per_subject;
        let mut builder =
            MatrixBuilder::new(Stamp::fresh()?, schema.stamp(), schema.permission_count(), layout, seed())?;
        for role in roles.iter().flatten() {
            builder.add_role(Arc::clone(role.planes()))?;
        }
        let mut held: Vec<RoleId> = Vec::new();
        let mut sets = Vec::with_capacity(self.workspace.members.len());
        for (number, member) in (0..).zip(&self.workspace.members) {
            directory.roles_of(number, &mut held);
            if held.len() > limit {
                self.report.push(too_many_roles(self.name(&member.id), held.len(), limit));
            }
            sets.push(if member.suspended { SetId::SUSPENDED } else { builder.add_set(&held)? });
        }
        builder.add_subjects(&sets)?;
        Ok(builder.build())
    }
}

/// A role that is not built in.
pub(crate) fn role(name: &str, document: Arc<Document>, grants: Grants) -> Arc<Role> {
    Arc::new(Role::new(name, document, grants, false))
}

/// Why a name cannot be given to a role beside the built-in ones, with a label for its place.
pub(crate) fn built_in_name(name: &str) -> Option<(String, &'static str)> {
    if let Some((alias, role)) = ROLE_ALIASES.iter().find(|(alias, _)| *alias == name) {
        let message = format!("the name {} belongs to the built-in role {}", quoted(alias), quoted(role));
        return Some((message, "an alias of a built-in role"));
    }
    let is_one = built_in().is_ok_and(|built_in| built_in.roles.iter().any(|role| role.name() == name));
    is_one.then(|| (format!("the role {} is built in and cannot be redefined", quoted(name)), ""))
}

/// What to say of a member who holds more roles than anybody may.
pub(crate) fn too_many_roles(member: &str, held: usize, limit: usize) -> Diagnostic {
    let mut fault = over_limit(held, limit, "role", "max-roles-per-subject");
    fault.message = format!("the member {} holds {}", quoted(member), fault.message);
    fault
}

/// A seed that outsiders cannot know, for tables keyed by bits that they choose.
pub(crate) fn seed() -> u64 {
    use std::hash::BuildHasher;
    foldhash::fast::RandomState::default().hash_one(0_u64)
}
