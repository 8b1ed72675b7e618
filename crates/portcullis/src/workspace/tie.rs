//! Tying names together: who mentions whom, and what to say when there is nobody of that name.
//!
//! One place for files and for workspaces built in code. A mention that leads nowhere is a diagnostic and leaves
//! [`NO_ROLE`], which names no role whatever happens: never the first one, which is the administrator's.

use std::sync::Arc;

use portcullis_matrix::persistent::{Lists, Table};
use rayon::prelude::*;

use super::Enrolled;
use super::compile::Compiler;
use super::mention::Mention;
use crate::condition::Value;
use crate::diagnostic::{Code, Diagnostic};
use crate::json::quoted_string;
use crate::names::{Names, Noted};
use crate::read::name_trouble;
use crate::schema::{DEFAULT_ROLE, NamedHow, ROLE_ALIASES};
use crate::snapshot::{Directory, GroupEntry, Stored};
use crate::text::{listed, quoted};

/// Stands for a role that could not be found.
const NO_ROLE: u32 = u32::MAX;

/// Fewer members than this are gone through before threads would have woken up.
const FEW: usize = 8_192;

/// Names in the order of their numbers.
pub(crate) fn in_order(names: &Names) -> impl ExactSizeIterator<Item = &str> {
    let mut all: Vec<(u32, &str)> = names.iter().collect();
    all.sort_unstable();
    all.into_iter().map(|(_, name)| name)
}

/// The groups of each of so many members, ascending, from (member, group) pairs in the order of the groups.
fn memberships(pairs: &[(u32, u32)], members: usize) -> Lists<u32, 10> {
    if pairs.is_empty() {
        return Lists::default();
    }
    // Sorted by counting: how many groups each has, where each's begin, and then each in its place.
    let mut ends = vec![0_u32; members];
    for (member, _) in pairs {
        ends.iter_mut().skip(*member as usize).take(1).for_each(|count| *count += 1);
    }
    let mut sum = 0;
    for end in &mut ends {
        (*end, sum) = (sum, sum + *end);
    }
    let mut groups = vec![0_u32; pairs.len()];
    for (member, group) in pairs {
        if let Some(end) = ends.get_mut(*member as usize) {
            groups.iter_mut().skip(*end as usize).take(1).for_each(|place| *place = *group);
            *end += 1;
        }
    }
    let lists = Lists::of(&groups, &ends);
    let twice = |groups: &[u32]| groups.windows(2).any(|pair| pair.first() == pair.last());
    let repeating: Vec<u32> =
        (0..).zip(lists.iter()).filter(|(_, groups)| twice(groups)).map(|(member, _)| member).collect();
    repeating.into_iter().fold(lists, |mut lists, member| {
        let mut once = lists.get(member).to_vec();
        once.dedup();
        lists.set(member, &once);
        lists
    })
}

impl<'w> Compiler<'w> {
    /// The name that a mention is.
    pub(super) fn name<'m>(&self, mention: &'m Mention) -> &'m str
    where
        'w: 'm,
    {
        self.workspace.name_of(mention)
    }

    /// A fault about a mention, at its place when it has one.
    pub(super) fn fault(&self, code: Code, mention: &Mention, message: String, label: &str) -> Diagnostic {
        let fault = Diagnostic::new(code, message);
        match (&self.workspace.source, mention.span()) {
            (Some(source), Some(span)) => fault.at(source, span, label),
            _ => fault,
        }
    }

    pub(super) fn legal(&mut self, mention: &Mention, what: &str) {
        if let Some(trouble) = name_trouble(self.name(mention)) {
            let fault = self.fault(Code::IllegalName, mention, format!("{what} {trouble}"), "");
            self.report.push(fault.help("names have 1 to 512 bytes"));
        }
    }

    /// Enters a name under a number; says so when it is there already.
    pub(super) fn enter(&mut self, names: &mut Names, number: u32, mention: &Mention, what: &str) {
        if names.insert(self.name(mention), number).is_err() {
            self.twice(mention, what);
        }
    }

    /// A name that is there already. Of what was read from a file the reader has said so: there it is a key that
    /// stands twice.
    pub(super) fn twice(&mut self, mention: &Mention, what: &str) {
        if mention.span().is_none() {
            let message = format!("the {what} {} is there twice", quoted(self.name(mention)));
            self.report.push(Diagnostic::new(Code::DuplicateName, message).help("keep one of the two"));
        }
    }

    pub(super) fn out_of_numbers(&mut self, what: &str) {
        let message = format!("there are more {what} than can be numbered");
        self.report.push(Diagnostic::new(Code::OutOfNumbers, message));
    }

    /// The number of a role that somebody mentions; built-in aliases count, with a warning.
    fn role(
        &mut self,
        roles: &Names,
        mention: &Mention,
        code: Code,
        whose: impl Fn() -> String,
    ) -> Option<u32> {
        if let Some(number) = roles.get(self.name(mention)) {
            return Some(number);
        }
        let alias = ROLE_ALIASES
            .iter()
            .find(|(alias, _)| *alias == self.name(mention) && self.workspace.schema.is_hightouch());
        if let Some((alias, role)) = alias {
            let message = format!("{} is an alias of the built-in role {}", quoted(alias), quoted(role));
            let mut fault = self.fault(Code::RoleAlias, mention, message, "");
            fault = fault.help(format!("write {}", quoted(role)));
            if let (Some(source), Some(span)) = (&self.workspace.source, mention.span()) {
                fault = fault.replace(source, span, quoted_string(role));
            }
            self.report.push(fault);
            return roles.get(role);
        }
        let message =
            format!("{} names the role {}, which does not exist", whose(), quoted(self.name(mention)));
        let mut fault = self.fault(code, mention, message, "no such role");
        fault = match self.suggester.nearest(self.name(mention), in_order(roles)) {
            Some(near) => fault.meant(near),
            None if roles.len() == 0 => fault
                .help("the workspace has no roles; built-in ones come only with `\"schema\": \"hightouch\"`"),
            None => fault.help(format!("the roles are {}", listed(in_order(roles), 12))),
        };
        self.report.push(fault);
        None
    }

    /// The role of members that name none.
    pub(super) fn default_role(&mut self, roles: &Names) -> Option<u32> {
        match &self.workspace.default_role {
            Some(mention) => {
                let found =
                    self.role(roles, mention, Code::UnknownDefaultRole, || "`default_role`".to_owned());
                // One fault is enough: members without a role are then passed over in silence.
                Some(found.unwrap_or(NO_ROLE))
            }
            None if self.workspace.schema.is_hightouch() => roles.get(DEFAULT_ROLE),
            None => None,
        }
    }

    /// Every member's own role; the default role where none is named.
    pub(super) fn own_roles(&mut self, roles: &Names, default: Option<u32>) -> Vec<u32> {
        let members = &self.workspace.members;
        let workspace = self.workspace;
        let known = |member: &Enrolled| match &member.role {
            Some(mention) => roles.get(workspace.name_of(mention)).unwrap_or(NO_ROLE),
            None => default.unwrap_or(NO_ROLE),
        };
        let mut own: Vec<u32> = members.par_iter().with_min_len(FEW).map(known).collect();
        // What could not be found at a glance is an alias, or a fault; both are rare.
        for (member, own) in members.iter().zip(&mut own).filter(|(_, own)| **own == NO_ROLE) {
            let whose = || format!("the member {}", quoted(workspace.name_of(&member.id)));
            let found = match (&member.role, default) {
                (Some(mention), _) => self.role(roles, mention, Code::UnknownRole, whose),
                (None, Some(default)) => Some(default),
                (None, None) => {
                    let message = format!("{} names no role and there is no default role", whose());
                    let fault = self.fault(Code::NoRole, &member.id, message, "");
                    self.report
                        .push(fault.help("give the member a `role`, or the workspace a `default_role`"));
                    None
                }
            };
            *own = found.unwrap_or(NO_ROLE);
        }
        own
    }

    /// Ties groups to their roles and members, and members to their groups.
    pub(super) fn groups(&mut self, directory: &mut Directory) {
        let mut names = Names::default();
        let mut groups = Vec::with_capacity(self.workspace.groups.len());
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (number, group) in (0..).zip(&self.workspace.groups) {
            self.legal(&group.name, "a group's name");
            self.enter(&mut names, number, &group.name, "group");
            let of_group = self.name(&group.name);
            let whose = || format!("the group {}", quoted(of_group));
            let held: Box<[u32]> = group
                .roles
                .iter()
                .filter_map(|role| self.role(&directory.role_names, role, Code::UnknownRole, whose))
                .collect();
            groups.push(Some(Arc::new(GroupEntry { name: of_group.into(), roles: held })));
            let mut found = vec![Noted::NOBODY; group.members.len()];
            let workspace = self.workspace;
            let name = |at: usize| group.members.get(at).map_or("", |member| workspace.name_of(member));
            directory.members.get_many(name, &mut found);
            for (member, found) in group.members.iter().zip(found) {
                match found {
                    Noted::NOBODY => self.no_member(of_group, member, directory),
                    found => pairs.push((found.number, number)),
                }
            }
        }
        directory.memberships = memberships(&pairs, self.workspace.members.len());
        directory.groups = Table::of(groups);
        directory.group_names = names;
    }

    fn no_member(&mut self, group: &str, member: &Mention, directory: &Directory) {
        let name = self.name(member);
        let message = format!("the group {} lists {}, who is no member", quoted(group), quoted(name));
        let mut fault = self.fault(Code::UnknownMember, member, message, "not a member of this workspace");
        fault = match self.suggester.nearest(name, directory.ids()) {
            Some(near) => fault.meant(near),
            None => fault.help("add them to `members` first: `{}` gives the default role"),
        };
        self.report.push(fault);
    }

    /// What is stored of members.
    pub(super) fn properties(&mut self, directory: &mut Directory) {
        for (member, properties) in &self.workspace.properties {
            if !matches!(properties.value(), Value::Object(_)) {
                let id =
                    self.workspace.members.get(*member as usize).map_or("", |member| self.name(&member.id));
                let message = format!("the properties of the member {} are no object", quoted(id));
                self.report.push(Diagnostic::new(Code::WrongShape, message));
            }
            directory.set_properties(*member, Some(properties.clone()));
        }
    }

    /// Stores the objects.
    pub(super) fn objects(&mut self) -> Stored {
        let mut stored = Stored::default();
        for object in &self.workspace.objects {
            let schema = &self.workspace.schema;
            let (kind, id) = (self.name(&object.kind), self.name(&object.id));
            let own = schema.named(kind).filter(|named| named.how == NamedHow::Own);
            if own.is_none() {
                let message = format!("the schema has no resource type {} for this object", quoted(kind));
                let near = self.suggester.nearest(kind, schema.types().iter().map(|kind| kind.name()));
                let help = near
                    .map_or("objects take a type's own name, no alias or covered name".to_owned(), |near| {
                        format!("did you mean `{near}`?")
                    });
                let fault = self.fault(Code::UnknownObjectType, &object.kind, message, "").help(help);
                self.report.push(fault);
            }
            self.legal(&object.id, "an object's id");
            if object.properties.as_ref().is_some_and(|kept| !matches!(kept.value(), Value::Object(_))) {
                let message = format!("the properties of the object {} are no object", quoted(id));
                self.report.push(Diagnostic::new(Code::WrongShape, message));
            }
            let Some(own) = own else { continue };
            if stored.number(own.kind, id).is_some() {
                let message = format!("the object {} of type {} is there twice", quoted(id), quoted(kind));
                let fault = self.fault(Code::DuplicateName, &object.id, message, "again here");
                self.report.push(fault.help("keep one of the two"));
            } else {
                stored.insert(stored.next(), own.kind, id, object.properties.clone());
            }
        }
        stored
    }
}
