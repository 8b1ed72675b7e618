//! One list of names against a schema: wildcards, patterns, aliases, typing slips.
//!
//! The two axes of a statement go through the same steps and differ only in what they look names up
//! in. What comes out is a set of numbers, and apart from it the names that were written out plainly,
//! since only those can name a pair that the schema does not admit.

use super::document::{Effect, NameList, Names};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::json::quoted_string;
use crate::pattern::Pattern;
use crate::schema::{NamedHow, Schema};
use crate::source::{Source, Span};
use crate::suggest::Suggester;
use crate::text::{listed, quoted};
use std::sync::Arc;

/// What one list selects.
#[derive(Default)]
pub(super) struct Selection {
    /// Everything: the list holds `"*"`.
    pub(super) all: bool,
    /// The selected numbers, ascending, each once.
    pub(super) numbers: Vec<u32>,
    /// Those of them that were written out by name, ascending, each once.
    pub(super) explicit: Vec<u32>,
    /// Whether a name could not be resolved, so that the rest means nothing.
    pub(super) broken: bool,
    /// Whether the list of a deny holds no name at all, or a pattern without a match: said already, and enough.
    pub(super) idle: bool,
}

/// One of the two axes of a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Actions,
    Resource,
}

impl Axis {
    fn key(self) -> &'static str {
        if self == Axis::Actions { "actions" } else { "resource" }
    }
}

/// Resolves lists of names, saying what is wrong with them.
pub(super) struct Expander<'r> {
    pub(super) schema: &'r Schema,
    pub(super) source: &'r Arc<Source>,
    pub(super) report: &'r mut Report,
    pub(super) suggester: Suggester,
}

impl Expander<'_> {
    fn fault(&self, code: Code, span: Span, message: String, label: &str) -> Diagnostic {
        Diagnostic::new(code, message).at(self.source, span, label)
    }

    /// Resolves one list.
    pub(super) fn select(
        &mut self,
        axis: Axis,
        names: NameList<'_>,
        written: Names,
        effect: Effect,
    ) -> Selection {
        let Names { span, whole, .. } = written;
        let mut selection = Selection { idle: names.is_empty(), broken: !whole, ..Selection::default() };
        if names.is_empty() && whole {
            self.emptiness(axis, span, effect);
        }
        for (name, span) in names.spans() {
            if name == "*" {
                selection.all = true;
            } else if let Some(pattern) = Pattern::of(&name) {
                let sorted = match axis {
                    Axis::Actions => self.schema.sorted_actions(),
                    Axis::Resource => self.schema.sorted_types(),
                };
                let found = pattern.expand(sorted);
                if found.is_empty() {
                    self.no_match(axis, &name, span, effect);
                    selection.idle |= effect == Effect::Deny;
                }
                selection.numbers.extend(found);
            } else {
                match self.number(axis, &name, span) {
                    Some(number) => selection.explicit.push(number),
                    None => selection.broken = true,
                }
            }
        }
        selection.explicit.sort_unstable();
        selection.explicit.dedup();
        selection.numbers.extend_from_slice(&selection.explicit);
        selection.numbers.sort_unstable();
        selection.numbers.dedup();
        selection
    }

    fn number(&mut self, axis: Axis, name: &str, span: Span) -> Option<u32> {
        match axis {
            Axis::Actions => {
                let number = self.schema.action_number(name);
                if number.is_none() {
                    self.unknown_action(name, span);
                }
                number
            }
            Axis::Resource => self.resource(name, span),
        }
    }

    fn resource(&mut self, name: &str, span: Span) -> Option<u32> {
        let Some(named) = self.schema.named(name) else {
            self.unknown_resource(name, span);
            return None;
        };
        let kind = self.schema.types().get(named.kind as usize)?;
        let own = kind.name();
        match named.how {
            NamedHow::Own => {
                if kind.is_reserved() {
                    let message = format!("the type {} is reserved: nothing asks about it yet", quoted(own));
                    let fault = self.fault(Code::ReservedType, span, message, "");
                    self.report.push(fault.help("it compiles and decides like any other type"));
                }
                Some(named.kind)
            }
            NamedHow::Alias => {
                let message = format!("{} is an alias of {}", quoted(name), quoted(own));
                let fault = self.fault(Code::Alias, span, message, "");
                let help = format!("write {}", quoted(own));
                self.report.push(fault.help(help).replace(self.source, span, quoted_string(own)));
                Some(named.kind)
            }
            NamedHow::Covered => {
                let message = format!("{} is not a type of its own: {} covers it", quoted(name), quoted(own));
                let fault = self.fault(Code::CoveredName, span, message, "covered by another type");
                let covers = listed(kind.covers(), 8);
                let own = quoted(own);
                let help = format!(
                    "naming it would mean all of {own}, which covers {covers}; write {own} if that is meant"
                );
                self.report.push(fault.help(help));
                None
            }
        }
    }

    fn unknown_action(&mut self, name: &str, span: Span) {
        let message = format!("the schema {} has no action {}", quoted(self.schema.name()), quoted(name));
        let near = self.suggester.nearest(name, self.schema.actions()).map(str::to_owned);
        let misplaced = self
            .schema
            .named(name)
            .is_some()
            .then_some("it is a resource type: did it mean to stand in `resource`?");
        self.unknown(Code::UnknownAction, span, message, near, misplaced, "actions");
    }

    fn unknown_resource(&mut self, name: &str, span: Span) {
        let message =
            format!("the schema {} has no resource type {}", quoted(self.schema.name()), quoted(name));
        let near = self.suggester.nearest(name, self.schema.resource_names());
        let near = near.and_then(|near| self.schema.resource_type(near)).map(|kind| kind.name().to_owned());
        let misplaced =
            self.schema.has_action(name).then_some("it is an action: did it mean to stand in `actions`?");
        self.unknown(Code::UnknownResource, span, message, near, misplaced, "resource types");
    }

    fn unknown(
        &mut self,
        code: Code,
        span: Span,
        message: String,
        near: Option<String>,
        misplaced: Option<&str>,
        what: &str,
    ) {
        let mut fault = self.fault(code, span, message, "unknown");
        fault = match (misplaced, near) {
            (Some(misplaced), _) => fault.help(misplaced),
            (None, Some(near)) => fault.meant(&near),
            (None, None) if what == "actions" => {
                fault.help(format!("the actions are {}", listed(self.schema.actions(), 12)))
            }
            (None, None) => {
                let names = self.schema.types().iter().map(|kind| kind.name());
                fault.help(format!("the resource types are {}", listed(names, 12)))
            }
        };
        self.report.push(fault);
    }

    fn emptiness(&mut self, axis: Axis, span: Span, effect: Effect) {
        let key = axis.key();
        let fault = if effect == Effect::Allow {
            let message = format!("`{key}` is an empty list, which selects nothing");
            self.fault(Code::EmptyList, span, message, "no names")
        } else {
            let message = format!("`{key}` is an empty list, so this deny protects nothing");
            self.fault(Code::EmptyList, span, message, "no names").as_error()
        };
        self.report.push(fault.help("name what is meant, write \"*\" for all, or remove the statement"));
    }

    fn no_match(&mut self, axis: Axis, name: &str, span: Span, effect: Effect) {
        let what = if axis == Axis::Actions { "action" } else { "resource type" };
        let message = format!("the pattern {} matches no {what}", quoted(name));
        let mut fault = self.fault(Code::NoMatch, span, message, "matches nothing");
        if effect == Effect::Deny {
            fault = fault
                .as_error()
                .help("a deny that matches nothing would protect nothing: mend the pattern or remove it");
        } else {
            let help = "patterns match the schema's own names, not aliases; case matters; `*` is any run of characters";
            fault = fault.help(help);
        }
        self.report.push(fault);
    }
}
