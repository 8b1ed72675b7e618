//! All that a snapshot says, in a form that does not depend on how it came to be.
//!
//! Numbers of roles and groups that went are given out again by an edit and not by a compilation, so whatever comes in the
//! order of such numbers is kept as a set. Everything else must come in the same order.

use std::collections::{BTreeMap, BTreeSet};

use crate::generate::{AskedByRequest, Prng};
use crate::sent::Sent;
use portcullis::{Decision, Explanation, Grounds, Held, Question, Reason, Snapshot};

/// A subject, an action and a resource; now and then with a type that the subject claims.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    kind: Option<String>,
    parts: [String; 3],
}

impl Asked {
    pub(super) fn parts(&self) -> (&str, &str, &str) {
        let [subject, action, resource] = &self.parts;
        (subject, action, resource)
    }

    fn question(&self) -> Question<'_> {
        let (subject, action, resource) = self.parts();
        Question { subject_type: self.kind.as_deref(), ..Question::new(subject, action, resource) }
    }
}

/// A request with all that it brings, read once.
pub(super) struct Requested {
    sent: Sent,
    now: Option<String>,
}

impl Requested {
    pub(super) fn new(asked: &AskedByRequest) -> Self {
        Requested { sent: Sent::read(&asked.request).unwrap(), now: asked.now.clone() }
    }

    fn question(&self) -> Question<'_> {
        self.sent.question(self.now.as_deref())
    }
}

/// Questions under every name, and of strangers.
pub(super) fn draw(prng: &mut Prng, snapshot: &Snapshot, exhaustive: bool) -> Vec<Asked> {
    let owned = |name: &str| name.to_owned();
    let schema = snapshot.schema();
    let mut subjects: Vec<String> = snapshot.members().map(owned).collect();
    subjects.extend(["nobody", "member 3", "member 4 of a department"].map(owned));
    let mut actions: Vec<String> = schema.actions().map(owned).collect();
    actions.push(owned("no such action"));
    let types = schema.types().iter();
    let mut resources: Vec<String> = types
        .flat_map(|kind| [kind.name()].into_iter().chain(kind.aliases()).chain(kind.covers()))
        .map(owned)
        .collect();
    resources.push(owned("no such type"));
    let all = subjects.len() * actions.len() * resources.len();
    let one = |prng: &mut Prng| {
        let parts = [&subjects, &actions, &resources].map(|names| prng.pick(names).unwrap().clone());
        Asked { kind: prng.percent(10).then(|| format!("kind {}", prng.below(3))), parts }
    };
    (0..if exhaustive { all.min(150) } else { 100 }).map(|_| one(prng)).collect()
}

type Ground = (String, usize, Through);
type Through = (bool, BTreeSet<String>);

/// What a question comes to.
#[derive(Debug, PartialEq)]
struct Told {
    decision: Decision,
    reason: Reason,
    resource_type: Option<String>,
    determining: BTreeSet<Ground>,
    overridden: BTreeSet<Ground>,
    same_action: BTreeSet<Ground>,
    same_resource: BTreeSet<Ground>,
    granting_roles: BTreeSet<String>,
    types_of_action: Vec<String>,
    actions_of_type: Vec<String>,
    did_you_mean: Option<String>,
}

fn owned<C: FromIterator<String>>(names: &[&str]) -> C {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn through(held: &Held<'_>) -> Through {
    (held.own, owned(&held.groups))
}

fn grounds(found: &[Grounds<'_>]) -> BTreeSet<Ground> {
    let set: BTreeSet<Ground> = found
        .iter()
        .map(|one| {
            assert_eq!(one.place().0, one.role.document().source().name());
            (one.role.name().to_owned(), one.statement.index(), through(&one.held))
        })
        .collect();
    assert_eq!(set.len(), found.len(), "a statement is named once");
    set
}

impl Told {
    fn of(explanation: &Explanation<'_>) -> Self {
        let nearest = &explanation.nearest;
        Told {
            decision: explanation.decision,
            reason: explanation.reason,
            resource_type: explanation.resource_type.map(str::to_owned),
            determining: grounds(&explanation.determining),
            overridden: grounds(&explanation.overridden),
            same_action: grounds(&nearest.same_action),
            same_resource: grounds(&nearest.same_resource),
            granting_roles: owned(&nearest.granting_roles),
            types_of_action: owned(&nearest.types_of_action),
            actions_of_type: owned(&nearest.actions_of_type),
            did_you_mean: nearest.did_you_mean.map(str::to_owned),
        }
    }
}

/// One member: id, type, whether suspended, roles and through what, and all permissions.
#[derive(Debug, PartialEq)]
struct Standing {
    id: String,
    kind: String,
    suspended: bool,
    roles: BTreeMap<String, Through>,
    what: Vec<(String, String)>,
    properties: Option<String>,
}

/// One role: whether built in, its text, the numbers of what it grants and of what it leaves to conditions.
type Role = (bool, String, [Vec<u32>; 2]);

/// The type and the id of a stored object, with what is stored of it.
type Objects = BTreeMap<(String, String), Option<String>>;

/// All that a snapshot says.
#[derive(Debug, PartialEq)]
pub(super) struct Answers {
    workspace: String,
    members: Vec<Standing>,
    roles: BTreeMap<String, Role>,
    who: Vec<Result<Vec<String>, Reason>>,
    told: Vec<Told>,
    /// By handles, those that there are, in a column: what is granted and what is open.
    bits: [Vec<u64>; 2],
    objects: Objects,
    /// To whole requests.
    decided: Vec<Decision>,
}

impl Answers {
    pub(super) fn of(snapshot: &Snapshot, asked: &[Asked], requests: &[Requested]) -> Self {
        let members: Vec<Standing> = snapshot.members().map(|id| standing(snapshot, id)).collect();
        assert_eq!(members.len(), snapshot.member_count());
        let roles = snapshot.roles().map(|role| {
            assert_eq!(snapshot.role(role.name()).unwrap().name(), role.name());
            let cells = [role.planes().grants(), role.planes().opens()];
            let cells = cells.map(|plane| plane.iter().map(|id| id.as_u32()).collect());
            let text = role.document().source().text().to_owned();
            (role.name().to_owned(), (role.is_built_in(), text, cells))
        });
        let mut pairs: Vec<_> =
            asked.iter().map(Asked::parts).map(|(_, action, resource)| (action, resource)).collect();
        pairs.truncate(40);
        let who = pairs.into_iter().map(|(action, resource)| Ok(owned(&snapshot.who(action, resource)?)));
        Answers {
            workspace: snapshot.workspace().to_owned(),
            members,
            roles: roles.collect(),
            who: who.collect(),
            told: asked.iter().map(|asked| told(snapshot, asked)).collect(),
            bits: in_batch(snapshot, asked),
            objects: objects(snapshot),
            decided: requests.iter().map(|one| snapshot.decide(&one.question())).collect(),
        }
    }

    /// Compares part by part, so that a failure is short.
    pub(super) fn same_as(&self, other: &Answers) {
        assert_eq!(self.members, other.members);
        assert_eq!(self.roles, other.roles);
        assert_eq!(self.who, other.who);
        for (one, other) in self.told.iter().zip(&other.told) {
            assert_eq!(one, other);
        }
        assert_eq!(self.objects, other.objects);
        for (one, other) in self.decided.iter().zip(&other.decided) {
            assert_eq!(one, other, "a request");
        }
        assert!(self == other);
    }
}

fn standing(snapshot: &Snapshot, id: &str) -> Standing {
    let what = snapshot.what(id).unwrap().map(|(action, resource)| (action.to_owned(), resource.to_owned()));
    let held = snapshot.held_roles(id);
    let roles: BTreeMap<String, Through> =
        held.iter().map(|(role, held)| (role.name().to_owned(), through(held))).collect();
    assert_eq!(roles.len(), held.len());
    Standing {
        id: id.to_owned(),
        kind: snapshot.member_type(id).unwrap().to_owned(),
        suspended: snapshot.is_suspended(id),
        roles,
        what: what.collect(),
        properties: snapshot.member_properties(id).map(|kept| kept.to_string()),
    }
}

fn told(snapshot: &Snapshot, asked: &Asked) -> Told {
    let question = asked.question();
    let told = Told::of(&snapshot.explain(&question));
    assert_eq!(told.decision, snapshot.decide(&question));
    if asked.kind.is_none() {
        assert_eq!(told.decision, snapshot.check(question.subject, question.action, question.resource));
    }
    told
}

fn objects(snapshot: &Snapshot) -> Objects {
    let mut all = Objects::new();
    for kind in snapshot.schema().types() {
        for id in snapshot.objects_of(kind.name()) {
            let properties = snapshot.object_properties(kind.name(), id).map(|kept| kept.to_string());
            let before = all.insert((kind.name().to_owned(), id.to_owned()), properties);
            assert_eq!(before, None, "an object is listed twice");
        }
    }
    assert_eq!(all.len(), snapshot.object_count());
    all
}

fn in_batch(snapshot: &Snapshot, asked: &[Asked]) -> [Vec<u64>; 2] {
    let handles = asked.iter().filter_map(|asked| {
        let (subject, action, resource) = asked.parts();
        Some((snapshot.subject(subject)?, snapshot.permission(action, resource).ok()?))
    });
    let (subjects, permissions): (Vec<_>, Vec<_>) = handles.unzip();
    let words = subjects.len().div_ceil(64);
    let (mut granted, mut open) = (vec![0; words], vec![0; words]);
    snapshot.check_batch(&subjects, &permissions, &mut granted, &mut open);
    let questions: Vec<_> = asked.iter().map(Asked::parts).collect();
    let mut decisions = vec![Decision::default(); questions.len()];
    snapshot.check_many(&questions, &mut decisions);
    for ((subject, action, resource), decision) in questions.into_iter().zip(decisions) {
        assert_eq!(decision, snapshot.check(subject, action, resource));
    }
    for (at, (subject, permission)) in subjects.iter().zip(&permissions).enumerate() {
        let scalar = snapshot.check_handles(*subject, *permission).is_allowed();
        let [granted, open] = [&granted, &open].map(|words| words[at / 64] >> (at % 64) & 1 == 1);
        assert!(granted == scalar || open && !granted, "in batch and by itself");
    }
    [granted, open]
}
