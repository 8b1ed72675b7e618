//! `portcullis completions`: what a shell needs to complete commands and flags.
//!
//! The script is made from the same description that parses and helps, so it cannot lag behind. It goes to standard output:
//! where a shell looks for such files differs from system to system, and is not ours to write to.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde_json::json;

use crate::args::FormatArgs;
use crate::command::Cli;
use crate::exit::{Exit, Outcome};
use crate::output::Output;

/// Print the completion script of a shell.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  source <(portcullis completions bash)
  portcullis completions zsh > ~/.zfunc/_portcullis
  portcullis completions fish > ~/.config/fish/completions/portcullis.fish
  portcullis completions powershell | Out-String | Invoke-Expression
  portcullis completions elvish > ~/.config/elvish/lib/portcullis.elv")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
    #[command(flatten)]
    format: FormatArgs,
}

impl Completions {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        // The generator panics when it cannot write, and a list of bytes can always be written to.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "portcullis", &mut script);
        if self.format.is_json() {
            let script = String::from_utf8_lossy(&script);
            out.json(&json!({ "shell": self.shell.to_string(), "script": script }))?;
        } else {
            out.write_all(&script)?;
        }
        Ok(Exit::Clear)
    }
}
