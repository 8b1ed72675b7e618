//! `portcullis schema`: vocabularies to read, and JSON Schemas for editors.
//!
//! Both are texts that the binary carries. The JSON Schemas are written by hand, since they are documentation as much
//! as they are checks; tests hold them to the examples and to the reader.

use std::io::Write;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::FormatArgs;
use crate::exit::{Exit, Outcome};
use crate::load;
use crate::output::Output;

/// Print built-in schemas, and JSON Schemas of the file formats.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis schema show hightouch
  portcullis schema json workspace")]
pub(crate) struct Schema {
    #[command(subcommand)]
    which: Which,
}

/// What to print.
#[derive(Debug, Subcommand)]
enum Which {
    /// Print a built-in schema in the form of a schema file
    #[command(after_help = "Example:\n  portcullis schema show hightouch")]
    Show {
        /// The name of a built-in schema
        name: String,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Print the JSON Schema (draft 2020-12) of a file format, for editors
    #[command(after_help = "Example:\n  portcullis schema json policy")]
    Json {
        /// Which file format
        kind: FileFormat,
        #[command(flatten)]
        format: FormatArgs,
    },
}

/// The formats of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// Policy documents: what a role says.
    Policy,
    /// Workspaces: roles, groups, members.
    Workspace,
    /// Schemas: resource types and actions.
    Schema,
    /// Policy test suites.
    Tests,
    /// Standing rules.
    Rules,
}

impl Schema {
    /// Both print JSON whatever the format asked for, since that is what they are asked for.
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let text = match &self.which {
            Which::Show { name, .. } => {
                portcullis::Schema::built_in_text(name).ok_or_else(|| load::unknown_schema(name))?
            }
            Which::Json { kind: FileFormat::Policy, .. } => include_str!("../../schemas/policy.schema.json"),
            Which::Json { kind: FileFormat::Workspace, .. } => {
                include_str!("../../schemas/workspace.schema.json")
            }
            Which::Json { kind: FileFormat::Schema, .. } => include_str!("../../schemas/schema.schema.json"),
            Which::Json { kind: FileFormat::Tests, .. } => include_str!("../../schemas/tests.schema.json"),
            Which::Json { kind: FileFormat::Rules, .. } => include_str!("../../schemas/rules.schema.json"),
        };
        out.write_all(text.as_bytes())?;
        Ok(Exit::Clear)
    }
}
