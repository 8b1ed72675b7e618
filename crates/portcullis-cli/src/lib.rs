//! The command line of Portcullis: what a policy author and a pipeline type.
//!
//! A library only so that `main.rs` has nothing to do and the reader of request files can be fuzzed; nobody is meant to
//! build on it. What can be typed is described in `command`, one file a command, with the flags that they share in `args`;
//! what people and programs read is made in `render`, and `exit` says which of three numbers the process ends with. Nothing here
//! decides anything: every answer comes from the library `portcullis`.

mod args;
mod clock;
mod command;
mod exit;
mod files;
mod load;
mod output;
mod render;
mod requests;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use crate::command::Cli;
use crate::command::admin::acting::no_secret_among;
use crate::exit::Exit;
use crate::output::Output;

pub use crate::clock::{Clock, OfSystem};
pub use crate::requests::{answer_requests, answer_requests_by};

/// Does what was typed.
#[must_use]
pub fn run() -> ExitCode {
    if let Err(found) = no_secret_among(std::env::args_os()) {
        return Output::of_process().finish(Err(found)).into();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // A reader of `--help` that has seen enough is no failure, so what printing says does not matter.
            let _ = usage.print();
            return if usage.use_stderr() { Exit::Unanswered } else { Exit::Clear }.into();
        }
    };
    let mut out = Output::of_process();
    let result = command::run(&cli.command, &mut out);
    out.finish(result).into()
}
