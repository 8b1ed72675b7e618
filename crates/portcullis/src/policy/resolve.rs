//! From a document to what it grants and denies under one schema: rules 3 to 8.
//!
//! Each statement becomes ascending, disjoint ranges of permissions. The product of actions and types
//! is never enumerated where a range will do: `"*"` on a type is one range, and an action on `"*"`
//! walks the permissions of that action only.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use portcullis_matrix::{PermissionId, Plane, RolePlanes};

use super::conditions::{self, Conditioned, Context};
use super::document::{Document, Effect, Statement};
use super::expand::{Axis, Expander, Selection};
use crate::condition::Condition;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::read::first_line;
use crate::schema::Schema;
use crate::suggest::Suggester;
use crate::text::{counted, listed, quoted};

/// What a document comes to under one schema: wildcards gone, each range with the statement it came from.
#[derive(Clone, Debug)]
pub struct Grants {
    schema: Schema,
    ranges: Vec<Range<u32>>,
    /// For each statement its effect and where its ranges end.
    statements: Vec<(Effect, u32)>,
    /// The conditions of all statements, each once.
    conditions: Vec<Arc<Condition>>,
    /// Which ranges have one, ascending, and which.
    conditional: Vec<(u32, u32)>,
}

impl Grants {
    /// The schema that the document was resolved under: the one given, or where the document names a reserved type, that one
    /// [with these](Schema::administered).
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The same under a schema that numbers alike, or that is the [administered form](Schema::administered) of this one, which only has more
    /// types behind the others; none under any other.
    pub(crate) fn under(&self, schema: &Schema) -> Option<Cow<'_, Grants>> {
        if self.schema.same_numbering(schema) {
            return Some(Cow::Borrowed(self));
        }
        let administered = self.schema.administered().ok()?;
        let widened = || Cow::Owned(Grants { schema: schema.clone(), ..self.clone() });
        administered.same_numbering(schema).then(widened)
    }

    /// The permissions that a statement covers, with conditions or without: ascending, disjoint ranges.
    #[must_use]
    pub fn of_statement(&self, index: usize) -> &[Range<u32>] {
        self.ranges.get(self.places(index)).unwrap_or(&[])
    }

    /// Where the ranges of a statement lie among all.
    fn places(&self, index: usize) -> Range<usize> {
        let end = |index: usize| self.statements.get(index).map_or(0, |&(_, end)| end as usize);
        index.checked_sub(1).map_or(0, end)..end(index)
    }

    /// The ranges of a statement, each with the condition under which the statement applies to it. Types that declare attributes
    /// differently have conditions of their own.
    pub fn parts_of_statement(
        &self,
        index: usize,
    ) -> impl Iterator<Item = (Range<u32>, Option<&Arc<Condition>>)> {
        let parts = self.numbered_parts(index);
        parts.map(|(range, number)| (range, number.and_then(|number| self.conditions.get(number as usize))))
    }

    /// The same with the number of the condition.
    pub(crate) fn numbered_parts(&self, index: usize) -> impl Iterator<Item = (Range<u32>, Option<u32>)> {
        let places = self.places(index);
        let mut at = self.conditional.partition_point(|&(place, _)| (place as usize) < places.start);
        let ranges = places.zip(self.of_statement(index));
        ranges.map(move |(place, range)| {
            let next = self.conditional.get(at).filter(|&&(conditional, _)| conditional as usize == place);
            at += usize::from(next.is_some());
            (range.clone(), next.map(|&(_, number)| number))
        })
    }

    /// The conditions of all statements, each once.
    #[must_use]
    pub fn conditions(&self) -> &[Arc<Condition>] {
        &self.conditions
    }

    /// Whether a statement covers a permission.
    #[must_use]
    pub fn covers(&self, index: usize, permission: PermissionId) -> bool {
        overlaps(self.of_statement(index), &(permission.as_u32()..permission.as_u32() + 1))
    }

    /// The condition under which a statement applies to a permission that it covers, if it has one.
    #[must_use]
    pub fn condition_of(&self, index: usize, permission: PermissionId) -> Option<&Condition> {
        let mut parts = self.parts_of_statement(index);
        let (_, condition) = parts.find(|(range, _)| range.contains(&permission.as_u32()))?;
        condition.map(|condition| &**condition)
    }

    /// The effects of the statements, in the order written.
    pub fn effects(&self) -> impl ExactSizeIterator<Item = Effect> + '_ {
        self.statements.iter().map(|&(effect, _)| effect)
    }

    /// The four planes that the document comes to: what its statements allow and deny, without conditions and under some.
    #[must_use]
    pub fn planes(&self) -> RolePlanes {
        let mut planes = RolePlanes::new(self.schema.permission_count());
        for (index, effect) in self.effects().enumerate() {
            for (range, condition) in self.parts_of_statement(index) {
                let plane: &mut Plane = match (effect, condition) {
                    (Effect::Allow, None) => planes.allow_mut(),
                    (Effect::Deny, None) => planes.deny_mut(),
                    (Effect::Allow, Some(_)) => planes.allow_if_mut(),
                    (Effect::Deny, Some(_)) => planes.deny_if_mut(),
                };
                plane.insert_range(range);
            }
        }
        planes
    }
}

/// Whether any of ascending, disjoint ranges overlaps another range.
pub(crate) fn overlaps(ranges: &[Range<u32>], wanted: &Range<u32>) -> bool {
    let at = ranges.partition_point(|range| range.end <= wanted.start);
    ranges.get(at).is_some_and(|range| range.start < wanted.end)
}

impl Document {
    /// Resolves the document against a schema. The report beside it holds warnings and notes.
    ///
    /// A document that names a reserved type, `portcullis.workspace` or `portcullis.membership`, is resolved against the schema
    /// [with these](Schema::administered), unless the schema says itself what administers: it means the same here as in a workspace.
    ///
    /// # Errors
    /// Every name that the schema does not have, every deny that would protect nothing, and conditions on what the
    /// schema does not declare.
    pub fn resolve(&self, schema: &Schema) -> Result<(Grants, Report), Report> {
        let administered = schema.administered_for([self]);
        self.resolve_exactly(administered.as_ref().unwrap_or(schema))
    }

    /// The same against this very schema, for what numbers its permissions as others do already.
    pub(crate) fn resolve_exactly(&self, schema: &Schema) -> Result<(Grants, Report), Report> {
        let (grants, report) = self.resolve_all(schema);
        report.finish(grants)
    }

    /// What the document comes to, its conditions included. Where the report has errors, the grants mean nothing.
    pub(crate) fn resolve_all(&self, schema: &Schema) -> (Grants, Report) {
        let mut report = Report::new();
        let mut grants = Grants {
            schema: schema.clone(),
            ranges: Vec::new(),
            statements: Vec::with_capacity(self.statements.len()),
            conditions: Vec::new(),
            conditional: Vec::new(),
        };
        let mut conditioned = Conditioned::default();
        let mut resolver = Resolver {
            document: self,
            expander: Expander {
                schema,
                source: self.source(),
                report: &mut report,
                suggester: Suggester::default(),
            },
        };
        for statement in self.statements() {
            let before = grants.ranges.len();
            resolver.statement(&statement, &mut grants.ranges);
            let written = self.statements.get(statement.index());
            if let Some(conditions) = written.and_then(|written| written.conditions) {
                let covered = grants.ranges.split_off(before);
                let context = Context {
                    document: self,
                    schema,
                    report: resolver.expander.report,
                    suggester: &mut resolver.expander.suggester,
                };
                for (range, number) in conditions::resolve(conditions, &covered, context, &mut conditioned) {
                    grants.conditional.push((grants.ranges.len() as u32, number));
                    grants.ranges.push(range);
                }
            }
            grants.statements.push((statement.effect(), grants.ranges.len() as u32));
        }
        grants.conditions = conditioned.conditions;
        (grants, report)
    }
}

struct Resolver<'r> {
    document: &'r Document,
    expander: Expander<'r>,
}

impl Resolver<'_> {
    fn push(&mut self, diagnostic: Diagnostic) {
        self.expander.report.push(diagnostic);
    }

    fn statement(&mut self, statement: &Statement<'_>, ranges: &mut Vec<Range<u32>>) {
        let Some(written) = self.document.statements.get(statement.index()) else { return };
        let effect = statement.effect();
        let actions = self.expander.select(Axis::Actions, statement.actions(), written.actions, effect);
        let kinds = self.expander.select(Axis::Resource, statement.resource(), written.resource, effect);
        if actions.broken || kinds.broken {
            return;
        }
        let before = ranges.len();
        let reach = match self.document.reaches_all {
            true => self.expander.schema.permission_count(),
            false => self.expander.schema.reach(),
        };
        product(self.expander.schema, reach, &actions, &kinds, ranges);
        let nothing = ranges.len() == before;
        if effect == Effect::Deny && nothing {
            if !actions.idle && !kinds.idle {
                self.protects_nothing(statement);
            }
            return;
        }
        if effect == Effect::Allow {
            self.inadmissible(statement, &actions, &kinds);
        }
        if nothing {
            let span = first_line(self.document.source(), written.span);
            let fault = Diagnostic::new(Code::GrantsNothing, "this statement grants nothing at all");
            let help =
                "no pair of its actions and resources exists in the schema; mend the names or remove it";
            self.push(fault.at(self.document.source(), span, "").help(help));
        }
    }

    fn protects_nothing(&mut self, statement: &Statement<'_>) {
        let span = first_line(self.document.source(), statement.span());
        let fault = Diagnostic::new(
            Code::ProtectsNothing,
            "this deny protects nothing: the schema admits none of its pairs",
        );
        let help = match statement.actions().iter().next() {
            Some(action) if self.expander.schema.has_action(&action) => self.applies_to(&action),
            _ => "mend the names, or remove the statement".to_owned(),
        };
        self.push(fault.at(self.document.source(), span, "").help(help));
    }

    fn applies_to(&self, action: &str) -> String {
        let schema = self.expander.schema;
        let permissions =
            schema.action_number(action).map_or(&[][..], |number| schema.permissions_of_action(number));
        let kinds = permissions.iter().filter_map(|&id| schema.type_of(PermissionId::from_u32(id)));
        format!("{} applies to {}", quoted(action), listed(kinds.map(|kind| kind.name()), 6))
    }

    /// One warning for all the pairs that are written out by name and that the schema does not admit.
    fn inadmissible(&mut self, statement: &Statement<'_>, actions: &Selection, kinds: &Selection) {
        let schema = self.expander.schema;
        let pairs = actions.explicit.len() * kinds.explicit.len();
        let admitted: usize =
            kinds.explicit.iter().map(|&kind| count_admitted(schema, &actions.explicit, kind)).sum();
        let amiss = pairs.saturating_sub(admitted);
        if amiss == 0 {
            return;
        }
        let all = kinds
            .explicit
            .iter()
            .flat_map(|&kind| actions.explicit.iter().map(move |&action| (action, kind)));
        let first: Vec<(u32, u32)> =
            all.filter(|&(action, kind)| schema.pair(action, kind).is_none()).take(3).collect();
        let words = first.iter().map(|&(action, kind)| {
            let kind = schema.types().get(kind as usize).map_or("", |kind| kind.name());
            format!("{} on {}", quoted(schema.action_name(action)), quoted(kind))
        });
        let mut words: Vec<String> = words.collect();
        if amiss > words.len() {
            words.push(format!("{} more", amiss - words.len()));
        }
        let help =
            first.first().map_or(String::new(), |&(action, _)| self.applies_to(schema.action_name(action)));
        let message =
            format!("{} named here that the schema does not admit: {}", pair_count(amiss), words.join(", "));
        let span = first_line(self.document.source(), statement.span());
        let fault = Diagnostic::new(Code::Inadmissible, message).at(
            self.document.source(),
            span,
            "in this statement",
        );
        self.push(fault.help(help));
    }
}

fn pair_count(count: usize) -> String {
    if count == 1 { "1 pair is".to_owned() } else { format!("{} are", counted(count, "pair")) }
}

/// How many of the actions a type admits, by whichever of the two is shorter.
fn count_admitted(schema: &Schema, actions: &[u32], kind: u32) -> usize {
    let Some(range) = schema.types().get(kind as usize).map(|kind| kind.permissions()) else { return 0 };
    if actions.len() <= range.len() {
        return actions.iter().filter(|&&action| schema.pair(action, kind).is_some()).count();
    }
    let admitted = range.filter_map(|id| schema.action_of(id));
    admitted.filter(|action| actions.binary_search(action).is_ok()).count()
}

/// The permissions of the selected actions on the selected types, as ascending, disjoint ranges.
fn product(schema: &Schema, reach: u32, actions: &Selection, kinds: &Selection, out: &mut Vec<Range<u32>>) {
    let start = out.len();
    let types = schema.types();
    if kinds.all && reach < schema.permission_count() && !kinds.explicit.is_empty() {
        // What no wildcard reaches may still be named beside one.
        let named = Selection { numbers: kinds.explicit.clone(), ..Selection::default() };
        product(schema, reach, actions, &named, out);
    }
    match (actions.all, kinds.all) {
        (true, true) => out.push(0..reach),
        (true, false) => {
            let selected = kinds.numbers.iter().filter_map(|&kind| types.get(kind as usize));
            out.extend(selected.map(|kind| kind.permissions()));
        }
        (false, true) => {
            for &action in &actions.numbers {
                let reached = schema.permissions_of_action(action).iter().filter(|id| **id < reach);
                out.extend(reached.map(|&id| id..id + 1));
            }
        }
        (false, false) => {
            for &kind in &kinds.numbers {
                let Some(range) = types.get(kind as usize).map(|kind| kind.permissions()) else { continue };
                if actions.numbers.len() <= range.len() {
                    let ids = actions.numbers.iter().filter_map(|&action| schema.pair(action, kind));
                    out.extend(ids.map(|id| id..id + 1));
                } else {
                    let selected = |id: &u32| {
                        schema
                            .action_of(*id)
                            .is_some_and(|action| actions.numbers.binary_search(&action).is_ok())
                    };
                    out.extend(range.filter(selected).map(|id| id..id + 1));
                }
            }
        }
    }
    merge(out, start);
}

/// Sorts the ranges from `start` on and joins those that touch.
fn merge(ranges: &mut Vec<Range<u32>>, start: usize) {
    if let Some(fresh) = ranges.get_mut(start..) {
        fresh.sort_unstable_by_key(|range| range.start);
    }
    let mut kept = start;
    for at in start..ranges.len() {
        let Some(range) = ranges.get(at).cloned() else { break };
        if range.is_empty() {
            continue;
        }
        match kept.checked_sub(1).filter(|&last| last >= start).and_then(|last| ranges.get_mut(last)) {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => {
                if let Some(slot) = ranges.get_mut(kept) {
                    *slot = range;
                }
                kept += 1;
            }
        }
    }
    ranges.truncate(kept);
}
