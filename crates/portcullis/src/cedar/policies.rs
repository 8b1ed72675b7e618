//! Statements as policies: one for each type a statement speaks of, since a type has its own actions and its own attributes.
//!
//! A `permit` stands for an allow and asks that all tests be surely true; a `forbid` stands for a deny and holds unless
//! some test is surely false. Wildcards and patterns are written out as of the schema, so that no pair is reached that
//! it does not admit. What is left out or says less stands in a comment, and in [`Statement::unsaid`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::asking::Asking;
use super::spelling::{ACTION, Expression, ROLE, TYPE, entity, joined, list, string, without_slash};
use super::{Statement, TooLong, Unsaid};
use crate::condition::{Condition, Place, Root};
use crate::policy::{Document, Effect, Grants};
use crate::schema::Schema;
use crate::text::printable;

/// Policies and texts beyond this are not made.
const MOST_POLICIES: usize = 1 << 20;
const MOST_BYTES: usize = 1 << 29;

/// What is made so far.
pub(super) struct Making {
    pub(super) statements: Vec<Statement>,
    policies: usize,
    bytes: usize,
}

/// One policy to be written.
struct Block<'a> {
    kind: u32,
    condition: Option<&'a Arc<Condition>>,
    actions: Vec<u32>,
}

impl Making {
    pub(super) fn new() -> Self {
        Making { statements: Vec::new(), policies: 0, bytes: 0 }
    }

    /// Adds the statements of one document, held as a role of this name.
    pub(super) fn role(&mut self, role: &str, document: &Document, grants: &Grants) -> Result<(), TooLong> {
        for (index, effect) in grants.effects().enumerate() {
            let span = document.statement(index).map(|statement| statement.span()).unwrap_or_default();
            let position = document.source().position(span.start);
            let place = format!("{}:{}:{}", document.source().name(), position.line, position.column);
            let mut statement = Statement {
                role: role.into(),
                index,
                effect,
                place: place.into(),
                text: String::new(),
                policies: 0,
                unsaid: Vec::new(),
            };
            for block in blocks(grants, index) {
                self.block(grants.schema(), &block, &mut statement)?;
            }
            remark(&mut statement);
            self.bytes += statement.text.len();
            self.statements.push(statement);
        }
        Ok(())
    }

    fn block(
        &mut self,
        schema: &Schema,
        block: &Block<'_>,
        statement: &mut Statement,
    ) -> Result<(), TooLong> {
        let reads_action = block.condition.is_some_and(|condition| {
            let mut references = condition.references();
            references.any(|one| one.root() == Root::Action && *one.place() == Place::Name)
        });
        let apart: Vec<&[u32]> =
            if reads_action { block.actions.chunks(1).collect() } else { vec![&block.actions] };
        for actions in apart {
            let names: Vec<&str> = actions.iter().map(|&action| schema.action_name(action)).collect();
            let action = names.first().copied().unwrap_or("");
            let (clause, unsaid) = clause(statement.effect, block.condition, action);
            for one in unsaid {
                if !statement.unsaid.contains(&one) {
                    statement.unsaid.push(one);
                }
            }
            // An allow that is never surely true is none.
            let Some(clause) = clause else { continue };
            self.policies += 1;
            if self.policies > MOST_POLICIES || self.bytes + statement.text.len() > MOST_BYTES {
                return Err(TooLong { policies: MOST_POLICIES, bytes: MOST_BYTES });
            }
            let kind = schema.types().get(block.kind as usize).map_or("", |kind| kind.name());
            let of_kind = if reads_action { joined(kind, action) } else { without_slash(kind) };
            let id = joined(&statement.role, &format!("{}/{of_kind}", statement.index));
            write(statement, &id, &names, kind, &clause);
        }
        Ok(())
    }
}

/// The ranges of a statement as types, each with its condition and its actions.
fn blocks(grants: &Grants, index: usize) -> Vec<Block<'_>> {
    let schema = grants.schema();
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut places: BTreeMap<(u32, Option<*const Condition>), usize> = BTreeMap::new();
    for (range, condition) in grants.parts_of_statement(index) {
        for kind in schema.types_of(range.clone()) {
            let of_type = schema.types().get(kind as usize).map_or(0..0, |kind| kind.permissions());
            let key = (kind, condition.map(Arc::as_ptr));
            let place = *places.entry(key).or_insert_with(|| {
                blocks.push(Block { kind, condition, actions: Vec::new() });
                blocks.len() - 1
            });
            if let Some(block) = blocks.get_mut(place) {
                let both = shared(&range, &of_type);
                block.actions.extend(both.filter_map(|permission| schema.action_of(permission)));
            }
        }
    }
    blocks
}

fn shared(one: &Range<u32>, other: &Range<u32>) -> Range<u32> {
    one.start.max(other.start)..one.end.min(other.end)
}

/// What stands behind the scope, perhaps nothing; `None` of a permit that would permit nothing.
fn clause(effect: Effect, condition: Option<&Arc<Condition>>, action: &str) -> (Option<String>, Vec<Unsaid>) {
    let Some(condition) = condition else { return (Some(String::new()), Vec::new()) };
    let yes = effect == Effect::Allow;
    let asking = Asking { yes, action, may_err: yes };
    let (mut expressions, mut unsaid) = (Vec::new(), Vec::new());
    for test in condition.tests() {
        let said = asking.test(test);
        if let Some(why) = said.lacks {
            unsaid.push(Unsaid { test: test.to_string(), why });
        }
        expressions.push(said.expression);
    }
    let clause = match effect {
        Effect::Allow => match Expression::all(expressions) {
            Expression::Never => None,
            Expression::Always => Some(String::new()),
            all => Some(format!("\nwhen {{\n{}\n}}", all.lines("  "))),
        },
        Effect::Deny => match Expression::any(expressions) {
            Expression::Never => Some(String::new()),
            Expression::Always => None,
            any => Some(format!("\nunless {{\n{}\n}}", any.lines("  "))),
        },
    };
    (clause, unsaid)
}

fn write(statement: &mut Statement, id: &str, actions: &[&str], kind: &str, clause: &str) {
    let effect = if statement.effect == Effect::Allow { "permit" } else { "forbid" };
    let action = match actions {
        [one] => format!("action == {}", entity(ACTION, one)),
        several => format!("action in {}", list(several.iter().map(|one| entity(ACTION, one)))),
    };
    let text = format!(
        "@id({})\n@source({})\n{effect} (\n  principal in {},\n  {action},\n  resource in {}\n){clause};\n\n",
        string(id),
        string(&statement.place),
        entity(ROLE, &statement.role),
        entity(TYPE, kind),
    );
    statement.text.push_str(&text);
    statement.policies += 1;
}

/// Says in a comment what the policies below it do not.
fn remark(statement: &mut Statement) {
    if statement.unsaid.is_empty() {
        return;
    }
    let mut text = format!("// {}: {}\n", printable(&statement.place), statement.shortfall());
    for unsaid in &statement.unsaid {
        text.push_str(&format!("//   {}: {}\n", printable(&unsaid.test), unsaid.why));
    }
    if statement.policies == 0 {
        text.push('\n');
    }
    statement.text.insert_str(0, &text);
}
