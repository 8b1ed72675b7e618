//! `portcullis plan`: for which objects of a type a check would be allowed, before any object is looked at.
//!
//! For whoever lists rows of a database and wants those that a check allows. The answer is the library's; here it is read in and
//! written out, as words, as a tree in JSON, and as SQL.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use portcullis::plan::{Columns, Dialect, Plan as Planned, PlanError, Sql};
use portcullis::text::quoted;
use portcullis::{Question, Reason, source_from_bytes};

use crate::args::{FormatArgs, WorkspaceArgs};
use crate::clock::Clock;
use crate::exit::{Exit, Failure, Outcome};
use crate::output::Output;
use crate::render::explanation::{self, Asked};
use crate::render::plan;
use crate::{files, load};

/// Say for which objects of a type a subject may do an action.
///
/// Prints `always`, `never`, or what remains of the conditions once the subject and the time are known: what an object must be, and
/// what it must not be, as `if …` and `unless …`. Nothing is known of a request, so what it would have to say is unknown, as
/// in a check that sends nothing.
///
/// With --dialect the answer is also an expression for the WHERE of a query, with parameters to be bound. --columns is a
/// file that maps attributes to columns: {"columns": {"id": "id", "labels.team": "team"}}.
///
/// Exits 0 whatever the answer, also for somebody who is no member, who may nothing; 2 for an action or a type
/// that the schema does not have, and where SQL cannot say the answer exactly.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis plan -w workspace.json ann update sync
  portcullis plan -w workspace.json ann update sync --dialect postgres --columns columns.json")]
pub(crate) struct Plan {
    #[command(flatten)]
    workspace: WorkspaceArgs,
    /// Who asks: the id of a member
    subject: String,
    /// What is to be done
    action: String,
    /// On objects of which type
    #[arg(value_name = "TYPE")]
    kind: String,
    /// Say it in SQL too: of which database
    #[arg(long, value_enum, value_name = "DIALECT", requires = "columns")]
    dialect: Option<Spoken>,
    /// The file that maps attributes to columns
    #[arg(long, value_name = "FILE", requires = "dialect")]
    columns: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgs,
}

/// Whose SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Spoken {
    /// PostgreSQL: parameters are $1, $2, …
    Postgres,
    /// SQLite: parameters are ?1, ?2, …
    Sqlite,
}

impl From<Spoken> for Dialect {
    fn from(spoken: Spoken) -> Dialect {
        match spoken {
            Spoken::Postgres => Dialect::Postgres,
            Spoken::Sqlite => Dialect::Sqlite,
        }
    }
}

impl Plan {
    pub(crate) fn run(&self, clock: &dyn Clock, out: &mut Output) -> Outcome {
        let snapshot = load::workspace(&self.workspace, out)?;
        let columns = self.columns()?;
        let now = clock.now();
        let asked = Asked::new(&snapshot, now.as_deref(), &self.subject, &self.action, &self.kind);
        if let Some(object) = asked.question.object {
            let message = format!("a plan is about all objects of a type, and {} is one", quoted(&self.kind));
            let kind = quoted(asked.question.resource);
            let help = format!(
                "give the type, {kind}; `portcullis check` answers for the object {}",
                quoted(object)
            );
            return Err(Failure::with_help(message, help));
        }
        let planned = match snapshot.plan(&asked.question) {
            Ok(planned) => planned,
            Err(PlanError::NoPermission(Reason::NotAdmitted)) => Planned::Never,
            Err(PlanError::NoPermission(reason)) => {
                let question: &Question<'_> = &asked.question;
                return Err(super::who::unknown(&snapshot, question, reason));
            }
            Err(error) => return Err(Failure::said(error.to_string())),
        };
        let sql = match (self.dialect, &columns) {
            (Some(spoken), Some((path, columns))) => {
                let dialect = Dialect::from(spoken);
                let sql: Sql =
                    planned.sql(columns, dialect).map_err(|report| load::reported(path, report))?;
                Some((dialect, sql))
            }
            _ => None,
        };
        explanation::hint(&asked, out);
        if self.format.is_json() {
            out.json(&plan::as_json(&asked.question, &planned, sql.as_ref()))?;
        } else {
            plan::print(&planned, sql.as_ref(), out)?;
        }
        Ok(Exit::Clear)
    }

    fn columns(&self) -> Result<Option<(&PathBuf, Columns)>, Failure> {
        let Some(path) = &self.columns else { return Ok(None) };
        let limits = self.workspace.limits.limits();
        let bytes = files::read(path, limits.document_bytes, "max-document-bytes")?;
        let read = source_from_bytes(&files::shown(path), bytes)
            .and_then(|source| Columns::read_within(&source, &limits));
        Ok(Some((path, read.map_err(|report| load::reported(path, report))?)))
    }
}
