//! How a command ends: three numbers, and the failures behind the third.
//!
//! 0 is allowed, clean or answered; 1 is denied, or findings; 2 is a question that could not be answered. Scripts
//! rely on the difference between 1 and 2, so a command returns these as types and never a number.

use std::io;
use std::process::ExitCode;

use portcullis::text::{counted, quoted};
use portcullis::{Report, Severity};

/// What the process ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Allowed, clean or answered: 0.
    Clear,
    /// Denied, or something was found: 1.
    Findings,
    /// The question could not be answered: 2.
    Unanswered,
}

impl Exit {
    /// Findings when there are any.
    pub(crate) fn findings(any: bool) -> Exit {
        if any { Exit::Findings } else { Exit::Clear }
    }

    /// The number that the process ends with.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Exit::Clear => 0,
            Exit::Findings => 1,
            Exit::Unanswered => 2,
        }
    }

    /// The end of this number.
    #[cfg(unix)]
    pub(crate) fn of_number(number: u8) -> Option<Exit> {
        [Exit::Clear, Exit::Findings, Exit::Unanswered].into_iter().find(|exit| exit.number() == number)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.number())
    }
}

/// Why a question could not be answered.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Standard output could not be written; a reader that went away is told from a full disk.
    Output(io::Error),
    /// A file is wrong: the report, and which file a summary speaks of.
    Reported { file: String, report: Report },
    /// Anything else, with what to do about it.
    Said { message: String, help: Option<String> },
}

impl Failure {
    /// A failure in words.
    pub(crate) fn said(message: impl Into<String>) -> Failure {
        Failure::Said { message: message.into(), help: None }
    }

    /// A failure in words, and the next thing to type.
    pub(crate) fn with_help(message: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure::Said { message: message.into(), help: Some(help.into()) }
    }

    /// What failed, in one line.
    pub(crate) fn message(&self) -> String {
        match self {
            Failure::Output(error) => format!("cannot write to standard output: {error}"),
            Failure::Reported { file, report } => {
                let errors = counted(report.count(Severity::Error), "error");
                format!("{} has {errors}", quoted(file))
            }
            Failure::Said { message, .. } => message.clone(),
        }
    }
}

/// Only writing results yields bare I/O errors; reading files says which file in words.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

/// What a command comes to.
pub(crate) type Outcome = Result<Exit, Failure>;
