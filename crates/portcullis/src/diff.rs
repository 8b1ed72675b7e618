//! What a change would change: permissions gained and lost, and conditions, exactly.
//!
//! Two documents are compared as what each grants when held alone; two workspaces subject by subject,
//! grouped by what changes for them, since a role edit does the same to thousands. Schemas may
//! differ: permissions are compared by name, never by number. Each distinct pair of role sets is
//! compared once, so a million members cost a million look-ups and not a million comparisons; only where a
//! condition reads who asks is every member looked at.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use portcullis_matrix::{SetId, SubjectId, Verdict};

use crate::condition::{Condition, Root};
use crate::policy::{Conditional, Effect, Grants};
use crate::search::Answer;
use crate::snapshot::Snapshot;

/// One (action, resource type) pair by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermissionName {
    /// The resource type.
    pub resource: String,
    /// The action.
    pub action: String,
}

/// How a permission stands for somebody, or in a document held alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It is not granted.
    #[default]
    Denied,
    /// It is granted.
    Allowed,
    /// It depends on these, in an order of their own, each once. Two are equal when the conditions say the same, whichever roles they
    /// are from.
    Conditional(Vec<(Effect, Arc<Condition>)>),
}

impl Standing {
    fn conditional<'c>(conditions: impl Iterator<Item = (Effect, &'c Arc<Condition>)>) -> Standing {
        let mut all: Vec<_> = conditions.map(|(effect, condition)| (effect, Arc::clone(condition))).collect();
        all.sort_unstable();
        all.dedup();
        Standing::Conditional(all)
    }

    /// Whether it depends on conditions.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        matches!(self, Standing::Conditional(_))
    }
}

/// A permission that depends on conditions, or did, and not on the same ones as before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConditionalChange {
    /// The permission.
    pub permission: PermissionName,
    /// How it stood.
    pub before: Standing,
    /// How it stands: one of the two is conditional.
    pub after: Standing,
}

/// What changes, each list in byte order of resource, then action, and no permission in two of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// Granted by the new one, denied by the old one.
    pub gained: Vec<PermissionName>,
    /// Granted by the old one, denied by the new one.
    pub lost: Vec<PermissionName>,
    /// What depends on conditions in one of the two, or on different ones in both.
    pub conditional: Vec<ConditionalChange>,
}

impl Change {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty() && self.conditional.is_empty()
    }

    /// From what is not denied before and after, both in order.
    fn between(old: Vec<Named>, new: Vec<Named>) -> Change {
        let mut change = Change::default();
        let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some((one, _)), Some((other, _))) => one.cmp(other),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return change,
            };
            let before = if order.is_le() { old.next() } else { None };
            let after = if order.is_ge() { new.next() } else { None };
            let standing =
                |named: &Option<Named>| named.as_ref().map_or(Standing::Denied, |(_, stands)| stands.clone());
            let (was, is) = (standing(&before), standing(&after));
            let Some((permission, _)) = before.or(after) else { return change };
            match (was, is) {
                (Standing::Denied, Standing::Allowed) => change.gained.push(permission),
                (Standing::Allowed, Standing::Denied) => change.lost.push(permission),
                (before, after) if before != after => {
                    change.conditional.push(ConditionalChange { permission, before, after });
                }
                _ => {}
            }
        }
    }
}

/// A permission that is not denied.
type Named = (PermissionName, Standing);

/// Members to whom the same happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChange {
    /// What happens to them.
    pub change: Change,
    /// Who they are, in byte order.
    pub members: Vec<String>,
}

/// What changes between two documents, each held alone by nobody in particular.
#[must_use]
pub fn diff_documents(old: &Grants, new: &Grants) -> Change {
    Change::between(granted(old), granted(new))
}

fn granted(grants: &Grants) -> Vec<Named> {
    let planes = grants.planes();
    let conditional = Conditional::of(grants);
    let standing = |id| {
        let conditions = conditional.of_permission(id);
        // Under a plain allow it depends on denies alone.
        let plain = planes.allow().contains(id);
        Standing::conditional(conditions.filter(|(effect, _)| !plain || *effect == Effect::Deny))
    };
    let verdict = |id| planes.cell(id).verdict();
    let both = planes.grants();
    let plain = both.iter().map(|id| (id, Standing::Allowed));
    // What conditions decide is among what is allowed at all, and not plainly granted.
    let allowed = planes.allow().iter().chain(planes.allow_if().iter());
    let open = allowed.filter(|&id| !conditional.is_empty() && verdict(id) == Verdict::Open);
    let open = open.map(|id| (id, standing(id)));
    let mut named: Vec<Named> = plain
        .chain(open)
        .filter_map(|(id, standing)| Some((named(grants.schema().names_of(id)?), standing)))
        .collect();
    named.sort_unstable();
    named.dedup();
    named
}

fn named((action, resource): (&str, &str)) -> PermissionName {
    PermissionName { resource: resource.to_owned(), action: action.to_owned() }
}

/// What decides about a subject: its role set, or nothing for whoever is absent or suspended; and who it is, where a condition
/// reads that.
type Cause = (Option<SetId>, Option<SubjectId>);

/// What changes between two workspaces, subject by subject, grouped by what changes; members to whom nothing
/// happens are left out. Who is only in one of the two holds nothing in the other.
#[must_use]
pub fn diff_snapshots(old: &Snapshot, new: &Snapshot) -> Vec<MemberChange> {
    let mut members: Vec<&str> = old.members().chain(new.members()).collect();
    members.sort_unstable();
    members.dedup();
    let (mut of_old, mut of_new) = (Causes::of(old), Causes::of(new));
    let mut compared: HashMap<(Cause, Cause), Change> = HashMap::new();
    let mut groups: BTreeMap<Change, Vec<String>> = BTreeMap::new();
    for member in members {
        let (before, after) = (old.subject_id(member), new.subject_id(member));
        let key = (of_old.cause(before), of_new.cause(after));
        let between = || Change::between(held(old, before), held(new, after));
        let about_one = key.0.1.is_some() || key.1.1.is_some();
        let own;
        let change = if about_one {
            own = between();
            &own
        } else {
            &*compared.entry(key).or_insert_with(between)
        };
        if change.is_empty() {
            continue;
        }
        match groups.get_mut(change) {
            Some(listed) => listed.push(member.to_owned()),
            None => drop(groups.insert(change.clone(), vec![member.to_owned()])),
        }
    }
    groups.into_iter().map(|(change, members)| MemberChange { change, members }).collect()
}

/// Finds what decides about subjects, looking at each set of roles once.
struct Causes<'s> {
    snapshot: &'s Snapshot,
    /// Whether a condition of the set's roles reads who asks.
    personal: HashMap<SetId, bool>,
}

impl<'s> Causes<'s> {
    fn of(snapshot: &'s Snapshot) -> Self {
        Causes { snapshot, personal: HashMap::new() }
    }

    fn cause(&mut self, subject: Option<SubjectId>) -> Cause {
        let matrix = self.snapshot.matrix();
        let found = subject.map(|subject| (subject, matrix.set_of(subject)));
        let Some((subject, set)) = found.filter(|&(_, set)| set != SetId::SUSPENDED) else {
            return (None, None);
        };
        let personal = self.personal.entry(set).or_insert_with(|| {
            let roles = matrix.roles_of_set(set);
            let roles = roles.iter().filter_map(|role| self.snapshot.role_numbered(role.as_u32()));
            let mut conditions = roles.flat_map(|role| role.grants().conditions());
            conditions
                .any(|condition| condition.references().any(|reference| reference.root() == Root::Subject))
        });
        (Some(set), personal.then_some(subject))
    }
}

fn held(snapshot: &Snapshot, subject: Option<SubjectId>) -> Vec<Named> {
    let Some(subject) = subject else { return Vec::new() };
    let answers = snapshot.answers_of(subject).filter_map(|(permission, answer)| {
        let standing = match answer {
            Answer::Allowed => Standing::Allowed,
            Answer::Denied { .. } => return None,
            Answer::Conditional(provisos) => {
                Standing::conditional(provisos.iter().map(|one| (one.effect, one.condition)))
            }
        };
        Some((named(snapshot.names_of(permission)), standing))
    });
    let mut all: Vec<Named> = answers.collect();
    all.sort_unstable();
    all
}
