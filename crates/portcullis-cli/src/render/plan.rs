//! A plan for people and for programs.
//!
//! People read what an object must be and must not be, a line each, and the SQL below it with what to bind. Programs get the
//! same keys whatever the answer: one of `any` must be true, and each of `none` false. That of `always` holds one that asks
//! nothing, that of `never` holds none.

use std::io::{self, Write};

use portcullis::Question;
use portcullis::plan::{Clause, Dialect, Leaf, Parameter, Plan, Sql};
use portcullis::text::printable;
use serde_json::{Map, Value, json};

use crate::output::Output;
use portcullis_server::why::exact;

/// `always`, `never`, or `if …` and `unless …`, a line each.
pub(crate) fn print(plan: &Plan, sql: Option<&(Dialect, Sql)>, out: &mut Output) -> io::Result<()> {
    match plan {
        Plan::Always | Plan::Never => writeln!(out, "{}", plan.as_str())?,
        Plan::Conditional(residue) => {
            let asking = residue.any().iter().filter(|clause| !clause.leaves().is_empty());
            for (at, clause) in asking.enumerate() {
                let word = if at == 0 { "if" } else { "or if" };
                writeln!(out, "{word} {}", printable(&clause.to_string()))?;
            }
            for clause in residue.none() {
                writeln!(out, "unless {} (or that is unknown)", printable(&clause.to_string()))?;
            }
        }
    }
    let Some((dialect, sql)) = sql else { return Ok(()) };
    writeln!(out, "\n{}", printable(&sql.text))?;
    for (at, parameter) in sql.parameters.iter().enumerate() {
        writeln!(out, "{} = {}", dialect.parameter(at + 1), printable(&bound(parameter).to_string()))?;
    }
    Ok(())
}

/// All of it.
pub(crate) fn as_json(question: &Question<'_>, plan: &Plan, sql: Option<&(Dialect, Sql)>) -> Value {
    let everything = [Clause::default()];
    let (any, none): (&[Clause], &[Clause]) = match plan {
        Plan::Always => (&everything, &[]),
        Plan::Never => (&[], &[]),
        Plan::Conditional(residue) => (residue.any(), residue.none()),
    };
    let mut value = json!({
        "subject": question.subject,
        "action": question.action,
        "resource": question.resource,
        "plan": plan.as_str(),
        "any": any.iter().map(clause).collect::<Value>(),
        "none": none.iter().map(clause).collect::<Value>(),
    });
    if let (Some((dialect, sql)), Some(object)) = (sql, value.as_object_mut()) {
        let word = match dialect {
            Dialect::Postgres => "postgres",
            Dialect::Sqlite => "sqlite",
        };
        object.insert("dialect".to_owned(), json!(word));
        object.insert("sql".to_owned(), json!(sql.text));
        object.insert("parameters".to_owned(), sql.parameters.iter().map(bound).collect());
    }
    value
}

fn clause(clause: &Clause) -> Value {
    json!({ "all": clause.leaves().iter().map(leaf).collect::<Value>() })
}

/// Reference, operator and operand; a value in place of the reference where it is looked for in a list.
fn leaf(leaf: &Leaf) -> Value {
    let mut object = Map::new();
    match leaf.reference() {
        Some(reference) => object.insert("reference".to_owned(), json!(reference.to_string())),
        None => object.insert("value".to_owned(), exact(&leaf.value().unwrap_or_default())),
    };
    object.insert("operator".to_owned(), json!(leaf.operator().as_str()));
    object.insert("operand".to_owned(), exact(&leaf.operand()));
    let verbatim = leaf.verbatim();
    if !verbatim.is_empty() {
        object.insert("verbatim".to_owned(), json!(verbatim));
    }
    Value::Object(object)
}

fn bound(parameter: &Parameter) -> Value {
    match parameter {
        Parameter::Text(text) => json!(text),
        Parameter::Integer(whole) => json!(whole),
        Parameter::Real(real) => json!(real),
    }
}
