//! One file a command: its arguments, its help, and what it does.
//!
//! A command reads its input through `load`, asks the library, and writes through `Output`. It returns an exit
//! status or a failure and prints neither errors nor status itself.

pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod lint;
pub(crate) mod matrix;
pub(crate) mod new;
pub(crate) mod schema;
pub(crate) mod what;
pub(crate) mod who;

use crate::args::Command;
use crate::exit::Outcome;
use crate::output::Output;

/// Runs what was typed.
pub(crate) fn run(command: &Command, out: &mut Output) -> Outcome {
    match command {
        Command::Check(check) => check.run(out),
        Command::Explain(explain) => explain.run(out),
        Command::What(what) => what.run(out),
        Command::Who(who) => who.run(out),
        Command::Matrix(matrix) => matrix.run(out),
        Command::Lint(lint) => lint.run(out),
        Command::Diff(diff) => diff.run(out),
        Command::Fmt(fmt) => fmt.run(out),
        Command::Schema(schema) => schema.run(out),
        Command::New(new) => new.run(out),
    }
}
