//! From names as written to permissions, members and roles of one snapshot.
//!
//! Types take any name that a question may use, and patterns over the schema's own names as documents do. What would
//! be denied for its name alone is an error, since the test could not fail; so is a test that asks nothing once its names
//! are known. Whom a test is about is found in `askers`.

use std::ops::Range;
use std::sync::Arc;

use super::cells::{Expected, count, fill, settle};
use super::{Askers, Claim, Row, Suite, Test, Word};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::json::quoted_string;
use crate::pattern::Pattern;
use crate::schema::{NamedHow, Schema};
use crate::snapshot::{Role, Snapshot};
use crate::source::{Source, Span};
use crate::suggest::Suggester;
use crate::text::{listed, quoted};

/// What a test comes to under one snapshot.
#[derive(Debug)]
pub(super) enum Resolved<'s> {
    /// Of each subject this is expected.
    Subjects(Vec<Person<'s>>, Vec<Expected>),
    /// Of each role, held alone, this is expected.
    Roles(Vec<&'s Role>, Vec<Expected>),
    /// Exactly these members may do any of these permissions. The span is that of the key `who`.
    Who(Vec<Expected>, Vec<Person<'s>>, Span),
}

/// Somebody who is named in a test.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person<'s> {
    pub(super) id: &'s str,
    pub(super) at: Span,
    /// The nearest member's id, when they are no member themselves.
    pub(super) near: Option<&'s str>,
}

/// Resolves every test for the sake of what is wrong with it, and keeps none.
pub(super) fn every_test(suite: &Suite, snapshot: &Snapshot, report: &mut Report) {
    let mut resolver = Resolver::new(suite, snapshot, report);
    for test in &suite.tests {
        resolver.test(test);
    }
}

/// Ties names to a snapshot; of a suite or of a file of rules.
pub(crate) struct Resolver<'r, 's> {
    pub(crate) source: &'s Arc<Source>,
    pub(crate) snapshot: &'s Snapshot,
    pub(crate) schema: &'s Schema,
    pub(crate) report: &'r mut Report,
    pub(crate) suggester: Suggester,
}

/// What a name stands for on one axis.
pub(crate) enum Named {
    All,
    Some(Vec<u32>),
}

impl<'r, 's> Resolver<'r, 's> {
    pub(super) fn new(suite: &'s Suite, snapshot: &'s Snapshot, report: &'r mut Report) -> Self {
        Resolver::over(&suite.tied.source, snapshot, report)
    }

    /// The same for names that stand in any text.
    pub(crate) fn over(source: &'s Arc<Source>, snapshot: &'s Snapshot, report: &'r mut Report) -> Self {
        Resolver { source, snapshot, schema: snapshot.schema(), report, suggester: Suggester::default() }
    }

    /// Resolves one test; `None` when something in it is an error.
    pub(super) fn test(&mut self, test: &'s Test) -> Option<Resolved<'s>> {
        let resolved = self.claim(&test.claim)?;
        let about = match &resolved {
            Resolved::Subjects(_, expected) | Resolved::Roles(_, expected) => expected,
            Resolved::Who(asked, listed, _) if !listed.is_empty() || self.snapshot.member_count() > 0 => {
                asked
            }
            Resolved::Who(..) => {
                self.nothing(test, "has no members, and `who` lists nobody");
                return None;
            }
        };
        if count(about) == 0 {
            self.nothing(test, "has a schema that admits none of these actions");
            return None;
        }
        Some(resolved)
    }

    fn claim(&mut self, claim: &'s Claim) -> Option<Resolved<'s>> {
        match claim {
            Claim::Cells { askers, may, may_not } => {
                let mut written = Vec::new();
                let may_holds = self.rows(may, true, &mut written);
                let may_not_holds = self.rows(may_not, false, &mut written);
                let expected = if may_holds && may_not_holds { self.settled(written) } else { None };
                if may.is_empty() {
                    self.suspended(askers);
                }
                self.askers(askers, expected)
            }
            Claim::Grid { askers, rows, span } => {
                let mut written = Vec::new();
                let whole = self.rows(rows, true, &mut written);
                let listed = if whole { self.settled(written) } else { None };
                let count = self.schema.permission_count();
                self.askers(askers, listed.map(|listed| fill(listed, count, *span)))
            }
            Claim::Who { actions, kinds, members, span } => {
                let mut written = Vec::new();
                let mut whole = true;
                for kind in kinds {
                    whole &= self.row(kind, actions, true, &mut written);
                }
                let members = self.people(members, "`who` lists members");
                let asked = if whole { self.settled(written) } else { None };
                Some(Resolved::Who(asked?, members?, *span))
            }
        }
    }

    fn askers(&mut self, askers: &'s Askers, expected: Option<Vec<Expected>>) -> Option<Resolved<'s>> {
        match askers {
            Askers::Subjects(words) => {
                let people = self.people(words, "`subject` names members");
                Some(Resolved::Subjects(people?, expected?))
            }
            Askers::Roles(words) => {
                let roles: Vec<&Role> = words.iter().filter_map(|word| self.role(word)).collect();
                (roles.len() == words.len()).then_some(Resolved::Roles(roles, expected?))
            }
        }
    }

    pub(crate) fn fault(&self, code: Code, span: Span, message: String, label: &str) -> Diagnostic {
        Diagnostic::new(code, message).at(self.source, span, label)
    }

    /// Whatever the roles say, this test passes.
    fn nothing(&mut self, test: &Test, why: &str) {
        let workspace = quoted(self.snapshot.workspace());
        let message = format!("this test asks nothing: {workspace} {why}");
        let fault = self.fault(Code::NothingTested, test.name.span, message, "nothing is asked here");
        self.report.push(fault.help("a test that asks nothing cannot fail; is it the right workspace?"));
    }

    fn settled(&mut self, written: Vec<Expected>) -> Option<Vec<Expected>> {
        match settle(written) {
            Ok(expected) => Some(expected),
            Err(found) => {
                let id = portcullis_matrix::PermissionId::from_u32(found.permission);
                let (action, kind) = self.schema.names_of(id).unwrap_or_default();
                let message =
                    format!("{} on {} is both in `may` and in `may_not`", quoted(action), quoted(kind));
                let fault = self.fault(Code::Contradiction, found.again, message, "the opposite is here");
                let fault = fault.also(self.source, found.first, "one is here");
                self.report.push(fault.help("no workspace can pass this: take it out of one of the two"));
                None
            }
        }
    }

    fn rows(&mut self, rows: &[Row], allowed: bool, out: &mut Vec<Expected>) -> bool {
        let mut whole = true;
        for row in rows {
            whole &= self.row(&row.kind, &row.actions, allowed, out);
        }
        whole
    }

    /// Adds the permissions of some actions on what one name for types stands for. False when a name is wrong.
    fn row(&mut self, kind: &Word, actions: &[Word], allowed: bool, out: &mut Vec<Expected>) -> bool {
        let kinds = self.kinds(kind);
        let mut whole = kinds.is_some();
        for action in actions {
            let numbers = self.actions(action);
            let (Some(kinds), Some(numbers)) = (&kinds, &numbers) else {
                whole = false;
                continue;
            };
            let before = out.len();
            let ranges = product(self.schema, kinds, numbers);
            out.extend(ranges.map(|permissions| Expected { permissions, allowed, at: action.span }));
            if out.len() == before {
                self.never_admitted(action, kind);
                whole = false;
            }
        }
        whole
    }

    /// The types that a name stands for; nothing, and said so, for a name that means none.
    pub(crate) fn kinds(&mut self, word: &Word) -> Option<Named> {
        if &*word.text == "*" {
            return Some(Named::All);
        }
        if let Some(pattern) = Pattern::of(&word.text) {
            return self.matched(pattern.expand(self.schema.sorted_types()), word, "resource type");
        }
        let Some(named) = self.schema.named(&word.text) else {
            let near = self.suggester.nearest(&word.text, self.schema.resource_names());
            let types = self.schema.types().iter().map(|kind| kind.name());
            self.unknown(Code::UnknownResource, "resource type", word, near, listed(types, 12));
            return None;
        };
        if named.how == NamedHow::Alias
            && let Some(kind) = self.schema.types().get(named.kind as usize)
        {
            let own = quoted(kind.name());
            let message = format!("{} is an alias of {own}", quoted(&word.text));
            let fault = self.fault(Code::Alias, word.span, message, "").help(format!("write {own}"));
            self.report.push(fault.replace(self.source, word.span, quoted_string(kind.name())));
        }
        Some(Named::Some(vec![named.kind]))
    }

    /// The same of actions.
    pub(crate) fn actions(&mut self, word: &Word) -> Option<Named> {
        if &*word.text == "*" {
            return Some(Named::All);
        }
        if let Some(pattern) = Pattern::of(&word.text) {
            return self.matched(pattern.expand(self.schema.sorted_actions()), word, "action");
        }
        let number = self.schema.action_number(&word.text);
        if number.is_none() {
            let near = self.suggester.nearest(&word.text, self.schema.actions());
            self.unknown(Code::UnknownAction, "action", word, near, listed(self.schema.actions(), 12));
        }
        number.map(|number| Named::Some(vec![number]))
    }

    fn matched(&mut self, found: Vec<u32>, word: &Word, what: &str) -> Option<Named> {
        if found.is_empty() {
            let message = format!("the pattern {} matches no {what}", quoted(&word.text));
            let fault = self.fault(Code::NoMatch, word.span, message, "matches nothing").as_error();
            let help = "patterns match the schema's own names, not aliases; what asks nothing cannot fail";
            self.report.push(fault.help(help));
            return None;
        }
        Some(Named::Some(found))
    }

    fn unknown(&mut self, code: Code, what: &str, word: &Word, near: Option<&str>, known: String) {
        let message =
            format!("the schema {} has no {what} {}", quoted(self.schema.name()), quoted(&word.text));
        let fault = self.fault(code, word.span, message, "unknown");
        self.report.push(match near {
            Some(near) => fault.meant(near),
            None => fault.help(format!("the {what}s are {known}")),
        });
    }

    /// The schema admits none of the pairs that two names make.
    fn never_admitted(&mut self, action: &Word, kind: &Word) {
        let message = format!("the schema does not admit {} on {}", quoted(&action.text), quoted(&kind.text));
        let fault = self.fault(Code::NeverAdmitted, action.span, message, "this action");
        let fault =
            if kind.span < action.span { fault.also(self.source, kind.span, "on this") } else { fault };
        let applies = self.schema.action_number(&action.text).map(|number| {
            let ids = self.schema.permissions_of_action(number).iter();
            let types =
                ids.filter_map(|&id| self.schema.type_of(portcullis_matrix::PermissionId::from_u32(id)));
            format!("{} applies to {}", quoted(&action.text), listed(types.map(|kind| kind.name()), 12))
        });
        let admits = self.schema.resource_type(&kind.text).map(|found| {
            format!("{} admits {}", quoted(&kind.text), listed(self.schema.actions_of(found), 12))
        });
        let known: Vec<String> = applies.into_iter().chain(admits).collect();
        let help = "nobody is ever allowed that, whatever the roles say";
        let help = if known.is_empty() { help.to_owned() } else { format!("{help}: {}", known.join(", ")) };
        self.report.push(fault.help(help));
    }
}

/// The permissions of some actions on some types, as ranges in no order.
fn product<'a>(
    schema: &'a Schema,
    kinds: &'a Named,
    actions: &'a Named,
) -> Box<dyn Iterator<Item = Range<u32>> + 'a> {
    match (kinds, actions) {
        (Named::All, Named::All) => Box::new(std::iter::once(0..schema.permission_count())),
        (Named::Some(kinds), Named::All) => {
            let types = kinds.iter().filter_map(|&kind| schema.types().get(kind as usize));
            Box::new(types.map(|kind| kind.permissions()))
        }
        (Named::All, Named::Some(actions)) => {
            let ids = actions.iter().flat_map(|&action| schema.permissions_of_action(action));
            Box::new(ids.map(|&id| id..id + 1))
        }
        (Named::Some(kinds), Named::Some(actions)) => {
            let pairs = kinds.iter().flat_map(move |&kind| actions.iter().map(move |&action| (action, kind)));
            Box::new(pairs.filter_map(|(action, kind)| schema.pair(action, kind)).map(|id| id..id + 1))
        }
    }
}
