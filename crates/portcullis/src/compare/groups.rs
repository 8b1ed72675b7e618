//! Permissions that depend on the same conditions, each group decided once.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_matrix::PermissionId;

use super::side::Side;
use super::{ConditionalCells, Counterexample, KnownOf, Shares, name_of};
use crate::condition::Condition;
use crate::diff::Standing;
use crate::exact::{Answer, Clause, Reached, Sense, Setting, reach};
use crate::policy::Effect;
use crate::schema::Schema;

/// How many times the bound of one group all groups together may take.
const ALL_TOGETHER: usize = 64;

/// How a permission stands on one side, conditions by number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stands {
    Denied,
    Allowed,
    /// In order, each once; without the allows under which nothing more is allowed.
    If {
        plainly: bool,
        conditions: Vec<(Effect, usize)>,
    },
}

/// What a group has in common: how it stands on either side, and which permission it is where a condition reads that.
type Key = ([Stands; 2], Option<PermissionId>);

/// Conditions by number, those that say the same under one.
#[derive(Default)]
struct Numbers<'s> {
    all: Vec<&'s Arc<Condition>>,
    by_place: HashMap<*const Condition, usize>,
    by_value: HashMap<&'s Condition, usize>,
}

impl<'s> Numbers<'s> {
    fn number(&mut self, condition: &'s Arc<Condition>) -> usize {
        let Numbers { all, by_place, by_value } = self;
        *by_place.entry(Arc::as_ptr(condition)).or_insert_with(|| {
            *by_value.entry(condition).or_insert_with(|| {
                all.push(condition);
                all.len() - 1
            })
        })
    }
}

fn stands<'s>(side: &'s Side<'_>, permission: PermissionId, numbers: &mut Numbers<'s>) -> Stands {
    if !side.open.contains(permission) {
        return if side.granted.contains(permission) { Stands::Allowed } else { Stands::Denied };
    }
    let plainly = side.allows_plainly(permission);
    let governing = side.conditions(permission).filter(|(effect, _)| !plainly || *effect == Effect::Deny);
    let mut conditions: Vec<(Effect, usize)> =
        governing.map(|(effect, condition)| (effect, numbers.number(condition))).collect();
    conditions.sort_unstable();
    conditions.dedup();
    Stands::If { plainly, conditions }
}

/// Decides all that conditions leave open on one side at least. `plain` is what is known of the rest.
pub(super) fn decide<'s>(
    schema: &Schema,
    sides: [&Side<'_>; 2],
    known: &KnownOf<'_, 's>,
    steps: usize,
    plain: Shares,
) -> (Vec<ConditionalCells>, Shares) {
    let mut open = sides[0].open.clone();
    open.union_with(&sides[1].open);
    let mut numbers = Numbers::default();
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut groups: Vec<(Key, Vec<PermissionId>)> = Vec::new();
    for permission in open.iter() {
        let both = sides.map(|side| stands(side, permission, &mut numbers));
        let mut conditions = both.iter().flat_map(|stands| match stands {
            Stands::If { conditions, .. } => conditions.as_slice(),
            _ => &[],
        });
        let named =
            conditions.any(|(_, number)| numbers.all.get(*number).is_some_and(|one| one.reads_names()));
        let key = (both, named.then_some(permission));
        let place = *places.entry(key).or_insert_with_key(|key| {
            groups.push((key.clone(), Vec::new()));
            groups.len() - 1
        });
        groups.iter_mut().skip(place).take(1).for_each(|(_, permissions)| permissions.push(permission));
    }
    let mut decider =
        Decider { schema, conditions: &numbers.all, known, steps, left: steps.saturating_mul(ALL_TOGETHER) };
    let mut cells: Vec<ConditionalCells> = Vec::new();
    let mut shares = Shares::NONE;
    for (key, permissions) in &groups {
        let decided = decider.group(key, permissions);
        shares = shares.or(decided.shares);
        cells.push(decided);
    }
    // Whether those that are equal allow anything at all is looked at only where it makes a difference.
    let differ = shares.or(plain);
    for ((key, permissions), cells) in groups.iter().zip(&mut cells) {
        if cells.shares.both.is_none() && differ.both != Some(true) && decider.is_same(key) {
            cells.shares.both =
                decider.reached(key, permissions).and_then(|reached| said(reached.any(both_allow)));
        }
    }
    let all = cells.iter().fold(Shares::NONE, |shares, cells| shares.or(cells.shares));
    cells.sort_by(|one, other| one.permissions.cmp(&other.permissions));
    (cells, all)
}

fn allows(marks: u8, side: usize) -> bool {
    marks >> (2 * side) & 3 == 1
}

fn both_allow(marks: u8) -> bool {
    allows(marks, 0) && allows(marks, 1)
}

fn said(answer: Answer<'_>) -> Option<bool> {
    match answer {
        Answer::Yes(_) => Some(true),
        Answer::No => Some(false),
        Answer::Perhaps => None,
    }
}

struct Decider<'d, 's> {
    schema: &'d Schema,
    conditions: &'d [&'d Arc<Condition>],
    known: &'d KnownOf<'d, 's>,
    steps: usize,
    /// For all groups.
    left: usize,
}

impl Decider<'_, '_> {
    /// Whether a group stands the same on both sides, whoever asks.
    fn is_same(&self, (stands, _): &Key) -> bool {
        stands[0] == stands[1]
            && self.clauses(stands).iter().all(|clause| clause.marks > 3 && clause.marks % 5 == 0)
    }

    /// The conditions of both sides: of the first two marks are those of the first side, one for what allows and one for what denies.
    /// What says the same of both sides is one clause.
    fn clauses(&self, stands: &[Stands; 2]) -> Vec<Clause<'_>> {
        let mut clauses: Vec<(Clause<'_>, usize)> = Vec::new();
        for (side, stands) in stands.iter().enumerate() {
            let Stands::If { conditions, .. } = stands else { continue };
            for &(effect, number) in conditions {
                let Some(condition) = self.conditions.get(number) else { continue };
                let (sense, mark) = (Sense::of(effect), if effect == Effect::Deny { 2 } else { 1 });
                let shared = condition.references().all(|one| (self.known)(0, one) == (self.known)(1, one));
                let same = clauses
                    .iter_mut()
                    .find(|(clause, known)| shared && *known == number && clause.sense == sense);
                match same {
                    Some((clause, _)) => clause.marks |= mark << (2 * side),
                    None => {
                        clauses.push((Clause { condition, sense, marks: mark << (2 * side), side }, number))
                    }
                }
            }
        }
        clauses.into_iter().map(|(clause, _)| clause).collect()
    }

    /// What a group can come to; nothing where there are no steps left.
    fn reached(&mut self, (stands, _): &Key, permissions: &[PermissionId]) -> Option<Reached> {
        let permission = *permissions.first()?;
        let setting = Setting::of_permission(self.schema, permission)?;
        let setting = Setting { known: self.known, steps: self.steps.min(self.left), ..setting };
        let mut always = 0;
        for (side, stands) in stands.iter().enumerate() {
            let plainly = matches!(stands, Stands::Allowed | Stands::If { plainly: true, .. });
            always |= u8::from(plainly) << (2 * side);
        }
        let reached = reach(&self.clauses(stands), always, &setting);
        self.left = self.left.saturating_sub(reached.steps());
        Some(reached)
    }

    fn standing(&self, stands: &Stands) -> Standing {
        match stands {
            Stands::Denied => Standing::Denied,
            Stands::Allowed => Standing::Allowed,
            Stands::If { conditions, .. } => {
                let named = conditions
                    .iter()
                    .filter_map(|&(effect, number)| Some((effect, Arc::clone(self.conditions.get(number)?))));
                let mut named: Vec<_> = named.collect();
                named.sort_unstable();
                Standing::Conditional(named)
            }
        }
    }

    fn group(&mut self, key: &Key, permissions: &[PermissionId]) -> ConditionalCells {
        let mut names: Vec<_> =
            permissions.iter().filter_map(|&id| Some((name_of(self.schema, id)?, id))).collect();
        names.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let first: Vec<PermissionId> = names.first().map(|(_, id)| *id).into_iter().collect();
        let mut cells = ConditionalCells {
            permissions: names.into_iter().map(|(name, _)| name).collect(),
            a: self.standing(&key.0[0]),
            b: self.standing(&key.0[1]),
            shares: Shares { only_a: Some(false), only_b: Some(false), both: None },
            only_a: None,
            only_b: None,
        };
        if self.is_same(key) {
            return cells;
        }
        let Some(reached) = self.reached(key, &first) else { return cells };
        let only = [
            reached.any(|marks| allows(marks, 0) && !allows(marks, 1)),
            reached.any(|marks| allows(marks, 1) && !allows(marks, 0)),
        ];
        let name = cells.permissions.first();
        let [only_a, only_b] = only.map(|answer| match (answer, name) {
            (Answer::Yes(case), Some(name)) => {
                let example = |side| case.example_of(side, &name.action, &name.resource);
                Some(Counterexample { a: example(0), b: example(1) })
            }
            _ => None,
        });
        let [more, less] = only.map(said);
        cells.shares = Shares { only_a: more, only_b: less, both: said(reached.any(both_allow)) };
        (cells.only_a, cells.only_b) = (only_a, only_b);
        cells
    }
}
