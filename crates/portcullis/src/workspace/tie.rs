//! Tying names together: who mentions whom, and what to say when there is nobody of that name.
//!
//! One place for files and for workspaces built in code. A mention that leads nowhere is a diagnostic and leaves
//! [`NO_ROLE`], which names no role whatever happens: never the first one, which is the administrator's.

use std::collections::HashSet;

use super::Mention;
use super::compile::Compiler;
use crate::diagnostic::{Code, Diagnostic};
use crate::json::quoted_string;
use crate::names::Names;
use crate::read::name_trouble;
use crate::schema::{DEFAULT_ROLE, NamedHow, ROLE_ALIASES};
use crate::snapshot::Directory;
use crate::text::{listed, quoted};

/// Stands for a role that could not be found.
const NO_ROLE: u32 = u32::MAX;

impl Compiler<'_> {
    /// A fault about a mention, at its place when it has one.
    pub(super) fn fault(&self, code: Code, mention: &Mention, message: String, label: &str) -> Diagnostic {
        let fault = Diagnostic::new(code, message);
        match (&self.workspace.source, mention.span) {
            (Some(source), Some(span)) => fault.at(source, span, label),
            _ => fault,
        }
    }

    pub(super) fn legal(&mut self, mention: &Mention, what: &str) {
        if let Some(trouble) = name_trouble(&mention.name) {
            let fault = self.fault(Code::IllegalName, mention, format!("{what} {trouble}"), "");
            self.report.push(fault.help("names have 1 to 512 bytes"));
        }
    }

    /// Numbers a name; says so when it is there already. `None` when there is no number left.
    ///
    /// Of what was read from a file the reader has said so: there it is a key that stands twice.
    pub(super) fn enter(&mut self, names: &mut Names, mention: &Mention, what: &str) -> Option<bool> {
        let Some((_, fresh)) = names.intern(&mention.name) else {
            let message = format!("the names of all {what}s take more than four gigabytes");
            self.report.push(Diagnostic::new(Code::OutOfNumbers, message));
            return None;
        };
        if !fresh && mention.span.is_none() {
            let message = format!("the {what} {} is there twice", quoted(&mention.name));
            self.report.push(Diagnostic::new(Code::DuplicateName, message).help("keep one of the two"));
        }
        Some(fresh)
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
            let mut fault = self.fault(Code::RoleAlias, mention, message, "");
            fault = fault.help(format!("write {}", quoted(role)));
            if let (Some(source), Some(span)) = (&self.workspace.source, mention.span) {
                fault = fault.replace(source, span, quoted_string(role));
            }
            self.report.push(fault);
            return roles.get(role);
        }
        let message = format!("{} names the role {}, which does not exist", whose(), quoted(&mention.name));
        let mut fault = self.fault(code, mention, message, "no such role");
        fault = match self.suggester.nearest(&mention.name, roles.iter()) {
            Some(near) => fault.meant(near),
            None if roles.len() == 0 => fault
                .help("the workspace has no roles; built-in ones come only with `\"schema\": \"hightouch\"`"),
            None => fault.help(format!("the roles are {}", listed(roles.iter(), 12))),
        };
        self.report.push(fault);
        None
    }

    /// Every member's own role; the default role where none is named.
    pub(super) fn own_roles(&mut self, roles: &Names) -> Vec<u32> {
        let workspace = self.workspace;
        let default = match &workspace.default_role {
            Some(mention) => {
                let found =
                    self.role(roles, mention, Code::UnknownDefaultRole, || "`default_role`".to_owned());
                // One fault is enough: members without a role are then passed over in silence.
                Some(found.unwrap_or(NO_ROLE))
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
            own.push(number.unwrap_or(NO_ROLE));
        }
        own
    }

    /// Ties groups to their roles and members, and members to their groups.
    pub(super) fn groups(&mut self, roles: &Names, directory: &mut Directory) {
        let mut names = Names::default();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (number, (mention, group)) in self.workspace.groups.iter().enumerate() {
            self.legal(mention, "a group's name");
            self.enter(&mut names, mention, "group");
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
            Some(near) => fault.meant(near),
            None => fault.help("add them to `members` first: `{}` gives the default role"),
        };
        self.report.push(fault);
    }

    pub(super) fn objects(&mut self) {
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
}
