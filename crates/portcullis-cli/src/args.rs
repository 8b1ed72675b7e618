//! The flags that several commands share.
//!
//! A command's own arguments stand in its file under `command/`. Flags, keys and exit codes are contracts that
//! scripts rely on; they change only through an issue.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use portcullis::Limits;

/// For whom the output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Human,
    Json,
}

/// The flag that every command has.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct FormatArgs {
    /// For whom the output is
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,
}

impl FormatArgs {
    /// Whether the output is for programs.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }
}

/// Which workspace is asked.
#[derive(Args, Clone, Debug)]
pub(crate) struct WorkspaceArgs {
    /// The workspace file [default: $PORTCULLIS_WORKSPACE, then workspace.json]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) workspace: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// The schema of policy documents when nobody names one.
const DEFAULT_SCHEMA: &str = "hightouch";

/// Which schema documents alone are read under.
#[derive(Args, Clone, Debug)]
pub(crate) struct SchemaArgs {
    /// The schema of policy documents: a built-in name or a file
    #[arg(long, value_name = "NAME|FILE", default_value = DEFAULT_SCHEMA)]
    pub(crate) schema: String,
}

impl SchemaArgs {
    /// What was typed, unless it says no more than the default does.
    pub(crate) fn other_than_default(&self) -> Option<&str> {
        Some(&*self.schema).filter(|&schema| schema != DEFAULT_SCHEMA)
    }
}

/// Flags that raise or lower the limits on what is read. Only `--help` shows them, not `-h`.
#[derive(Args, Clone, Debug)]
pub(crate) struct LimitArgs {
    /// Bytes of one policy document, schema or test suite [default: 1048576]
    #[arg(long, value_name = "BYTES", hide_short_help = true, help_heading = "Limits")]
    max_document_bytes: Option<u32>,
    /// Bytes of one workspace file [default: 67108864]
    #[arg(long, value_name = "BYTES", hide_short_help = true, help_heading = "Limits")]
    max_workspace_bytes: Option<u32>,
    /// How deep lists and objects may nest, at most 512 [default: 64]
    #[arg(long, value_name = "N", hide_short_help = true, help_heading = "Limits")]
    max_nesting: Option<u32>,
    /// Statements of one document [default: 65536]
    #[arg(long, value_name = "N", hide_short_help = true, help_heading = "Limits")]
    max_statements: Option<u32>,
    /// Names in one list [default: 65536]
    #[arg(long, value_name = "N", hide_short_help = true, help_heading = "Limits")]
    max_names: Option<u32>,
    /// Roles that one subject holds [default: 4096]
    #[arg(long, value_name = "N", hide_short_help = true, help_heading = "Limits")]
    max_roles_per_subject: Option<u32>,
    /// Roles of a workspace [default: 65536]
    #[arg(long, value_name = "N", hide_short_help = true, help_heading = "Limits")]
    max_roles: Option<u32>,
    /// Permissions of a schema [default: 1048576]
    #[arg(long, value_name = "N", hide_short_help = true, help_heading = "Limits")]
    max_permissions: Option<u32>,
    /// Members of a workspace [default: 4000000]
    #[arg(long, value_name = "N", hide_short_help = true, help_heading = "Limits")]
    max_members: Option<u32>,
    /// Tests of one suite [default: 65536]
    #[arg(long, value_name = "N", hide_short_help = true, help_heading = "Limits")]
    max_tests: Option<u32>,
}

impl LimitArgs {
    /// The library's limits with what was typed in their place.
    pub(crate) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        for (limit, typed) in [
            (&mut limits.document_bytes, self.max_document_bytes),
            (&mut limits.workspace_bytes, self.max_workspace_bytes),
            (&mut limits.nesting, self.max_nesting),
            (&mut limits.statements, self.max_statements),
            (&mut limits.list_names, self.max_names),
            (&mut limits.roles_per_subject, self.max_roles_per_subject),
            (&mut limits.roles, self.max_roles),
            (&mut limits.permissions, self.max_permissions),
            (&mut limits.members, self.max_members),
            (&mut limits.tests, self.max_tests),
        ] {
            *limit = typed.map_or(*limit, |typed| typed as usize);
        }
        limits
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use crate::command::Cli;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_defaults_that_help_states_are_the_limits() {
        let command = Cli::command();
        let lint = command.find_subcommand("lint").unwrap();
        let limits = Limits::default();
        for (flag, limit) in [
            ("max_document_bytes", limits.document_bytes),
            ("max_workspace_bytes", limits.workspace_bytes),
            ("max_nesting", limits.nesting),
            ("max_statements", limits.statements),
            ("max_names", limits.list_names),
            ("max_roles_per_subject", limits.roles_per_subject),
            ("max_roles", limits.roles),
            ("max_permissions", limits.permissions),
            ("max_members", limits.members),
            ("max_tests", limits.tests),
        ] {
            let argument = lint.get_arguments().find(|argument| argument.get_id() == flag).unwrap();
            let help = argument.get_help().unwrap().to_string();
            assert!(help.ends_with(&format!("[default: {limit}]")), "{flag}: {help}");
        }
    }
}
