//! `portcullis test`: suites of what was agreed, run against a workspace.
//!
//! Suites that name the same workspace share it, and what they cover of it. A suite that cannot be run does not keep
//! the others from it, but makes the exit status 2: nobody knows what it would have found.
//!
//! What there is to warn of in a suite is listed here and not left to `lint`, which may be looking at another workspace. Of the
//! warnings about the workspace itself the usual line is said.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use portcullis::suite::{Coverage, Outcome as SuiteOutcome, Suite};
use portcullis::{Limits, Report, Severity, Snapshot};

use crate::args::LimitArgs;
use crate::exit::{Exit, Failure, Outcome};
use crate::files::{self, Beside};
use crate::load;
use crate::output::Output;
use crate::render::{junit, suite, suite_json};

/// Run test suites: who may, who may not, and whole expected grids.
///
/// A failing test is shown with the explanation of what failed and the statements that came nearest. Then come the
/// statements of the workspace's roles that decided nothing in any test. Exits 1 when a test failed (with
/// --min-coverage, when too few statements decided something; with --deny-warnings, when a suite has warnings), and 2
/// when a suite could not be run. docs/tests.md describes the format of suites.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis test examples/acme/tests.json
  portcullis test examples/acme/tests.json --min-coverage 100
  portcullis test examples/acme/tests.json --format junit")]
pub(crate) struct Test {
    /// Test suites; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The workspace to test [default: what a suite names, then $PORTCULLIS_WORKSPACE, then workspace.json beside the suite]
    #[arg(short, long, value_name = "FILE")]
    workspace: Option<PathBuf>,
    /// Exit 1 when less than so many percent of the statements decided something in a test
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
    /// Exit 1 on warnings about a suite too
    #[arg(long)]
    deny_warnings: bool,
    /// For whom the output is
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: TestFormat,
    #[command(flatten)]
    limits: LimitArgs,
}

/// For whom the output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum TestFormat {
    /// For people: what failed, and why.
    #[default]
    Human,
    /// For programs: everything.
    Json,
    /// For pipelines: JUnit XML.
    Junit,
}

/// A workspace that suites are run against.
struct Loaded {
    /// Its name to people.
    name: String,
    /// Its file; none when it stands in a suite.
    path: Option<PathBuf>,
    /// What it compiled to; a workspace at fault is told of once.
    snapshot: Result<Snapshot, String>,
}

/// A suite that was run.
pub(crate) struct Ran<'s> {
    /// Its file, as typed.
    pub(crate) file: &'s str,
    pub(crate) suite: &'s Suite,
    pub(crate) snapshot: &'s Snapshot,
    /// The workspace's name to people.
    pub(crate) workspace: &'s str,
    pub(crate) outcome: SuiteOutcome<'s>,
    /// What the suite is warned of.
    pub(crate) warnings: Report,
}

/// A suite that could not be run, and why in a few lines.
pub(crate) struct Unrun {
    pub(crate) file: String,
    pub(crate) why: String,
    /// What the suite is warned of besides.
    pub(crate) warnings: Report,
}

/// Everything that there is to show.
pub(crate) struct Results<'s> {
    pub(crate) ran: Vec<Ran<'s>>,
    pub(crate) unrun: Vec<Unrun>,
    /// What was covered of each workspace that was asked, with its name.
    pub(crate) coverage: Vec<(&'s str, Coverage<'s>)>,
    pub(crate) min_coverage: Option<u8>,
    pub(crate) deny_warnings: bool,
}

impl Results<'_> {
    /// Whether too little of a workspace was covered.
    pub(crate) fn is_short(&self, coverage: &Coverage<'_>) -> bool {
        self.min_coverage.is_some_and(|percent| !coverage.written().reaches(percent))
    }

    pub(crate) fn failed(&self) -> usize {
        self.ran.iter().map(|ran| ran.outcome.failed()).sum()
    }

    pub(crate) fn tests(&self) -> usize {
        self.ran.iter().map(|ran| ran.outcome.tests().len()).sum()
    }

    pub(crate) fn asked(&self) -> usize {
        self.ran.iter().map(|ran| ran.outcome.asked()).sum()
    }

    /// What each suite is warned of.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &Report> {
        let ran = self.ran.iter().map(|ran| &ran.warnings);
        ran.chain(self.unrun.iter().map(|unrun| &unrun.warnings))
    }

    /// Whether warnings are findings, and there are any.
    pub(crate) fn is_warned(&self) -> bool {
        self.deny_warnings && self.warnings().any(|report| report.count(Severity::Warning) > 0)
    }

    fn exit(&self) -> Exit {
        if !self.unrun.is_empty() {
            return Exit::Unanswered;
        }
        let short = self.coverage.iter().any(|(_, coverage)| self.is_short(coverage));
        Exit::findings(self.failed() > 0 || short || self.is_warned())
    }
}

/// A suite that was read, and what was said of it.
struct Given<'t> {
    file: String,
    path: &'t Path,
    suite: Suite,
    report: Report,
}

impl Test {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let standard = |path: &&PathBuf| path.as_os_str() == files::STANDARD;
        if self.files.iter().chain(&self.workspace).filter(standard).count() > 1 {
            return Err(Failure::said("standard input can be only one of the files"));
        }
        let limits = self.limits.limits();
        let mut unrun = Vec::new();
        let mut suites: Vec<Given<'_>> = Vec::new();
        for path in &self.files {
            let file = files::shown(path);
            let read = load::source(path, &limits).and_then(|source| {
                let read = Suite::read_within(&source, &Beside::file(path), &limits);
                read.map_err(|report| load::reported(path, report))
            });
            match read {
                Ok((suite, report)) => suites.push(Given { file, path, suite, report }),
                Err(failure) => unrun.push(told(file, &failure, out)),
            }
        }
        let mut loaded: Vec<Loaded> = Vec::new();
        let numbers: Vec<usize> =
            suites.iter_mut().map(|given| self.load(given, &limits, &mut loaded, out)).collect();
        let mut coverage: Vec<Option<Coverage<'_>>> = loaded.iter().map(|_| None).collect();
        let mut ran = Vec::new();
        for (Given { file, path, suite, .. }, number) in suites.iter().zip(numbers) {
            let (Some(loaded), Some(coverage)) = (loaded.get(number), coverage.get_mut(number)) else {
                continue;
            };
            let snapshot = match &loaded.snapshot {
                Ok(snapshot) => snapshot,
                Err(why) => {
                    let (file, why) = (file.clone(), why.clone());
                    unrun.push(Unrun { file, why, warnings: Report::new() });
                    continue;
                }
            };
            // Of a workspace that no suite was run against there is nothing to say.
            let mut fresh = None;
            let covered = coverage.as_mut().unwrap_or_else(|| fresh.insert(Coverage::of(snapshot)));
            match suite.run(snapshot, covered) {
                Ok((outcome, warnings)) => {
                    if self.format == TestFormat::Human {
                        out.report(&warnings);
                    }
                    ran.push(Ran { file, suite, snapshot, workspace: &loaded.name, outcome, warnings });
                    *coverage = coverage.take().or(fresh);
                }
                Err(report) => unrun.push(self.refused(file, path, report, out)),
            }
        }
        let coverage =
            loaded.iter().zip(coverage).filter_map(|(one, covered)| Some((&*one.name, covered?))).collect();
        let (min_coverage, deny_warnings) = (self.min_coverage, self.deny_warnings);
        let results = Results { ran, unrun, coverage, min_coverage, deny_warnings };
        let exit = out.announce(results.exit());
        match self.format {
            TestFormat::Human => suite::write(&results, out)?,
            TestFormat::Json => suite_json::write(&results, out)?,
            TestFormat::Junit => junit::write(&results, out)?,
        }
        Ok(exit)
    }

    /// A suite whose names mean nothing. People see its warnings beside its errors.
    fn refused(&self, file: &str, path: &Path, report: Report, out: &Output) -> Unrun {
        let mut warnings = Report::new();
        let lesser = report.iter().filter(|fault| fault.severity != Severity::Error);
        lesser.for_each(|fault| warnings.push(fault.clone()));
        let why = report.clone().into_errors().to_string();
        out.failure(&match self.format {
            TestFormat::Human => Failure::Reported { file: file.to_owned(), report },
            TestFormat::Json | TestFormat::Junit => load::reported(path, report),
        });
        Unrun { file: file.to_owned(), why, warnings }
    }

    /// The number of the workspace that a suite is run against, loaded if it was not yet.
    fn load(&self, given: &mut Given<'_>, limits: &Limits, loaded: &mut Vec<Loaded>, out: &Output) -> usize {
        let number = loaded.len();
        let (path, suite) = (given.path, &given.suite);
        if self.workspace.is_none()
            && let Some(workspace) = suite.own_workspace()
        {
            let name = format!("the workspace in {}", files::shown(path));
            let snapshot = match workspace.compile() {
                Ok((snapshot, more)) => {
                    // Only the workspace in it is warned of where a suite is read.
                    given.report.append(more);
                    load::mention_warnings(path, None, &given.report, out);
                    Ok(snapshot)
                }
                Err(more) => Err(told(name.clone(), &load::reported(path, more), out).why),
            };
            loaded.push(Loaded { name, path: None, snapshot });
            return number;
        }
        let (named, typed) = (suite.workspace_file(), self.workspace.as_deref());
        let file = load::workspace_tied_to(path, named, typed);
        let same = |one: &Loaded| {
            one.path.as_deref().is_some_and(|other| other == file || files::is_same(other, &file))
        };
        if let Some(known) = loaded.iter().position(same) {
            return known;
        }
        let name = files::shown(&file);
        let snapshot = self.compiled(&file, limits, out).map_err(|failure| {
            let why = told(name.clone(), &failure, out).why;
            if typed.is_none() {
                load::mention_tie(path, named, out);
            }
            why
        });
        loaded.push(Loaded { name, path: Some(file), snapshot });
        number
    }

    fn compiled(&self, file: &Path, limits: &Limits, out: &Output) -> Result<Snapshot, Failure> {
        let standard = Path::new(files::STANDARD);
        if file == standard && self.files.iter().any(|suite| suite == standard) {
            return Err(Failure::said("standard input cannot be both the workspace and the suite"));
        }
        load::workspace_at(file, &Beside::file(file), limits, out)
    }
}

/// Tells of a failure on standard error, and keeps a few lines of it for results that are read elsewhere.
fn told(file: String, failure: &Failure, out: &Output) -> Unrun {
    out.failure(failure);
    let why = match failure {
        Failure::Output(error) => error.to_string(),
        Failure::Reported { report, .. } => report.to_string(),
        Failure::Said { message, help } => {
            let help = help.iter().map(|help| format!("\nhelp: {help}"));
            std::iter::once(message.clone()).chain(help).collect()
        }
    };
    Unrun { file, why, warnings: Report::new() }
}
