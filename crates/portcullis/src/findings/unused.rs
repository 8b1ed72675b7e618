//! Roles that nobody has and groups that nobody is in.

use super::{Found, Places};
use crate::diagnostic::{Code, Diagnostic};
use crate::snapshot::Snapshot;
use crate::text::quoted;
use crate::workspace::Workspace;

/// A workspace without members is a collection of roles, of which none is unused.
pub(super) fn find(workspace: &Workspace, snapshot: &Snapshot, places: &Places<'_>, found: &mut Found) {
    if snapshot.member_count() == 0 {
        return;
    }
    let directory = snapshot.directory();
    let count = snapshot.numbered_roles().count();
    let mut used = vec![false; count];
    let mut mark = |role: u32| used.iter_mut().skip(role as usize).take(1).for_each(|used| *used = true);
    snapshot.default_role.into_iter().for_each(&mut mark);
    directory.numbers().filter_map(|member| directory.own_role(member)).for_each(&mut mark);
    directory.groups.iter().flatten().for_each(|group| group.roles.iter().copied().for_each(&mut mark));
    for (id, role) in snapshot.numbered_roles().filter(|(_, role)| !role.is_built_in()) {
        if used.get(id.index()) == Some(&false) {
            let message = format!("nobody has the role {}", quoted(role.name()));
            let fault = Diagnostic::new(Code::UnusedRole, message);
            let help = "give it to a member or a group, or remove it";
            found.push(places.at(fault, id.as_u32(), "no member's, no group's, not the default").help(help));
        }
    }
    for group in workspace.group_entries().filter(|group| group.members == 0) {
        let message = format!("nobody is in the group {}", quoted(group.name));
        let fault = Diagnostic::new(Code::UnusedGroup, message).help("add a member, or remove it");
        found.push(workspace.at(fault, group.place, "has no members"));
    }
}
