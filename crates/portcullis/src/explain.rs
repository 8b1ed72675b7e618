//! Why: the decision, the statements that made it, and for a default deny what was nearest.
//!
//! An explanation is found from the sets themselves: a statement bears on a question when its ranges
//! hold the permission. It costs time in proportion to the statements of the roles involved, and must
//! agree with the check in every case; a property test holds it to that.

use std::ops::Range;

use portcullis_matrix::PermissionId;

use crate::decision::{Decision, Reason};
use crate::policy::{Effect, Statement};
use crate::schema::Schema;
use crate::snapshot::{Question, Role, Snapshot};
use crate::source::Position;

/// One statement that bears on a question, and how the subject comes to hold it.
#[derive(Clone, Debug)]
pub struct Grounds<'s> {
    /// The role that the statement belongs to.
    pub role: &'s Role,
    /// How the subject holds the role.
    pub held: Held<'s>,
    /// The statement as written.
    pub statement: Statement<'s>,
}

impl Grounds<'_> {
    /// The name of the text that the statement stands in, and the place in it.
    #[must_use]
    pub fn place(&self) -> (&str, Position) {
        let source = self.role.document().source();
        (source.name(), source.position(self.statement.span().start))
    }
}

/// How a subject holds a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held<'s> {
    /// It is the member's own role.
    pub own: bool,
    /// Groups of the member that have the role.
    pub groups: Vec<&'s str>,
}

/// What came near to granting a question that nothing grants.
#[derive(Clone, Debug, Default)]
pub struct Nearest<'s> {
    /// Allowing statements of the subject's roles that cover the action on other types.
    pub same_action: Vec<Grounds<'s>>,
    /// Allowing statements of the subject's roles that cover the type for other actions.
    pub same_resource: Vec<Grounds<'s>>,
    /// Roles of the workspace that would grant it when held alone.
    pub granting_roles: Vec<&'s str>,
    /// Types that admit the action, when the asked one does not.
    pub types_of_action: Vec<&'s str>,
    /// Actions that the type admits, when the asked one is not among them.
    pub actions_of_type: Vec<&'s str>,
    /// A known name near to an unknown one.
    pub did_you_mean: Option<&'s str>,
}

/// The answer to a question with everything that led to it.
#[derive(Clone, Debug)]
pub struct Explanation<'s> {
    /// What a check says.
    pub decision: Decision,
    /// Why, an explicit deny told from a default one.
    pub reason: Reason,
    /// The type that was decided on, under its own name, when the resource is known.
    pub resource_type: Option<&'s str>,
    /// The statements that decided: all that allow, or all that deny.
    pub determining: Vec<Grounds<'s>>,
    /// Allowing statements that a deny overrode.
    pub overridden: Vec<Grounds<'s>>,
    /// What was nearest, for a deny without a denying statement.
    pub nearest: Nearest<'s>,
}

impl Snapshot {
    /// Decides a question and says why.
    #[must_use]
    pub fn explain<'s>(&'s self, question: &Question<'_>) -> Explanation<'s> {
        let decision = self.decide(question);
        let schema = self.schema();
        let mut explanation = Explanation {
            decision,
            reason: decision.reason(),
            resource_type: schema.resource_type(question.resource).map(|kind| kind.name()),
            determining: Vec::new(),
            overridden: Vec::new(),
            nearest: Nearest::default(),
        };
        match explanation.reason {
            Reason::UnknownSubject => {
                // A typed subject whose id exists under another type is no slip in the id.
                let unknown = self.subject(question.subject).is_none();
                explanation.nearest.did_you_mean =
                    unknown.then(|| self.nearest_member(question.subject)).flatten();
            }
            Reason::UnknownAction => {
                explanation.nearest.did_you_mean = schema.nearest_action(question.action)
            }
            Reason::UnknownResource => {
                explanation.nearest.did_you_mean = schema.nearest_resource(question.resource);
            }
            Reason::NotAdmitted => explain_unadmitted(schema, question, &mut explanation.nearest),
            _ => {
                if let Ok(permission) = schema.permission(question.action, question.resource) {
                    self.explain_admitted(question, permission.id(), &mut explanation);
                }
            }
        }
        explanation
    }

    fn explain_admitted<'s>(
        &'s self,
        question: &Question<'_>,
        permission: PermissionId,
        explanation: &mut Explanation<'s>,
    ) {
        let held = self.held_roles(question.subject);
        let bearing = |effect: Effect| -> Vec<Grounds<'s>> {
            grounds(&held, |statement, role| {
                statement.effect() == effect && role.grants().covers(statement.index(), permission)
            })
        };
        let (allows, denies) = (bearing(Effect::Allow), bearing(Effect::Deny));
        match explanation.reason {
            Reason::Allowed => explanation.determining = allows,
            Reason::Suspended => explanation.overridden = if denies.is_empty() { allows } else { Vec::new() },
            _ if !denies.is_empty() => {
                explanation.reason = Reason::ExplicitDeny;
                explanation.determining = denies;
                explanation.overridden = allows;
            }
            _ => {
                explanation.reason = Reason::DefaultDeny;
                explanation.nearest = self.nearest(&held, permission);
            }
        }
    }

    pub(crate) fn nearest<'s>(
        &'s self,
        held: &[(&'s Role, Held<'s>)],
        permission: PermissionId,
    ) -> Nearest<'s> {
        let schema = self.schema();
        let action = schema.action_of(permission.as_u32());
        let of_action = action.map_or(&[][..], |action| schema.permissions_of_action(action));
        let of_type = schema.type_of(permission).map_or(0..0, |kind| kind.permissions());
        let allows = |statement: &Statement<'_>| statement.effect() == Effect::Allow;
        let covers = |role: &Role, statement: &Statement<'_>, wanted: &Range<u32>| {
            crate::policy::overlaps(role.grants().of_statement(statement.index()), wanted)
        };
        Nearest {
            same_action: grounds(held, |statement, role| {
                allows(statement) && of_action.iter().any(|&id| covers(role, statement, &(id..id + 1)))
            }),
            same_resource: grounds(held, |statement, role| {
                allows(statement) && covers(role, statement, &of_type)
            }),
            granting_roles: self.roles_granting(permission),
            ..Nearest::default()
        }
    }

    /// Names of the roles that grant a permission when held alone.
    fn roles_granting(&self, permission: PermissionId) -> Vec<&str> {
        let granting = self.numbered_roles().filter(|&(id, _)| {
            self.matrix()
                .role(id)
                .is_some_and(|planes| planes.cell(permission).verdict() == portcullis_matrix::Verdict::Allow)
        });
        granting.map(|(_, role)| role.name()).collect()
    }

    /// The roles that a member holds, each once, and through what. Suspension does not hide them.
    #[must_use]
    pub fn held_roles(&self, member: &str) -> Vec<(&Role, Held<'_>)> {
        let Some(number) = self.directory().number(member) else { return Vec::new() };
        let mut ids = Vec::new();
        self.directory().roles_of(number, &mut ids);
        let own = self.directory().own_role(number);
        let held = ids.into_iter().filter_map(|id| {
            let groups =
                self.directory().groups_of(number).filter(|group| group.roles.contains(&id.as_u32()));
            let held =
                Held { own: own == Some(id.as_u32()), groups: groups.map(|group| &*group.name).collect() };
            Some((self.role_numbered(id.as_u32())?, held))
        });
        held.collect()
    }
}

/// The statements of some roles that bear on something, in their order.
pub(crate) fn grounds<'s>(
    held: &[(&'s Role, Held<'s>)],
    bears: impl Fn(&Statement<'s>, &'s Role) -> bool,
) -> Vec<Grounds<'s>> {
    let mut found = Vec::new();
    for (role, through) in held {
        let bearing = role.document().statements().filter(|statement| bears(statement, role));
        found.extend(bearing.map(|statement| Grounds { role, held: through.clone(), statement }));
    }
    found
}

fn explain_unadmitted<'s>(schema: &'s Schema, question: &Question<'_>, nearest: &mut Nearest<'s>) {
    if let Some(action) = schema.action_number(question.action) {
        let permissions = schema.permissions_of_action(action).iter().map(|&id| PermissionId::from_u32(id));
        nearest.types_of_action =
            permissions.filter_map(|id| schema.type_of(id)).map(|kind| kind.name()).collect();
    }
    if let Some(kind) = schema.resource_type(question.resource) {
        nearest.actions_of_type = schema.actions_of(kind).collect();
    }
}
