//! `portcullis test`: suites of what was agreed, run against a workspace.
//!
//! Suites that name the same workspace share it, and what they cover of it. A suite that cannot be run does not keep
//! the others from it, but makes the exit status 2: nobody knows what it would have found.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use portcullis::suite::{Coverage, Outcome as SuiteOutcome, Suite};
use portcullis::text::quoted;
use portcullis::{Limits, Report, Snapshot};

use crate::args::LimitArgs;
use crate::exit::{Exit, Failure, Outcome};
use crate::files::{self, Beside};
use crate::load;
use crate::output::Output;
use crate::render::{junit, suite};

/// Run test suites: who may, who may not, and whole expected grids.
///
/// A failing test is shown with the explanation of what failed and the statements that came nearest. Then come the
/// statements of the workspace's roles that decided nothing in any test. Exits 1 when a test failed (with
/// --min-coverage, when too few statements decided something), and 2 when a suite could not be run. docs/tests.md
/// describes the format of suites.
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
}

/// A suite that could not be run, and why in a few lines.
pub(crate) struct Unrun {
    pub(crate) file: String,
    pub(crate) why: String,
}

/// Everything that there is to show.
pub(crate) struct Results<'s> {
    pub(crate) ran: Vec<Ran<'s>>,
    pub(crate) unrun: Vec<Unrun>,
    /// What was covered of each workspace, with its name.
    pub(crate) coverage: Vec<(&'s str, Coverage<'s>)>,
    pub(crate) min_coverage: Option<u8>,
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

    fn exit(&self) -> Exit {
        if !self.unrun.is_empty() {
            return Exit::Unanswered;
        }
        let short = self.coverage.iter().any(|(_, coverage)| self.is_short(coverage));
        Exit::findings(self.failed() > 0 || short)
    }
}

impl Test {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let standard = |path: &&PathBuf| path.as_os_str() == files::STANDARD;
        if self.files.iter().chain(&self.workspace).filter(standard).count() > 1 {
            return Err(Failure::said("standard input can be only one of the files"));
        }
        let limits = self.limits.limits();
        let mut unrun = Vec::new();
        let mut suites: Vec<(String, &Path, Suite, Report)> = Vec::new();
        for path in &self.files {
            let read = load::source(path, &limits).and_then(|source| {
                let read = Suite::read_within(&source, &Beside::file(path), &limits);
                read.map_err(|report| load::reported(path, report))
            });
            match read {
                Ok((suite, report)) => suites.push((files::shown(path), path, suite, report)),
                Err(failure) => unrun.push(told(files::shown(path), &failure, out)),
            }
        }
        let mut loaded: Vec<Loaded> = Vec::new();
        let numbers: Vec<usize> = suites
            .iter_mut()
            .map(|(_, path, suite, report)| self.load(path, suite, report, &limits, &mut loaded, out))
            .collect();
        let mut coverage: Vec<Option<Coverage<'_>>> =
            loaded.iter().map(|one| one.snapshot.as_ref().ok().map(Coverage::of)).collect();
        let mut ran = Vec::new();
        for ((file, path, suite, report), number) in suites.iter_mut().zip(numbers) {
            let (Some(loaded), Some(coverage)) = (loaded.get(number), coverage.get_mut(number)) else {
                continue;
            };
            match (&loaded.snapshot, coverage) {
                (Ok(snapshot), Some(coverage)) => match suite.run(snapshot, coverage) {
                    Ok((outcome, more)) => {
                        report.append(more);
                        load::mention_warnings(path, None, report, out);
                        ran.push(Ran { file, suite, snapshot, workspace: &loaded.name, outcome });
                    }
                    Err(more) => {
                        unrun.push(told(file.clone(), &load::reported(path, more), out));
                    }
                },
                (Err(why), _) => unrun.push(Unrun { file: file.clone(), why: why.clone() }),
                _ => {}
            }
        }
        let coverage =
            loaded.iter().zip(coverage).filter_map(|(one, covered)| Some((&*one.name, covered?))).collect();
        let results = Results { ran, unrun, coverage, min_coverage: self.min_coverage };
        let exit = out.announce(results.exit());
        match self.format {
            TestFormat::Human => out.write_all(suite::human(&results, out.look()).as_bytes())?,
            TestFormat::Json => out.json(&suite::json(&results))?,
            TestFormat::Junit => out.write_all(junit::document(&results).as_bytes())?,
        }
        Ok(exit)
    }

    /// The number of the workspace that a suite is run against, loaded if it was not yet.
    fn load(
        &self,
        path: &Path,
        suite: &Suite,
        report: &mut Report,
        limits: &Limits,
        loaded: &mut Vec<Loaded>,
        out: &Output,
    ) -> usize {
        let number = loaded.len();
        if self.workspace.is_none()
            && let Some(workspace) = suite.own_workspace()
        {
            let name = format!("the workspace in {}", files::shown(path));
            let snapshot = match workspace.compile() {
                Ok((snapshot, more)) => {
                    report.append(more);
                    Ok(snapshot)
                }
                Err(more) => Err(told(name.clone(), &load::reported(path, more), out).why),
            };
            loaded.push(Loaded { name, path: None, snapshot });
            return number;
        }
        let beside = |name: &str| PathBuf::from(Beside::file(path).name(name));
        let file = (self.workspace.clone())
            .or_else(|| suite.workspace_file().map(beside))
            .or_else(load::workspace_of_environment)
            .unwrap_or_else(|| beside(load::DEFAULT_FILE));
        let same = |one: &Loaded| {
            one.path.as_deref().is_some_and(|other| other == file || files::is_same(other, &file))
        };
        if let Some(known) = loaded.iter().position(same) {
            return known;
        }
        let name = files::shown(&file);
        let snapshot = load::workspace_at(&file, limits, out).map_err(|failure| {
            let why = told(name.clone(), &failure, out).why;
            let suite_name = quoted(&files::shown(path));
            match (&self.workspace, suite.workspace_file()) {
                (Some(_), _) => {}
                (None, Some(_)) => out.note(&format!("{suite_name} names it, relative to its own place")),
                (None, None) => {
                    let mend = "add `\"workspace\": \"PATH\"` to it, or use `-w FILE`";
                    out.help(&format!("{suite_name} names no workspace: {mend}"));
                }
            }
            why
        });
        loaded.push(Loaded { name, path: Some(file), snapshot });
        number
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
    Unrun { file, why }
}
