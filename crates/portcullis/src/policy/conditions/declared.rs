//! Checks against what a schema declares: attributes that it does not, and operands that do not suit those that it does.
//!
//! A type, or the subjects, that declare some attributes may be asked about those alone; where none
//! are declared, anything goes. Each fault is told once a statement, with all the types that it is about,
//! and not once for each of two hundred types.

use std::collections::{BTreeSet, HashMap};

use super::{Document, OperandKind, WrittenOperand, WrittenTest};
use crate::condition::{Number, Operator, Root};
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
    path: String,
    /// What the subjects declare of it, if it is of them; else its place among those of the resource.
    place: MentionPlace,
    /// The first types of the statement that declare attributes, but not this one; and how many there are. None of subjects.
    undeclared: Vec<&'s ResourceType>,
    undeclared_count: usize,
}

#[derive(Clone, Copy)]
enum MentionPlace {
    Subject { declared: Option<Declared>, is_unknown: bool },
    Resource(usize),
}

/// What a type declares of the attributes of the resource that a statement mentions, in the order of the mentions.
pub(super) type Signature = Vec<Option<Declared>>;

/// The references of a statement that a schema may declare something of.
pub(super) struct Mentions<'s> {
    document: &'s Document,
    schema: &'s Schema,
    tests: &'s [WrittenTest],
    all: Vec<Mention<'s>>,
    /// Where each stands among them, by where it starts in the text.
    by_start: HashMap<u32, usize>,
    faults: Vec<Diagnostic>,
    /// Places and messages of those faults.
    told: BTreeSet<(Span, String)>,
}

impl<'s> Mentions<'s> {
    pub(super) fn of(document: &'s Document, schema: &'s Schema, tests: &'s [WrittenTest]) -> Self {
        let (mut all, mut of_resource) = (Vec::new(), 0);
        let of_subjects = schema.subject_attributes();
        if !of_subjects.is_empty() || schema.declaring().next().is_some() {
            for name in tests.iter().flat_map(|test| mentioned(document, test)) {
                let Some(reference) = document.reference_at(name) else { continue };
                let Some(path) = reference.path() else { continue };
                let place = match reference.root() {
                    Root::Subject => {
                        let declared = of_subjects.of(&path);
                        let is_unknown = declared.is_none() && !of_subjects.is_empty();
                        MentionPlace::Subject { declared, is_unknown }
                    }
                    Root::Resource => {
                        of_resource += 1;
                        MentionPlace::Resource(of_resource - 1)
                    }
                    Root::Action | Root::Context => continue,
                };
                all.push(Mention { name, path, place, undeclared: Vec::new(), undeclared_count: 0 });
            }
        }
        let by_start = all.iter().enumerate().map(|(at, mention)| (mention.name.span.start, at)).collect();
        Mentions { document, schema, tests, all, by_start, faults: Vec::new(), told: BTreeSet::new() }
    }

    /// How many references are looked up in each type.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// What a type of the statement declares of the attributes that are mentioned; notes those that it does not. Each type
    /// is asked once.
    pub(super) fn ask(&mut self, kind: Option<&'s ResourceType>) -> Signature {
        let mut signature = Signature::new();
        for mention in &mut self.all {
            let MentionPlace::Resource(_) = mention.place else { continue };
            let declared = kind.and_then(|kind| kind.attributes().of(&mention.path));
            if let (None, Some(kind)) = (declared, kind.filter(|kind| !kind.attributes().is_empty())) {
                mention.undeclared_count += 1;
                if mention.undeclared.len() < SHOWN {
                    mention.undeclared.push(kind);
                }
            }
            signature.push(declared);
        }
        signature
    }

    /// Whether anything is amiss so far.
    pub(super) fn is_faulty(&self) -> bool {
        let is_unknown = |mention: &Mention<'_>| {
            mention.undeclared_count > 0
                || matches!(mention.place, MentionPlace::Subject { is_unknown: true, .. })
        };
        !self.faults.is_empty() || self.all.iter().any(is_unknown)
    }

    /// Looks for operators and operands that do not suit what a type declares.
    pub(super) fn judge(&mut self, signature: &Signature) {
        if self.all.is_empty() {
            return;
        }
        let document = self.document;
        for test in self.tests {
            let of = self.kind_of(test.reference, signature);
            if let Some(of) = of {
                let name = shown(document, test.reference);
                if let Some((message, help)) = operator_fault(test.operator, &name, of) {
                    self.fault(test.operator_span, message, Some(help.to_owned()), None);
                    continue;
                }
            }
            for operand in document.elements_of(&test.operand) {
                let named = match operand.kind {
                    OperandKind::Reference(name) => self.kind_of(name, signature),
                    _ => None,
                };
                if let Some(fault) = operand_fault(document, test, of, operand, named) {
                    self.fault(operand.span, fault.message, fault.help, fault.mend);
                }
            }
        }
    }

    /// What a reference is declared as under a signature.
    fn kind_of(&self, name: Name, signature: &Signature) -> Option<AttributeType> {
        let mention = self.all.get(*self.by_start.get(&name.span.start)?)?;
        let declared = match mention.place {
            MentionPlace::Subject { declared, .. } => declared,
            MentionPlace::Resource(place) => *signature.get(place)?,
        };
        declared?.kind
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
                None if matches!(mention.place, MentionPlace::Subject { is_unknown: true, .. }) => {
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

/// The references of a test: of the attribute that it is about, and of those that its operand names.
fn mentioned<'d>(document: &'d Document, test: &'d WrittenTest) -> impl Iterator<Item = Name> + 'd {
    let operands = document.elements_of(&test.operand).iter().filter_map(|operand| match operand.kind {
        OperandKind::Reference(name) => Some(name),
        _ => None,
    });
    std::iter::once(test.reference).chain(operands)
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
