//! From a described workspace to a snapshot, or to everything that is wrong with it.
//!
//! Documents are resolved on all cores, since each stands alone; names are then tied together on one.
//! Nothing is published when anything is an error, so the decider never meets a fault.

use std::collections::HashSet;
use std::sync::Arc;

use portcullis_matrix::{Layout, MatrixBuilder, RoleId, Stamp};
use rayon::prelude::*;

use super::{Mention, Workspace};
use crate::decision::Revision;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::names::Names;
use crate::policy::{Document, Grants};
use crate::read::{name_trouble, over_limit};
use crate::schema::{DEFAULT_ROLE, NamedHow, ROLE_ALIASES, built_in};
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

struct Compiler<'w> {
    workspace: &'w Workspace,
    report: Report,
    suggester: Suggester,
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

    /// A fault about a mention, at its place when it has one.
    fn fault(&self, code: Code, mention: &Mention, message: String, label: &str) -> Diagnostic {
        let fault = Diagnostic::new(code, message);
        match (&self.workspace.source, mention.span) {
            (Some(source), Some(span)) => fault.at(source, span, label),
            _ => fault,
        }
    }

    fn legal(&mut self, mention: &Mention, what: &str) {
        if let Some(trouble) = name_trouble(&mention.name) {
            let fault = self.fault(Code::IllegalName, mention, format!("{what} {trouble}"), "");
            self.report.push(fault.help("names have 1 to 512 bytes"));
        }
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
            names.intern(&role.name)?;
        }
        for (mention, document) in &self.workspace.roles {
            self.legal(mention, "a role's name");
            let name = &mention.name;
            let alias = ROLE_ALIASES.iter().find(|(alias, _)| built_in && alias == name);
            let (_, fresh) = names.intern(name)?;
            if let Some((_, role)) = alias {
                let message =
                    format!("the name {} belongs to the built-in role {}", quoted(name), quoted(role));
                let fault = self.fault(Code::BuiltInRole, mention, message, "an alias of a built-in role");
                self.report.push(fault.help("give the role another name"));
            } else if !fresh {
                let was_built_in = documents.iter().any(|role| role.built_in && role.name == *name);
                let (code, message) = if was_built_in {
                    (
                        Code::BuiltInRole,
                        format!("the role {} is built in and cannot be redefined", quoted(name)),
                    )
                } else {
                    (Code::DuplicateName, format!("the role {} is there twice", quoted(name)))
                };
                let fault = self.fault(code, mention, message, "");
                self.report.push(fault.help("give the role another name"));
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
            if !names.intern(&mention.name)?.1 {
                let message = format!("the member {} is there twice", quoted(&mention.name));
                let fault = self.fault(Code::DuplicateName, mention, message, "");
                self.report.push(fault.help("keep one of the two"));
            }
        }
        Some(names)
    }

    /// The number of a role that somebody mentions; built-in aliases count, with a warning.
    fn role(
        &mut self,
        roles: &Names,
        mention: &Mention,
        code: Code,
        whose: impl Fn() -> String,
    ) -> Option<u32> {
        if let Some(number) = roles.get(&mention.name) {
            return Some(number);
        }
        let alias = ROLE_ALIASES
            .iter()
            .find(|(alias, _)| *alias == mention.name && self.workspace.schema.is_hightouch());
        if let Some((alias, role)) = alias {
            let message = format!("{} is an alias of the built-in role {}", quoted(alias), quoted(role));
            let mut fault = self.fault(Code::RoleAlias, mention, message, "").help(format!("write `{role}`"));
            if let (Some(source), Some(span)) = (&self.workspace.source, mention.span) {
                fault = fault.replace(source, span, format!("\"{role}\""));
            }
            self.report.push(fault);
            return roles.get(role);
        }
        let message = format!("{} names the role {}, which does not exist", whose(), quoted(&mention.name));
        let mut fault = self.fault(code, mention, message, "no such role");
        fault = match self.suggester.nearest(&mention.name, roles.iter()) {
            Some(near) => {
                let fault = fault.help(format!("did you mean `{near}`?"));
                match (&self.workspace.source, mention.span) {
                    (Some(source), Some(span)) => fault.replace(source, span, format!("\"{near}\"")),
                    _ => fault,
                }
            }
            None => fault.help(format!("the roles are {}", crate::text::listed(roles.iter(), 12))),
        };
        self.report.push(fault);
        None
    }

    /// Every member's own role; the default role where none is named.
    fn own_roles(&mut self, roles: &Names) -> Vec<u32> {
        let workspace = self.workspace;
        let default = match &workspace.default_role {
            Some(mention) => {
                let found =
                    self.role(roles, mention, Code::UnknownDefaultRole, || "`default_role`".to_owned());
                // One fault is enough: members without a role are then passed over in silence.
                Some(found.unwrap_or(0))
            }
            None if workspace.schema.is_hightouch() => roles.get(DEFAULT_ROLE),
            None => None,
        };
        let mut own = Vec::with_capacity(workspace.members.len());
        for (id, member) in &workspace.members {
            if let Some(kind) = &member.kind
                && id.span.is_none()
            {
                self.legal(&Mention::new(&**kind), "a member's type");
            }
            let number = match (&member.role, default) {
                (Some(mention), _) => self
                    .role(roles, mention, Code::UnknownRole, || format!("the member {}", quoted(&id.name))),
                (None, Some(default)) => Some(default),
                (None, None) => {
                    let message =
                        format!("the member {} names no role and there is no default role", quoted(&id.name));
                    let fault = self.fault(Code::NoRole, id, message, "");
                    self.report
                        .push(fault.help("give the member a `role`, or the workspace a `default_role`"));
                    None
                }
            };
            own.push(number.unwrap_or(0));
        }
        own
    }

    /// Ties groups to their roles and members, and members to their groups.
    fn groups(&mut self, roles: &Names, directory: &mut Directory) {
        let mut names = Names::default();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (number, (mention, group)) in self.workspace.groups.iter().enumerate() {
            self.legal(mention, "a group's name");
            if names.intern(&mention.name).is_some_and(|(_, fresh)| !fresh) {
                let message = format!("the group {} is there twice", quoted(&mention.name));
                let fault = self.fault(Code::DuplicateName, mention, message, "");
                self.report.push(fault.help("merge the two"));
            }
            let whose = || format!("the group {}", quoted(&mention.name));
            let held: Vec<u32> = group
                .roles
                .iter()
                .filter_map(|role| self.role(roles, role, Code::UnknownRole, whose))
                .collect();
            directory.groups.push((mention.name.clone(), held));
            for member in &group.members {
                match directory.members.get(&member.name) {
                    Some(found) => pairs.push((found, number as u32)),
                    None => self.no_member(mention, member, &directory.members),
                }
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        directory.set_memberships(&pairs);
    }

    fn no_member(&mut self, group: &Mention, member: &Mention, members: &Names) {
        let message =
            format!("the group {} lists {}, who is no member", quoted(&group.name), quoted(&member.name));
        let mut fault = self.fault(Code::UnknownMember, member, message, "not a member of this workspace");
        fault = match self.suggester.nearest(&member.name, members.iter()) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help("add them to `members` first: `{}` gives the default role"),
        };
        self.report.push(fault);
    }

    fn objects(&mut self) {
        let mut seen: HashSet<(&str, &str)> = HashSet::new();
        for object in &self.workspace.objects {
            let schema = &self.workspace.schema;
            let own = schema.named(&object.kind.name).filter(|named| named.how == NamedHow::Own);
            if own.is_none() {
                let message =
                    format!("the schema has no resource type {} for this object", quoted(&object.kind.name));
                let near =
                    self.suggester.nearest(&object.kind.name, schema.types().iter().map(|kind| kind.name()));
                let help = near
                    .map_or("objects take a type's own name, no alias or covered name".to_owned(), |near| {
                        format!("did you mean `{near}`?")
                    });
                let fault = self.fault(Code::UnknownObjectType, &object.kind, message, "").help(help);
                self.report.push(fault);
            } else if !seen.insert((&object.kind.name, &object.id.name)) {
                let message = format!(
                    "the object {} of type {} is there twice",
                    quoted(&object.id.name),
                    quoted(&object.kind.name)
                );
                let fault = self.fault(Code::DuplicateName, &object.id, message, "again here");
                self.report.push(fault.help("keep one of the two"));
            }
        }
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
