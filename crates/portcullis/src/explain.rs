//! Why: the decision, the statements that made it, and for a default deny what was nearest.
//!
//! An explanation is found from the statements themselves: one bears on a question when its ranges hold
//! the permission, and applies when its condition says so. It costs time in proportion to the statements
//! of the roles involved, and must agree with the check in every case; property tests hold it to that.
//!
//! What conditions came to is kept test by test, borrowed from the snapshot and from the question, so that
//! whoever shows an explanation can say what was found and where.

use std::ops::Range;

use portcullis_matrix::{PermissionId, Verdict};

use crate::condition::{Condition, Facts, Finding, Lookup, Outcome};
use crate::decision::{Decision, Reason};
use crate::policy::{Effect, Statement};
use crate::schema::Schema;
use crate::snapshot::{Question, Role, Shelf, Snapshot};
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
    /// What its condition comes to in this question. `None` when it has none, and where a statement merely came near.
    pub condition: Option<Weighed<'s>>,
}

impl Grounds<'_> {
    /// The name of the text that the statement stands in, and the place in it.
    #[must_use]
    pub fn place(&self) -> (&str, Position) {
        let source = self.role.document().source();
        (source.name(), source.position(self.statement.span().start))
    }

    /// Whether its condition lets it apply.
    fn applies(&self) -> bool {
        self.condition.as_ref().is_none_or(|weighed| weighed.outcome.applies(self.statement.effect()))
    }
}

/// What the condition of a statement came to, and why.
#[derive(Clone, Debug)]
pub struct Weighed<'s> {
    /// The condition, as it holds for the type that was asked about.
    pub condition: &'s Condition,
    /// What it comes to: all of its tests joined by *and*.
    pub outcome: Outcome,
    /// What each of its tests comes to, what was found and where, and why it is unknown if it is.
    pub findings: Vec<Finding<'s, 's>>,
}

impl<'s> Weighed<'s> {
    fn new(condition: &'s Condition, lookup: &impl Lookup<'s>) -> Self {
        let findings = condition.findings(lookup);
        let outcome = findings.iter().fold(Outcome::True, |all, finding| all.and(finding.outcome));
        Weighed { condition, outcome, findings }
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
    /// Roles of the workspace that would grant it when held alone, in this very question.
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
    /// Statements that speak of the question and do not apply, for their conditions: allows whose condition is false or
    /// unknown, denies whose condition is false.
    pub not_applying: Vec<Grounds<'s>>,
    /// What was nearest, for a deny without a denying statement.
    pub nearest: Nearest<'s>,
}

impl Snapshot {
    /// Decides a question and says why.
    #[must_use]
    pub fn explain<'s>(&'s self, question: &Question<'s>) -> Explanation<'s> {
        let decision = self.decide(question);
        let schema = self.schema();
        let mut explanation = Explanation {
            decision,
            reason: decision.reason(),
            resource_type: schema.resource_type(question.resource).map(|kind| kind.name()),
            determining: Vec::new(),
            overridden: Vec::new(),
            not_applying: Vec::new(),
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
        question: &Question<'s>,
        permission: PermissionId,
        explanation: &mut Explanation<'s>,
    ) {
        let Some(subject) = self.subject_id(question.subject) else { return };
        let facts = self.facts(subject, question);
        let held = self.held_roles(question.subject);
        let Bearing { allows, denies, not_applying } = bearing(&held, permission, &facts);
        explanation.not_applying = not_applying;
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
                explanation.nearest = self.nearest(&held, permission, Some(&facts));
            }
        }
    }

    /// What came near to granting a permission; without facts no condition holds.
    pub(crate) fn nearest<'s>(
        &'s self,
        held: &[(&'s Role, Held<'s>)],
        permission: PermissionId,
        facts: Option<&Facts<'_, Shelf<'_>>>,
    ) -> Nearest<'s> {
        let schema = self.schema();
        let action = schema.action_of(permission.as_u32());
        let of_action = action.map_or(&[][..], |action| schema.permissions_of_action(action));
        let of_type = schema.type_of(permission).map_or(0..0, |kind| kind.permissions());
        // What speaks of the permission itself did not come near, but failed by its condition.
        let elsewhere = |statement: &Statement<'_>, role: &Role| {
            statement.effect() == Effect::Allow && !role.grants().covers(statement.index(), permission)
        };
        let covers = |role: &Role, statement: &Statement<'_>, wanted: &Range<u32>| {
            crate::policy::overlaps(role.grants().of_statement(statement.index()), wanted)
        };
        Nearest {
            same_action: grounds(held, |statement, role| {
                elsewhere(statement, role)
                    && of_action.iter().any(|&id| covers(role, statement, &(id..id + 1)))
            }),
            same_resource: grounds(held, |statement, role| {
                elsewhere(statement, role) && covers(role, statement, &of_type)
            }),
            granting_roles: self.roles_granting(permission, facts),
            ..Nearest::default()
        }
    }

    /// Names of the roles that grant a permission when held alone.
    fn roles_granting(&self, permission: PermissionId, facts: Option<&Facts<'_, Shelf<'_>>>) -> Vec<&str> {
        let granting = self.roles().filter(|role| match role.planes().cell(permission).verdict() {
            Verdict::Allow => true,
            Verdict::Open => facts.is_some_and(|facts| role.allows_alone(permission, facts)),
            Verdict::Deny => false,
        });
        granting.map(Role::name).collect()
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

impl Role {
    /// Whether its own conditions, and those of no other role, come to an allow of what they leave open.
    pub(crate) fn allows_alone<'a>(&self, permission: PermissionId, lookup: &impl Lookup<'a>) -> bool {
        let mut allowed = self.planes().allow().contains(permission);
        for (effect, condition) in self.conditional().of_permission(permission) {
            let applies = condition.outcome(lookup).applies(effect);
            match effect {
                Effect::Deny if applies => return false,
                Effect::Deny => {}
                Effect::Allow => allowed |= applies,
            }
        }
        allowed
    }
}

/// The statements of some roles that cover a permission, by what they come to.
pub(crate) struct Bearing<'s> {
    /// Those that allow it.
    pub(crate) allows: Vec<Grounds<'s>>,
    /// Those that deny it.
    pub(crate) denies: Vec<Grounds<'s>>,
    /// Those whose conditions keep them from it.
    pub(crate) not_applying: Vec<Grounds<'s>>,
}

/// The statements that cover a permission, with what their conditions come to.
pub(crate) fn bearing<'s>(
    held: &[(&'s Role, Held<'s>)],
    permission: PermissionId,
    lookup: &impl Lookup<'s>,
) -> Bearing<'s> {
    let mut all = grounds(held, |statement, role| role.grants().covers(statement.index(), permission));
    for grounds in &mut all {
        let condition = grounds.role.grants().condition_of(grounds.statement.index(), permission);
        grounds.condition = condition.map(|condition| Weighed::new(condition, lookup));
    }
    let (applying, not_applying): (Vec<_>, Vec<_>) = all.into_iter().partition(Grounds::applies);
    let (allows, denies) =
        applying.into_iter().partition(|grounds| grounds.statement.effect() == Effect::Allow);
    Bearing { allows, denies, not_applying }
}

/// The statements of some roles that bear on something, in their order, conditions left aside.
pub(crate) fn grounds<'s>(
    held: &[(&'s Role, Held<'s>)],
    bears: impl Fn(&Statement<'s>, &'s Role) -> bool,
) -> Vec<Grounds<'s>> {
    let mut found = Vec::new();
    for (role, through) in held {
        let bearing = role.document().statements().filter(|statement| bears(statement, role));
        found.extend(bearing.map(|statement| Grounds {
            role,
            held: through.clone(),
            statement,
            condition: None,
        }));
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
