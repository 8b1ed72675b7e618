//! Plans: for which objects of a type a check would be allowed, before any object is looked at.
//!
//! Who lists a million rows does not ask a million questions. A plan puts the subject, the clock and
//! whatever else is known into the conditions (`settle`), simplifies what remains (`simplify`, over the cells of
//! `space`), and hands it out as a tree over the object's attributes or as SQL (`sql`, with a map of columns from
//! `columns`). It says of each object what a check says of it, exactly.
//!
//! The object is one whose properties are stored, and which is sent nothing of its own: the row *is* what is known of it. An
//! allow must be true and a deny must be false, so each clause is kept as what it does and never turned into a negation,
//! in which an unknown would change sides.

mod columns;
mod leaf;
mod settle;
mod simplify;
mod space;
mod sql;

use portcullis_matrix::Verdict;

pub use columns::Columns;
pub use leaf::{Clause, Leaf};
pub use sql::{Dialect, Parameter, Sql};

use crate::condition::{Condition, Lookup, Objects};
use crate::decision::Reason;
use crate::policy::Effect;
use crate::snapshot::{Question, Snapshot};
use settle::{Known, Settled};

/// How much one plan may come to before it is simplified: elements of all lists together.
const MOST_ELEMENTS: usize = 1 << 20;

/// For which objects of a type a question is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// For every one.
    Always,
    /// For none.
    Never,
    /// For those to which the rest of the conditions says so.
    Conditional(Residue),
}

/// What is left of conditions once everything but the object is known. An object is allowed when one of `any` is true of it and
/// every one of `none` is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residue {
    any: Vec<Clause>,
    none: Vec<Clause>,
}

impl Residue {
    /// Of these one must be true; never empty.
    #[must_use]
    pub fn any(&self) -> &[Clause] {
        &self.any
    }

    /// Each of these must be false: one that is unknown denies.
    #[must_use]
    pub fn none(&self) -> &[Clause] {
        &self.none
    }
}

/// Why there is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// There is no such permission.
    #[error("{0}")]
    NoPermission(Reason),
    /// An operand that lists attributes of the object against what is known makes too many cases.
    #[error("the conditions come to more than {MOST_ELEMENTS} tests of the object")]
    TooLarge,
}

impl Plan {
    /// The word for it: `always`, `never` or `conditional`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Plan::Always => "always",
            Plan::Never => "never",
            Plan::Conditional(_) => "conditional",
        }
    }

    /// Whether an object is among those that the plan is for.
    #[must_use]
    pub fn allows<'a>(&self, object: &impl Lookup<'a>) -> bool {
        match self {
            Plan::Always => true,
            Plan::Never => false,
            Plan::Conditional(Residue { any, none }) => {
                any.iter().any(|clause| clause.applies(Effect::Allow, object))
                    && !none.iter().any(|clause| clause.applies(Effect::Deny, object))
            }
        }
    }
}

impl Snapshot {
    /// For which objects of the question's type it is allowed: always, never, or what remains of the conditions.
    ///
    /// The subject's stored properties, what the question says of subject, action and context, and its clock are put in. What it says of
    /// an object is left out, since the answer is for whatever object is stored; an object's attribute that is
    /// declared to come from the store is one of the row like any other. Somebody who is no member, or is suspended, is
    /// allowed nothing.
    ///
    /// # Errors
    /// That there is no such permission, or that the plan would be too large.
    ///
    /// ```
    /// use portcullis::{Document, Member, Question, Schema, Source, Workspace, plan::Plan};
    ///
    /// let role = r#"{ "version": "2022-04-26", "policies": [ { "effect": "allow", "actions": "update", "resource": "sync",
    ///     "conditions": { "labels.team": { "equals": { "ref": "subject.id" } } } } ] }"#;
    /// let mut workspace = Workspace::new("acme", Schema::hightouch()?);
    /// workspace
    ///     .add_role("own_team", Document::read(&Source::new("own_team.json", role))?.0)
    ///     .add_member("marketing", Member::with_role("own_team"));
    /// let (snapshot, _) = workspace.compile()?;
    ///
    /// let plan = snapshot.plan(&Question::new("marketing", "update", "sync")).unwrap();
    /// let Plan::Conditional(residue) = plan else { panic!("{plan:?}") };
    /// assert_eq!(residue.any()[0].to_string(), r#"resource.labels.team equals "marketing""#);
    /// assert!(residue.none().is_empty());
    /// assert_eq!(snapshot.plan(&Question::new("marketing", "delete", "sync")), Ok(Plan::Never));
    /// # Ok::<(), portcullis::Report>(())
    /// ```
    pub fn plan(&self, question: &Question<'_>) -> Result<Plan, PlanError> {
        let permission = self.permission(question.action, question.resource);
        let permission = permission.map_err(PlanError::NoPermission)?.id();
        let Some(subject) = self.subject_id(question.subject) else { return Ok(Plan::Never) };
        let kind = self.member_type(question.subject);
        if question.subject_type.is_some_and(|asked| kind != Some(asked)) {
            return Ok(Plan::Never);
        }
        match self.matrix().verdict(subject, permission) {
            Verdict::Allow => return Ok(Plan::Always),
            Verdict::Deny => return Ok(Plan::Never),
            Verdict::Open => {}
        }
        let facts = self.facts(subject, &Question { object: None, object_properties: None, ..*question });
        let (mut any, mut none) = (Vec::new(), Vec::new());
        let mut weight = 0;
        for id in self.matrix().roles_of(subject) {
            let Some(role) = self.role_numbered(id.as_u32()) else { continue };
            if role.planes().allow().contains(permission) {
                any.push(Clause::default());
            }
            for (effect, condition) in role.conditional().of_permission(permission) {
                let clauses = if effect == Effect::Allow { &mut any } else { &mut none };
                remains(condition, &Known { facts: &facts, effect }, clauses, &mut weight)?;
            }
        }
        Ok(simplify::simplify(any, none))
    }
}

/// Adds what remains of a condition: nothing where it cannot apply, more than one clause where one of several tests must hold.
fn remains<'a, O: Objects<'a>>(
    condition: &Condition,
    known: &Known<'_, 'a, O>,
    clauses: &mut Vec<Clause>,
    weight: &mut usize,
) -> Result<(), PlanError> {
    let mut products: Vec<Vec<Leaf>> = vec![Vec::new()];
    for test in condition.tests() {
        match known.settle(test) {
            Settled::Holds => {}
            Settled::Fails => return Ok(()),
            Settled::All(leaves) => {
                within_bounds(&products, &leaves, 1)?;
                products.iter_mut().for_each(|product| product.extend(leaves.iter().cloned()));
            }
            Settled::Any(leaves) => {
                within_bounds(&products, &leaves, leaves.len())?;
                let each =
                    |product: &Vec<Leaf>, leaf: &Leaf| [&product[..], std::slice::from_ref(leaf)].concat();
                let all =
                    products.iter().flat_map(|product| leaves.iter().map(move |leaf| each(product, leaf)));
                products = all.collect();
            }
        }
    }
    *weight += products.iter().map(|product| heaviness(product) + 1).sum::<usize>();
    if *weight > MOST_ELEMENTS {
        return Err(PlanError::TooLarge);
    }
    clauses.extend(products.into_iter().map(Clause::new));
    Ok(())
}

fn heaviness(leaves: &[Leaf]) -> usize {
    leaves.iter().map(Leaf::weight).sum()
}

/// Whether so many copies of what there is, with these added, are few enough to be made.
fn within_bounds(products: &[Vec<Leaf>], leaves: &[Leaf], copies: usize) -> Result<(), PlanError> {
    let now: usize = products.iter().map(|product| heaviness(product) + 1).sum();
    let then = now.saturating_mul(copies).saturating_add(products.len().saturating_mul(heaviness(leaves)));
    if then > MOST_ELEMENTS { Err(PlanError::TooLarge) } else { Ok(()) }
}
