//! How two documents, two roles or two subjects relate as sets of the requests that they allow.
//!
//! What no condition touches is compared a word of permissions at a time. Permissions that depend on conditions are put
//! together where they depend on the same ones on either side, and each such group is decided once, exactly (`exact`):
//! over everything that a request could say and everything that could be stored. Whatever differs is shown by a request that a check
//! confirms. Past a bound a group is undecided, and only what is known of it is said.

mod groups;
mod side;
#[cfg(test)]
mod tests;

use portcullis_matrix::{PermissionId, Plane};

use crate::condition::{Facts, Found, Place, Reference, Root, Side as From, Value};
use crate::diff::{PermissionName, Standing};
use crate::exact::{Example, Known};
use crate::policy::Grants;
use crate::schema::{Origin, Schema};
use crate::snapshot::{Question, Role, Shelf, Snapshot};
use side::Side;

/// How two sets of requests relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same requests, none on either side included.
    Equal,
    /// The first allows less: all that it allows, the second allows too.
    Within,
    /// The first allows more: all that the second allows, and something else.
    Contains,
    /// Both allow something, and nothing is allowed by both.
    Disjoint,
    /// Some requests are allowed by both, and each allows something that the other does not.
    Overlapping,
    /// Not all was decided within the bound, and what was does not settle it.
    Undecided,
}

impl Relation {
    /// A stable word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Relation::Equal => "equal",
            Relation::Within => "within",
            Relation::Contains => "contains",
            Relation::Disjoint => "disjoint",
            Relation::Overlapping => "overlapping",
            Relation::Undecided => "undecided",
        }
    }
}

/// Whether there are requests that only the first, only the second, or both allow; `None` where that was not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Some that the first allows and the second does not.
    pub only_a: Option<bool>,
    /// Some that the second allows and the first does not.
    pub only_b: Option<bool>,
    /// Some that both allow.
    pub both: Option<bool>,
}

impl Shares {
    const NONE: Shares = Shares { only_a: Some(false), only_b: Some(false), both: Some(false) };

    /// What is shared where either is what there is.
    fn or(self, other: Shares) -> Shares {
        let or = |one: Option<bool>, other: Option<bool>| match (one, other) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        Shares {
            only_a: or(self.only_a, other.only_a),
            only_b: or(self.only_b, other.only_b),
            both: or(self.both, other.both),
        }
    }

    /// What that comes to.
    #[must_use]
    pub fn relation(self) -> Relation {
        match (self.only_a, self.only_b, self.both) {
            (Some(false), Some(false), _) => Relation::Equal,
            (Some(false), Some(true), _) => Relation::Within,
            (Some(true), Some(false), _) => Relation::Contains,
            (Some(true), Some(true), Some(true)) => Relation::Overlapping,
            (Some(true), Some(true), Some(false)) => Relation::Disjoint,
            _ => Relation::Undecided,
        }
    }
}

/// A request that one side allows and the other does not, as it is put to each: they differ at most in what they say of two
/// different subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// As it is put to the first.
    pub a: Example,
    /// As it is put to the second.
    pub b: Example,
}

/// Permissions that depend on the same conditions, on one side at least.
#[derive(Clone, Debug)]
pub struct ConditionalCells {
    /// Which, in byte order of resource, then action.
    pub permissions: Vec<PermissionName>,
    /// How they stand on the first side.
    pub a: Standing,
    /// How they stand on the second.
    pub b: Standing,
    /// What each allows of them, and what both do.
    pub shares: Shares,
    /// A request that only the first allows, of the first permission listed.
    pub only_a: Option<Counterexample>,
    /// One that only the second allows.
    pub only_b: Option<Counterexample>,
}

/// What a comparison found.
#[derive(Clone, Debug)]
pub struct Comparison {
    schema: Schema,
    only_a: Plane,
    only_b: Plane,
    shares: Shares,
    conditional: Vec<ConditionalCells>,
}

impl Comparison {
    /// How the two relate.
    #[must_use]
    pub fn relation(&self) -> Relation {
        self.shares.relation()
    }

    /// What there is that only one, or both, allow.
    #[must_use]
    pub fn shares(&self) -> Shares {
        self.shares
    }

    /// The permissions that the first grants without conditions and the second never, in byte order of resource, then action.
    #[must_use]
    pub fn only_a(&self) -> Vec<PermissionName> {
        named(&self.schema, &self.only_a)
    }

    /// Those that the second grants without conditions and the first never.
    #[must_use]
    pub fn only_b(&self) -> Vec<PermissionName> {
        named(&self.schema, &self.only_b)
    }

    /// The permissions that depend on conditions on one side at least, put together where they depend on the same.
    #[must_use]
    pub fn conditional(&self) -> &[ConditionalCells] {
        &self.conditional
    }

    /// A request that only the first allows, if one was found.
    #[must_use]
    pub fn example_of_only_a(&self) -> Option<Counterexample> {
        self.plain(&self.only_a).or_else(|| self.conditional.iter().find_map(|cells| cells.only_a.clone()))
    }

    /// A request that only the second allows, if one was found.
    #[must_use]
    pub fn example_of_only_b(&self) -> Option<Counterexample> {
        self.plain(&self.only_b).or_else(|| self.conditional.iter().find_map(|cells| cells.only_b.clone()))
    }

    fn plain(&self, plane: &Plane) -> Option<Counterexample> {
        let (action, resource) = self.schema.names_of(plane.iter().next()?)?;
        let example = Example::plain(action, resource);
        Some(Counterexample { a: example.clone(), b: example })
    }
}

fn name_of(schema: &Schema, permission: PermissionId) -> Option<PermissionName> {
    let (action, resource) = schema.names_of(permission)?;
    Some(PermissionName { resource: resource.to_owned(), action: action.to_owned() })
}

fn named(schema: &Schema, plane: &Plane) -> Vec<PermissionName> {
    let mut names: Vec<PermissionName> = plane.iter().filter_map(|id| name_of(schema, id)).collect();
    names.sort_unstable();
    names
}

/// Evaluations and steps for each group of permissions, where nobody says otherwise: some tens of milliseconds at most.
pub const COMPARE_STEPS: usize = crate::exact::STEPS;

/// Compares two documents, each held alone by the same subject. They must be resolved against the same schema; else there is nothing
/// to say. That one of them names a reserved type, and so came to have more types than the other, is no difference of schemas.
///
/// ```
/// use portcullis::{Document, Relation, Schema, Source, COMPARE_STEPS, compare_documents};
/// let schema = Schema::hightouch()?;
/// let read = |text: &str| Document::read(&Source::new("role.json", text))?.0.resolve(&schema);
/// let (one, _) = read(r#"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read",
///     "resource": "sync", "conditions": {"labels.team": {"equals": "marketing"}}}]}"#)?;
/// let (other, _) = read(r#"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read",
///     "resource": "sync", "conditions": {"labels.team": {"equals": "m*"}}}]}"#)?;
/// let comparison = compare_documents(&one, &other, COMPARE_STEPS).unwrap();
/// assert_eq!(comparison.relation(), Relation::Within);
/// # Ok::<(), portcullis::Report>(())
/// ```
#[must_use]
pub fn compare_documents(a: &Grants, b: &Grants, steps: usize) -> Option<Comparison> {
    let [one, other] = [a.schema(), b.schema()];
    let schema = if one.permission_count() < other.permission_count() { other } else { one };
    let (a, b) = (a.under(schema)?, b.under(schema)?);
    Some(between(schema, &Side::of_document(&a), &Side::of_document(&b), &|_, _| Known::Open, steps))
}

/// Compares two roles of one snapshot, each held alone by the same subject.
#[must_use]
pub fn compare_roles(a: &Role, b: &Role, steps: usize) -> Option<Comparison> {
    let schema = a.grants().schema();
    if !schema.same_numbering(b.grants().schema()) {
        return None;
    }
    let sides = [a, b].map(|role| Side::of_roles(schema.permission_count(), std::iter::once(role)));
    let [one, other] = &sides;
    Some(between(schema, one, other, &|_, _| Known::Open, steps))
}

/// Compares two subjects of a snapshot by all of their roles: which requests are allowed to one, and which to the other. What is
/// stored of each counts, as long as a request does not contradict it. `None` when one is no member.
#[must_use]
pub fn compare_subjects(snapshot: &Snapshot, a: &str, b: &str, steps: usize) -> Option<Comparison> {
    let numbers = [snapshot.subject_id(a)?, snapshot.subject_id(b)?];
    let sides = numbers.map(|subject| {
        let roles = snapshot.matrix().roles_of(subject);
        let roles: Vec<&Role> =
            roles.iter().filter_map(|role| snapshot.role_numbered(role.as_u32())).collect();
        Side::of_roles(snapshot.schema().permission_count(), roles.into_iter())
    });
    let [question, other] = [Question::new(a, "", ""), Question::new(b, "", "")];
    let facts = [snapshot.facts(numbers[0], &question), snapshot.facts(numbers[1], &other)];
    let known = |side: usize, reference: &Reference| {
        facts.get(side).map_or(Known::Open, |facts| settled(facts, reference))
    };
    let [one, other] = &sides;
    Some(between(snapshot.schema(), one, other, &known, steps))
}

/// What is known of an attribute of a member, whatever a request says.
fn settled<'a>(facts: &Facts<'a, Shelf<'a>>, reference: &Reference) -> Known<'a> {
    use crate::condition::Lookup;
    if reference.root() != Root::Subject {
        return Known::Open;
    }
    let own = |text: &'a str| Known::Fixed(Found::Value(Value::Text(text.into()), From::Own));
    match reference.place() {
        Place::Id => return own(facts.subject.id),
        Place::Type => return own(facts.subject.kind),
        _ => {}
    }
    let found = facts.find(reference);
    match (reference.declared().map(|declared| declared.from).unwrap_or_default(), found) {
        (Origin::Stored, _) | (Origin::Either, Found::Value(..) | Found::Unknown(_)) => Known::Fixed(found),
        (Origin::Request, _) | (Origin::Either, Found::Missing) => Known::Unless(found),
    }
}

type KnownOf<'k, 's> = dyn Fn(usize, &Reference) -> Known<'s> + 'k;

fn between<'s>(
    schema: &Schema,
    a: &Side<'_>,
    b: &Side<'_>,
    known: &KnownOf<'_, 's>,
    steps: usize,
) -> Comparison {
    let mut only_a = Plane::difference(&a.granted, &b.granted);
    let mut only_b = Plane::difference(&b.granted, &a.granted);
    let is_open = !(a.open.is_empty() && b.open.is_empty());
    let mut conditional = Vec::new();
    let mut shares = Shares { both: Some(a.granted.intersects(&b.granted)), ..Shares::NONE };
    if is_open {
        only_a.subtract(&b.open);
        only_b.subtract(&a.open);
        let decided;
        (conditional, decided) = groups::decide(schema, [a, b], known, steps, shares);
        shares = shares.or(decided);
    }
    let plain =
        Shares { only_a: Some(!only_a.is_empty()), only_b: Some(!only_b.is_empty()), both: Some(false) };
    Comparison { schema: schema.clone(), only_a, only_b, shares: shares.or(plain), conditional }
}
