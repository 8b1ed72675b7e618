//! `portcullis compare`: how two documents, roles or subjects relate, as sets of the requests that they allow.
//!
//! The answer is one word, and what it rests on: the permissions that only one side has, the conditions that differ, and
//! where there is a difference, a request that shows it and that `check` takes.

use std::io::{self, Write};
use std::path::Path;

use clap::{Args, ValueEnum};
use portcullis::text::{listed, printable, quoted};
use portcullis::{
    COMPARE_STEPS, Comparison, ConditionalCells, Counterexample, Example, Grants, PermissionName, Read,
    Relation, Role, Shares, Snapshot, Stored, compare_documents, compare_roles, compare_subjects,
};
use serde_json::{Map, Value, json};

use super::diff::{by_type, in_words, standing};
use super::what;
use crate::args::{FormatArgs, SchemaArgs, WorkspaceArgs};
use crate::exit::{Exit, Failure, Outcome};
use crate::load;
use crate::output::{BAD, GOOD, Output, STRONG};

/// Compare two documents, roles or subjects by what they allow.
///
/// A and B are two policy documents, read under --schema; with -w they are two roles or two subjects of the workspace. The answer
/// is one of equal, within (A allows less), contains (A allows more), disjoint (nothing is allowed by both), overlapping and
/// undecided. Conditions are decided exactly, over every request and everything that could be stored; what is stored of two
/// subjects counts. Where one side allows what the other does not, a request is shown that `check --requests` reads. Exits 0 only
/// when A and B are equal.
#[derive(Args, Debug)]
#[command(mut_arg("workspace", |argument| argument.help("Compare roles or subjects of this workspace; without it A and B are documents")))]
#[command(after_help = "\
Examples:
  portcullis compare examples/acme/roles/reader.json examples/acme/roles/editor.json
  portcullis compare -w examples/acme/workspace.json viewer editor")]
pub(crate) struct Compare {
    /// A policy document, or with -w a role or a subject
    a: String,
    /// What it is compared with
    b: String,
    #[command(flatten)]
    workspace: WorkspaceArgs,
    /// What A and B are, where they are names of both
    #[arg(long, value_enum, value_name = "KIND", requires = "workspace")]
    of: Option<Kind>,
    /// How much is tried for each group of permissions under the same conditions before it is left undecided
    #[arg(long, value_name = "N", default_value_t = COMPARE_STEPS)]
    steps: usize,
    #[command(flatten)]
    schema: SchemaArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// What is compared in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Roles,
    Subjects,
}

/// What is compared and how it came out.
struct Compared {
    comparison: Comparison,
    /// Who asks on either side, in examples.
    subjects: [String; 2],
}

impl Compare {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let compared = if self.workspace.workspace.is_some() {
            self.in_workspace(&load::workspace(&self.workspace, out)?)?
        } else {
            self.documents(out)?
        };
        let relation = compared.comparison.relation();
        let exit = out.announce(Exit::findings(relation != Relation::Equal));
        if self.format.is_json() {
            out.json(&self.as_json(&compared))?;
        } else {
            self.print(&compared, out)?;
        }
        Ok(exit)
    }

    fn documents(&self, out: &mut Output) -> Result<Compared, Failure> {
        let limits = self.workspace.limits.limits();
        let schema = load::schema(&self.schema, &limits, out)?;
        let read = |name: &str| -> Result<Grants, Failure> {
            match load::any(Path::new(name), &schema, Some(&self.schema), &limits, out)? {
                Read::Policy(_, grants) => Ok(*grants),
                other => Err(Failure::with_help(
                    format!("{} is {}", quoted(name), load::kind_name(&other)),
                    "give two policy documents; for roles or subjects of a workspace, name it with -w",
                )),
            }
        };
        let (a, b) = (read(&self.a)?, read(&self.b)?);
        let comparison = compare_documents(&a, &b, self.steps)
            .ok_or_else(|| Failure::said("the documents were read under different schemas"))?;
        Ok(Compared { comparison, subjects: ["somebody"; 2].map(str::to_owned) })
    }

    fn in_workspace(&self, snapshot: &Snapshot) -> Result<Compared, Failure> {
        let names = [&*self.a, &*self.b];
        let roles = names.map(|name| snapshot.role(name));
        let subjects = names.map(|name| snapshot.subject(name).is_some());
        let kind = match (self.of, roles.iter().all(Option::is_some), subjects.iter().all(|found| *found)) {
            (Some(kind), ..) => kind,
            (None, true, true) => {
                let message =
                    format!("{} and {} are roles, and members too", quoted(&self.a), quoted(&self.b));
                return Err(Failure::with_help(message, "say which with `--of roles` or `--of subjects`"));
            }
            (None, true, false) => Kind::Roles,
            (None, false, true) => Kind::Subjects,
            // One that is something tells what the other should have been.
            (None, false, false) if roles.iter().any(Option::is_some) => Kind::Roles,
            (None, false, false) => Kind::Subjects,
        };
        if kind == Kind::Roles {
            let [a, b] = [self.role(snapshot, &self.a)?, self.role(snapshot, &self.b)?];
            let comparison = compare_roles(a, b, self.steps);
            let comparison =
                comparison.ok_or_else(|| Failure::said("the roles were compiled under different schemas"))?;
            return Ok(Compared { comparison, subjects: ["somebody"; 2].map(str::to_owned) });
        }
        match compare_subjects(snapshot, &self.a, &self.b, self.steps) {
            Some(comparison) => Ok(Compared { comparison, subjects: names.map(str::to_owned) }),
            None => {
                let stranger = names.into_iter().find(|name| snapshot.subject(name).is_none());
                Err(what::unknown(snapshot, stranger.unwrap_or(&self.a)))
            }
        }
    }

    fn role<'s>(&self, snapshot: &'s Snapshot, name: &str) -> Result<&'s Role, Failure> {
        snapshot.role(name).ok_or_else(|| {
            let known = listed(snapshot.roles().map(Role::name), 12);
            Failure::with_help(format!("there is no role {}", quoted(name)), format!("the roles are {known}"))
        })
    }

    fn print(&self, compared: &Compared, out: &mut Output) -> io::Result<()> {
        let (a, b) = (printable(&self.a), printable(&self.b));
        let comparison = &compared.comparison;
        let relation = out.paint(STRONG, comparison.relation().as_str());
        writeln!(out, "{relation}: {}", self.in_a_sentence(comparison.shares(), &a, &b))?;
        for (sign, style, name, permissions) in
            [("-", BAD, &a, comparison.only_a()), ("+", GOOD, &b, comparison.only_b())]
        {
            if !permissions.is_empty() {
                writeln!(out, "only {name}")?;
            }
            print_permissions(out.paint(style, sign), &permissions, out)?;
        }
        let differing =
            comparison.conditional().iter().filter(|cells| cells.shares.relation() != Relation::Equal);
        for (at, cells) in differing.enumerate() {
            if at == 0 {
                writeln!(out, "under conditions")?;
            }
            print_permissions(out.paint(STRONG, "?"), &cells.permissions, out)?;
            let width = a.chars().count().max(b.chars().count());
            writeln!(out, "      {a:width$}  {}", in_words(&cells.a))?;
            writeln!(out, "      {b:width$}  {}", in_words(&cells.b))?;
            writeln!(out, "      {}", self.in_a_sentence(cells.shares, &a, &b))?;
        }
        let [who_a, who_b] = &compared.subjects;
        for (name, found) in [(&a, comparison.example_of_only_a()), (&b, comparison.example_of_only_b())] {
            let Some(found) = found else { continue };
            writeln!(out, "allowed by {name} alone")?;
            print_example(&found.a, who_a, out)?;
            if who_a != who_b {
                print_example(&found.b, who_b, out)?;
            }
        }
        Ok(())
    }

    fn in_a_sentence(&self, shares: Shares, a: &str, b: &str) -> String {
        match shares.relation() {
            Relation::Equal => format!("{a} and {b} allow the same"),
            Relation::Within => format!("all that {a} allows, {b} allows too, and it allows more"),
            Relation::Contains => format!("all that {b} allows, {a} allows too, and it allows more"),
            Relation::Disjoint => "nothing is allowed by both".to_owned(),
            Relation::Overlapping => format!("some is allowed by both, some by {a} alone, some by {b} alone"),
            Relation::Undecided => {
                let known = |found: Option<bool>| match found {
                    Some(true) => "something",
                    Some(false) => "nothing",
                    None => "not decided",
                };
                format!(
                    "allowed by {a} alone: {}; by {b} alone: {}; by both: {} (within {} steps; --steps raises that)",
                    known(shares.only_a),
                    known(shares.only_b),
                    known(shares.both),
                    self.steps
                )
            }
        }
    }

    fn as_json(&self, compared: &Compared) -> Value {
        let comparison = &compared.comparison;
        let mut object = Map::from_iter([("relation".to_owned(), json!(comparison.relation().as_str()))]);
        object.insert("allowed".to_owned(), shares(comparison.shares()));
        object.insert("only_a".to_owned(), json!(by_type(&comparison.only_a())));
        object.insert("only_b".to_owned(), json!(by_type(&comparison.only_b())));
        let cells = comparison.conditional().iter().map(|cells| conditional(cells, compared));
        object.insert("conditional".to_owned(), cells.collect());
        let examples = [("a", comparison.example_of_only_a()), ("b", comparison.example_of_only_b())];
        let examples = examples
            .into_iter()
            .filter_map(|(key, found)| Some((key.to_owned(), compared.counterexample(&found?))));
        object.insert("counterexamples".to_owned(), Value::Object(examples.collect()));
        Value::Object(object)
    }
}

impl Compared {
    /// The request as it is put to each side.
    fn counterexample(&self, found: &Counterexample) -> Value {
        let [a, b] = &self.subjects;
        json!({ "a": example(&found.a, a), "b": example(&found.b, b) })
    }
}

/// What each allows alone, and what both do: `null` where that was not decided.
fn shares(shares: Shares) -> Value {
    json!({ "only_a": shares.only_a, "only_b": shares.only_b, "both": shares.both })
}

fn conditional(cells: &ConditionalCells, compared: &Compared) -> Value {
    let mut object = Map::from_iter([
        ("permissions".to_owned(), json!(by_type(&cells.permissions))),
        ("relation".to_owned(), json!(cells.shares.relation().as_str())),
        ("a".to_owned(), standing(&cells.a)),
        ("b".to_owned(), standing(&cells.b)),
    ]);
    let examples = [("a", &cells.only_a), ("b", &cells.only_b)];
    let examples: Map<String, Value> = examples
        .into_iter()
        .filter_map(|(key, found)| Some((key.to_owned(), compared.counterexample(found.as_ref()?))))
        .collect();
    if !examples.is_empty() {
        object.insert("counterexamples".to_owned(), Value::Object(examples));
    }
    Value::Object(object)
}

/// Requests and properties are texts, so that no number in them is rounded on the way.
fn example(example: &Example, subject: &str) -> Value {
    let mut object = Map::new();
    object.insert("request".to_owned(), json!(example.request(who(example, subject))));
    if let Some(now) = &example.now {
        object.insert("now".to_owned(), json!(now));
    }
    if example.without_clock {
        object.insert("now".to_owned(), Value::Null);
    }
    let stored = example.stored.iter().map(|stored| match stored {
        Stored::Member(properties) => {
            json!({ "subject": who(example, subject), "properties": properties.to_string() })
        }
        Stored::Object { kind, id, properties } => {
            json!({ "type": kind, "id": id, "properties": properties.to_string() })
        }
    });
    let stored: Vec<Value> = stored.collect();
    if !stored.is_empty() {
        object.insert("stored".to_owned(), Value::Array(stored));
    }
    Value::Object(object)
}

/// Who asks: somebody in particular only where it matters.
fn who<'e>(example: &'e Example, subject: &'e str) -> &'e str {
    example.subject.as_deref().unwrap_or(subject)
}

fn print_permissions(sign: String, permissions: &[PermissionName], out: &mut Output) -> io::Result<()> {
    for (resource, actions) in by_type(permissions) {
        let actions: Vec<String> = actions.into_iter().map(printable).collect();
        writeln!(out, "  {sign} {}: {}", printable(resource), actions.join(", "))?;
    }
    Ok(())
}

fn print_example(example: &Example, subject: &str, out: &mut Output) -> io::Result<()> {
    let subject = who(example, subject);
    writeln!(out, "  {}", printable(&example.request(subject)))?;
    if let Some(now) = &example.now {
        writeln!(out, "    at {}", printable(now))?;
    }
    if example.without_clock {
        writeln!(out, "    asked of one who has no clock")?;
    }
    if let Some(kind) = &example.subject_type {
        writeln!(out, "    where the member's type is {}", printable(&quoted(kind)))?;
    }
    for stored in &example.stored {
        match stored {
            Stored::Member(properties) => writeln!(
                out,
                "    where the member {} has the properties {}",
                quoted(subject),
                printable(&properties.to_string())
            )?,
            Stored::Object { kind, id, properties } => writeln!(
                out,
                "    where the {} {} is stored with the properties {}",
                printable(kind),
                quoted(id),
                printable(&properties.to_string())
            )?,
        }
    }
    Ok(())
}
