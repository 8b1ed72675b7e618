//! Checks against what a schema declares: attributes that it does not, and operands that do not suit those that it does.
//!
//! A type, or the subjects, that declare some attributes may be asked about those alone; where none
//! are declared, anything goes. Each fault is told once a statement, with all the types that it is about,
//! and not once for each of two hundred types.

use std::collections::BTreeSet;

use super::resolve::declared;
use super::{Document, OperandKind, WrittenOperand, WrittenTest};
use crate::condition::{Number, Operator, Reference, Root};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::json::{self, quoted_string};
use crate::policy::document::Name;
use crate::schema::{AttributeType, Attributes, Declared, ResourceType, Schema};
use crate::source::Span;
use crate::suggest::Suggester;
use crate::text::{grouped, listed, quoted};

/// A reference where it stands.
struct Mention<'s> {
    name: Name,
    reference: Reference,
    path: String,
    /// The first types of the statement that declare attributes, but not this one; and how many there are. None of subjects.
    undeclared: Vec<&'s ResourceType>,
    undeclared_count: usize,
    /// Whether the subjects declare attributes, but not this one.
    unknown_of_subjects: bool,
}

/// The references of a statement that a schema may declare something of.
pub(super) struct Mentions<'s> {
    document: &'s Document,
    schema: &'s Schema,
    tests: &'s [WrittenTest],
    all: Vec<Mention<'s>>,
    faults: Vec<Diagnostic>,
    /// Places and messages of those faults.
    told: BTreeSet<(Span, String)>,
    last: Option<u32>,
}

impl<'s> Mentions<'s> {
    pub(super) fn of(document: &'s Document, schema: &'s Schema, tests: &'s [WrittenTest]) -> Self {
        let mut all = Vec::new();
        if !schema.subject_attributes().is_empty() || schema.declaring().next().is_some() {
            for test in tests {
                let operands =
                    document.elements_of(&test.operand).iter().filter_map(|operand| match operand.kind {
                        OperandKind::Reference(name) => Some(name),
                        _ => None,
                    });
                for name in std::iter::once(test.reference).chain(operands) {
                    let Some(reference) = document.reference_at(name) else { continue };
                    let declarable = matches!(reference.root(), Root::Subject | Root::Resource);
                    let Some(path) = reference.path().filter(|_| declarable) else { continue };
                    all.push(Mention {
                        name,
                        reference,
                        path,
                        undeclared: Vec::new(),
                        undeclared_count: 0,
                        unknown_of_subjects: false,
                    });
                }
            }
        }
        Mentions { document, schema, tests, all, faults: Vec::new(), told: BTreeSet::new(), last: None }
    }

    /// What a type declares of the attributes that are mentioned.
    pub(super) fn signature(&self, kind: Option<&ResourceType>) -> Vec<Option<Declared>> {
        let resource = self.all.iter().filter(|mention| mention.reference.root() == Root::Resource);
        resource.map(|mention| kind?.attributes().of(&mention.path)).collect()
    }

    /// Looks for attributes that the subjects do not declare.
    pub(super) fn subject(&mut self) {
        let known = self.schema.subject_attributes();
        for mention in self.all.iter_mut().filter(|mention| mention.reference.root() == Root::Subject) {
            mention.unknown_of_subjects = lacks(known, &mention.path);
        }
    }

    /// Looks for attributes that a type of the statement does not declare. Types come in order, each perhaps several times.
    pub(super) fn ask(&mut self, kind: &'s ResourceType) {
        if self.last.replace(kind.permissions().start) == Some(kind.permissions().start) {
            return;
        }
        for mention in self.all.iter_mut().filter(|mention| mention.reference.root() == Root::Resource) {
            if lacks(kind.attributes(), &mention.path) {
                mention.undeclared_count += 1;
                if mention.undeclared.len() < SHOWN {
                    mention.undeclared.push(kind);
                }
            }
        }
    }

    /// Looks for operators and operands that do not suit what is declared when a type is asked about.
    pub(super) fn judge(&mut self, kind: Option<&ResourceType>) {
        if self.all.is_empty() {
            return;
        }
        let (document, schema) = (self.document, self.schema);
        let kind_of = |name: Name| {
            let reference = document.reference_at(name)?;
            declared(schema, kind, &reference).and_then(|declared| declared.kind)
        };
        for test in self.tests {
            let name = shown(document, test.reference);
            let of = kind_of(test.reference);
            if let Some((message, help)) = of.and_then(|of| operator_fault(test.operator, &name, of)) {
                self.fault(test.operator_span, message, Some(help.to_owned()), None);
                continue;
            }
            for operand in document.elements_of(&test.operand) {
                let named =
                    if let OperandKind::Reference(name) = operand.kind { kind_of(name) } else { None };
                if let Some(fault) = operand_fault(document, test, of, operand, named) {
                    self.fault(operand.span, fault.message, fault.help, fault.mend);
                }
            }
        }
    }

    fn fault(&mut self, span: Span, message: String, help: Option<String>, mend: Option<String>) {
        if !self.told.insert((span, message.clone())) {
            return;
        }
        let source = self.document.source();
        let mut fault = Diagnostic::new(Code::OperandOfOtherType, message).at(source, span, "");
        fault.help = help;
        if let Some(mend) = mend {
            fault = fault.replace(source, span, mend);
        }
        self.faults.push(fault);
    }

    /// Reports what was found.
    pub(super) fn tell(self, report: &mut Report, suggester: &mut Suggester) {
        let Mentions { document, schema, all, faults, .. } = self;
        for mention in all {
            let mut known: Vec<&Attributes> =
                mention.undeclared.iter().map(|kind| kind.attributes()).collect();
            let names = mention.undeclared.iter().map(|kind| quoted(kind.name()));
            let mut names: Vec<String> = names.collect();
            let more = mention.undeclared_count - names.len();
            let who = match names.pop() {
                None if mention.unknown_of_subjects => {
                    known.push(schema.subject_attributes());
                    "the schema's subjects declare".to_owned()
                }
                None => continue,
                Some(only) if names.is_empty() => format!("the type {only} declares"),
                Some(last) if more == 0 => format!("the types {} and {last} declare", names.join(", ")),
                Some(last) => {
                    format!("the types {}, {last} and {} more declare", names.join(", "), grouped(more))
                }
            };
            report.push(undeclared(document, &mention, &who, &known, suggester));
        }
        faults.into_iter().for_each(|fault| report.push(fault));
    }
}

/// How many types a message names.
const SHOWN: usize = 4;

/// Whether attributes are declared, and neither this one nor an object around it.
fn lacks(known: &Attributes, path: &str) -> bool {
    !known.is_empty() && known.get(path).is_none() && !known.is_below_object(path)
}

fn shown(document: &Document, name: Name) -> String {
    quoted(&json::decode(document.source().slice(name.span), name.escaped))
}

fn undeclared(
    document: &Document,
    mention: &Mention<'_>,
    who: &str,
    known: &[&Attributes],
    suggester: &mut Suggester,
) -> Diagnostic {
    let span = mention.name.span;
    let message = format!("{who} no attribute {}", quoted(&mention.path));
    let fault =
        Diagnostic::new(Code::UndeclaredAttribute, message).at(document.source(), span, "not declared");
    let paths = || known.iter().flat_map(|attributes| attributes.iter().map(|(path, _)| path));
    match suggester.nearest(&mention.path, paths()) {
        Some(near) => {
            let written = json::decode(document.source().slice(span), mention.name.escaped);
            let prefix = written.strip_suffix(&mention.path).unwrap_or("");
            fault.meant(&format!("{prefix}{near}"))
        }
        None => {
            let first = known.iter().take(1).flat_map(|attributes| attributes.iter().map(|(path, _)| path));
            fault.help(format!("declared are {}", listed(first, 8)))
        }
    }
}

/// Why an operator cannot be used on an attribute of a declared type, whatever the operand; and what to do.
fn operator_fault(operator: Operator, name: &str, of: AttributeType) -> Option<(String, &'static str)> {
    use AttributeType::{Boolean, List, Number, Object, String, Time};
    let (does, help) = match (operator, of) {
        (Operator::Exists, _) | (_, Number | Time) => return None,
        (Operator::GreaterThan | Operator::LessThan, String | Boolean | List | Object) => {
            ("orders numbers and times", "declare it `number` or `time` if that is what its values are")
        }
        (Operator::Equals | Operator::In | Operator::NotIn, String | Boolean) => return None,
        (Operator::In | Operator::NotIn, List) => (
            "asks whether the one value is in a list",
            "turn it around to ask whether the list has a value: `{\"subject.team\": {\"in\": {\"ref\": \"tags\"}}}`",
        ),
        (Operator::Equals, List) => (
            "compares single values",
            "`in` with a `ref` asks whether a list has a value: `{\"subject.team\": {\"in\": {\"ref\": \"tags\"}}}`",
        ),
        (Operator::Equals | Operator::In | Operator::NotIn, Object) => {
            ("compares single values", "name an attribute inside of it, or ask whether it `exists`")
        }
    };
    Some((format!("`{operator}` {does}, and {name} is declared {}", of.with_article()), help))
}

struct OperandFault {
    message: String,
    help: Option<String>,
    mend: Option<String>,
}

/// Why an operand, or an element of a list, cannot be compared with an attribute declared `of`, itself declared `named`.
fn operand_fault(
    document: &Document,
    test: &WrittenTest,
    of: Option<AttributeType>,
    operand: &WrittenOperand,
    named: Option<AttributeType>,
) -> Option<OperandFault> {
    use AttributeType::{Boolean, List, Number as Numeric, Object, String as Text, Time};
    let raw = document.source().slice(operand.span);
    let is_list = matches!(test.operand.kind, OperandKind::List { .. });
    let listed_by_ref = matches!(test.operator, Operator::In | Operator::NotIn) && !is_list;
    let ordered = matches!(test.operator, Operator::GreaterThan | Operator::LessThan);
    let (found, fits) = match operand.kind {
        OperandKind::Text { .. } => ("a string", of.is_none_or(|of| matches!(of, Text | Time))),
        OperandKind::Number => ("a number", of.is_none_or(|of| of == Numeric)),
        OperandKind::Boolean(_) => {
            ("a boolean", test.operator == Operator::Exists || of.is_none_or(|of| of == Boolean))
        }
        OperandKind::List { .. } => return None,
        OperandKind::Reference(name) => {
            let named = named?;
            let wanted = if listed_by_ref {
                (named != List).then(|| format!("`{}` takes a list", test.operator))
            } else if ordered && !matches!(named, Numeric | Time) {
                Some(format!("`{}` orders numbers and times", test.operator))
            } else if matches!(named, List | Object) {
                Some(format!("`{}` compares single values", test.operator))
            } else {
                let other = of.filter(|&of| of != named);
                other.map(|of| {
                    format!("{} is declared {}", shown(document, test.reference), of.with_article())
                })
            }?;
            let message =
                format!("{wanted}, and {} is declared {}", shown(document, name), named.with_article());
            let help =
                "the two could never be compared: name an attribute of the same type, or mend the schema";
            return Some(OperandFault { message, help: Some(help.to_owned()), mend: None });
        }
    };
    if fits {
        return None;
    }
    let of = of?;
    let inside = json::between_quotes(raw);
    let mend = match (operand.kind, of) {
        (OperandKind::Number, Text) => Some(quoted_string(raw)),
        (OperandKind::Text { escaped: false }, Numeric) => Number::parse(inside).map(|_| inside.to_owned()),
        (OperandKind::Text { .. }, Boolean) if matches!(inside, "true" | "false") => Some(inside.to_owned()),
        _ => None,
    };
    let message =
        format!("{} is declared {}, and this is {found}", shown(document, test.reference), of.with_article());
    Some(OperandFault { message, help: Some(format!("write {}", of.with_article())), mend })
}
