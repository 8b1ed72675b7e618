//! The rows of one workspace in memory, with the indexes that questions and edits need.
//!
//! Plain data: what a row means, and who may change it, is decided elsewhere. [`State::put`] and [`State::remove`] give back what was there
//! before, so that a change that is refused can be taken back row by row.

mod index;
mod load;
mod members;
mod places;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(crate) use load::{compile, described, document_of, is_over, properties_of, schema_of};

pub(crate) use members::{Members, Membership};
use members::{Number, Pieces};
pub(crate) use places::{Place, Places};
use portcullis_store::{
    ApiKey, Group, Id, Invitation, InvitationState, Object, Role, RoleVersion, Row, Rule, Workspace,
};

/// The rows of one workspace.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) workspace: Workspace,
    pub(crate) roles: BTreeMap<Id, Role>,
    /// The version of each role that is in force.
    pub(crate) current: BTreeMap<Id, RoleVersion>,
    /// Names by their folded forms.
    pub(crate) role_names: BTreeMap<String, Id>,
    pub(crate) members: Members,
    /// The groups that members are in.
    pub(crate) places: Places,
    pub(crate) groups: BTreeMap<Id, Group>,
    pub(crate) group_names: BTreeMap<String, Id>,
    /// The members of each group that has some.
    in_group: BTreeMap<Id, Pieces<Number>>,
    pub(crate) of_group: BTreeMap<Id, BTreeSet<Id>>,
    pub(crate) invitations: BTreeMap<Id, Invitation>,
    pub(crate) keys: BTreeMap<Id, ApiKey>,
    pub(crate) objects: BTreeMap<(String, String), Object>,
    /// How many stored properties refer to an object.
    pub(crate) referenced: HashMap<(String, String), usize>,
    pub(crate) rules: BTreeMap<Id, Rule>,
    pub(crate) rule_names: BTreeMap<String, Id>,
    /// The key that was last seen to be an administrator's: where to look first.
    pub(crate) administering: Option<Id>,
}

impl State {
    pub(crate) fn new(workspace: Workspace) -> State {
        State {
            workspace,
            roles: BTreeMap::new(),
            current: BTreeMap::new(),
            role_names: BTreeMap::new(),
            members: Members::default(),
            places: Places::default(),
            groups: BTreeMap::new(),
            group_names: BTreeMap::new(),
            in_group: BTreeMap::new(),
            of_group: BTreeMap::new(),
            invitations: BTreeMap::new(),
            keys: BTreeMap::new(),
            objects: BTreeMap::new(),
            referenced: HashMap::new(),
            rules: BTreeMap::new(),
            rule_names: BTreeMap::new(),
            administering: None,
        }
    }

    /// The number that the next change will have.
    pub(crate) fn next_revision(&self) -> u64 {
        self.workspace.revision + 1
    }

    pub(crate) fn role_name(&self, role: Id) -> &str {
        self.roles.get(&role).map_or("", |role| &role.name)
    }

    pub(crate) fn subject(&self, member: Id) -> &str {
        self.members.get(&member).map_or("", |member| member.subject)
    }

    pub(crate) fn group_name(&self, group: Id) -> &str {
        self.groups.get(&group).map_or("", |group| &group.name)
    }

    /// The built-in role of that name.
    pub(crate) fn built_in(&self, name: &str) -> Option<Id> {
        let id = self.role_names.get(name)?;
        self.roles.get(id).filter(|role| role.built_in).map(|role| role.id)
    }

    /// The members of a group.
    pub(crate) fn in_group(&self, group: Id) -> impl Iterator<Item = Membership<'_>> {
        let numbers = self.in_group.get(&group).into_iter().flat_map(Pieces::iter);
        numbers.filter_map(|number| self.members.at(number))
    }

    /// Whether a member is in a group.
    pub(crate) fn is_in_group(&self, group: Id, member: Id) -> bool {
        let number = self.members.number(&member);
        number.is_some_and(|number| self.in_group.get(&group).is_some_and(|inside| inside.contains(number)))
    }

    /// The roles that a member holds, directly and through groups; also of one that is suspended.
    pub(crate) fn roles_of(&self, member: Membership<'_>) -> BTreeSet<Id> {
        self.roles_of_kind(member.role, self.places.groups_of(member.number))
    }

    /// The roles that members with one of their own and in groups hold.
    pub(crate) fn roles_of_kind(&self, role: Id, groups: &[Id]) -> BTreeSet<Id> {
        let mut roles = BTreeSet::from([role]);
        for group in groups {
            roles.extend(self.of_group.get(group).into_iter().flatten());
        }
        roles
    }

    /// Invitations that can still be accepted, as far as their time goes.
    pub(crate) fn pending(&self, now: i64) -> impl Iterator<Item = &Invitation> {
        self.invitations
            .values()
            .filter(move |one| one.state == InvitationState::Pending && one.expires > now)
    }

    /// A key with those through which it was made, itself first. Nothing when one is missing, which ends them all.
    pub(crate) fn chain(&self, key: Id) -> Option<Vec<&ApiKey>> {
        let mut chain = vec![self.keys.get(&key)?];
        while let Some(parent) = chain.last().and_then(|key| key.parent) {
            // A key is younger than its parent, so that there is no cycle; but rows come from a disk.
            let parent = self.keys.get(&parent).filter(|_| chain.len() < 64)?;
            chain.push(parent);
        }
        Some(chain)
    }

    /// Every row, what is referred to before what refers to it.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.roles.values().cloned().map(Row::Role).collect();
        rows.extend(self.current.values().cloned().map(Row::RoleVersion));
        rows.extend(self.members.by_name().map(|member| Row::Member(member.to_row())));
        rows.extend(self.groups.values().cloned().map(Row::Group));
        for &group in self.in_group.keys() {
            rows.extend(self.in_group(group).map(|member| Row::GroupMember { group, member: member.id }));
        }
        for (&group, roles) in &self.of_group {
            rows.extend(roles.iter().map(|&role| Row::GroupRole { group, role }));
        }
        rows.extend(self.invitations.values().cloned().map(Row::Invitation));
        rows.extend(self.keys.values().cloned().map(Row::ApiKey));
        rows.extend(self.objects.values().cloned().map(Row::Object));
        rows.extend(self.rules.values().cloned().map(Row::Rule));
        rows
    }
}
