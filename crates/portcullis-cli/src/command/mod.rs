//! What can be typed, one file a command: its arguments, its help, and what it does.
//!
//! A command reads its input through `load`, asks the library, and writes through `Output`. It returns an exit
//! status or a failure and prints neither errors nor status itself.

pub(crate) mod admin;
pub(crate) mod assert;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod lint;
pub(crate) mod man;
pub(crate) mod matrix;
pub(crate) mod minimize;
pub(crate) mod new;
pub(crate) mod plan;
pub(crate) mod schema;
#[cfg(unix)]
pub(crate) mod serve;
pub(crate) mod test;
pub(crate) mod what;
pub(crate) mod who;

use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::clock::OfSystem;
use crate::exit::Outcome;
use crate::output::Output;

/// Who may do what: lint, check, explain, search, compare and test role documents.
#[derive(Debug, Parser)]
#[command(
    name = "portcullis",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "\
Exit status: 0 allowed, clean or answered; 1 denied, or findings; 2 the question could not be answered.

Examples:
  portcullis check -w examples/acme/workspace.json ann@acme.example update sync
  portcullis lint examples/acme/workspace.json
  portcullis explain -w examples/acme/workspace.json svc-atlan@acme.example read sync"
)]
pub(crate) struct Cli {
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands, in the order in which people meet them; each is described where it stands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Check(check::Check),
    Explain(explain::Explain),
    What(what::What),
    Who(who::Who),
    Plan(plan::Plan),
    Matrix(matrix::Matrix),
    Lint(lint::Lint),
    Diff(diff::Diff),
    Compare(compare::Compare),
    Convert(convert::Convert),
    Test(test::Test),
    Assert(assert::Assert),
    Fmt(fmt::Fmt),
    Minimize(minimize::Minimize),
    Init(admin::init::Init),
    Workspace(admin::workspace::Workspace),
    Member(admin::member::Member),
    Group(admin::group::Group),
    Role(admin::role::Role),
    Invite(admin::invite::Invite),
    Key(admin::key::Key),
    Object(admin::object::Object),
    Rule(admin::rule::Rule),
    Batch(admin::batch::Batch),
    Audit(admin::audit::Audit),
    Backup(admin::backup::Backup),
    Restore(admin::restore::Restore),
    #[cfg(unix)]
    Serve(serve::Serve),
    Schema(schema::Schema),
    New(new::New),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    /// Whether a server does it for whoever typed it: a command on what is in a data folder.
    #[cfg(unix)]
    pub(crate) fn is_for_a_server(&self) -> bool {
        if let Command::Key(key) = self {
            return key.is_on_a_folder();
        }
        let note = matches!(self, Command::Backup(backup) if backup.is_note());
        note || matches!(
            self,
            Command::Workspace(_)
                | Command::Member(_)
                | Command::Group(_)
                | Command::Role(_)
                | Command::Invite(_)
                | Command::Object(_)
                | Command::Rule(_)
                | Command::Batch(_)
                | Command::Audit(_)
        )
    }
}

/// Runs what was typed.
pub(crate) fn run(command: &Command, out: &mut Output) -> Outcome {
    match command {
        Command::Check(check) => check.run(Arc::new(OfSystem), out),
        Command::Explain(explain) => explain.run(&OfSystem, out),
        Command::What(what) => what.run(out),
        Command::Who(who) => who.run(out),
        Command::Plan(plan) => plan.run(&OfSystem, out),
        Command::Matrix(matrix) => matrix.run(out),
        Command::Lint(lint) => lint.run(out),
        Command::Diff(diff) => diff.run(out),
        Command::Compare(compare) => compare.run(out),
        Command::Convert(convert) => convert.run(out),
        Command::Test(test) => test.run(out),
        Command::Assert(assert) => assert.run(out),
        Command::Fmt(fmt) => fmt.run(out),
        Command::Minimize(minimize) => minimize.run(out),
        Command::Init(init) => init.run(out),
        Command::Workspace(workspace) => workspace.run(out),
        Command::Member(member) => member.run(out),
        Command::Group(group) => group.run(out),
        Command::Role(role) => role.run(out),
        Command::Invite(invite) => invite.run(out),
        Command::Key(key) => key.run(out),
        Command::Object(object) => object.run(out),
        Command::Rule(rule) => rule.run(out),
        Command::Batch(batch) => batch.run(out),
        Command::Audit(audit) => audit.run(out),
        Command::Backup(backup) => backup.run(out),
        Command::Restore(restore) => restore.run(out),
        #[cfg(unix)]
        Command::Serve(serve) => serve.run(out),
        Command::Schema(schema) => schema.run(out),
        Command::New(new) => new.run(out),
        Command::Completions(completions) => completions.run(out),
        Command::Man(man) => man.run(out),
    }
}
