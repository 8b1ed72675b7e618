//! Lists and single things, for whoever may read them.

use portcullis_store::{AuditEntry, Id, Invitation, InvitationState};

use super::apply::{Settings, find_group, find_invitation, find_key, find_member, find_role, find_rule};
use super::{Call, Service, token};
use crate::Refusal;
use crate::operation::{Administered, Needs, Properties, Scope, Which};
use crate::state::{Membership, State};
use crate::view::{
    GroupView, InvitationView, KeyView, MemberView, ObjectView, RoleView, RuleView, VersionView,
    WorkspaceView,
};

const MEMBERSHIP: Needs = Needs { on: Administered::Membership, action: "read" };
const WORKSPACE: Needs = Needs { on: Administered::Workspace, action: "read" };

impl Service {
    /// Looks at the rows of a workspace, if the caller may.
    fn look<T>(
        &self,
        call: &Call,
        workspace: Id,
        needs: Needs,
        scope: Scope,
        look: impl FnOnce(&State) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let tenant = self.tenant(call, workspace)?;
        let working = tenant.working();
        let snapshot = working.writer.snapshot();
        let holds = self.held(call, &working.state, snapshot)?;
        holds.within(scope)?;
        holds.may(snapshot.schema(), needs)?;
        look(&working.state)
    }

    /// The workspace itself.
    ///
    /// # Errors
    /// When the caller may not read it, as with every list here.
    pub fn show_workspace(&self, call: &Call, workspace: Id) -> Result<WorkspaceView, Refusal> {
        self.look(call, workspace, WORKSPACE, Scope::Directory, |state| {
            let row = &state.workspace;
            Ok(WorkspaceView {
                id: row.id,
                name: row.name.clone(),
                revision: token(row.epoch, row.revision),
                schema: state.schema()?.name().to_owned(),
                default_role: row.default_role.map(|role| state.role_name(role).to_owned()),
                invitation_days: Settings::read(&row.settings).invitation_days,
                members: state.members.len(),
                groups: state.groups.len(),
                roles: state.roles.len(),
                objects: state.objects.len(),
                created: row.created,
            })
        })
    }

    /// Members by the folded forms of their subjects, after one of them, a page of them.
    ///
    /// # Errors
    /// As above.
    pub fn members(
        &self,
        call: &Call,
        workspace: Id,
        after: Option<&str>,
    ) -> Result<Vec<MemberView>, Refusal> {
        self.look(call, workspace, MEMBERSHIP, Scope::Directory, |state| {
            let page = state.members.after(after.map(crate::naming::folded).as_deref());
            Ok(page.take(self.bounds.page).map(|member| member_view(state, member)).collect())
        })
    }

    /// One member.
    ///
    /// # Errors
    /// As above; [`Refusal::NotFound`].
    pub fn member(&self, call: &Call, workspace: Id, which: &Which) -> Result<MemberView, Refusal> {
        self.look(call, workspace, MEMBERSHIP, Scope::Directory, |state| {
            let id = find_member(state, which)?.id;
            let member = state.members.get(&id).ok_or_else(|| Refusal::not_found("member", which))?;
            Ok(member_view(state, member))
        })
    }

    /// Groups, by name.
    ///
    /// # Errors
    /// As above.
    pub fn groups(&self, call: &Call, workspace: Id) -> Result<Vec<GroupView>, Refusal> {
        self.look(call, workspace, WORKSPACE, Scope::Directory, |state| {
            Ok(state.group_names.values().filter_map(|id| group_view(state, *id)).collect())
        })
    }

    /// One group.
    ///
    /// # Errors
    /// As above; [`Refusal::NotFound`].
    pub fn group(&self, call: &Call, workspace: Id, which: &Which) -> Result<GroupView, Refusal> {
        self.look(call, workspace, WORKSPACE, Scope::Directory, |state| {
            group_view(state, find_group(state, which)?.id).ok_or_else(|| Refusal::not_found("group", which))
        })
    }

    /// Roles, by name.
    ///
    /// # Errors
    /// As above.
    pub fn roles(&self, call: &Call, workspace: Id) -> Result<Vec<RoleView>, Refusal> {
        self.look(call, workspace, WORKSPACE, Scope::Directory, |state| {
            Ok(state.role_names.values().filter_map(|id| role_view(state, *id)).collect())
        })
    }

    /// One role.
    ///
    /// # Errors
    /// As above; [`Refusal::NotFound`].
    pub fn role(&self, call: &Call, workspace: Id, which: &Which) -> Result<RoleView, Refusal> {
        self.look(call, workspace, WORKSPACE, Scope::Directory, |state| {
            role_view(state, find_role(state, which)?.id).ok_or_else(|| Refusal::not_found("role", which))
        })
    }

    /// Every version of a role, the first first.
    ///
    /// # Errors
    /// As above; [`Refusal::NotFound`].
    pub fn versions(&self, call: &Call, workspace: Id, which: &Which) -> Result<Vec<VersionView>, Refusal> {
        let role =
            self.look(call, workspace, WORKSPACE, Scope::Directory, |state| Ok(find_role(state, which)?.id))?;
        let versions = self.store.role_versions(workspace, role)?.into_iter();
        Ok(versions
            .map(|one| VersionView {
                number: one.number,
                author: one.author,
                note: one.note,
                created: one.created,
                document: one.document,
            })
            .collect())
    }

    /// Invitations, the newest first.
    ///
    /// # Errors
    /// As above.
    pub fn invitations(&self, call: &Call, workspace: Id) -> Result<Vec<InvitationView>, Refusal> {
        let now = self.outside.now();
        self.look(call, workspace, MEMBERSHIP, Scope::Directory, |state| {
            let mut all: Vec<&Invitation> = state.invitations.values().collect();
            all.sort_by_key(|one| (std::cmp::Reverse(one.created), one.id));
            Ok(all.into_iter().map(|one| invitation_view(state, one, now)).collect())
        })
    }

    /// One invitation.
    ///
    /// # Errors
    /// As above; [`Refusal::NotFound`].
    pub fn invitation(&self, call: &Call, workspace: Id, which: &Which) -> Result<InvitationView, Refusal> {
        let now = self.outside.now();
        self.look(call, workspace, MEMBERSHIP, Scope::Directory, |state| {
            Ok(invitation_view(state, &find_invitation(state, which)?, now))
        })
    }

    /// Keys of a member, or of all, without their secrets. One's own need no permission.
    ///
    /// # Errors
    /// As above.
    pub fn keys(&self, call: &Call, workspace: Id, of: Option<&Which>) -> Result<Vec<KeyView>, Refusal> {
        let tenant = self.tenant(call, workspace)?;
        let working = tenant.working();
        let (state, snapshot) = (&working.state, working.writer.snapshot());
        let holds = self.held(call, state, snapshot)?;
        holds.within(Scope::Keys)?;
        let member = of.map(|which| find_member(state, which)).transpose();
        let own = matches!(&member, Ok(Some(member)) if holds.is_of(member.id));
        if !own {
            holds.may(snapshot.schema(), WORKSPACE)?;
        }
        let member = member?.map(|member| member.id);
        let keys = state.keys.values().filter(|key| member.is_none_or(|member| key.member == member));
        Ok(keys.filter_map(|key| key_view(state, key.id)).collect())
    }

    /// One key.
    ///
    /// # Errors
    /// As above; [`Refusal::NotFound`].
    pub fn key(&self, call: &Call, workspace: Id, which: &Which) -> Result<KeyView, Refusal> {
        self.look(call, workspace, WORKSPACE, Scope::Keys, |state| {
            key_view(state, find_key(state, which)?.id).ok_or_else(|| Refusal::not_found("key", which))
        })
    }

    /// Objects by type and id, after one of them, a page of them.
    ///
    /// # Errors
    /// As above.
    pub fn objects(
        &self,
        call: &Call,
        workspace: Id,
        after: Option<(&str, &str)>,
    ) -> Result<Vec<ObjectView>, Refusal> {
        self.look(call, workspace, WORKSPACE, Scope::Objects, |state| {
            let from = after.map_or(std::ops::Bound::Unbounded, |(kind, id)| {
                std::ops::Bound::Excluded((kind.to_owned(), id.to_owned()))
            });
            let page = state.objects.range((from, std::ops::Bound::Unbounded)).take(self.bounds.page);
            Ok(page.map(|(_, object)| object_view(object)).collect())
        })
    }

    /// One object.
    ///
    /// # Errors
    /// As above; [`Refusal::NotFound`].
    pub fn object(&self, call: &Call, workspace: Id, kind: &str, id: &str) -> Result<ObjectView, Refusal> {
        self.look(call, workspace, WORKSPACE, Scope::Objects, |state| {
            let found = state.objects.get(&(kind.to_owned(), id.to_owned()));
            found.map(object_view).ok_or_else(|| Refusal::not_found("object", format!("{kind}/{id}")))
        })
    }

    /// Standing rules, by name.
    ///
    /// # Errors
    /// As above.
    pub fn rules(&self, call: &Call, workspace: Id) -> Result<Vec<RuleView>, Refusal> {
        self.look(call, workspace, WORKSPACE, Scope::Directory, |state| {
            let rules = state.rule_names.values().filter_map(|id| state.rules.get(id));
            Ok(rules.map(rule_view).collect())
        })
    }

    /// One standing rule.
    ///
    /// # Errors
    /// As above; [`Refusal::NotFound`].
    pub fn rule(&self, call: &Call, workspace: Id, which: &Which) -> Result<RuleView, Refusal> {
        self.look(call, workspace, WORKSPACE, Scope::Directory, |state| {
            Ok(rule_view(&find_rule(state, which)?))
        })
    }

    /// Entries of the audit trail after a number, a page of them.
    ///
    /// # Errors
    /// As above.
    pub fn audit(&self, call: &Call, workspace: Id, after: u64) -> Result<Vec<AuditEntry>, Refusal> {
        self.look(call, workspace, WORKSPACE, Scope::Directory, |_| Ok(()))?;
        Ok(self.store.audit(workspace, after, self.bounds.page)?)
    }
}

fn member_view(state: &State, member: Membership<'_>) -> MemberView {
    let groups = state.places.groups_of(member.number).iter();
    let mut groups: Vec<String> = groups.map(|group| state.group_name(*group).to_owned()).collect();
    groups.sort();
    MemberView {
        id: member.id,
        subject: member.subject.to_owned(),
        kind: member.kind.to_owned(),
        role: state.role_name(member.role).to_owned(),
        groups,
        properties: member.properties.map(str::to_owned).map(Properties::of_text),
        suspended: member.suspended,
        version: member.version,
        created: member.created,
    }
}

fn group_view(state: &State, id: Id) -> Option<GroupView> {
    let group = state.groups.get(&id)?;
    let roles = state.of_group.get(&id).into_iter().flatten();
    let mut roles: Vec<String> = roles.map(|role| state.role_name(*role).to_owned()).collect();
    let mut members: Vec<String> = state.in_group(id).map(|member| member.subject.to_owned()).collect();
    roles.sort();
    members.sort();
    Some(GroupView { id, name: group.name.clone(), roles, members, version: group.version })
}

fn role_view(state: &State, id: Id) -> Option<RoleView> {
    let role = state.roles.get(&id)?;
    let giving = state.of_group.iter().filter(|(_, roles)| roles.contains(&id));
    let mut groups: Vec<String> = giving.map(|(group, _)| state.group_name(*group).to_owned()).collect();
    groups.sort();
    Some(RoleView {
        id,
        name: role.name.clone(),
        built_in: role.built_in,
        number: role.current,
        document: state.current.get(&id)?.document.clone(),
        members: state.members.count_with_role(id),
        groups,
        version: role.version,
    })
}

fn invitation_view(state: &State, one: &Invitation, now: i64) -> InvitationView {
    InvitationView {
        id: one.id,
        email: one.email.clone(),
        role: one.role.map(|role| state.role_name(role).to_owned()),
        state: match one.state {
            InvitationState::Pending if one.expires <= now => "expired",
            InvitationState::Pending => "pending",
            InvitationState::Accepted => "accepted",
            InvitationState::Cancelled => "cancelled",
        },
        inviter: state.subject(one.inviter).to_owned(),
        created: one.created,
        expires: one.expires,
    }
}

fn key_view(state: &State, id: Id) -> Option<KeyView> {
    let key = state.keys.get(&id)?;
    Some(KeyView {
        id,
        name: key.name.clone(),
        member: state.subject(key.member).to_owned(),
        scopes: key.scopes.clone(),
        policy: key.policy.clone(),
        created: key.created,
        expires: key.expires,
        used: key.used,
    })
}

fn object_view(object: &portcullis_store::Object) -> ObjectView {
    ObjectView {
        kind: object.kind.clone(),
        id: object.id.clone(),
        properties: object.properties.clone().map(Properties::of_text),
        version: object.version,
    }
}

fn rule_view(rule: &portcullis_store::Rule) -> RuleView {
    RuleView { id: rule.id, name: rule.name.clone(), rule: rule.text.clone(), version: rule.version }
}
