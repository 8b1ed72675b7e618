//! Whether what roles say ever differs in some way, whatever a request says.
//!
//! Planes, ranges and the tests of conditions settle nearly all roles. Where that leaves it open, what their conditions come to
//! together is looked at ([`reach`]), permission by permission, those that stand alike once. That is exact; where there is too much to look at,
//! roles count as different.

use std::collections::HashSet;

use portcullis_matrix::{PermissionId, Plane};

use crate::condition::Condition;
use crate::exact::{Clause, Sense, Setting, reach};
use crate::policy::Effect;
use crate::schema::Schema;
use crate::snapshot::Role;

/// How much is tried for one permission, and for all.
const STEPS: usize = 1 << 14;
const ALL_STEPS: usize = 1 << 24;

/// What one and what other roles say of a permission in some case: whether any of them allows it, whether any denies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) allowed: [bool; 2],
    pub(super) denied: [bool; 2],
}

impl Said {
    fn of(marks: u8) -> Said {
        let of_both = |mark: u8| [marks & mark != 0, marks & mark << 2 != 0];
        Said { allowed: of_both(ALLOWS), denied: of_both(DENIES) }
    }

    /// What each side grants.
    pub(super) fn granted(self) -> [bool; 2] {
        let ([allowed, allows], [denied, denies]) = (self.allowed, self.denied);
        [allowed && !denied, allows && !denies]
    }
}

const ALLOWS: u8 = 1;
const DENIES: u8 = 2;

/// A condition by its number in the workspace, what it decides, and the marks that it sets.
type Governs = (u32, Effect, u8);

/// How a permission stands: the marks that are set in any case, the conditions that may set more, and which permission it is where one
/// of them reads that.
type Stands = (u8, Vec<Governs>, Option<PermissionId>);

/// Looks for differences, as long as there are steps left.
#[derive(Debug)]
pub(super) struct Differ<'s> {
    schema: &'s Schema,
    left: usize,
}

impl<'s> Differ<'s> {
    pub(super) fn new(schema: &'s Schema) -> Self {
        Differ { schema, left: ALL_STEPS }
    }

    /// Whether one role says nothing that another does not: who holds the other gains and loses nothing by the one, and has all that it
    /// grants.
    pub(super) fn is_within(&mut self, one: &Role, other: &Role) -> bool {
        self.never([&[one], &[other]], |said| {
            let ([denies, is_denied], [grants, is_granted]) = (said.denied, said.granted());
            denies && !is_denied || grants && !is_granted
        })
    }

    /// Whether roles add nothing to others, for whoever holds those.
    pub(super) fn add_nothing(&mut self, extra: &[&Role], without: &[&Role]) -> bool {
        self.never([without, extra], |said| {
            let (allowed, denied) = (said.allowed != [false; 2], said.denied != [false; 2]);
            let [before, _] = said.granted();
            before != (allowed && !denied)
        })
    }

    /// Whether no request brings something about at any permission; false as well where that was not found out.
    fn never(&mut self, sides: [&[&Role]; 2], wanted: impl Fn(Said) -> bool) -> bool {
        if self.left == 0 || sides.iter().all(|roles| roles.iter().all(|role| role.conditional().is_empty()))
        {
            return false;
        }
        let mut spoken = Plane::empty(self.schema.permission_count());
        for planes in sides.iter().flat_map(|roles| roles.iter()).map(|role| role.planes()) {
            let all = [planes.allow(), planes.deny(), planes.allow_if(), planes.deny_if()];
            all.into_iter().for_each(|plane| spoken.union_with(plane));
        }
        let roles = sides[0].len() + sides[1].len();
        self.left = self.left.saturating_sub(spoken.count() as usize * roles);
        let mut seen: HashSet<Stands> = HashSet::new();
        for permission in spoken.iter() {
            let (stands, clauses) = stand(&sides, permission);
            let always = stands.0;
            if !seen.insert(stands) {
                continue;
            }
            if clauses.is_empty() {
                if wanted(Said::of(always)) {
                    return false;
                }
                continue;
            }
            let Some(setting) = Setting::of_permission(self.schema, permission) else { return false };
            let setting = Setting { steps: STEPS.min(self.left), ..setting };
            let reached = reach(&clauses, always, &setting);
            self.left = self.left.saturating_sub(reached.steps().max(1));
            if !reached.any(|marks| wanted(Said::of(marks))).is_no() {
                return false;
            }
        }
        true
    }
}

/// How a permission stands with the roles of two sides, and its conditions ready to be looked at.
fn stand<'r>(sides: &[&[&'r Role]; 2], permission: PermissionId) -> (Stands, Vec<Clause<'r>>) {
    let mut always = 0;
    let mut governing: Vec<(Governs, &Condition)> = Vec::new();
    for (side, roles) in sides.iter().enumerate() {
        for role in *roles {
            let plain = [(role.planes().allow(), ALLOWS), (role.planes().deny(), DENIES)];
            let plain = plain.into_iter().filter(|(plane, _)| plane.contains(permission));
            always |= plain.fold(0, |marks, (_, mark)| marks | mark << (2 * side));
            for (effect, number, condition) in role.conditional().governing(permission) {
                let mark = if effect == Effect::Deny { DENIES } else { ALLOWS };
                governing.push(((number, effect, mark << (2 * side)), condition));
            }
        }
    }
    // What is said in any case is not said more by a condition.
    governing.retain(|((.., marks), _)| always & marks == 0);
    governing.sort_unstable_by_key(|(governs, _)| *governs);
    governing.dedup_by(|((number, effect, more), _), ((kept, known, marks), _)| {
        let same = (&number, &effect) == (&kept, &known);
        *marks |= if same { *more } else { 0 };
        same
    });
    let named = governing.iter().any(|(_, condition)| condition.reads_names());
    let clause = |((_, effect, marks), condition): &(Governs, &'r Condition)| Clause {
        condition,
        sense: Sense::of(*effect),
        marks: *marks,
        side: 0,
    };
    let clauses = governing.iter().map(clause).collect();
    let governs = governing.into_iter().map(|(governs, _)| governs).collect();
    ((always, governs, named.then_some(permission)), clauses)
}
